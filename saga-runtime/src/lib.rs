//! Sagas for AWS Step Functions: one annotated Rust module becomes a state machine whose failure paths are already right,
//! and participants whose steps happen at most once.
//!
//! A *saga* is a sequence of local transactions in several services that all take effect, or are all compensated.
//! [`#[saga]`](macro@saga) turns a module into the state machine; this crate is what the services call: errors,
//! transactions, contexts, and the barrier that makes a step safe under retries, timeouts and duplicates. `saga-local` runs the
//! same services and the emitted definition in memory; features of this crate take them to Lambda and DynamoDB.
//!
//! # The smallest saga
//!
//! ```
//! use saga_runtime::prelude::*;
//!
//! #[saga]
//! pub mod transfer {
//!     use saga_runtime::prelude::*;
//!
//!     #[derive(Serialize, Deserialize)]
//!     pub struct Transfer { pub from: String, pub to: String, pub cents: u64 }
//!
//!     #[derive(Debug, thiserror::Error)]
//!     pub enum BankError {
//!         #[error("not enough money")]
//!         NotEnough,
//!     }
//!
//!     pub trait Payer {
//!         #[step(compensate = refund)]
//!         async fn debit(&self, tx: &mut Tx, account: &str, cents: u64) -> Result<(), BankError>;
//!         #[compensation]
//!         async fn refund(&self, tx: &mut Tx, account: &str, cents: u64) -> Result<(), Retry>;
//!     }
//!
//!     pub trait Payee {
//!         #[step(pivot)]
//!         async fn credit(&self, tx: &mut Tx, account: &str, cents: u64) -> Result<(), BankError>;
//!     }
//!
//!     pub async fn transfer(payer: &impl Payer, payee: &impl Payee, cmd: Transfer) -> Result<(), Rejection> {
//!         payer.debit(&cmd.from, cmd.cents).await?;
//!         payee.credit(&cmd.to, cmd.cents).await?;
//!         Ok(())
//!     }
//! }
//!
//! assert_eq!(transfer::TRANSFER.name(), "transfer");
//! ```
//!
//! The module is the contract between the services, as a `.proto` file is: the team that owns the accounts depends on it
//! and writes `impl transfer::Payer for Accounts`. rustc checks all of it, at your own tokens. The flow's body is checked,
//! not run: what runs, on a laptop too, is what was emitted.
//!
//! # What it emits
//!
//! `cargo build` writes `out/transfer.asl.json` at the workspace's root, and [`Saga::definition`] is the same text: two
//! states on the happy path; a compensation for each, of which the pivot's only makes sure that nothing happened; `park`,
//! `resume` and `skip` for a compensation that is stuck; and one end for the saga that failed.
//!
//! ```
//! # use saga_runtime::prelude::*;
//! # #[saga]
//! # pub mod transfer {
//! #     use saga_runtime::prelude::*;
//! #     #[derive(Serialize, Deserialize)]
//! #     pub struct Transfer { pub from: String, pub to: String, pub cents: u64 }
//! #     #[derive(Debug, thiserror::Error)]
//! #     pub enum BankError { #[error("not enough money")] NotEnough }
//! #     pub trait Payer {
//! #         #[step(compensate = refund)]
//! #         async fn debit(&self, tx: &mut Tx, account: &str, cents: u64) -> Result<(), BankError>;
//! #         #[compensation]
//! #         async fn refund(&self, tx: &mut Tx, account: &str, cents: u64) -> Result<(), Retry>;
//! #     }
//! #     pub trait Payee {
//! #         #[step(pivot)]
//! #         async fn credit(&self, tx: &mut Tx, account: &str, cents: u64) -> Result<(), BankError>;
//! #     }
//! #     pub async fn transfer(payer: &impl Payer, payee: &impl Payee, cmd: Transfer) -> Result<(), Rejection> {
//! #         payer.debit(&cmd.from, cmd.cents).await?;
//! #         payee.credit(&cmd.to, cmd.cents).await?;
//! #         Ok(())
//! #     }
//! # }
//! let machine: serde_json::Value = serde_json::from_str(transfer::TRANSFER.definition())?;
//! let debit = &machine["States"]["payer.debit"];
//! assert_eq!(debit["Next"], "payee.credit");
//! // A rejection means that nothing happened; after anything else the debit is compensated too.
//! assert_eq!(debit["Catch"][0]["ErrorEquals"][0], "BankError.NotEnough");
//! assert_eq!(debit["Catch"][0]["Next"], "compensated");
//! assert_eq!(debit["Catch"][2]["ErrorEquals"][0], "States.ALL");
//! assert_eq!(debit["Catch"][2]["Next"], "compensate payer.debit");
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # How it fails
//!
//! | what happens to a compensatable step | what the state machine does |
//! |---|---|
//! | it answers with a rejection: a variant of its error enum | compensates the steps before it |
//! | it answers with a `#[transient]` variant, is throttled, or the runtime is busy | tries again, six times unless `retry(..)` says otherwise, then as below |
//! | it times out, crashes or panics, so that its outcome is unknown | tries again three times, then compensates it, and the steps before it |
//! | its compensation fails | tries again twelve times, then waits for an operator, who resumes or skips it (`on_stuck = park`), or fails for redrive (`on_stuck = fail`) |
//!
//! A pivot is tried again until its outcome is known, and a retriable step until it succeeds, because after the point of
//! no return nothing is undone. (Step Functions ends an execution whose history has 25,000 events: after about two weeks
//! of such tries.) The saga ends with the failure that began its compensation, which a client sees as a
//! [`Rejection`].
//!
//! None of this is left to the services: the barrier beside each participant's data keeps one record for each step of each
//! saga. It answers a repeated delivery with the recorded answer, lets a compensation of something that never happened
//! succeed without effect, and refuses an action that arrives after its compensation.
//!
//! # The second parameter chooses the guarantee
//!
//! | | `tx: &mut Tx` | `cx: &Context` |
//! |---|---|---|
//! | effects | writes to the participant's own database, through [`Tx`] | anything else: a payment, a mail, another API |
//! | happens at most once because | the writes and the record are one transaction | the other side honours [`Context::idempotency_key`] |
//! | its compensation gets | the output: it runs only if the action took effect | an [`Outcome`], because an answer may have been lost |
//!
//! # On AWS
//!
//! Nothing of a contract or a service changes; only `main` does. The features are off unless asked for:
//!
//! | feature | adds |
//! |---|---|
//! | `lambda` | `place_order::serve_stock(StockService, store).await` is a whole `main`: module `lambda` |
//! | `dynamodb` | `DynamoDbStore`, for the barrier's records and the documents of [`Tx`]: module `dynamodb` |
//! | `sns`, `eventbridge` | a participant's events from its table's stream to a topic or a bus: module `relay` |
//! | `sqs` | what cannot be taken goes to a dead-letter queue, with the reason |
//! | `client` | starting a saga by business key, and awaiting its result as `Result<Receipt, Rejection>`: module `client` |
//!
//! What a delivery costs, in calls of DynamoDB (`.ci/e2e round_trips` counts them at the wire):
//!
//! | | `tx: &mut Tx` | `cx: &Context` |
//! |---|---|---|
//! | action, its business writes included | 1 | 2 |
//! | the same delivery again | 1 | 1 |
//! | rejection | 2; 1 if no condition had to find out | 2 |
//! | compensation | 2 | 2 |
//! | compensation of what never happened | 2 | 2 |
//!
//! In a choreography, and with [`Tx::publish`] anywhere else, events cost nothing more: they stand in the step's record, which
//! commits with its writes. A command or a reaction is an action of the left column, and `after` one condition more in the same
//! call; a relay makes one call for ten events.
//!
//! # Where to read on
//!
//! - [`saga`](macro@saga): the attribute, step by step: options, kinds, what a flow may say.
//! - [`choreography`](macro@choreography): the other attribute, for sagas without an orchestrator.
//! - [`flow_language`]: each thing that a flow may say, the states that it becomes, and what happens when it fails.
//! - [`Choreography`], [`Consumer`], [`Event`]: sagas without an orchestrator, and what serves them.
//! - [`Tx`], [`Table`]: the document API that works in memory and on DynamoDB alike.
//! - [`Handler`]: what `serve_…` gives you, for Lambda and for the embedded engine.
//! - [`Rejection`], [`Retry`], [`StepError`]: the errors, and which of them end a saga.
//! - The module `lambda`, with the feature of that name: handlers as Lambda functions, their deadlines and their logs.

#[doc(hidden)]
pub mod __private;
mod barrier;
mod choreography;
#[cfg(feature = "client")]
pub mod client;
mod consumer;
mod context;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
mod envelope;
mod error;
mod event;
mod execution_name;
mod failure;
mod flow;
mod guard;
mod handler;
#[cfg(feature = "https")]
mod http;
mod identity;
mod invocation;
mod json;
#[cfg(feature = "lambda")]
pub mod lambda;
mod outbox;
mod outcome;
mod rehearsal;
#[cfg(any(feature = "eventbridge", feature = "sns"))]
pub mod relay;
mod required;
mod saga;
#[cfg(feature = "sqs")]
mod sqs;
pub mod store;
mod timestamp;
mod tx;

use std::pin::Pin;

/// Compiles a module of data types, errors, participants and flows to Step Functions state machines.
///
/// Each `pub async fn` of the module is a *flow* and becomes one state machine, a constant in upper case
/// (`place_order` → `PLACE_ORDER`, a [`Saga`]) and a file in `out/`. Each trait with steps is a *participant* and gets a
/// function (`Stock` → `serve_stock`) that makes a [`Handler`] of a service and its store. Each enum that a step fails
/// with implements [`StepError`].
///
/// # `#[saga(..)]`
///
/// | option | meaning | default |
/// |---|---|---|
/// | `deadline = "15m"` | an action that begins later than this after the start is refused, and the saga compensates; what must be finished ignores it | none |
/// | `on_stuck = park` | a compensation whose retries are used up waits in a `.waitForTaskToken` task, which tells the parking queue, for an operator: with the task's success it is tried again, with the failure `Saga.Skipped` the saga goes on without it, and ends with that error | this one |
/// | `on_stuck = fail` | it fails the execution, so that [redrive](https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html) resumes there | |
/// | `crate = ::path` | where the expansion finds this crate | `::saga_runtime` |
///
/// Durations are whole seconds, minutes, hours or days: `"30s"`, `"15m"`, `"2h"`, `"1d"`.
///
/// # `#[step(..)]`
///
/// A step says exactly one of:
///
/// | kind | meaning |
/// |---|---|
/// | `compensate = method` | it can be undone, by that `#[compensation]` of the same trait |
/// | `pivot` | the point of no return: tried again until its outcome is known; at most one on a path |
/// | `retriable` | after the point of no return: tried again until it succeeds; it declares no rejections |
/// | `read_only` | it has no effect, so nothing is recorded and nothing undone |
///
/// and any of `timeout = "10s"` (30 s unless said), `heartbeat = "5s"`, and
/// `retry(max_attempts = 4, interval = "1s", backoff = 2.0, max_delay = "30s")`, which is how its transient errors are
/// retried: its `#[transient]` variants or its [`Retry`], and Lambda's own, throttling included. What is not said there keeps
/// the default: 6 retries, 1 s, doubled each time up to 30 s, with full jitter. The barrier's `Saga.Busy` is among them
/// after `tx: &mut Tx`; after `cx: &Context` it has retries of its own, which outlast the claim of a delivery that died.
/// Errors after which the outcome is unknown are retried 3 times, with full jitter.
/// A pivot and a retriable step are retried without end, up to 5 minutes apart, and take no `max_attempts`. Lambda sends no
/// heartbeats, so leave `heartbeat` to participants that do.
///
/// `max_attempts` counts retries, so `max_attempts = 2` means up to three deliveries.
///
/// Its first parameter is `&self`, its second `tx: &mut Tx` or `cx: &Context`, which the flow never passes; the others are
/// decoded from JSON under their own names: `T`, `&T`, `&str` or `&[T]`. It returns `Result<Output, Error>`, where `Error`
/// is an enum of the module, or [`Retry`] for a step that is never rejected.
///
/// # `#[compensation(..)]`
///
/// Takes any of its action's parameters, by name, and once the action's output: as its plain type after `tx: &mut Tx`, as
/// an [`Outcome`] after `cx: &Context`. It returns `Result<(), Retry>`, and takes `retry(..)`, `timeout` and `heartbeat`;
/// unless said, it is retried 12 times, up to 5 minutes apart.
///
/// # Flows
///
/// ```
/// # use saga_runtime::prelude::*;
/// # #[saga]
/// # pub mod shop {
/// #     use saga_runtime::prelude::*;
/// #     #[derive(Serialize, Deserialize)] pub struct Cmd { pub sku: String, pub lines: Vec<String> }
/// #     #[derive(Serialize, Deserialize)] pub struct Hold { pub id: String }
/// #     #[derive(Serialize, Deserialize)] pub struct Receipt { pub hold: String, pub note: String }
/// #     pub trait Stock {
/// #         #[step(compensate = release)]
/// #         async fn reserve(&self, tx: &mut Tx, sku: &str, lines: &[String]) -> Result<Hold, Retry>;
/// #         #[compensation]
/// #         async fn release(&self, tx: &mut Tx, hold: Hold) -> Result<(), Retry>;
/// #     }
/// pub async fn buy(stock: &impl Stock, cmd: Cmd) -> Result<Receipt, Rejection> {
///     let hold = stock.reserve(&cmd.sku, &cmd.lines).await?;
///     Ok(Receipt { hold: hold.id, note: "thank you".to_owned() })
/// }
/// # }
/// ```
///
/// A flow takes its participants as `&impl Trait` and one input, and returns `Result<Output, Rejection>`. It looks inside only
/// types that the module declares, because there serde's attributes can be seen; types from elsewhere pass through whole.
/// Names, types and borrows are rustc's to check. What is no part of the language is an error that says what to write instead.
///
/// | a flow writes | it becomes |
/// |---|---|
/// | `participant.step(..).await?` | a [`Task`](https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html) |
/// | `if`, `if let`, `match` with a step in an arm | a [`Choice`](https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html) |
/// | `match participant.step(..).await { Ok(..) => .., Err(..) => .. }` | the step's `Task`, with a `Catch` for each alternative |
/// | `for x in &list { .. }` | a [`Map`](https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html) |
/// | [`join!(a, b)?`](crate::join) | a [`Parallel`](https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html) |
/// | [`sleep(..).await`](crate::sleep), [`sleep_until(..).await`](crate::sleep_until) | a [`Wait`](https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html) |
/// | `another_flow(participant, value).await?` | an [execution of its own](https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html) |
/// | `return Err(Rejection::new(..))` | the way into the compensations |
/// | anything else: a value | no state; a JSONata expression in the states that use it |
///
/// ## Values
///
/// `let` with a name, `_` or a tuple of these; fields, literals, struct literals, tuples, enum variants, `Some` and `None`; `&`,
/// `.clone()`, and `.to_owned()` or `.to_string()` of strings; `==` and `!=` of what JSON compares as Rust does (`bool`, numbers,
/// strings, enums without data, and `Option`s of these), `<`, `<=`, `>`, `>=` of numbers, `&&`, `||`, `!`; `+`, `-`, `*`, and `/` and
/// `%` by a literal that is not 0; `.len()` of lists, `.is_empty()` of lists and strings, `.is_some()`, `.is_none()`. An `if` or a
/// `match` without a step in it is a value too.
///
/// ## Branches and alternatives
///
/// ```
/// # use saga_runtime::prelude::*;
/// # #[saga]
/// # pub mod shop {
/// #     use saga_runtime::prelude::*;
/// #     #[derive(Serialize, Deserialize)] pub struct Cmd { pub sku: String, pub gift: bool, pub check: Check }
/// #     #[derive(Serialize, Deserialize)] pub enum Check { Passed, Risky { score: u64 } }
/// #     #[derive(Debug, thiserror::Error)] pub enum StockError { #[error("sold out")] OutOfStock { sku: String }, #[error("gone")] Discontinued }
/// #     pub trait Stock {
/// #         #[step(compensate = release)]
/// #         async fn reserve(&self, tx: &mut Tx, sku: &str) -> Result<String, StockError>;
/// #         #[compensation]
/// #         async fn release(&self, tx: &mut Tx, hold: String) -> Result<(), Retry>;
/// #         #[step(compensate = unorder)]
/// #         async fn order(&self, tx: &mut Tx, sku: &str) -> Result<String, StockError>;
/// #         #[compensation]
/// #         async fn unorder(&self, tx: &mut Tx, sku: &str) -> Result<(), Retry>;
/// #         #[step(retriable)]
/// #         async fn wrap(&self, tx: &mut Tx, hold: &str) -> Result<(), Retry>;
/// #     }
/// pub async fn buy(stock: &impl Stock, cmd: Cmd) -> Result<String, Rejection> {
///     match cmd.check {
///         Check::Passed => {}
///         Check::Risky { score } if score < 10 => {}
///         Check::Risky { .. } => return Err(Rejection::new("Order.Refused", "too risky")),
///     }
///     let hold = match stock.reserve(&cmd.sku).await {
///         Ok(hold) => hold,
///         // The saga goes on another way after this rejection, and compensates after any other.
///         Err(StockError::OutOfStock { .. }) => stock.order(&cmd.sku).await?,
///         Err(other) => return Err(other.into()),
///     };
///     if cmd.gift {
///         stock.wrap(&hold).await?;
///     }
///     Ok(hold)
/// }
/// # }
/// ```
///
/// Patterns are `_`, names, `name @ pattern`, literals, ranges, `a | b`, `Some` and `None`, tuples, structs, and enum variants
/// under serde's external, internal and adjacent tagging, with guards; `untagged` enums and `#[serde(other)]` cannot be told
/// apart there. The first arm that matches is taken. An alternative names rejections, whose fields stay with the
/// participant: write `..`. `Err(other)` stands for every other error, and hands it on by `return Err(other.into())`, or is left
/// out where all are named. A `#[transient]` variant cannot be an alternative, because nobody knows whether the step took effect.
///
/// `return Err(..)` rejects the saga: what was done is compensated, and the execution fails with the rejection's name and
/// text. After the point of no return it is an error. `return Ok(..)` ends the saga early.
///
/// ## Loops and joins
///
/// ```
/// # use saga_runtime::prelude::*;
/// # #[saga]
/// # pub mod shop {
/// #     use saga_runtime::prelude::*;
/// #     #[derive(Serialize, Deserialize)] pub struct Cmd { pub id: String, pub lines: Vec<Line> }
/// #     #[derive(Serialize, Deserialize)] pub struct Line { pub sku: String }
/// #     pub trait Stock {
/// #         #[step(compensate = release)]
/// #         async fn reserve(&self, tx: &mut Tx, sku: &str) -> Result<String, Retry>;
/// #         #[compensation]
/// #         async fn release(&self, tx: &mut Tx, hold: String) -> Result<(), Retry>;
/// #         #[step(read_only)]
/// #         async fn price(&self, tx: &mut Tx, holds: &[String]) -> Result<u64, Retry>;
/// #         #[step(read_only)]
/// #         async fn rebate(&self, tx: &mut Tx, id: &str, limit: u64) -> Result<u64, Retry>;
/// #     }
/// pub async fn quote(stock: &impl Stock, cmd: Cmd) -> Result<u64, Rejection> {
///     let mut holds = Vec::new();
///     #[parallel(max = 8)]
///     for line in &cmd.lines {
///         let hold = stock.reserve(&line.sku).await?;
///         holds.push(hold);
///     }
///     let (price, rebate) = join!(stock.price(&holds), async {
///         let small = stock.rebate(&cmd.id, 10).await?;
///         let large = stock.rebate(&cmd.id, 100).await?;
///         Ok(small + large)
///     })?;
///     Ok(price - rebate)
/// }
/// # }
/// ```
///
/// A loop goes through a list, `for x in &list` or `for (i, x) in list.iter().enumerate()`, one item at a time; without `break`
/// and `continue`. `let mut v = Vec::new()` before it collects what its body pushes, once an item. `#[parallel(max = 8)]` lets up
/// to 8 items run at once, at most 40; `#[parallel(max = 100, distributed)]` runs each item as an execution of its own, up to 10,000
/// at once, for lists whose history would not fit into one execution's 25,000 events. A distributed loop stands at the flow's own
/// level and contains no other, and no call of a flow.
///
/// If an item or a branch fails, its siblings are stopped, and everything that took effect in any of them is compensated: in
/// each, later steps first; one after the other where the loop ran so, at once otherwise. Neither may contain a pivot.
///
/// ## Flows in flows
///
/// ```
/// # use saga_runtime::prelude::*;
/// # #[saga]
/// # pub mod bank {
/// #     use saga_runtime::prelude::*;
/// #     #[derive(Serialize, Deserialize)] pub struct Customer { pub name: String, pub starts_at: Timestamp }
/// #     #[derive(Serialize, Deserialize)] pub struct Account { pub id: String }
/// #     pub trait Accounts {
/// #         #[step(compensate = remove)]
/// #         async fn create(&self, tx: &mut Tx, name: &str) -> Result<Account, Retry>;
/// #         #[compensation]
/// #         async fn remove(&self, tx: &mut Tx, account: Account) -> Result<(), Retry>;
/// #         #[step(retriable)]
/// #         async fn close(&self, tx: &mut Tx, account: &Account) -> Result<(), Retry>;
/// #     }
/// #     pub trait Mail {
/// #         #[step(read_only)]
/// #         async fn verify(&self, cx: &Context, name: &str) -> Result<(), Retry>;
/// #         #[step(retriable)]
/// #         async fn welcome(&self, cx: &Context, name: &str) -> Result<(), Retry>;
/// #     }
/// #[flow(compensate = close_account)]
/// pub async fn open_account(accounts: &impl Accounts, name: &str) -> Result<Account, Rejection> {
///     Ok(accounts.create(name).await?)
/// }
///
/// pub async fn close_account(accounts: &impl Accounts, account: Account) -> Result<(), Rejection> {
///     accounts.close(&account).await?;
///     Ok(())
/// }
///
/// pub async fn onboard(accounts: &impl Accounts, mail: &impl Mail, cmd: Customer) -> Result<Account, Rejection> {
///     mail.verify(&cmd.name).await?;
///     let account = open_account(accounts, &cmd.name).await?;
///     sleep_until(&cmd.starts_at).await;
///     mail.welcome(&cmd.name).await?;
///     Ok(account)
/// }
/// # }
/// ```
///
/// A flow that is called is a state machine of its own, and the calling one starts it by
/// `${OpenAccountStateMachineArn}` and waits. If it fails, it has compensated itself, which the calling flow takes as a
/// rejection. `#[flow(compensate = close_account)]` names the flow that undoes it afterwards: its one input is what the called one
/// returned, and it cannot be rejected. Without one, a called flow is retriable or read-only if all of its steps are, and a pivot
/// otherwise. A step comes first where the calling flow looks at its own input afterwards, because the step's handler checks it.
/// A flow is not called in a `join!` or a `#[parallel]` loop, where Step Functions would stop it without
/// compensation, and none calls itself.
///
/// ## The point of no return
///
/// On every path, compensatable steps come first, then at most one pivot, then retriable steps. Read-only steps may stand
/// anywhere; after the pivot, those that cannot be rejected.
///
/// # Limits
///
/// State names have at most 80 characters and definitions at most 1,048,576 bytes
/// ([quotas](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)); both are compile errors. What a
/// state passes on has at most 262,144 bytes: of that, 258,048 are a step's output, and its arguments together have a little
/// less. An output and the arguments that its compensation takes share a record of 400 KB: together they have at most
/// 405,504 bytes. Arguments that are too large compensate the saga; after the point of no return they fail it, so keep
/// large things in a store and pass their keys. Integers have at most 53 bits: Step Functions computes in doubles, so send
/// larger ones as strings.
///
/// # Files
///
/// `cargo build` and `cargo check` write `out/<flow>.asl.json`, and beside it `<flow>.saga.json` for tools, at the workspace's root or
/// in `SAGA_OUT_DIR`; only when the bytes differ, and whole. Deleting or editing a file brings it back at the next build; the file of a flow that is gone
/// stays until you delete it. Nothing is written for a crate from a registry, by rustdoc, in an editor, or for a saga that
/// stands in a test or a benchmark. Two flows of one name in a crate are an error; two in different crates of a workspace
/// would write the same file, as they would be the same state machine.
pub use saga_macros::saga;

#[doc = include_str!("../docs/choreography.md")]
pub use saga_macros::choreography;

pub use self::choreography::{Choreography, Command, Early, ReactionInfo, ReactionKind, Repeat};
pub use self::consumer::Consumer;
pub use self::context::Context;
#[cfg(feature = "dynamodb")]
pub use self::dynamodb::DynamoDbStore;
pub use self::error::{Rejection, Retry, StepError};
pub use self::event::{Event, Publish};
pub use self::failure::Failure;
pub use self::flow::{sleep, sleep_until};
pub use self::handler::Handler;
pub use self::invocation::{Clock, Invocation};
pub use self::outcome::Outcome;
pub use self::saga::{Kind, Mode, Saga, StepInfo};
pub use self::store::{Condition, Field, MemoryStore, Store, field};
pub use self::timestamp::{Timestamp, TimestampError};
pub use self::tx::{KeyValue, Pending, Table, Tx, Update};

/// A future on the heap that may move between threads, as traits that become `dyn` return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a module under `#[saga]` and its participants use: `use saga_runtime::prelude::*;`.
pub mod prelude {
    pub use std::time::Duration;

    pub use serde::{Deserialize, Serialize};

    pub use crate::{
        Context, Outcome, Rejection, Retry, Table, Timestamp, Tx, choreography, field, join, saga,
        sleep, sleep_until,
    };
}

pub mod flow_language {
    #![doc = include_str!("../docs/flow-language.md")]
}
