//! Expanded code leans on nothing but the paths that it names: no prelude, another name for the crate, raw identifiers,
//! configured methods, and user items that are called as what the expansion uses.
#![allow(
    unreachable_pub,
    dead_code,
    reason = "a contract is public, and this one has a single user"
)]

use saga_runtime::{Clock, Invocation, MemoryStore};
use serde_json::json;

#[::saga_runtime::saga(crate = ::renamed, deadline = "1h", on_stuck = fail)]
#[no_implicit_prelude]
pub mod bare {
    use ::core::clone::Clone;
    use ::core::result::Result::{self, Ok};
    use ::renamed::{Context, Outcome, Rejection, Retry, Tx};
    use ::std::string::String;

    /// Raw identifiers are plain names in JSON.
    #[derive(::serde::Serialize, ::serde::Deserialize)]
    pub struct Order {
        pub r#type: String,
        pub service: u32,
        pub counts: ::std::vec::Vec<u32>,
    }

    #[derive(Clone, ::serde::Serialize, ::serde::Deserialize)]
    pub struct Handler(pub String);

    #[derive(Debug, ::thiserror::Error)]
    pub enum Failure {
        #[error("no {type}")]
        No {
            r#type: String,
            source: ::std::fmt::Error,
        },
        #[error("no pair")]
        Pair(u32, u32),
        #[transient]
        #[error("one")]
        One(#[source] ::std::fmt::Error),
    }

    pub trait Stock {
        #[step(compensate = r#try, heartbeat = "5s")]
        async fn r#move(
            &self, tx: &mut Tx, r#type: &str, input: u32, output: &[u32],
        ) -> Result<Handler, Failure>;
        #[compensation]
        async fn r#try(&self, tx: &mut Tx, r#type: &str, service: Handler) -> Result<(), Retry>;

        #[cfg(any())]
        #[step(read_only)]
        async fn configured_out(&self, cx: &Context, missing: Missing) -> Result<(), Retry>;

        #[step(compensate = undo_pack)]
        async fn pack(&self, cx: &Context, service: Handler) -> Result<u32, Retry>;
        #[compensation]
        async fn undo_pack(
            &self, cx: &Context, service: &Handler, handler: Outcome<u32>,
        ) -> Result<(), Retry>;
    }

    pub async fn r#loop(store: &impl Stock, service: Order) -> Result<u32, Rejection> {
        let input = store
            .r#move(&service.r#type, service.service, &service.counts)
            .await?;
        let output = store.pack(input.clone()).await?;
        Ok(output)
    }
}

struct Warehouse;

impl bare::Stock for Warehouse {
    async fn r#move(
        &self, _: &mut renamed::Tx, r#type: &str, input: u32, _: &[u32],
    ) -> Result<bare::Handler, bare::Failure> {
        if input == 0 {
            return Err(bare::Failure::No {
                r#type: r#type.to_owned(),
                source: std::fmt::Error,
            });
        }
        Ok(bare::Handler(format!("{type} {input}", r#type = r#type)))
    }

    async fn r#try(
        &self, _: &mut renamed::Tx, _: &str, _: bare::Handler,
    ) -> Result<(), renamed::Retry> {
        Ok(())
    }

    async fn pack(
        &self, _: &renamed::Context, service: bare::Handler,
    ) -> Result<u32, renamed::Retry> {
        Ok(u32::try_from(service.0.len())?)
    }

    async fn undo_pack(
        &self, _: &renamed::Context, _: &bare::Handler, _: renamed::Outcome<u32>,
    ) -> Result<(), renamed::Retry> {
        Ok(())
    }
}

#[tokio::test(flavor = "current_thread")]
async fn expansion_needs_no_prelude_and_no_names_of_ours() {
    assert_eq!(bare::LOOP.name(), "loop");
    let handler = bare::serve_stock(Warehouse, MemoryStore::new());
    let clock = Clock::system();
    let invocation = Invocation::new("1", clock.now() + std::time::Duration::from_secs(3), clock);
    let payload = |service: u32| {
        let order = json!({ "type": "tea", "service": service, "counts": [] });
        json!({
            "saga": format!("arn-{service}"), "step": "stock.move",
            "start": { "flow": "loop", "input": order }, "input": { "type": "tea", "input": service, "output": [] }
        })
    };
    assert_eq!(
        handler.invoke(payload(2), &invocation).await,
        Ok(json!("tea 2"))
    );
    let refused = handler.invoke(payload(0), &invocation).await.unwrap_err();
    assert_eq!(refused.error_type(), "Failure.No");
    assert_eq!(refused.data(), &json!({ "type": "tea" }));
}
