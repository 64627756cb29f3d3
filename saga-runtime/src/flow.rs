//! What a flow may write beside calls: waits and `join!`. rustc checks them there, Step Functions runs what they become,
//! and nothing runs them here.

use std::borrow::Borrow;
use std::time::Duration;

use crate::error::Rejection;
use crate::timestamp::Timestamp;

/// Lets a flow wait: `sleep(Duration::from_secs(90)).await;`.
///
/// It becomes a [`Wait` state](https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html), which costs one state
/// transition however long it is: no function runs, and nothing is billed by time. Step Functions counts whole seconds,
/// so [`Duration::from_millis`] is rounded up, and waits at most 99,999,999 of them (three years; an execution
/// [ends after one](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)). A literal beyond that is a
/// compile error. A flow's `deadline` goes on meanwhile.
///
/// # Panics
///
/// When it is awaited outside of a flow, because nothing would wait there. A step that has to wait uses the timer of its own
/// async runtime; better, it returns a [`Retry`](crate::Retry), so that Step Functions waits for it.
///
/// # Example
///
/// ```
/// # use saga_runtime::prelude::*;
/// # #[saga]
/// # pub mod trial {
/// #     use saga_runtime::prelude::*;
/// #     pub trait Mail {
/// #         #[step(retriable)]
/// #         async fn send(&self, cx: &Context, to: &str, text: &str) -> Result<(), Retry>;
/// #     }
/// pub async fn trial(mail: &impl Mail, to: String) -> Result<(), Rejection> {
///     mail.send(&to, "welcome").await?;
///     sleep(Duration::from_hours(24 * 30)).await;
///     mail.send(&to, "your trial has ended").await?;
///     Ok(())
/// }
/// # }
/// ```
#[allow(
    clippy::unused_async,
    reason = "a flow awaits it, and nobody runs the flow"
)]
pub async fn sleep(duration: Duration) {
    let _ = duration;
    only_in_a_flow("sleep")
}

/// Lets a flow wait for a moment: `sleep_until(&cmd.opens_at).await;`.
///
/// It becomes a [`Wait` state](https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html), as [`sleep`] does. A
/// moment that has passed is not waited for, and fractions of a second are left out.
///
/// # Panics
///
/// When it is awaited outside of a flow, as [`sleep`] does.
///
/// # Example
///
/// ```
/// # use saga_runtime::prelude::*;
/// # #[saga]
/// # pub mod launch {
/// #     use saga_runtime::prelude::*;
/// #     #[derive(Serialize, Deserialize)] pub struct Launch { pub to: String, pub at: Timestamp }
/// #     pub trait Mail {
/// #         #[step(retriable)]
/// #         async fn send(&self, cx: &Context, to: &str, text: &str) -> Result<(), Retry>;
/// #     }
/// pub async fn launch(mail: &impl Mail, cmd: Launch) -> Result<(), Rejection> {
///     mail.send(&cmd.to, "soon").await?;
///     sleep_until(&cmd.at).await;
///     mail.send(&cmd.to, "now").await?;
///     Ok(())
/// }
/// # }
/// ```
#[allow(
    clippy::unused_async,
    reason = "a flow awaits it, and nobody runs the flow"
)]
pub async fn sleep_until(moment: impl Borrow<Timestamp>) {
    let _ = moment;
    only_in_a_flow("sleep_until")
}

/// Runs branches of a flow at once: `let (hold, quote) = join!(stock.hold(&order), shipping.quote(&order))?;`.
///
/// It becomes a [`Parallel` state](https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html). A branch is the
/// call of a step, without `.await`, or an `async { .. }` block of steps, which ends in `Ok(..)`; there are 2 to 40 of them.
/// `join!` is worth `Result<(A, B, ..), Rejection>`, and `?` takes the outputs out of it, in the order of the branches.
///
/// If a branch fails, the saga compensates: what took effect in any branch is undone, each branch's later steps first, and
/// the branches at once. A step that was under way meanwhile cannot take effect any more once it is compensated.
///
/// # Panics
///
/// Outside of a flow, where nothing would run the branches at once. There, use your async runtime's own `join!`.
///
/// # Example
///
/// ```
/// # use saga_runtime::prelude::*;
/// # #[saga]
/// # pub mod trip {
/// #     use saga_runtime::prelude::*;
/// #     pub trait Travel {
/// #         #[step(read_only)]
/// #         async fn price(&self, cx: &Context, city: &str) -> Result<u64, Retry>;
/// #         #[step(compensate = cancel)]
/// #         async fn book(&self, cx: &Context, city: &str) -> Result<String, Retry>;
/// #         #[compensation]
/// #         async fn cancel(&self, cx: &Context, booking: Outcome<String>) -> Result<(), Retry>;
/// #     }
/// pub async fn trip(hotels: &impl Travel, city: String) -> Result<String, Rejection> {
///     let (price, booking) = join!(hotels.price(&city), async {
///         hotels.price("here").await?;
///         let booking = hotels.book(&city).await?;
///         Ok(booking)
///     })?;
///     if price > 100 {
///         return Err(Rejection::new("Trip.TooDear", "it costs more than 100"));
///     }
///     Ok(booking)
/// }
/// # }
/// ```
#[macro_export]
macro_rules! join {
    (@branches [$($done:tt)*] () ()) => {
        $crate::__private::joined(($($done)*))
    };
    // Each branch is read twice: to see whether it is a block, and as one expression, which keeps the user's tokens.
    (@branches [$($done:tt)*] (async move $_block:block $(, $($_rest:tt)*)?) ($branch:expr $(, $($rest:tt)*)?)) => {
        $crate::join!(@branches [$($done)* $crate::__private::block($branch),] ($($($rest)*)?) ($($($rest)*)?))
    };
    (@branches [$($done:tt)*] (async $_block:block $(, $($_rest:tt)*)?) ($branch:expr $(, $($rest:tt)*)?)) => {
        $crate::join!(@branches [$($done)* $crate::__private::block($branch),] ($($($rest)*)?) ($($($rest)*)?))
    };
    (@branches [$($done:tt)*] ($($_branch:tt)*) ($branch:expr $(, $($rest:tt)*)?)) => {
        $crate::join!(@branches [$($done)* $crate::__private::call($branch),] ($($($rest)*)?) ($($($rest)*)?))
    };
    (@ $($wrong:tt)*) => {
        ::core::compile_error!("`join!` takes steps' calls and `async` blocks, separated by commas")
    };
    ($($one:expr)? $(,)?) => {
        ::core::compile_error!("`join!` runs at least two branches at once; call a single step with `.await?`")
    };
    ($($branches:tt)*) => {
        $crate::join!(@branches [] ($($branches)*) ($($branches)*))
    };
}

/// The output of a branch of `join!` that is a call.
pub fn call<T, E>(call: impl Future<Output = Result<T, E>>) -> T
where
    E: Into<Rejection>,
{
    drop(call);
    only_in_a_flow("join!")
}

/// The output of a branch of `join!` that is an `async` block, whose error no one has named.
pub fn block<T>(block: impl Future<Output = Result<T, Rejection>>) -> T {
    drop(block);
    only_in_a_flow("join!")
}

/// What `join!` is worth.
pub fn joined<T>(outputs: T) -> Result<T, Rejection> {
    Ok(outputs)
}

fn only_in_a_flow(name: &str) -> ! {
    panic!(
        "`{name}` stands for a state of Step Functions, so it belongs into a flow under `#[saga]`; elsewhere use your async runtime's own"
    )
}
