//! Starting sagas and awaiting their results, on Step Functions. Deploys nothing, and runs nothing itself.
//!
//! # Example
//!
//! ```no_run
//! # use saga_runtime::prelude::*;
//! # #[saga]
//! # pub mod shop {
//! #     use saga_runtime::prelude::*;
//! #     #[derive(Serialize, Deserialize)] pub struct PlaceOrder { pub order_id: String }
//! #     #[derive(Debug, Serialize, Deserialize)] pub struct Receipt { pub hold: String }
//! #     pub trait Stock {
//! #         #[step(compensate = release)]
//! #         async fn reserve(&self, tx: &mut Tx, order_id: &str) -> Result<String, Retry>;
//! #         #[compensation]
//! #         async fn release(&self, tx: &mut Tx, hold: String) -> Result<(), Retry>;
//! #     }
//! #     pub async fn place_order(stock: &impl Stock, cmd: PlaceOrder) -> Result<Receipt, Rejection> {
//! #         let hold = stock.reserve(&cmd.order_id).await?;
//! #         Ok(Receipt { hold })
//! #     }
//! # }
//! use saga_runtime::client::{Client, aws_sdk_sfn};
//!
//! # async fn example(config: aws_sdk_sfn::Config) -> Result<(), Box<dyn std::error::Error>> {
//! let sfn = aws_sdk_sfn::Client::from_conf(config);
//! let arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:place_order";
//! let sagas = Client::new(sfn, shop::PLACE_ORDER, arn);
//!
//! let cmd = shop::PlaceOrder { order_id: "order-42".to_owned() };
//! let saga = sagas.start("order-42", &cmd).await?;
//! match saga.result().await? {
//!     Ok(receipt) => println!("held: {}", receipt.hold),
//!     Err(rejection) => println!("compensated, because of {rejection}"),
//! }
//! # Ok(())
//! # }
//! ```

mod arn;
mod description;
mod error;
mod execution;
mod pauses;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

pub use aws_sdk_sfn;
use aws_sdk_sfn::error::SdkError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use serde::Serialize;
use serde_json::Value;

pub use self::description::{Description, Status};
pub use self::error::Error;
use self::error::Kind;
pub use self::execution::Execution;
use self::pauses::Pauses;
use crate::execution_name::check_execution_name;
use crate::http::lazy_client;
use crate::json::{Fingerprint, check_integers};
use crate::saga::Saga;

/// What an execution's input may have, in bytes of
/// [UTF-8](https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html#API_StartExecution_RequestSyntax).
const INPUT_LIMIT: usize = 262_144;

/// Starts executions of one saga, and finds them again by the caller's own keys.
///
/// `I` is the saga's input and `O` what it returns. The SDK's client is the caller's, with its region, credentials, endpoint and
/// retries; it needs `states:StartExecution` on the state machine, and `states:DescribeExecution` on its executions.
///
/// # Keys
///
/// A key is the execution's name, so that starting twice under one key gives one saga. It has 1 to 80 characters, without
/// white space, control characters, brackets and `?*"#%\^|~$&,;:/` or the back quote. Step Functions forgets a name
/// [90 days](https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html) after its execution
/// ended; under the same key there is then a new saga. So make keys of numbers that are never used twice.
///
/// # Example
///
/// ```no_run
/// use saga_runtime::Saga;
/// use saga_runtime::client::{Client, Error, aws_sdk_sfn};
///
/// async fn greet(sfn: aws_sdk_sfn::Client, saga: Saga<String, u64>, arn: &str) -> Result<(), Error> {
///     let sagas = Client::new(sfn, saga, arn);
///     let first = sagas.start("greeting-1", &"Ada".to_owned()).await?;
///     let again = sagas.start("greeting-1", &"Ada".to_owned()).await?;
///     assert_eq!(first.arn(), again.arn());
///     let error = sagas.start("greeting-1", &"Bob".to_owned()).await.unwrap_err();
///     assert!(error.is_other_input());
///     Ok(())
/// }
/// ```
pub struct Client<I, O> {
    sfn: aws_sdk_sfn::Client,
    state_machine_arn: String,
    pauses: Pauses,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O> Client<I, O> {
    /// A client for the executions of one deployed state machine.
    ///
    /// `state_machine_arn` may end in a version's number or an alias, `…:stateMachine:place_order:live`. Keys are shared by all
    /// versions, so that a key finds its execution whichever started it. An ARN of another shape is reported by the first call.
    ///
    /// An SDK client whose settings name no HTTP client gets one that is as small as a function's: HTTP/1.1 with TLS by ring and the
    /// system's certificates, without proxies.
    pub fn new(
        sfn: aws_sdk_sfn::Client, _saga: Saga<I, O>, state_machine_arn: impl Into<String>,
    ) -> Self {
        let sfn = if sfn.config().http_client().is_none() {
            let config = sfn.config().to_builder().http_client(lazy_client());
            aws_sdk_sfn::Client::from_conf(config.build())
        } else {
            sfn
        };
        Self {
            sfn,
            state_machine_arn: state_machine_arn.into(),
            pauses: Pauses::default(),
            types: PhantomData,
        }
    }

    /// How long [`Execution::result`] pauses between two looks: at first, and at most, with doubling in between and jitter below.
    /// 200 ms and 5 s unless said. Step Functions answers
    /// [15 `DescribeExecution` a second](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-throttling-general)
    /// and account, or a few more.
    #[must_use]
    pub fn poll_every(self, least: Duration, most: Duration) -> Self {
        Self {
            pauses: Pauses::new(least, most),
            ..self
        }
    }

    /// The saga of that key, whatever its input and whether it runs or ended.
    ///
    /// `None` may also be said of one that was started a moment ago, because Step Functions shows new executions with a delay.
    ///
    /// # Errors
    ///
    /// A key that Step Functions does not allow; a state machine ARN that is none; a call that failed.
    pub async fn find(&self, key: &str) -> Result<Option<Execution<O>>, Error> {
        let execution = self.execution(self.execution_arn(key)?, key);
        match execution.look().await {
            Ok(_) => Ok(Some(execution)),
            Err(error) if error.is_no_execution() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn execution(&self, arn: String, key: &str) -> Execution<O> {
        Execution::new(self.sfn.clone(), arn, key.to_owned(), self.pauses)
    }

    fn execution_arn(&self, key: &str) -> Result<String, Error> {
        check_execution_name(key).map_err(|why| {
            Error::new(Kind::InvalidName {
                name: key.to_owned(),
                why,
            })
        })?;
        arn::of_execution(&self.state_machine_arn, key).ok_or_else(|| {
            Error::new(Kind::InvalidArn {
                arn: self.state_machine_arn.clone(),
            })
        })
    }
}

impl<I: Serialize, O> Client<I, O> {
    /// Starts the saga of that key. If it was started before with the same input, the answer is that one, running or ended;
    /// inputs are compared as JSON, so that neither the order of fields nor `2.0` for `2` makes a difference.
    ///
    /// Where the call fails and [`Error::is_unavailable`], nobody knows whether the saga started. Start it again, under the same
    /// key.
    ///
    /// # Errors
    ///
    /// Before any call: a key that Step Functions does not allow; an input that is no JSON, has more than 262,144 bytes, or an
    /// integer beyond 2<sup>53</sup>; a state machine ARN that is none. Then: a saga of that key with another input, or a
    /// call that failed.
    pub async fn start(&self, key: &str, input: &I) -> Result<Execution<O>, Error> {
        let arn = self.execution_arn(key)?;
        let input = checked_input(key, input)?;
        let call = self
            .sfn
            .start_execution()
            .state_machine_arn(&self.state_machine_arn)
            .name(key)
            .input(input.to_string());
        match call.send().await {
            // An express workflow has no name to find it by, and runs again for each delivery of the same event.
            Ok(reply) if arn::is_express(reply.execution_arn()) => Err(Error::new(Kind::Express {
                arn: self.state_machine_arn.clone(),
            })),
            Ok(reply) => Ok(self.execution(reply.execution_arn, key)),
            Err(error) if is_taken(&error) => {
                // An execution that ended is not answered with, even if the input is the same.
                self.same_input(self.execution(arn, key), &input).await
            }
            Err(error) => Err(Error::of_call("StartExecution", error)),
        }
    }

    async fn same_input(
        &self, execution: Execution<O>, input: &Value,
    ) -> Result<Execution<O>, Error> {
        let there = execution.describe().await?;
        let Some(there) = there.input() else {
            return Err(Error::new(Kind::Unreadable {
                arn: execution.arn().to_owned(),
                what: "input",
            }));
        };
        if Fingerprint::of(there) == Fingerprint::of(input) {
            return Ok(execution);
        }
        Err(Error::new(Kind::OtherInput {
            name: execution.name().to_owned(),
        }))
    }
}

fn is_taken(error: &SdkError<StartExecutionError>) -> bool {
    error
        .as_service_error()
        .is_some_and(StartExecutionError::is_execution_already_exists)
}

fn checked_input(key: &str, input: &impl Serialize) -> Result<Value, Error> {
    let invalid = |why: String| Kind::InvalidInput {
        name: key.to_owned(),
        why,
    };
    let input = serde_json::to_value(input).map_err(|error| {
        Error::with_source(invalid("does not serialize to JSON".to_owned()), error)
    })?;
    check_integers("input", &input)
        .map_err(|why| Error::new(invalid(format!("does not fit: {why}"))))?;
    let size = input.to_string().len();
    if size > INPUT_LIMIT {
        return Err(Error::new(invalid(format!(
            "has {size} bytes, and Step Functions allows {INPUT_LIMIT}; keep large things in a store and pass their keys"
        ))));
    }
    Ok(input)
}

// Derives would ask `I` and `O` for traits that no field of theirs needs.
impl<I, O> Clone for Client<I, O> {
    fn clone(&self) -> Self {
        Self {
            sfn: self.sfn.clone(),
            state_machine_arn: self.state_machine_arn.clone(),
            pauses: self.pauses,
            types: PhantomData,
        }
    }
}

impl<I, O> fmt::Debug for Client<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("state_machine_arn", &self.state_machine_arn)
            .finish_non_exhaustive()
    }
}
