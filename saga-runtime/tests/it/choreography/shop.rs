//! A participant with every kind of reaction, put together by hand, whose behaviour a test names. Judges nothing.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use saga_runtime::__private::{ConsumerBuilder, Outgoing, React};
use saga_runtime::{
    BoxFuture, Consumer, Early, Event, ReactionInfo, ReactionKind, Repeat, Retry, StepError, Store,
    Table, Tx, field,
};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACCOUNTS: Table<Value> = Table::new("accounts", "id");
const SHELVES: Table<Value> = Table::new("shelves", "id");

/// The data of every event and the input of the command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) order: String,
}

macro_rules! events {
    ($($name:ident),*) => {$(
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub(crate) struct $name {
            order: String,
        }

        impl Event for $name {
            const TYPE: &'static str = stringify!($name);
        }
    )*};
}

events!(
    Placed, Noted, Reserved, Released, Cancelled, Sent, Undeclared
);

/// What a reaction fails with.
#[derive(Serialize)]
pub(crate) enum Short {
    Out { order: String },
    Later,
}

impl Event for Short {
    const TYPE: &'static str = "Short";
}

impl StepError for Short {
    const TYPES: &'static [&'static str] = &["Short.Out", "Short.Later"];

    fn error_type(&self) -> &'static str {
        match self {
            Self::Out { .. } => "Short.Out",
            Self::Later => "Short.Later",
        }
    }

    fn is_transient(&self) -> bool {
        matches!(self, Self::Later)
    }

    fn message(&self) -> String {
        "said the test".to_owned()
    }

    fn data(&self) -> Result<Value, serde_json::Error> {
        Ok(Value::Null)
    }

    fn event(&self) -> Option<Outgoing> {
        Some(Outgoing::of(self))
    }
}

/// A rejection that is no event.
struct Odd;

impl StepError for Odd {
    const TYPES: &'static [&'static str] = &["Odd"];

    fn error_type(&self) -> &'static str {
        "Odd"
    }

    fn is_transient(&self) -> bool {
        false
    }

    fn message(&self) -> String {
        "said another".to_owned()
    }

    fn data(&self) -> Result<Value, serde_json::Error> {
        Ok(Value::Null)
    }
}

/// No JSON: its keys are no text.
struct Garbled;

impl Serialize for Garbled {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([((1, 2), 3)])
    }
}

impl Event for Garbled {
    const TYPE: &'static str = "Noted";
}

const BASE: ReactionInfo = ReactionInfo {
    name: "shop.place",
    participant: "Shop",
    on: &[],
    kind: ReactionKind::Compensatable,
    counterpart: Some("shop.cancel"),
    publishes: &["Placed", "Noted"],
    optional: &["Noted"],
    several: &[],
    rejects: &[],
    repeat: Repeat::Never,
    after: None,
    early: Early::Park,
};

pub(crate) static REACTIONS: [ReactionInfo; 9] = [
    BASE,
    ReactionInfo {
        name: "shop.cancel",
        on: &["Short", "Declined"],
        kind: ReactionKind::Compensation,
        counterpart: Some("shop.place"),
        publishes: &["Cancelled"],
        ..BASE
    },
    ReactionInfo {
        name: "shop.reserve",
        on: &["Placed", "Both"],
        counterpart: Some("shop.release"),
        publishes: &["Reserved", "Noted"],
        rejects: &["Short"],
        ..BASE
    },
    ReactionInfo {
        name: "shop.release",
        on: &["Declined"],
        kind: ReactionKind::Compensation,
        counterpart: Some("shop.reserve"),
        publishes: &["Released"],
        ..BASE
    },
    ReactionInfo {
        name: "shop.log",
        on: &["Seen"],
        kind: ReactionKind::Observer,
        counterpart: None,
        publishes: &[],
        repeat: Repeat::Each,
        ..BASE
    },
    ReactionInfo {
        name: "shop.ship",
        on: &["Reserved", "Paid"],
        kind: ReactionKind::Retriable,
        counterpart: None,
        publishes: &["Sent", "Noted"],
        several: &["Noted"],
        repeat: Repeat::Once,
        ..BASE
    },
    ReactionInfo {
        name: "shop.pack",
        on: &["Wrapped", "Both"],
        kind: ReactionKind::Pivot,
        counterpart: None,
        publishes: &["Sent"],
        rejects: &["Short"],
        after: Some("shop.reserve"),
        ..BASE
    },
    ReactionInfo {
        name: "shop.gift",
        on: &["Unwrapped"],
        kind: ReactionKind::Pivot,
        counterpart: None,
        publishes: &["Sent"],
        rejects: &["Short"],
        after: Some("shop.reserve"),
        early: Early::Refuse,
        ..BASE
    },
    ReactionInfo {
        name: "shop.count",
        on: &["Seen"],
        kind: ReactionKind::Retriable,
        counterpart: None,
        publishes: &[],
        repeat: Repeat::Once,
        ..BASE
    },
];

/// What the code does at the delivery that is next.
#[derive(Clone, Default)]
pub(crate) struct How(Arc<Mutex<String>>);

impl How {
    pub(crate) fn set(&self, how: &str) {
        how.clone_into(&mut self.0.lock().unwrap());
    }

    fn get(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// What a method does before it returns.
async fn behave(how: &str, tx: &mut Tx, order: &str) -> Result<(), Short> {
    let out = || Short::Out {
        order: order.to_owned(),
    };
    let never = || field("id").exists();
    match how {
        "no" => return Err(out()),
        "later" => return Err(Short::Later),
        "panic" => panic!("a reaction to {order}"),
        "short" => tx.check(&SHELVES, order, never(), out()),
        "short-later" => tx.check(&SHELVES, order, never(), Short::Later),
        "odd" => tx.check(&SHELVES, order, never(), Odd),
        "note" => tx.publish(&Noted {
            order: order.to_owned(),
        }),
        "twice" => {
            for order in [order, "b"] {
                let order = order.to_owned();
                tx.publish(&Noted { order });
            }
        }
        "whose" => {
            let order = format!("{} {} {:?}", tx.saga(), tx.step(), tx.item());
            tx.publish(&Noted { order });
        }
        "undeclared" => tx.publish(&Undeclared {
            order: order.to_owned(),
        }),
        "garbled" => tx.publish(&Garbled),
        "huge" => tx.publish(&Noted {
            order: "x".repeat(250_000),
        }),
        "huge-no" => {
            return Err(Short::Out {
                order: "x".repeat(250_000),
            });
        }
        _ => {}
    }
    let _: Option<Value> = tx.get(&SHELVES, order).await;
    tx.update(&ACCOUNTS, order).add("done", 1);
    Ok(())
}

fn action<I, O>(
    how: &How, input: impl Fn(I) -> String + Clone + Send + Sync + 'static,
    output: impl Fn(String) -> O + Clone + Send + Sync + 'static,
) -> React
where
    I: for<'de> Deserialize<'de> + Send + 'static,
    O: saga_runtime::Publish + Send + Sync + 'static,
{
    let how = how.clone();
    React::event::<I, O, Short>(move |tx, arrived| {
        let (how, order, output) = (how.get(), input(arrived), output.clone());
        boxed(async move {
            behave(&how, tx, &order).await?;
            Ok(output(order))
        })
    })
}

fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(future)
}

fn order(said: Said) -> String {
    said.order
}

fn nameless(_: IgnoredAny) -> String {
    "a".to_owned()
}

/// The participant, on this store.
pub(crate) fn consumer(store: impl Store, how: &How) -> Consumer {
    let [
        place,
        cancel,
        reserve,
        release,
        log,
        ship,
        pack,
        gift,
        count,
    ] = &REACTIONS;
    let undoing = how.clone();
    let cancelled =
        React::compensation::<IgnoredAny, Said, Placed, Cancelled>(move |tx, _, input, placed| {
            let how = undoing.get();
            boxed(async move {
                if how == "later" {
                    return Err(Retry::new("not now"));
                }
                if how == "undeclared" {
                    tx.publish(&Undeclared {
                        order: placed.order.clone(),
                    });
                }
                tx.update(&ACCOUNTS, placed.order.as_str()).add("undone", 1);
                Ok(Cancelled { order: input.order })
            })
        });
    let released = React::compensation::<Said, IgnoredAny, Reserved, Option<Released>>(
        move |tx, declined, _, reserved| {
            boxed(async move {
                tx.update(&ACCOUNTS, reserved.order.as_str())
                    .add("undone", 1);
                let says = declined.order != "silence";
                Ok(says.then(|| Released {
                    order: format!("{} for {}", reserved.order, declined.order),
                }))
            })
        },
    );
    ConsumerBuilder::new("Shop", "shop", store)
        // Before what it stands after.
        .reaction(pack, action(how, order, |order| (Sent { order }, ())))
        .reaction(place, action(how, order, |order| Placed { order }))
        .reaction(cancel, cancelled)
        .reaction(reserve, action(how, order, |order| Reserved { order }))
        .reaction(release, released)
        .reaction(log, action(how, order, |_| ()))
        .reaction(ship, action(how, nameless, |order| Some(Sent { order })))
        .reaction(gift, action(how, order, |order| Sent { order }))
        .reaction(count, action(how, order, |_| None::<Sent>))
        .build()
}

/// An event as it arrives.
pub(crate) fn event(name: &str, id: &str, order: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "test", "type": name, "subject": "order-1#7",
        "time": "2026-01-01T00:00:00.000Z", "data": { "order": order },
    })
}

/// A text without what is too long to read.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(200) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}
