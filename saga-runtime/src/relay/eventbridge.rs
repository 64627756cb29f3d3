//! A bus of EventBridge. Decides nothing about what a failure means for the stream.

use std::env;

/// The SDK that the bus's client comes from, so that versions agree.
pub use aws_sdk_eventbridge;
use aws_sdk_eventbridge::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_eventbridge::{Client, Config};

use super::message::Message;
use super::publish::{PublishError, Publisher};
use crate::BoxFuture;
use crate::dynamodb::settings;
use crate::lambda::Error;

/// An event bus. An event's type is its `detail-type`, who published it its `source`, and the CloudEvent its `detail`.
#[derive(Clone, Debug)]
pub struct EventBus {
    client: Client,
    name: String,
}

impl EventBus {
    /// The bus that a client reaches, by its name or its ARN.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    /// The bus whose name or ARN is in `SAGA_EVENT_BUS`, with region, endpoint (`AWS_ENDPOINT_URL_EVENTBRIDGE`, `AWS_ENDPOINT_URL`)
    /// and credentials as the environment says.
    ///
    /// # Errors
    ///
    /// The variable is not set.
    pub fn from_env() -> Result<Self, Error> {
        let name = env::var("SAGA_EVENT_BUS")
            .map_err(|_| "`SAGA_EVENT_BUS` is not set; write the bus's name or ARN into it")?;
        let config = Config::from(&settings("AWS_ENDPOINT_URL_EVENTBRIDGE"));
        Ok(Self::new(Client::from_conf(config), name))
    }
}

impl Publisher for EventBus {
    fn publish<'a>(
        &'a self, batch: &'a [&'a Message],
    ) -> BoxFuture<'a, Result<Vec<Result<(), PublishError>>, PublishError>> {
        Box::pin(async move {
            let entry = |message: &&Message| {
                PutEventsRequestEntry::builder()
                    .event_bus_name(&self.name)
                    .source(message.source())
                    .detail_type(message.event())
                    .detail(message.body())
                    .build()
            };
            let entries = batch.iter().map(entry).collect();
            let call = self.client.put_events().set_entries(Some(entries));
            let reply = call.send().await.map_err(|error| {
                let said = format!("`PutEvents`: {}", DisplayErrorContext(&error));
                match error.code() {
                    Some("ValidationException") => PublishError::senders_fault(said),
                    _ => PublishError::passing(said),
                }
            })?;
            let outcomes = reply
                .entries()
                .iter()
                .map(|entry| match entry.error_code() {
                    None => Ok(()),
                    Some(code) => {
                        let said = format!("{code}: {}", entry.error_message().unwrap_or_default());
                        Err(match code {
                            "InvalidArgument" | "MalformedDetail" => {
                                PublishError::senders_fault(said)
                            }
                            _ => PublishError::passing(said),
                        })
                    }
                });
            Ok(outcomes.collect())
        })
    }
}
