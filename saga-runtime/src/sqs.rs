//! A queue of SQS that messages are sent to with the reason why nobody could take them. Reads none.

use aws_sdk_sqs::types::MessageAttributeValue;
use aws_sdk_sqs::{Client, Config};

use crate::BoxFuture;
use crate::dynamodb::settings;
use crate::lambda::{DeadLetters, Letter, fifo_name, is_fifo};

/// How much of a reason is kept: it counts towards the
/// [message's size](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
const REASON: usize = 1024;

/// A queue, and a client that reaches it.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// By the environment's settings.
    pub(crate) fn from_env(url: String) -> Self {
        let config = Config::from(&settings("AWS_ENDPOINT_URL_SQS"));
        Self {
            client: Client::from_conf(config),
            url,
        }
    }
}

impl DeadLetters for Queue {
    fn put<'a>(&'a self, letter: Letter<'a>) -> BoxFuture<'a, Result<(), String>> {
        let reason = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(readable(letter.reason))
            .build();
        Box::pin(async move {
            let reason = reason.map_err(|error| error.to_string())?;
            let mut call = self
                .client
                .send_message()
                .queue_url(&self.url)
                .message_body(letter.body)
                .message_attributes("reason", reason);
            if is_fifo(&self.url) {
                call = call
                    .message_group_id(fifo_name(letter.group))
                    .message_deduplication_id(fifo_name(letter.id));
            }
            match call.send().await {
                Ok(_) => Ok(()),
                Err(error) => Err(format!(
                    "`SendMessage` to `{}`: {}",
                    self.url,
                    aws_sdk_sqs::error::DisplayErrorContext(&error)
                )),
            }
        })
    }
}

/// As much of a text as is kept, of the [characters](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html)
/// that a message may have.
fn readable(text: &str) -> String {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' => c,
        c if c.is_control() || ('\u{FFFE}'..='\u{FFFF}').contains(&c) => ' ',
        c => c,
    };
    text[..text.floor_char_boundary(REASON)]
        .chars()
        .map(allowed)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_and_has_only_characters_that_a_message_may_have() {
        assert_eq!(readable("a\0b\nc\u{FFFF}"), "a b\nc ");
        assert_eq!(readable(&"ü".repeat(600)).len(), 1024);
    }
}
