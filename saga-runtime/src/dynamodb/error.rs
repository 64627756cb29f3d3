//! What the SDK's errors mean for a store: whether anything took effect, and whether another try may help. Retries nothing.

use std::borrow::Cow;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;

use super::attribute::{Attributes, glimpse};
use super::retry::Trouble;
use crate::store::{Item, Reason, StoreError, Transacted};

/// What the SDK says of a call's failure.
type CallError<E> = SdkError<E, HttpResponse>;

/// Takes from an error the refusal that `refusal` finds in it; classifies any other, of `action`, such as `PutItem`, on
/// these tables.
pub(super) fn refused<'a, E, R>(
    action: &str, tables: impl FnOnce() -> Vec<Cow<'a, str>>, error: CallError<E>,
    refusal: impl FnOnce(E) -> Result<R, E>,
) -> Result<R, Trouble>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            refusal(context.into_err())
                .map_err(|error| answered(action, &tables().join("`, `"), status, &error))
        }
        error => Err(unanswered(action, error)),
    }
}

/// Classifies an error of a call that nothing refuses.
pub(super) fn trouble<E>(action: &str, tables: &[&str], error: CallError<E>) -> Trouble
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => answered(
            action,
            &tables.join("`, `"),
            context.raw().status().as_u16(),
            context.err(),
        ),
        error => unanswered(action, error),
    }
}

/// What DynamoDB said.
fn answered(action: &str, tables: &str, status: u16, error: &impl ProvideErrorMetadata) -> Trouble {
    let code = error.code().unwrap_or("an error without a code");
    let said = error.message().unwrap_or("no reason given");
    let what = format!("`{action}` on `{tables}`: {code}: {said}");
    match code {
        "TransactionConflictException" | "ReplicatedWriteConflictException" => {
            Trouble::passing(StoreError::conflict(what))
        }
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException"
        | "Throttling" => Trouble::passing(StoreError::throttled(what)),
        // An earlier try of this very transaction is still at work.
        "TransactionInProgressException" => Trouble::passing(StoreError::unavailable(what)),
        // Another transaction got this one's token, by a chance that no second call will have.
        "IdempotentParameterMismatchException" => Trouble::lasting(StoreError::conflict(what)),
        "ResourceNotFoundException" => Trouble::lasting(StoreError::invalid(format!(
            "{what}; one of the tables `{tables}` is missing: deploy it, or call `DynamoDbStore::create_tables` in a test"
        ))),
        "ValidationException"
        | "SerializationException"
        | "ItemCollectionSizeLimitExceededException" => Trouble::lasting(StoreError::invalid(what)),
        "AccessDeniedException" => Trouble::lasting(StoreError::unavailable(format!(
            "{what}; allow the function's role `dynamodb:{}` on `{tables}`",
            permission(action)
        ))),
        _ if status >= 500 => Trouble::passing(StoreError::unavailable(what)),
        // Credentials that ran out, and whatever else DynamoDB may come to say: a later delivery may fare better.
        _ => Trouble::lasting(StoreError::unavailable(what)),
    }
}

/// No reply, or none that can be read: the call may have taken effect.
fn unanswered<E>(action: &str, error: CallError<E>) -> Trouble
where
    E: std::error::Error + Send + Sync + 'static,
{
    let what = match &error {
        SdkError::TimeoutError(_) => "was not answered in time",
        SdkError::DispatchFailure(_) => "did not reach DynamoDB, or its connection broke",
        SdkError::ResponseError(_) => "was answered by what is no reply of DynamoDB's",
        _ => "could not be made",
    };
    let made = !matches!(error, SdkError::ConstructionFailure(_));
    let error = StoreError::unavailable(format!("`{action}` {what}")).with_source(error);
    Trouble {
        error,
        passing: made,
    }
}

/// The [permissions](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html) that a call takes.
fn permission(action: &str) -> &str {
    match action {
        "TransactWriteItems" => {
            "PutItem`, `dynamodb:UpdateItem`, `dynamodb:DeleteItem` and `dynamodb:ConditionCheckItem"
        }
        other => other,
    }
}

/// The item that a condition did not hold of.
pub(super) fn refused_item(item: Option<Attributes>) -> Option<Item> {
    item.filter(|item| !item.is_empty()).map(glimpse)
}

/// What a cancelled transaction comes to: the reasons where one of them is final, and another try otherwise.
pub(super) fn cancelled(reasons: Vec<CancellationReason>) -> Result<Transacted, Trouble> {
    let mut read = Vec::with_capacity(reasons.len());
    for reason in reasons {
        let said = reason.message.unwrap_or_default();
        read.push(match reason.code.as_deref().unwrap_or("None") {
            "None" => Reason::None,
            "ConditionalCheckFailed" => Reason::ConditionFailed(refused_item(reason.item)),
            "TransactionConflict" => Reason::Conflict,
            "ThrottlingError" | "ProvisionedThroughputExceeded" => Reason::Throttled,
            "ValidationError" | "ItemCollectionSizeLimitExceeded" | "DuplicateItem" => {
                Reason::Invalid(said)
            }
            other => {
                let what = format!("the transaction was cancelled: {other}: {said}");
                return Err(Trouble::lasting(StoreError::conflict(what)));
            }
        });
    }
    let is_final =
        |reason: &Reason| matches!(reason, Reason::ConditionFailed(_) | Reason::Invalid(_));
    if read.iter().any(is_final) {
        return Ok(Transacted::Refused(read));
    }
    Err(Trouble::passing(if read.contains(&Reason::Throttled) {
        StoreError::throttled("the transaction's tables have no capacity left")
    } else {
        StoreError::conflict("other transactions keep writing the same items")
    }))
}
