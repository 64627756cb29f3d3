//! Where messages go that cannot be taken, with the reason. Decides nothing.

use std::env;

#[cfg(any(feature = "sns", feature = "sqs"))]
use sha2::{Digest, Sha256};

use super::Error;
use crate::BoxFuture;
#[cfg(any(feature = "sns", feature = "sqs"))]
use crate::identity::hex;

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

/// What a FIFO queue or topic takes as a
/// [group's id or a deduplication id](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html): up to
/// 128 letters, digits and punctuation of ASCII. Other text is told from others by its hash.
#[cfg(any(feature = "sns", feature = "sqs"))]
pub(crate) fn fifo_name(text: &str) -> String {
    let is_name =
        (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name {
        return text.to_owned();
    }
    hex(&Sha256::digest(text.as_bytes()).into())
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
