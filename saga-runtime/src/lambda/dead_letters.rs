//! Where messages go that cannot be taken, with the reason. Decides nothing.

use std::env;

use super::Error;
use crate::BoxFuture;

/// A message that cannot be taken.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(any(test, feature = "sqs")),
    expect(dead_code, reason = "for a queue")
)]
pub(crate) struct Letter<'a> {
    pub(crate) body: &'a str,
    pub(crate) reason: &'a str,
    /// What a FIFO queue orders it by, and tells it from others by.
    pub(crate) group: &'a str,
    pub(crate) id: &'a str,
}

/// Whether it is the name, the ARN or the URL of a
/// [FIFO queue](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html) or topic.
pub(crate) fn is_fifo(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| end == "fifo")
}

/// Takes them.
pub(crate) trait DeadLetters: Send + Sync {
    /// # Errors
    ///
    /// Why the letter is not there; it may be all the same.
    fn put<'a>(&'a self, letter: Letter<'a>) -> BoxFuture<'a, Result<(), String>>;
}

/// The queue whose URL is in this variable, if it is set.
pub(crate) fn from_env(variable: &str) -> Result<Option<Box<dyn DeadLetters>>, Error> {
    match env::var(variable) {
        Ok(url) if !url.is_empty() => queue(variable, url).map(Some),
        Ok(_) | Err(_) => Ok(None),
    }
}

#[cfg(feature = "sqs")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it fails")]
fn queue(_: &str, url: String) -> Result<Box<dyn DeadLetters>, Error> {
    Ok(Box::new(crate::sqs::Queue::from_env(url)))
}

#[cfg(not(feature = "sqs"))]
fn queue(variable: &str, _: String) -> Result<Box<dyn DeadLetters>, Error> {
    Err(format!(
        "`{variable}` is set, and nothing here can send to a queue; turn on the feature `sqs` of saga-runtime"
    )
    .into())
}
