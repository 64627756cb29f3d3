//! What a saga is, after parsing: types only. Nothing here knows `syn` or the Amazon States Language.

use proc_macro2::{Ident, Span, TokenStream};

/// One annotated module.
pub(crate) struct Saga {
    /// What the module's doc comment says.
    pub(crate) comment: Option<String>,
    /// The path of the runtime crate in expanded code.
    pub(crate) krate: TokenStream,
    /// Seconds after the start at which an action is no longer begun.
    pub(crate) deadline: Option<u64>,
    pub(crate) on_stuck: OnStuck,
    pub(crate) types: Vec<DeclaredType>,
    pub(crate) errors: Vec<ErrorEnum>,
    pub(crate) participants: Vec<Participant>,
    pub(crate) flows: Vec<Flow>,
}

/// What follows a compensation whose retries are used up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnStuck {
    Park,
    Fail,
}

/// A struct or an enum of the module, as far as the contract asks.
pub(crate) struct DeclaredType {
    pub(crate) ident: Ident,
    pub(crate) public: bool,
    /// It has, or may have, serde's traits; where none is to be seen, false.
    pub(crate) has_json: bool,
}

/// A participant's error enum.
pub(crate) struct ErrorEnum {
    pub(crate) ident: Ident,
    pub(crate) variants: Vec<ErrorVariant>,
}

pub(crate) struct ErrorVariant {
    pub(crate) ident: Ident,
    pub(crate) transient: bool,
}

/// A trait with steps.
pub(crate) struct Participant {
    pub(crate) ident: Ident,
    /// `stock`
    pub(crate) name: String,
    pub(crate) public: bool,
    pub(crate) steps: Vec<Step>,
    pub(crate) compensations: Vec<Compensation>,
    /// False when a method could not be read, so that nobody misses it by its name.
    pub(crate) complete: bool,
}

/// An action.
pub(crate) struct Step {
    pub(crate) ident: Ident,
    pub(crate) comment: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) params: Vec<Param>,
    pub(crate) output: Output,
    pub(crate) error: StepError,
    pub(crate) policy: Policy,
}

/// One of the four step kinds.
pub(crate) enum Kind {
    /// The name that stands after `compensate =`.
    Compensatable(Ident),
    Pivot,
    Retriable,
    ReadOnly,
}

/// What the second parameter chooses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `tx: &mut Tx`
    Transactional,
    /// `cx: &Context`
    External,
}

pub(crate) struct Param {
    pub(crate) ident: Ident,
    /// The type as a value that can be decoded: `[Line]` -> `Vec<Line>`.
    pub(crate) owned: TokenStream,
    pub(crate) by_reference: bool,
}

/// What an action returns when it took effect.
pub(crate) struct Output {
    pub(crate) tokens: TokenStream,
    pub(crate) ty: Ty,
    pub(crate) span: Span,
}

/// What an action returns when it did not.
pub(crate) struct StepError {
    pub(crate) kind: StepErrorKind,
    pub(crate) span: Span,
}

#[derive(Clone, Copy)]
pub(crate) enum StepErrorKind {
    /// `Retry`: transient, and nothing else.
    Retry,
    /// An index into [`Saga::errors`].
    Enum(usize),
}

pub(crate) struct Compensation {
    pub(crate) ident: Ident,
    pub(crate) comment: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) mode_span: Span,
    pub(crate) params: Vec<CompensationParam>,
    pub(crate) policy: Policy,
}

pub(crate) struct CompensationParam {
    pub(crate) param: Param,
    /// The `T` of `Outcome<T>`.
    pub(crate) outcome_of: Option<TokenStream>,
    pub(crate) ty_span: Span,
}

/// `retry(..)`, `timeout`, `heartbeat`: what stands there overrides the defaults.
#[derive(Default)]
pub(crate) struct Policy {
    pub(crate) retry: Option<RetryPolicy>,
    /// Seconds.
    pub(crate) timeout: Option<u64>,
    /// Seconds.
    pub(crate) heartbeat: Option<(u64, Span)>,
}

#[derive(Default)]
pub(crate) struct RetryPolicy {
    pub(crate) max_attempts: Option<(u64, Span)>,
    /// Seconds.
    pub(crate) interval: Option<u64>,
    pub(crate) backoff: Option<f64>,
    /// Seconds.
    pub(crate) max_delay: Option<u64>,
}

/// One state machine.
pub(crate) struct Flow {
    pub(crate) ident: Ident,
    pub(crate) comment: Option<String>,
    /// The decoded type of the saga's input, if it takes one.
    pub(crate) input: Option<TokenStream>,
    pub(crate) output: TokenStream,
    pub(crate) body: Block,
    /// A name in the body that is not known here: rustc will say so, and nothing may be emitted.
    pub(crate) unresolved: Option<Ident>,
    /// Types that it looks into, but whose JSON is not to be seen.
    pub(crate) underived: Vec<String>,
}

/// A sequence of nodes, and what it is worth.
pub(crate) struct Block {
    pub(crate) nodes: Vec<Node>,
    pub(crate) result: Value,
}

/// One element of control flow.
pub(crate) enum Node {
    Call(Call),
}

/// A step called from a flow.
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) participant: usize,
    pub(crate) step: usize,
    /// `stock.reserve`, `stock.reserve#2`
    pub(crate) state: String,
    /// Parameter names with their values.
    pub(crate) args: Vec<(String, Value)>,
    /// The name that the flow gave the output.
    pub(crate) binding: Option<String>,
    /// The method's name in the flow.
    pub(crate) span: Span,
}

/// Tells the calls of one flow apart, in source order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallId(pub(crate) usize);

/// A value that needs no step: it becomes JSON, or an expression over JSON.
#[derive(Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(String),
    /// A place in the saga's input.
    Input(Vec<Segment>),
    /// A place in the output of an earlier call.
    Output(CallId, Vec<Segment>),
    Array(Vec<Value>),
    /// JSON names, in source order.
    Object(Vec<(String, Value)>),
}

/// One step into JSON.
#[derive(Clone)]
pub(crate) enum Segment {
    Field {
        json: String,
        /// The key may be missing, which stands for `None`.
        optional: bool,
    },
    Index(usize),
}

/// As much of a Rust type as a flow must see.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    /// Declared in the module.
    Named(String),
    Option(Box<Ty>),
    Tuple(Vec<Ty>),
    String,
    /// Anything else, as the user wrote it.
    Opaque(String),
    /// Something is wrong with the value, and has been said or is rustc's to say.
    Unknown,
}
