//! Two small ways to wait for several futures at once; what a runtime's library would bring, without the runtime.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Either<A, B> {
    First(A),
    Second(B),
}

/// Whichever is ready first; the first one if both are.
pub(crate) async fn race<A: Future, B: Future>(
    first: A, second: B,
) -> Either<A::Output, B::Output> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|cx| {
        if let Poll::Ready(output) = first.as_mut().poll(cx) {
            return Poll::Ready(Either::First(output));
        }
        second.as_mut().poll(cx).map(Either::Second)
    })
    .await
}
