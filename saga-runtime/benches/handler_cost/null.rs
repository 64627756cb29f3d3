//! A transport that answers at once: that all is well, or with the record that the last request wrote.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use saga_runtime::dynamodb::aws_sdk_dynamodb::config::SharedHttpClient;
use saga_runtime::dynamodb::aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

#[derive(Clone, Debug, Default)]
pub(crate) struct Null(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    last: Vec<u8>,
    refusal: Option<String>,
}

impl Null {
    pub(crate) fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// From here on the transaction is cancelled by the record that is already there.
    pub(crate) fn refuse_as_recorded(&self) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last: Value = serde_json::from_slice(&inner.last).unwrap_or_default();
        let record = &last["TransactItems"][0]["Put"]["Item"];
        let refusal = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": [{ "Code": "ConditionalCheckFailed", "Item": record, "Message": "The conditional request failed" }, { "Code": "None" }],
        });
        inner.refusal = Some(refusal.to_string());
    }
}

impl HttpConnector for Null {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.last.clear();
        inner
            .last
            .extend_from_slice(request.body().bytes().unwrap_or_default());
        let (status, body) = match &inner.refusal {
            None => (200, "{}".to_owned()),
            Some(refusal) => (400, refusal.clone()),
        };
        // Both are statuses, so that the other branch is never taken.
        HttpConnectorFuture::ready(match u16::try_into(status) {
            Ok(status) => Ok(HttpResponse::new(status, body.into())),
            Err(_) => unreachable!(),
        })
    }
}
