//! The store on DynamoDB: the barrier's records and the participants' documents in tables of an AWS account.
//!
//! [`DynamoDbStore`] makes the calls; the barrier decides which. A step whose effects are writes costs one
//! `TransactWriteItems`, its record and its writes together; a repeated delivery the same call, which fails and returns the answer.
//!
//! # Tables
//!
//! One table for the barrier, [`BARRIER_TABLE`](crate::store::BARRIER_TABLE), with the string `pk` as its partition key, and the
//! participant's own beside it, in the same account and region. Records are kept for 400 days and then expire by `ttl`; no
//! condition mentions that attribute, so that expiry is yours to leave out. What a deployment needs:
//!
//! ```yaml
//! SagaBarrier:
//!   Type: AWS::DynamoDB::Table
//!   Properties:
//!     TableName: saga_barrier
//!     BillingMode: PAY_PER_REQUEST
//!     AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
//!     KeySchema: [{ AttributeName: pk, KeyType: HASH }]
//!     TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
//!     PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
//! ```
//!
//! A table restored to an earlier point in time forgets what was done since, and so do the records: restore the barrier's
//! table and the participant's together, and only while no saga is running.
//!
//! The function's role takes `dynamodb:GetItem`, `PutItem`, `UpdateItem`, `DeleteItem` and `ConditionCheckItem` on these tables.
//!
//! # Numbers
//!
//! Integers of 64 bits and floats go to DynamoDB and come back exactly, `u64::MAX` too. `3.0` comes back as `3`, which serde takes
//! for a float. A sum or a number of other software's that 64 bits do not hold exactly is an error where it is read. Step
//! Functions computes in floats: a *step's* input or output with an integer beyond 2^53 is refused, so send a string there.
//!
//! # Tables of other software
//!
//! A set reads as a list. Binary data has no JSON value: an item with some cannot be read through [`Tx::get`](crate::Tx::get),
//! but be written to, attribute by attribute, and be subject to conditions.
//!
//! # Tries
//!
//! The store turns the client's own retries off and makes up to six tries of a call that conflicted, was throttled or was not
//! answered, with full jitter, the last no later than 2 s after the first. Of a transaction all tries carry the same
//! [token](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#DDB-TransactWriteItems-request-ClientRequestToken),
//! so that it takes effect once, and a lost reply is made good. After that the barrier answers `Saga.Busy`.

#![allow(
    clippy::result_large_err,
    reason = "the errors of the SDK are taken apart where they come up"
)]

mod attribute;
mod environment;
mod error;
mod expression;
mod lean;
#[cfg(any(feature = "eventbridge", feature = "sns"))]
mod outboxes;
mod retry;
mod tables;
mod transaction;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// The SDK that the store's client comes from, so that versions agree.
pub use aws_sdk_dynamodb;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure as OnRefusal};

use self::attribute::{Attributes, read_item, to_attribute, to_attributes};
#[cfg(any(feature = "eventbridge", feature = "sns", feature = "sqs"))]
pub(crate) use self::environment::settings;
use self::error::{cancelled, refused, refused_item, trouble};
use self::expression::Placeholders;
use self::retry::{Trouble, retrying};
pub use self::tables::{KeyType, KeyTypes, TableLayout};
use crate::BoxFuture;
use crate::http::lazy_client;
use crate::store::{
    Change, Item, Key, Operation, Store, StoreError, Transacted, Write, Written, check_key,
    check_transaction, check_write, normalized_item,
};

/// A store on DynamoDB, for handlers on Lambda and elsewhere.
///
/// Clones share a client. It needs a tokio runtime with time and I/O enabled.
///
/// # Example
///
/// ```
/// use saga_runtime::DynamoDbStore;
///
/// // On Lambda, the environment has all that is needed; nothing is called yet.
/// let store = DynamoDbStore::from_env().with_prefix("staging-");
/// # let _ = store;
/// ```
#[derive(Clone)]
pub struct DynamoDbStore {
    client: Client,
    prefix: Option<Arc<str>>,
}

impl DynamoDbStore {
    /// A store on the tables that a client reaches: for settings of your own, such as an assumed role or an HTTP client.
    ///
    /// The client's retries are turned off for the store's calls, because [the store's own](self#tries) take their place. A client
    /// whose settings name no HTTP client gets that of [`from_env`](Self::from_env). The SDK's long user agent and its metrics,
    /// a fifth of what a call costs, are left out; a client with an [app name](aws_sdk_dynamodb::config::Builder::app_name) keeps them.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the store keeps a client, whichever way it is made of this one"
    )]
    pub fn new(client: Client) -> Self {
        let mut config = client.config().to_builder();
        config.set_retry_config(Some(RetryConfig::disabled()));
        if client.config().app_name().is_none() {
            config.push_interceptor(lean::lean());
        }
        if client.config().http_client().is_none() {
            config.set_http_client(Some(lazy_client()));
        }
        Self {
            client: Client::from_conf(config.build()),
            prefix: None,
        }
    }

    /// A store as the environment says, which is how Lambda sets it: the region from `AWS_REGION` or `AWS_DEFAULT_REGION`, the
    /// endpoint from `AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL` where an emulator takes DynamoDB's place, a
    /// [prefix](Self::with_prefix) from `SAGA_TABLE_PREFIX`. Credentials come from the environment or from the container's
    /// endpoint, and are looked for at the first call.
    ///
    /// Connections are awaited for 1 s and replies for 2 s. For profiles, SSO or an assumed role pass a client of your own to
    /// [`new`](Self::new).
    pub fn from_env() -> Self {
        let store = Self {
            client: Client::from_conf(environment::config()),
            prefix: None,
        };
        match std::env::var("SAGA_TABLE_PREFIX") {
            Ok(prefix) => store.with_prefix(prefix),
            Err(_) => store,
        }
    }

    /// Puts this before the names of all tables, the barrier's included: to keep stages apart in one account.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.prefix = Some(prefix.as_ref())
            .filter(|prefix| !prefix.is_empty())
            .map(Arc::from);
        self
    }

    fn table<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match &self.prefix {
            None => Cow::Borrowed(name),
            Some(prefix) => Cow::Owned(format!("{prefix}{name}")),
        }
    }

    async fn read(&self, key: &Key) -> Result<Option<Item>, Trouble> {
        let table = self.table(&key.table);
        let call = self
            .client
            .get_item()
            .table_name(table.as_ref())
            .set_key(Some(key_attributes(key)))
            .consistent_read(true);
        match call.send().await {
            Ok(reply) => reply
                .item
                .map(read_item)
                .transpose()
                .map_err(Trouble::lasting),
            Err(error) => Err(trouble("GetItem", &[&table], error)),
        }
    }

    async fn make(&self, write: &Write) -> Result<Written, Trouble> {
        match &write.operation {
            Operation::Put(item) => self.put(write, item).await,
            Operation::Update(changes) => self.update(write, changes).await,
            Operation::Delete => self.delete(write).await,
            Operation::Check => Err(Trouble::lasting(StoreError::invalid(
                "a check stands in a transaction alone",
            ))),
        }
    }

    async fn put(&self, write: &Write, item: &Item) -> Result<Written, Trouble> {
        let table = self.table(&write.key.table);
        let mut placeholders = Placeholders::default();
        let call = self
            .client
            .put_item()
            .table_name(table.as_ref())
            .set_item(Some(to_attributes(item)))
            .set_condition_expression(condition(&mut placeholders, write))
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(OnRefusal::AllOld);
        match call.send().await {
            Ok(_) => Ok(Written::Done(Some(normalized_item(item)))),
            Err(error) => refused(
                "PutItem",
                || vec![table],
                error,
                |error| match error {
                    PutItemError::ConditionalCheckFailedException(refusal) => Ok(refusal.item),
                    error => Err(error),
                },
            )
            .map(written_not),
        }
    }

    async fn update(&self, write: &Write, changes: &[Change]) -> Result<Written, Trouble> {
        let table = self.table(&write.key.table);
        let mut placeholders = Placeholders::default();
        let call = self
            .client
            .update_item()
            .table_name(table.as_ref())
            .set_key(Some(key_attributes(&write.key)))
            .set_update_expression(expression::update(&mut placeholders, changes))
            .set_condition_expression(condition(&mut placeholders, write))
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OnRefusal::AllOld);
        match call.send().await {
            Ok(reply) => updated(reply.attributes),
            Err(error) => refused(
                "UpdateItem",
                || vec![table],
                error,
                |error| match error {
                    UpdateItemError::ConditionalCheckFailedException(refusal) => Ok(refusal.item),
                    error => Err(error),
                },
            )
            .map(written_not),
        }
    }

    async fn delete(&self, write: &Write) -> Result<Written, Trouble> {
        let table = self.table(&write.key.table);
        let mut placeholders = Placeholders::default();
        let call = self
            .client
            .delete_item()
            .table_name(table.as_ref())
            .set_key(Some(key_attributes(&write.key)))
            .set_condition_expression(condition(&mut placeholders, write))
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .return_values_on_condition_check_failure(OnRefusal::AllOld);
        match call.send().await {
            Ok(_) => Ok(Written::Done(None)),
            Err(error) => refused(
                "DeleteItem",
                || vec![table],
                error,
                |error| match error {
                    DeleteItemError::ConditionalCheckFailedException(refusal) => Ok(refusal.item),
                    error => Err(error),
                },
            )
            .map(written_not),
        }
    }

    async fn make_all(&self, writes: &[Write], token: &str) -> Result<Transacted, Trouble> {
        let items = writes
            .iter()
            .map(|write| transaction::item(write, &self.table(&write.key.table)));
        let items: Result<Vec<_>, _> = items.collect();
        let items = items.map_err(|error| {
            Trouble::lasting(StoreError::invalid("a write is incomplete").with_source(error))
        })?;
        let call = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(token);
        let Err(error) = call.send().await else {
            return Ok(Transacted::Done);
        };
        let tables = || {
            let mut tables: Vec<&str> = writes
                .iter()
                .map(|write| write.key.table.as_str())
                .collect();
            tables.sort_unstable();
            tables.dedup();
            tables.into_iter().map(|name| self.table(name)).collect()
        };
        let reasons = refused("TransactWriteItems", tables, error, |error| match error {
            TransactWriteItemsError::TransactionCanceledException(refusal) => {
                Ok(refusal.cancellation_reasons)
            }
            error => Err(error),
        })?;
        cancelled(reasons.unwrap_or_default())
    }
}

impl Store for DynamoDbStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move {
            check_key(key)?;
            retrying(|| self.read(key)).await
        })
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        Box::pin(async move {
            check_write(write)?;
            retrying(|| self.make(write)).await
        })
    }

    fn transact<'a>(
        &'a self, writes: &'a [Write],
    ) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        Box::pin(async move {
            check_transaction(writes)?;
            let token = transaction::token(SystemTime::now());
            retrying(|| self.make_all(writes, &token)).await
        })
    }
}

impl fmt::Debug for DynamoDbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn key_attributes(key: &Key) -> Attributes {
    [Some(&key.partition), key.sort.as_ref()]
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), to_attribute(value)))
        .collect()
}

fn condition<'a>(placeholders: &mut Placeholders<'a>, write: &'a Write) -> Option<String> {
    let condition = write.condition.as_ref()?;
    Some(expression::condition(placeholders, &write.key, condition))
}

fn written_not(found: Option<Attributes>) -> Written {
    Written::Refused(refused_item(found))
}

fn updated(attributes: Option<Attributes>) -> Result<Written, Trouble> {
    let attributes = attributes.filter(|attributes| !attributes.is_empty());
    match attributes.map(read_item).transpose() {
        Ok(item) => Ok(Written::Done(item)),
        // It took effect, so that no kind of error but this one tells the truth.
        Err(error) => Err(Trouble::lasting(
            StoreError::unavailable("the item was updated, but cannot be read").with_source(error),
        )),
    }
}
