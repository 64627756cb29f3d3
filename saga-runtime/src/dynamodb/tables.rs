//! Tables for tests and first tries. A deployment declares its own, with what is worth having there.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType as KeyRole, ScalarAttributeType,
    TableStatus, TimeToLiveSpecification,
};
use tokio::time::{Duration, sleep};

use super::DynamoDbStore;
use super::error::trouble;
use crate::Table;
use crate::store::{BARRIER_KEY, BARRIER_TABLE, StoreError};

/// How often a table that is being made is looked at, and how many times: a minute and a half in all.
const LOOK: Duration = Duration::from_millis(300);
const LOOKS: u32 = 300;

/// The type of a key's attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// `S`
    String,
    /// `N`, of which this crate's keys are the integers.
    Number,
}

/// The types of a table's key: one, or a pair where it has a sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTypes {
    partition: KeyType,
    sort: Option<KeyType>,
}

impl From<KeyType> for KeyTypes {
    fn from(partition: KeyType) -> Self {
        Self {
            partition,
            sort: None,
        }
    }
}

impl From<(KeyType, KeyType)> for KeyTypes {
    fn from((partition, sort): (KeyType, KeyType)) -> Self {
        Self {
            partition,
            sort: Some(sort),
        }
    }
}

/// What [`DynamoDbStore::create_tables`] needs to know of a table; [`Table::layout`] makes one.
#[derive(Clone, Debug)]
pub struct TableLayout {
    name: &'static str,
    partition: &'static str,
    sort: Option<&'static str>,
    types: KeyTypes,
}

impl<T> Table<T> {
    /// The table's key attributes and their types, for [`DynamoDbStore::create_tables`]. A pair where it has a sort key.
    pub fn layout(&self, types: impl Into<KeyTypes>) -> TableLayout {
        TableLayout {
            name: self.name(),
            partition: self.partition(),
            sort: self.sort(),
            types: types.into(),
        }
    }
}

impl DynamoDbStore {
    /// Makes the barrier's table and these, where they do not exist, and waits until they can be used. For tests and first tries.
    ///
    /// The tables are billed on demand, the barrier's expires its records by `ttl`, and none has backups. A table that exists
    /// stays as it is, even if its key is another.
    ///
    /// # Errors
    ///
    /// An invalid-table error where a layout has a type too many or too few, and what DynamoDB says.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use saga_runtime::dynamodb::{DynamoDbStore, KeyType};
    /// use saga_runtime::prelude::*;
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Shelf { sku: String, on_hand: u32 }
    /// const SHELVES: Table<Shelf> = Table::new("shelves", "sku");
    ///
    /// # async fn example() -> Result<(), saga_runtime::store::StoreError> {
    /// let store = DynamoDbStore::from_env();
    /// store.create_tables(&[SHELVES.layout(KeyType::String)]).await?;
    /// SHELVES.put(&store, &Shelf { sku: "tea".to_owned(), on_hand: 10 }).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_tables(&self, tables: &[TableLayout]) -> Result<(), StoreError> {
        let barrier = TableLayout {
            name: BARRIER_TABLE,
            partition: BARRIER_KEY,
            sort: None,
            types: KeyType::String.into(),
        };
        let mut made = Vec::new();
        for table in tables.iter().chain([&barrier]) {
            if self.create_table(table).await? {
                made.push(table);
            }
        }
        for table in made {
            self.await_table(table).await?;
            if table.name == BARRIER_TABLE {
                self.expire_records().await?;
            }
        }
        Ok(())
    }

    /// False if there is one already.
    async fn create_table(&self, layout: &TableLayout) -> Result<bool, StoreError> {
        let keys = layout.keys()?;
        let name = self.table(layout.name);
        let mut call = self
            .client
            .create_table()
            .table_name(name.as_ref())
            .billing_mode(BillingMode::PayPerRequest);
        for (attribute, role, kind) in keys {
            let definition = AttributeDefinition::builder()
                .attribute_name(attribute)
                .attribute_type(kind.into());
            let element = KeySchemaElement::builder()
                .attribute_name(attribute)
                .key_type(role);
            let incomplete =
                |error: BuildError| StoreError::invalid("a key is incomplete").with_source(error);
            call = call
                .attribute_definitions(definition.build().map_err(incomplete)?)
                .key_schema(element.build().map_err(incomplete)?);
        }
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) if exists(&error) => Ok(false),
            Err(error) => Err(trouble("CreateTable", &[&name], error).error),
        }
    }

    async fn await_table(&self, layout: &TableLayout) -> Result<(), StoreError> {
        let name = self.table(layout.name);
        for _ in 0..LOOKS {
            let call = self.client.describe_table().table_name(name.as_ref());
            match call.send().await {
                Ok(reply) => {
                    let status = reply.table.and_then(|table| table.table_status);
                    if status == Some(TableStatus::Active) {
                        return Ok(());
                    }
                }
                // A new table is not seen everywhere at once.
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(trouble("DescribeTable", &[&name], error).error),
            }
            sleep(LOOK).await;
        }
        Err(StoreError::unavailable(format!(
            "table `{name}` was made, but is not active after {} s",
            (LOOK * LOOKS).as_secs()
        )))
    }

    async fn expire_records(&self) -> Result<(), StoreError> {
        let name = self.table(BARRIER_TABLE);
        let expiry = TimeToLiveSpecification::builder()
            .attribute_name("ttl")
            .enabled(true)
            .build()
            .map_err(|error| StoreError::invalid("an expiry is incomplete").with_source(error))?;
        let call = self
            .client
            .update_time_to_live()
            .table_name(name.as_ref())
            .time_to_live_specification(expiry);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(trouble("UpdateTimeToLive", &[&name], error).error),
        }
    }
}

impl TableLayout {
    fn keys(&self) -> Result<Vec<(&'static str, KeyRole, KeyType)>, StoreError> {
        let mut keys = vec![(self.partition, KeyRole::Hash, self.types.partition)];
        match (self.sort, self.types.sort) {
            (None, None) => {}
            (Some(name), Some(kind)) => keys.push((name, KeyRole::Range, kind)),
            (Some(name), None) => {
                return Err(StoreError::invalid(format!(
                    "table `{}` has the sort key `{name}`; write its layout's types as a pair",
                    self.name
                )));
            }
            (None, Some(_)) => {
                return Err(StoreError::invalid(format!(
                    "table `{}` has no sort key; write its layout's type as one",
                    self.name
                )));
            }
        }
        Ok(keys)
    }
}

impl From<KeyType> for ScalarAttributeType {
    fn from(kind: KeyType) -> Self {
        match kind {
            KeyType::String => Self::S,
            KeyType::Number => Self::N,
        }
    }
}

fn exists<R>(error: &SdkError<CreateTableError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(CreateTableError::is_resource_in_use_exception)
}

fn is_missing<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        == Some("ResourceNotFoundException")
}
