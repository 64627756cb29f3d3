//! The Amazon States Language in JSONata mode: a typed model, its JSON, and a validator.
//!
//! The model ([`StateMachine`] and what it holds) is made of types that cannot say most of what Step Functions
//! refuses: a state has a `Next` or an `End` and never both, and the fields of JSONPath do not exist.
//! [`to_json`] writes it, always in the same order and so with the same bytes.
//!
//! With the feature `explain`, `explain` says what each failure leads to: the retries, the compensations, the end.
//!
//! With the feature `validate`, [`parse`] reads a definition back, strictly, and [`validate`] checks a model in hand.
//! Both report every broken rule at once, each at its JSON path and with what to write instead:
//!
#![cfg_attr(feature = "validate", doc = "```")]
#![cfg_attr(not(feature = "validate"), doc = "```ignore")]
//! let definition = r#"{
//!   "QueryLanguage": "JSONata",
//!   "StartAt": "charge",
//!   "States": {
//!     "charge": {
//!       "Type": "Task",
//!       "Resource": "arn:aws:states:::lambda:invoke",
//!       "Arguments": { "FunctionName": "${PaymentsFunctionArn}", "Payload": "{% $order %}" },
//!       "Retry": [{ "ErrorEquals": ["States.Timout"], "MaxAttempts": 3 }],
//!       "Next": "ship"
//!     }
//!   }
//! }"#;
//! let problems = saga_asl::parse(definition).unwrap_err();
//! assert_eq!(
//!     problems.to_string(),
//!     "$.States.charge.Next: there is no state `ship`; add it, or name another\n\
//!      $.States.charge.Arguments.Payload: `$order` is assigned nowhere\n\
//!      $.States.charge.Retry[0].ErrorEquals[0]: `States.Timout` is not an error of Step Functions, and only those \
//!      begin with `States.`; did you mean `States.Timeout`?"
//! );
//! ```
//!
//! # Rules
//!
//! What [`Problem::rule`] says, and where Amazon says it:
//!
//! | rule | what must hold |
//! |---|---|
//! | `json` | the text is JSON, nested at most 127 levels |
//! | `duplicate-key` | a key stands once in its object; JSON readers keep the last and say nothing |
//! | `schema` | required fields are there, and each is of its kind ([state machine], [states]) |
//! | `unknown-field` | a field exists in that place |
//! | `jsonpath` | no field of JSONPath ([JSONata]) |
//! | `query-language` | `QueryLanguage` is JSONata: at the top, or in every state. JSONPath is valid, but not read here |
//! | `unsupported` | nothing that Step Functions accepts but the model has no place for, such as `Credentials` |
//! | `size` | at most 1,048,576 bytes of UTF-8 in compact form ([quotas]) |
//! | `nesting` | a model nests at most 127 levels of JSON, so that it can be read again |
//! | `structure` | no empty `States`, `Branches`, `Choices` or `ErrorEquals`; resources are ARNs or placeholders |
//! | `targets` | `StartAt`, `Next` and `Default` name a state of the same graph |
//! | `reachability` | every state is reached, and some way ends |
//! | `names` | state names have 1 to 80 characters and are unique in the whole machine |
//! | `variable-names` | variables are Unicode identifiers of at most 80 characters, and not `states` ([variables]) |
//! | `variables` | a variable is assigned on every way to its use; no inner scope assigns an outer one ([variables]) |
//! | `numbers` | times, attempts, rates and percentages are in range ([errors]) |
//! | `timestamps` | a literal `Timestamp` is RFC 3339 |
//! | `errors` | `States.…` names exist; `States.ALL` stands alone and last ([errors]) |
//! | `jsonata` | expressions parse, as JSONata 2.0.6 ([JSONata]) |
//! | `functions` | functions exist; `$eval` does not ([JSONata]) |
//! | `context` | expressions begin with `$states` or a variable: there is no context item |
//! | `states-variable` | `$states.result` and `$states.errorOutput` are read only where they are ([JSONata]) |
//!
//! Step Functions itself accepts variables and functions that do not exist, and fails the execution that comes there:
//! `variables` and `functions` are stricter than it is.
//!
//! [state machine]: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
//! [states]: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html
//! [JSONata]: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
//! [variables]: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
//! [errors]: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
//! [quotas]: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
#![cfg_attr(
    not(feature = "validate"),
    doc = "",
    doc = "[`parse`]: # \"with the feature `validate`\"",
    doc = "[`validate`]: # \"with the feature `validate`\"",
    doc = "[`Problem::rule`]: # \"with the feature `validate`\""
)]
#![cfg_attr(
    test,
    allow(
        clippy::needless_raw_string_hashes,
        reason = "`UPDATE_EXPECT=1` writes them"
    ),
    allow(
        clippy::needless_pass_by_value,
        reason = "an `expect!` reads best as an argument"
    )
)]

#[cfg(feature = "explain")]
mod explain;
mod json;
mod model;
#[cfg(feature = "validate")]
mod problems;
#[cfg(feature = "validate")]
mod read;
#[cfg(feature = "validate")]
mod validate;

#[cfg(feature = "explain")]
pub use explain::{Case, End, Explanation, Failures, ItemOrder, OTHER, Retries, Undone, explain};
pub use json::{to_json, to_json_compact};
pub use model::*;
#[cfg(feature = "validate")]
pub use problems::{Problem, Problems};
#[cfg(feature = "validate")]
pub use read::{parse, read};
#[cfg(feature = "validate")]
pub use validate::validate;
