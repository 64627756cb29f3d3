//! What a step with an effect outside of the database is told: whom it acts for, and under which key. Does nothing itself.

use std::sync::Arc;
use std::time::SystemTime;

use crate::identity::Identity;
use crate::invocation::Invocation;

/// The second parameter of a step whose effect is outside of the participant's database.
///
/// The barrier makes deliveries of the step and of its compensation follow one another, and gives each the same
/// [`idempotency_key`](Self::idempotency_key), but it cannot see the outside effect. A delivery that is cut off is followed by
/// another under the same key, so that the other side has to honour the key: a second request under it changes nothing.
///
/// # What holds, and when
///
/// A claim lasts until the invocation's deadline and five seconds more. Until then nobody else acts; afterwards the next
/// delivery does. What holds depends on what the earlier handler may still do then, and on what the other side makes of the key:
///
/// | where | the step |
/// |---|---|
/// | **dead at lease end**: the handler is dead when its claim is over, and what it sent has arrived or never will; the other side honours the key | takes effect at most once, is undone once if its compensation comes, and has no effect after that or after a rejection |
/// | **remembered by key**: the handler may go on, but the other side repeats whatever it answered under the key, an effect, a void and a *no* alike | the same |
/// | **honoured only**: the handler may go on, and the other side makes the effect of a key once, but forgets a void or a *no* | takes effect at most once, but maybe after its compensation or its rejection, and then nobody undoes it |
/// | the other side knows no key | may take effect more than once |
///
/// The feature `lambda` drops a handler at its deadline, unless it blocks the thread; a host of your own has to do so at
/// [`deadline`](Self::deadline). A request that outlives its sender counts as the sender does: give it a timeout, and expect it
/// to arrive within the five seconds.
///
/// A rejection promises that nothing took effect under the key, by this delivery or by an earlier one that was cut off.
/// Work that a step leaves running in the background is beyond the barrier.
///
/// # Example
///
/// ```
/// use saga_runtime::{Context, Outcome, Retry};
///
/// struct Bank;
/// # impl Bank { async fn charge(&self, _key: &str, _amount: u64) -> Result<u64, std::io::Error> { Ok(1) } }
/// # impl Bank { async fn void(&self, _key: &str) -> Result<(), std::io::Error> { Ok(()) } }
///
/// async fn charge(bank: &Bank, cx: &Context, amount: u64) -> Result<u64, Retry> {
///     Ok(bank.charge(&cx.idempotency_key(), amount).await?)
/// }
///
/// async fn refund(bank: &Bank, cx: &Context, _charge: Outcome<u64>) -> Result<(), Retry> {
///     // The key voids the charge whether or not it was made.
///     Ok(bank.void(&cx.idempotency_key()).await?)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Context {
    identity: Arc<Identity>,
    invocation: Invocation,
}

impl Context {
    pub(crate) fn new(identity: Arc<Identity>, invocation: Invocation) -> Self {
        Self {
            identity,
            invocation,
        }
    }

    /// The key to hand to the other side: 32 hexadecimal digits, the same for each delivery of the step and of its compensation,
    /// and another for each saga, each call in its flow, and each item of a loop.
    pub fn idempotency_key(&self) -> String {
        self.identity.idempotency_key()
    }

    /// The execution's ARN.
    pub fn saga(&self) -> &str {
        self.identity.arn()
    }

    /// The step: `payments.charge`, or `payments.charge#2` for a flow's second call of it. In a loop all items share it.
    pub fn step(&self) -> &str {
        self.identity.step()
    }

    /// Which item of the flow's loops it is: an index from 0 for each loop around the call, the outermost first; empty
    /// outside of loops. The [`idempotency_key`](Self::idempotency_key) differs from item to item.
    pub fn item(&self) -> &[u64] {
        &self.identity.item
    }

    /// The time, by the host's clock.
    pub fn now(&self) -> SystemTime {
        self.invocation.now()
    }

    /// When the host stops the handler. Whatever is not done by then is tried again.
    pub fn deadline(&self) -> SystemTime {
        self.invocation.deadline()
    }
}
