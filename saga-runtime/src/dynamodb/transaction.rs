//! The writes of a transaction as `TransactWriteItems` takes them, and its token. Calls nothing.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure as OnRefusal,
    TransactWriteItem, Update,
};

use super::attribute::to_attributes;
use super::expression::{self, Placeholders};
use super::{condition, key_attributes};
use crate::store::{Operation, Write};

/// A token for one transaction and all tries of it.
///
/// The SDK would make one by itself, from random numbers that it draws from a seed. Functions that were restored from one
/// snapshot share such a seed, so that the time is part of this one.
pub(super) fn token(now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    // At most 36 characters are allowed.
    format!("{:016x}-{:016x}", since.as_nanos(), fastrand::u64(..))
}

pub(super) fn item(write: &Write, table: &str) -> Result<TransactWriteItem, BuildError> {
    let mut placeholders = Placeholders::default();
    let item = TransactWriteItem::builder();
    let item = match &write.operation {
        Operation::Put(document) => item.put(
            Put::builder()
                .table_name(table)
                .set_item(Some(to_attributes(document)))
                .set_condition_expression(condition(&mut placeholders, write))
                .set_expression_attribute_names(placeholders.names())
                .set_expression_attribute_values(placeholders.values())
                .return_values_on_condition_check_failure(OnRefusal::AllOld)
                .build()?,
        ),
        Operation::Update(changes) => item.update(
            Update::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&write.key)))
                .set_update_expression(expression::update(&mut placeholders, changes))
                .set_condition_expression(condition(&mut placeholders, write))
                .set_expression_attribute_names(placeholders.names())
                .set_expression_attribute_values(placeholders.values())
                .return_values_on_condition_check_failure(OnRefusal::AllOld)
                .build()?,
        ),
        Operation::Delete => item.delete(
            Delete::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&write.key)))
                .set_condition_expression(condition(&mut placeholders, write))
                .set_expression_attribute_names(placeholders.names())
                .set_expression_attribute_values(placeholders.values())
                .return_values_on_condition_check_failure(OnRefusal::AllOld)
                .build()?,
        ),
        Operation::Check => item.condition_check(
            ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&write.key)))
                .set_condition_expression(condition(&mut placeholders, write))
                .set_expression_attribute_names(placeholders.names())
                .set_expression_attribute_values(placeholders.values())
                .return_values_on_condition_check_failure(OnRefusal::AllOld)
                .build()?,
        ),
    };
    Ok(item.build())
}
