//! A topic of SNS. Decides nothing about what a failure means for the stream.

use std::env;

/// The SDK that the topic's client comes from, so that versions agree.
pub use aws_sdk_sns;
use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use aws_sdk_sns::{Client, Config};

use super::message::Message;
use super::publish::{PublishError, Publisher};
use crate::BoxFuture;
use crate::dynamodb::settings;
use crate::lambda::{Error, fifo_name, is_fifo};

/// A topic, standard or FIFO: a FIFO topic's name ends in `.fifo`.
///
/// In a FIFO topic the events of one saga are a group, and an event's id is its deduplication id.
#[derive(Clone, Debug)]
pub struct SnsTopic {
    client: Client,
    arn: String,
}

impl SnsTopic {
    /// The topic that a client reaches.
    pub fn new(client: Client, arn: impl Into<String>) -> Self {
        Self {
            client,
            arn: arn.into(),
        }
    }

    /// The topic whose ARN is in `SAGA_TOPIC_ARN`, with region, endpoint (`AWS_ENDPOINT_URL_SNS`, `AWS_ENDPOINT_URL`) and credentials
    /// as the environment says.
    ///
    /// # Errors
    ///
    /// The variable is not set, or is no ARN of a topic.
    pub fn from_env() -> Result<Self, Error> {
        let arn = env::var("SAGA_TOPIC_ARN")
            .map_err(|_| "`SAGA_TOPIC_ARN` is not set; write the topic's ARN into it")?;
        // SNS would say of every message that it is at fault.
        if !arn.starts_with("arn:") || arn.split(':').nth(2) != Some("sns") {
            return Err(format!(
                "`SAGA_TOPIC_ARN` is `{arn}`; write a topic's ARN, such as `arn:aws:sns:eu-west-1:123456789012:orders`"
            )
            .into());
        }
        let config = Config::from(&settings("AWS_ENDPOINT_URL_SNS"));
        Ok(Self::new(Client::from_conf(config), arn))
    }

    fn entry(&self, index: usize, message: &Message) -> Result<PublishBatchRequestEntry, String> {
        let mut entry = PublishBatchRequestEntry::builder()
            .id(index.to_string())
            .message(message.body());
        for (name, value) in message.attributes() {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build();
            entry = entry.message_attributes(name, value.map_err(|error| error.to_string())?);
        }
        if is_fifo(&self.arn) {
            entry = entry
                .message_group_id(fifo_name(message.saga()))
                .message_deduplication_id(message.id());
        }
        entry.build().map_err(|error| error.to_string())
    }
}

impl Publisher for SnsTopic {
    fn is_ordered(&self) -> bool {
        is_fifo(&self.arn)
    }

    fn publish<'a>(
        &'a self, batch: &'a [&'a Message],
    ) -> BoxFuture<'a, Result<Vec<Result<(), PublishError>>, PublishError>> {
        Box::pin(async move {
            let entries = batch.iter().enumerate();
            let entries = entries.map(|(index, message)| self.entry(index, message));
            let entries = entries.collect::<Result<Vec<_>, _>>();
            let call = self
                .client
                .publish_batch()
                .topic_arn(&self.arn)
                .set_publish_batch_request_entries(Some(
                    entries.map_err(PublishError::senders_fault)?,
                ));
            let reply = call.send().await.map_err(|error| {
                let said = format!("`PublishBatch`: {}", DisplayErrorContext(&error));
                match error.code() {
                    Some(
                        "BatchRequestTooLong"
                        | "InvalidParameter"
                        | "InvalidParameterValue"
                        | "ParameterValueInvalid"
                        | "ValidationError"
                        | "ValidationException",
                    ) => PublishError::senders_fault(said),
                    _ => PublishError::passing(said),
                }
            })?;
            let mut outcomes =
                vec![Err(PublishError::passing("the answer says nothing of it")); batch.len()];
            for done in reply.successful() {
                put(&mut outcomes, done.id(), Ok(()));
            }
            for failed in reply.failed() {
                let said = format!(
                    "{}: {}",
                    failed.code(),
                    failed.message().unwrap_or_default()
                );
                let error = if failed.sender_fault() && !is_of_the_topic(failed.code()) {
                    PublishError::senders_fault(said)
                } else {
                    PublishError::passing(said)
                };
                put(&mut outcomes, Some(failed.id()), Err(error));
            }
            Ok(outcomes)
        })
    }
}

/// Whether it is about the topic, its key or the role, and so the same for every message. SNS calls it the sender's fault, as all that
/// it [answers with 400 or 403](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors).
fn is_of_the_topic(code: &str) -> bool {
    let about = [
        "Throttl",
        "KMS",
        "Authorization",
        "AccessDenied",
        "NotFound",
        "Disabled",
    ];
    about.iter().any(|about| code.contains(about))
}

fn put(
    outcomes: &mut [Result<(), PublishError>], id: Option<&str>, outcome: Result<(), PublishError>,
) {
    let index = id.and_then(|id| id.parse::<usize>().ok());
    if let Some(place) = index.and_then(|index| outcomes.get_mut(index)) {
        *place = outcome;
    }
}
