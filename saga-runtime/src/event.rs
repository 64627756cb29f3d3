//! Events, and how a method's result says which of them it publishes. Sends nothing: they leave with the record that they stand in.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::tx::Tx;

/// Something that happened, which others react to.
///
/// `#[choreography]` implements it for the `#[event]` types of its module. An orchestrated step may publish events as well,
/// by [`Tx::publish`], and implements it by hand.
///
/// # Example
///
/// ```
/// use saga_runtime::prelude::*;
/// use saga_runtime::Event;
///
/// #[derive(Serialize)]
/// struct StockLow { sku: String, left: u64 }
///
/// impl Event for StockLow {
///     const TYPE: &'static str = "StockLow";
/// }
///
/// fn warn(tx: &mut Tx, sku: &str, left: u64) {
///     if left < 10 {
///         tx.publish(&StockLow { sku: sku.to_owned(), left });
///     }
/// }
/// ```
pub trait Event: Serialize {
    /// What it is called on the wire: `OrderPlaced`.
    const TYPE: &'static str;
}

/// What a method of a choreography may return: an event, nothing, or several of these.
///
/// An event, `()`, an `Option` of one of these, and a tuple of two to four of them.
///
/// # Example
///
/// ```
/// use saga_runtime::{Event, Publish};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Placed;
/// impl Event for Placed { const TYPE: &'static str = "Placed"; }
///
/// fn may_be_returned(_: impl Publish) {}
/// may_be_returned(Placed);
/// may_be_returned((Placed, Some(Placed), ()));
/// ```
pub trait Publish {
    /// Publishes it with the transaction.
    #[doc(hidden)]
    fn publish(&self, tx: &mut Tx);
}

impl<E: Event> Publish for E {
    fn publish(&self, tx: &mut Tx) {
        tx.publish(self);
    }
}

impl Publish for () {
    fn publish(&self, _: &mut Tx) {}
}

impl<P: Publish> Publish for Option<P> {
    fn publish(&self, tx: &mut Tx) {
        if let Some(published) = self {
            published.publish(tx);
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident: $index:tt),*))*) => {$(
        impl<$($name: Publish),*> Publish for ($($name,)*) {
            fn publish(&self, tx: &mut Tx) {
                $(self.$index.publish(tx);)*
            }
        }
    )*};
}

tuples! { (A: 0, B: 1) (A: 0, B: 1, C: 2) (A: 0, B: 1, C: 2, D: 3) }

/// An event on its way into a record.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub(crate) name: Cow<'static, str>,
    /// What it says, or why it cannot be said as JSON.
    pub(crate) data: Result<Value, String>,
}

impl Outgoing {
    /// This event.
    pub fn of<E: Event>(event: &E) -> Self {
        Self {
            name: Cow::Borrowed(E::TYPE),
            data: serde_json::to_value(event).map_err(|error| error.to_string()),
        }
    }

    /// An event of this type and content. For stand-ins in a test, whose events have no type of Rust's.
    pub fn raw(name: &str, data: Value) -> Self {
        Self {
            name: Cow::Owned(name.to_owned()),
            data: Ok(data),
        }
    }
}
