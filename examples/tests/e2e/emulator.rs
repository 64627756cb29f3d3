//! Calls of the emulator that the SDKs here are not for: tables, functions, queues. Checks nothing but that a call succeeds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::http::{Message, exchange};

/// The emulator that `.ci/emulator` started.
#[derive(Clone, Debug)]
pub struct Emulator {
    address: String,
}

impl Emulator {
    /// The one whose address is in `SAGA_EMULATOR`. Without one the caller says that nothing was tested, which fails in CI.
    pub fn from_env() -> Option<Self> {
        let Ok(url) = std::env::var("SAGA_EMULATOR") else {
            assert!(
                std::env::var_os("CI").is_none(),
                "`SAGA_EMULATOR` is not set; run `.ci/e2e`"
            );
            eprintln!("not run: `SAGA_EMULATOR` is not set; run `.ci/e2e`");
            return None;
        };
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        Some(Self {
            address: address.to_owned(),
        })
    }

    /// `127.0.0.1:4566`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:4566`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A call in one of Amazon's JSON protocols, such as `DynamoDB_20120810.Scan`.
    pub async fn call(&self, target: &str, body: &Value) -> Value {
        let service = match target.split('.').next() {
            Some("DynamoDB_20120810" | "DynamoDBStreams_20120810") => "dynamodb",
            Some("AmazonSQS") => "sqs",
            _ => "states",
        };
        let headers = [("x-amz-target", target)];
        let reply = self.send("POST", "/", service, &headers, body).await;
        assert!(reply.status() < 300, "{target} {body}: {}", reply.text());
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    /// Invokes a function, and waits: its answer, or its error.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, Value> {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let reply = self.send("POST", &path, "lambda", &[], payload).await;
        let body = serde_json::from_slice(&reply.body).unwrap_or_default();
        if reply.header("x-amz-function-error").is_empty() {
            Ok(body)
        } else {
            Err(body)
        }
    }

    /// A function with this code, as a zip in base 64, and these settings.
    pub async fn create_function(
        &self, name: &str, zip: &str, timeout: u32, settings: &BTreeMap<&str, String>,
    ) -> String {
        let body = json!({
            "FunctionName": name,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Role": "arn:aws:iam::000000000000:role/e2e",
            "Timeout": timeout,
            "Environment": { "Variables": settings },
            "Code": { "ZipFile": zip },
        });
        let reply = self
            .send("POST", "/2015-03-31/functions", "lambda", &[], &body)
            .await;
        let made: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let arn = made["FunctionArn"].as_str();
        arn.unwrap_or_else(|| panic!("{name}: {}", reply.text()))
            .to_owned()
    }

    /// A queue with these attributes; gives its URL.
    pub async fn create_queue(&self, name: &str, attributes: &Value) -> String {
        let request = json!({ "QueueName": name, "Attributes": attributes });
        let made = self.call("AmazonSQS.CreateQueue", &request).await;
        made["QueueUrl"].as_str().unwrap().to_owned()
    }

    /// Has the queue's messages handed to a function.
    pub async fn create_mapping(&self, mapping: &Value) {
        let path = "/2015-03-31/event-source-mappings";
        let reply = self.send("POST", path, "lambda", &[], mapping).await;
        assert!(reply.status() < 300, "{mapping}: {}", reply.text());
    }

    /// A call in Amazon's query protocol: its answer's text.
    pub async fn query(&self, service: &str, fields: &[(&str, &str)]) -> String {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let body = fields.join("&").into_bytes();
        let reply = self.post("POST", "/", service, &form, body).await;
        assert!(reply.status() < 300, "{fields:?}: {}", reply.text());
        reply.text()
    }

    /// Every item of a table, as plain JSON.
    pub async fn scan(&self, table: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut request = json!({ "TableName": table, "ConsistentRead": true });
            if !start.is_null() {
                request["ExclusiveStartKey"] = start;
            }
            let mut page = self.call("DynamoDB_20120810.Scan", &request).await;
            let found = page["Items"].as_array().cloned().unwrap_or_default();
            items.extend(found.into_iter().map(plain_item));
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return items;
            }
        }
    }

    async fn send(
        &self, method: &str, path: &str, service: &str, more: &[(&str, &str)], body: &Value,
    ) -> Message {
        let json = [("content-type", "application/x-amz-json-1.0")];
        let headers = [&json, more].concat();
        let body = body.to_string().into_bytes();
        self.post(method, path, service, &headers, body).await
    }

    async fn post(
        &self, method: &str, path: &str, service: &str, more: &[(&str, &str)], body: Vec<u8>,
    ) -> Message {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let mut headers = vec![
            ("host", self.address.as_str()),
            ("authorization", authorization.as_str()),
        ];
        headers.extend_from_slice(more);
        let request = Message {
            first: format!("{method} {path} HTTP/1.1"),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body,
        };
        exchange(&self.address, &request).await.unwrap()
    }
}

/// Everything but letters and digits as `%2B`.
fn encoded(value: &str) -> String {
    let bytes = value.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}

/// `{"sku":{"S":"tea"},"on_hand":{"N":"10"}}` -> `{"sku":"tea","on_hand":10}`
fn plain_item(item: Value) -> Value {
    let Value::Object(fields) = item else {
        return Value::Null;
    };
    let fields = fields
        .into_iter()
        .map(|(name, value)| (name, plain(&value)));
    Value::Object(fields.collect())
}

fn plain(attribute: &Value) -> Value {
    match attribute["N"].as_str() {
        Some(number) => serde_json::from_str(number).unwrap_or_default(),
        None => attribute["S"].clone(),
    }
}
