pub mod small {
    use saga_runtime::prelude::*;
    pub trait A {
        fn begin(
            &self,
            tx: &mut Tx,
            cmd: &str,
        ) -> impl ::core::future::Future<
            Output = Result<Placed, Retry>,
        > + ::core::marker::Send;
        fn undo(
            &self,
            tx: &mut Tx,
            placed: Placed,
            full: &Full,
        ) -> impl ::core::future::Future<
            Output = Result<(), Retry>,
        > + ::core::marker::Send;
    }
    pub trait B {
        fn log(
            &self,
            tx: &mut Tx,
            placed: &Placed,
        ) -> impl ::core::future::Future<
            Output = Result<(), Retry>,
        > + ::core::marker::Send;
        fn keep(
            &self,
            tx: &mut Tx,
        ) -> impl ::core::future::Future<
            Output = Result<Option<Kept>, Full>,
        > + ::core::marker::Send;
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Placed;
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Kept;
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    pub struct Full;
    #[automatically_derived]
    impl ::saga_runtime::Event for Placed {
        const TYPE: &'static str = "Placed";
    }
    #[automatically_derived]
    impl ::saga_runtime::Event for Kept {
        const TYPE: &'static str = "Kept";
    }
    #[automatically_derived]
    impl ::saga_runtime::Event for Full {
        const TYPE: &'static str = "Full";
    }
    #[automatically_derived]
    impl ::saga_runtime::StepError for Full {
        const TYPES: &'static [&'static str] = &["Full"];
        fn error_type(&self) -> &'static str {
            match self {
                Self { .. } => "Full",
            }
        }
        fn is_transient(&self) -> bool {
            #[allow(unreachable_patterns, clippy::match_like_matches_macro)]
            match self {
                _ => false,
            }
        }
        fn message(&self) -> ::std::string::String {
            ::saga_runtime::__private::Message::text(self)
        }
        fn data(
            &self,
        ) -> ::core::result::Result<
            ::saga_runtime::__private::serde_json::Value,
            ::saga_runtime::__private::serde_json::Error,
        > {
            match self {
                Self => {
                    ::core::result::Result::Ok(
                        ::saga_runtime::__private::serde_json::Value::Null,
                    )
                }
            }
        }
        fn event(&self) -> ::core::option::Option<::saga_runtime::__private::Outgoing> {
            ::core::option::Option::Some(::saga_runtime::__private::Outgoing::of(self))
        }
    }
    ///Serves the participant [`A`]: decodes each event and each command, passes the barrier in `store`, calls the service and publishes what it returns.
    pub fn serve_a<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Consumer
    where
        __S: A + ::core::marker::Send + ::core::marker::Sync + 'static,
    {
        let service = ::std::sync::Arc::new(service);
        let consumer = ::saga_runtime::__private::ConsumerBuilder::new("A", "a", store);
        let consumer = ::saga_runtime::__private::ConsumerBuilder::reaction(
            consumer,
            &SMALL.reactions()[0usize],
            {
                let service = ::core::clone::Clone::clone(&service);
                ::saga_runtime::__private::React::command::<
                    ::std::string::String,
                    Placed,
                    ::saga_runtime::Retry,
                >(move |tx, input| {
                    let service = ::core::clone::Clone::clone(&service);
                    let _ = &input;
                    ::std::boxed::Box::pin(async move {
                        <__S as A>::begin(&*service, tx, &input).await
                    })
                })
            },
        );
        let consumer = ::saga_runtime::__private::ConsumerBuilder::reaction(
            consumer,
            &SMALL.reactions()[1usize],
            {
                let service = ::core::clone::Clone::clone(&service);
                ::saga_runtime::__private::React::compensation::<
                    Full,
                    ::saga_runtime::__private::serde::de::IgnoredAny,
                    Placed,
                    (),
                >(move |tx, trigger, input, output| {
                    let service = ::core::clone::Clone::clone(&service);
                    let _ = (&trigger, &input, &output);
                    ::std::boxed::Box::pin(async move {
                        <__S as A>::undo(&*service, tx, output, &trigger).await
                    })
                })
            },
        );
        consumer.build()
    }
    ///The command `a.begin`.
    pub const A_BEGIN: ::saga_runtime::Command<::std::string::String> = ::saga_runtime::Command::new(
        "a.begin",
    );
    ///Serves the participant [`B`]: decodes each event and each command, passes the barrier in `store`, calls the service and publishes what it returns.
    pub fn serve_b<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Consumer
    where
        __S: B + ::core::marker::Send + ::core::marker::Sync + 'static,
    {
        let service = ::std::sync::Arc::new(service);
        let consumer = ::saga_runtime::__private::ConsumerBuilder::new("B", "b", store);
        let consumer = ::saga_runtime::__private::ConsumerBuilder::reaction(
            consumer,
            &SMALL.reactions()[2usize],
            {
                let service = ::core::clone::Clone::clone(&service);
                ::saga_runtime::__private::React::event::<
                    Placed,
                    (),
                    ::saga_runtime::Retry,
                >(move |tx, input| {
                    let service = ::core::clone::Clone::clone(&service);
                    let _ = &input;
                    ::std::boxed::Box::pin(async move {
                        <__S as B>::log(&*service, tx, &input).await
                    })
                })
            },
        );
        let consumer = ::saga_runtime::__private::ConsumerBuilder::reaction(
            consumer,
            &SMALL.reactions()[3usize],
            {
                let service = ::core::clone::Clone::clone(&service);
                ::saga_runtime::__private::React::event::<
                    ::saga_runtime::__private::serde::de::IgnoredAny,
                    Option<Kept>,
                    Full,
                >(move |tx, input| {
                    let service = ::core::clone::Clone::clone(&service);
                    let _ = &input;
                    ::std::boxed::Box::pin(async move {
                        <__S as B>::keep(&*service, tx).await
                    })
                })
            },
        );
        consumer.build()
    }
    ///The choreography `small`.
    pub const SMALL: ::saga_runtime::Choreography = ::saga_runtime::Choreography::new(
        "small",
        CONTRACT,
        ASYNCAPI,
        &[
            ::saga_runtime::ReactionInfo {
                name: "a.begin",
                participant: "A",
                on: &[],
                kind: ::saga_runtime::ReactionKind::Compensatable,
                counterpart: ::core::option::Option::Some("a.undo"),
                publishes: &["Placed"],
                optional: &[],
                rejects: &[],
                repeat: ::saga_runtime::Repeat::Never,
                after: ::core::option::Option::None,
                early: ::saga_runtime::Early::Park,
            },
            ::saga_runtime::ReactionInfo {
                name: "a.undo",
                participant: "A",
                on: &["Full"],
                kind: ::saga_runtime::ReactionKind::Compensation,
                counterpart: ::core::option::Option::Some("a.begin"),
                publishes: &[],
                optional: &[],
                rejects: &[],
                repeat: ::saga_runtime::Repeat::Never,
                after: ::core::option::Option::None,
                early: ::saga_runtime::Early::Park,
            },
            ::saga_runtime::ReactionInfo {
                name: "b.log",
                participant: "B",
                on: &["Placed"],
                kind: ::saga_runtime::ReactionKind::Observer,
                counterpart: ::core::option::Option::None,
                publishes: &[],
                optional: &[],
                rejects: &[],
                repeat: ::saga_runtime::Repeat::Never,
                after: ::core::option::Option::None,
                early: ::saga_runtime::Early::Park,
            },
            ::saga_runtime::ReactionInfo {
                name: "b.keep",
                participant: "B",
                on: &["Placed"],
                kind: ::saga_runtime::ReactionKind::Pivot,
                counterpart: ::core::option::Option::None,
                publishes: &["Kept"],
                optional: &["Kept"],
                rejects: &["Full"],
                repeat: ::saga_runtime::Repeat::Never,
                after: ::core::option::Option::Some("b.log"),
                early: ::saga_runtime::Early::Refuse,
            },
        ],
    );
}
