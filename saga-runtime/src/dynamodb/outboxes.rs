//! What the barrier's records publish, page by page of the table. For a relay that publishes anew.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::DynamoDbStore;
use super::error::trouble;
use super::retry::{Trouble, retrying};
use crate::outbox::Origin;
use crate::store::{BARRIER_KEY, BARRIER_TABLE, StoreError};

/// A record's key, and what its action and its compensation published, as JSON text, or why it is none.
pub(crate) type Outboxes = (String, [Option<Result<String, String>>; 2]);

/// A page's records, and where the next page begins.
pub(crate) type Page = (Vec<Outboxes>, Option<String>);

impl DynamoDbStore {
    /// A page of the records that published something, of one saga or of all.
    pub(crate) async fn outboxes(
        &self, saga: Option<&str>, from: Option<&str>,
    ) -> Result<Page, StoreError> {
        retrying(|| self.page(saga, from)).await
    }

    async fn page(&self, saga: Option<&str>, from: Option<&str>) -> Result<Page, Trouble> {
        let table = self.table(BARRIER_TABLE);
        let published = "(attribute_exists(#a) OR attribute_exists(#c))";
        let filter = match saga {
            None => published.to_owned(),
            Some(_) => format!("begins_with(#k, :saga) AND {published}"),
        };
        let saga = saga.map(|saga| AttributeValue::S(format!("{saga}|")));
        let key = |key: &str| (BARRIER_KEY.to_owned(), AttributeValue::S(key.to_owned()));
        let call = self
            .client
            .scan()
            .table_name(table.as_ref())
            .projection_expression("#k, #a, #c")
            .filter_expression(filter)
            .expression_attribute_names("#k", BARRIER_KEY)
            .expression_attribute_names("#a", Origin::Action.attribute())
            .expression_attribute_names("#c", Origin::Compensation.attribute())
            .set_expression_attribute_values(
                saga.map(|saga| HashMap::from([(":saga".to_owned(), saga)])),
            )
            .set_exclusive_start_key(from.map(|from| HashMap::from([key(from)])));
        let reply = match call.send().await {
            Ok(reply) => reply,
            Err(error) => return Err(trouble("Scan", &[&table], error)),
        };
        let items = reply.items.unwrap_or_default().into_iter();
        let records = items.map(|mut item| {
            let outboxes = Origin::ALL.map(|origin| match item.remove(origin.attribute())? {
                AttributeValue::S(text) => Some(Ok(text)),
                _ => Some(Err(origin.no_text())),
            });
            (text(&mut item, BARRIER_KEY).unwrap_or_default(), outboxes)
        });
        let mut last = reply.last_evaluated_key.unwrap_or_default();
        Ok((records.collect(), text(&mut last, BARRIER_KEY)))
    }
}

fn text(item: &mut HashMap<String, AttributeValue>, name: &str) -> Option<String> {
    match item.remove(name)? {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
}
