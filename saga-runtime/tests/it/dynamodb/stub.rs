//! A client whose HTTP side answers from a list, and keeps what it was asked. Judges nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use saga_runtime::DynamoDbStore;
use saga_runtime::dynamodb::aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use saga_runtime::dynamodb::aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use saga_runtime::dynamodb::aws_sdk_dynamodb::error::ConnectorError;
use saga_runtime::dynamodb::aws_sdk_dynamodb::{Client, Config};
use serde_json::{Value, json};

/// One answer of the stub's.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// This status and body.
    Http(u16, String),
    /// The request, or the reply to it, was lost.
    Lost,
}

/// What the stub was asked, and what it will answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Stub(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    replies: VecDeque<Reply>,
    requests: Vec<(String, Value)>,
}

impl Stub {
    pub(super) fn store(&self) -> DynamoDbStore {
        DynamoDbStore::new(self.client(Some(Credentials::new("id", "secret", None, None, "stub"))))
    }

    pub(super) fn client(&self, credentials: Option<Credentials>) -> Client {
        let connector = SharedHttpConnector::new(self.clone());
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        if let Some(credentials) = credentials {
            config = config.credentials_provider(credentials);
        }
        Client::from_conf(config.build())
    }

    pub(super) fn reply(&self, reply: Reply) {
        self.0.lock().unwrap().replies.push_back(reply);
    }

    /// The operations and bodies since this was asked last.
    pub(super) fn requests(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.0.lock().unwrap().requests)
    }
}

impl HttpConnector for Stub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut inner = self.0.lock().unwrap();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        inner.requests.push((operation, body));
        let reply = inner.replies.pop_front();
        HttpConnectorFuture::ready(match reply.expect("one reply more than the test has") {
            Reply::Http(status, body) => {
                Ok(HttpResponse::new(status.try_into().unwrap(), body.into()))
            }
            Reply::Lost => Err(ConnectorError::io("the connection broke".into())),
        })
    }
}

pub(super) fn done() -> Reply {
    Reply::Http(200, "{}".to_owned())
}

/// An error as DynamoDB words it.
pub(super) fn error(status: u16, code: &str) -> Reply {
    refusal(status, code, &json!({}))
}

fn refusal(status: u16, code: &str, more: &Value) -> Reply {
    let mut body = more.clone();
    body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{code}"));
    body["message"] = json!(format!("said of {code}"));
    Reply::Http(status, body.to_string())
}

/// A single write that this item refused.
pub(super) fn refused(item: Option<&Value>) -> Reply {
    let more = item.map_or(json!({}), |item| json!({ "Item": item }));
    refusal(400, "ConditionalCheckFailedException", &more)
}

/// A transaction that was cancelled for these reasons: a code, and an item.
pub(super) fn cancelled(reasons: &[(&str, Option<&Value>)]) -> Reply {
    let reasons: Vec<Value> = reasons
        .iter()
        .map(|(code, item)| match item {
            Some(item) => json!({ "Code": code, "Item": item, "Message": "said" }),
            None => json!({ "Code": code }),
        })
        .collect();
    refusal(
        400,
        "TransactionCanceledException",
        &json!({ "CancellationReasons": reasons }),
    )
}
