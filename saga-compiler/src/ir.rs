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
    pub(crate) declarations: Vec<Declaration>,
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

/// What a type of the module is, for tools that compare two versions of it.
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) form: Form,
    /// What `#[serde(..)]` says of it.
    pub(crate) serde: Vec<String>,
    /// Its fields, or its variants, or what it stands for, each as the source has it.
    pub(crate) parts: Vec<String>,
}

#[derive(Clone, Copy)]
pub(crate) enum Form {
    Struct,
    Tuple,
    Enum,
    Alias,
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
    /// The flow that undoes it when another flow called it: `#[flow(compensate = cancel_order)]`.
    pub(crate) compensation: Option<Ident>,
    pub(crate) body: Block,
    /// What its nodes give, by [`LocalId`].
    pub(crate) locals: Vec<Local>,
    /// A name in the body that is not known here: rustc will say so, and nothing may be emitted.
    pub(crate) unresolved: Option<Ident>,
    /// Types that it looks into, but whose JSON is not to be seen.
    pub(crate) underived: Vec<String>,
}

/// What a node gives to those after it.
pub(crate) struct Local {
    /// The name that the flow gave it.
    pub(crate) name: Option<String>,
}

/// An index into [`Flow::locals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LocalId(pub(crate) usize);

/// Tells the loops of one flow apart, in source order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LoopId(pub(crate) usize);

/// Nodes one after the other, and how they end. The body of a flow, of an arm, of a loop, of a branch of a join.
pub(crate) struct Block {
    pub(crate) nodes: Vec<Node>,
    pub(crate) end: End,
}

/// How a block ends.
pub(crate) enum End {
    /// It is worth this, and what follows it goes on.
    Value(Value),
    /// Its last node, a [`Branch`] or an [`Attempt`], decides: each of its arms ends in the block's place.
    Tail,
    /// `return Ok(..)`, or the end of a flow or of a join's branch: the innermost graph ends with this.
    Return(Value),
    /// `return Err(..)`
    Reject(Rejection),
}

/// A flow's own "no".
pub(crate) struct Rejection {
    /// `Order.Closed`
    pub(crate) error: String,
    /// What went wrong, for people: a text, or a place of one.
    pub(crate) message: Value,
    pub(crate) span: Span,
}

/// One element of control flow: one state on the happy path, and what it contains.
pub(crate) enum Node {
    Call(Call),
    Nested(Nested),
    Branch(Branch),
    Attempt(Attempt),
    Loop(Loop),
    Join(Join),
    Wait(Wait),
}

/// A step called from a flow.
pub(crate) struct Call {
    pub(crate) participant: usize,
    pub(crate) step: usize,
    /// `stock.reserve`, `stock.reserve#2`
    pub(crate) state: String,
    /// Parameter names with their values.
    pub(crate) args: Vec<(String, Value)>,
    pub(crate) output: LocalId,
    /// The method's name in the flow.
    pub(crate) span: Span,
}

/// A flow called from another.
pub(crate) struct Nested {
    /// As its `fn` is called.
    pub(crate) flow: Ident,
    /// `open_account`, `open_account#2`
    pub(crate) state: String,
    pub(crate) input: Value,
    /// The JSON of its input may be a text, or `null`.
    pub(crate) may_take_text: bool,
    /// The JSON of its output may be a text, or `null`.
    pub(crate) may_give_text: bool,
    pub(crate) output: LocalId,
    /// The flow's name in the calling one.
    pub(crate) span: Span,
}

/// `if` or `match` over values, with a node in at least one of its arms.
pub(crate) struct Branch {
    /// `if cmd.gift`, `match check.verdict`
    pub(crate) state: String,
    /// First match wins; the last one has no condition.
    pub(crate) arms: Vec<Arm>,
    /// What it is worth, where somebody takes it.
    pub(crate) output: Option<LocalId>,
}

pub(crate) struct Arm {
    /// Boolean; `None` for the last arm, and only there.
    pub(crate) condition: Option<Value>,
    pub(crate) block: Block,
}

/// `match step(..).await { Ok(..) => .., Err(..) => .. }`. An error that it does not name compensates.
pub(crate) struct Attempt {
    pub(crate) call: Call,
    pub(crate) ok: Block,
    pub(crate) alternatives: Vec<Alternative>,
    /// What it is worth, where somebody takes it.
    pub(crate) output: Option<LocalId>,
}

pub(crate) struct Alternative {
    /// Rejections of the step's error enum, by index into its variants.
    pub(crate) variants: Vec<(usize, Span)>,
    pub(crate) block: Block,
}

/// `for`
pub(crate) struct Loop {
    pub(crate) id: LoopId,
    /// `for line in cmd.lines`
    pub(crate) state: String,
    pub(crate) items: Value,
    /// The item's name in the flow.
    pub(crate) item: Option<String>,
    /// Ends in [`End::Value`] of [`Value::Null`], or rejects.
    pub(crate) body: Block,
    /// The vectors that it fills, each with what one item pushes.
    pub(crate) collect: Vec<(LocalId, Value)>,
    /// `max` of `#[parallel(..)]`; without it, one item at a time.
    pub(crate) parallel: Option<u64>,
    pub(crate) distributed: bool,
    /// `for`
    pub(crate) span: Span,
    /// Where the list stands.
    pub(crate) items_span: Span,
}

/// `join!`
pub(crate) struct Join {
    /// `join`, `join#2`
    pub(crate) state: String,
    pub(crate) branches: Vec<JoinBranch>,
}

pub(crate) struct JoinBranch {
    /// Ends in [`End::Return`], or rejects.
    pub(crate) block: Block,
    pub(crate) output: LocalId,
}

/// `sleep` or `sleep_until`
pub(crate) struct Wait {
    /// `wait`, `wait#2`
    pub(crate) state: String,
    pub(crate) until: Until,
}

pub(crate) enum Until {
    /// Seconds, as they stand in the source.
    Seconds(u64),
    /// A count of seconds that is only known when the flow runs.
    Delay(Value),
    /// An RFC 3339 timestamp.
    Timestamp(Value),
}

/// A value that needs no step: it becomes JSON, or an expression over JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(String),
    /// Something in what the flow was given, or in what a node gave.
    Place(Root, Vec<Segment>),
    Array(Vec<Value>),
    /// JSON names, in source order.
    Object(Vec<(String, Value)>),
    /// `!a`
    Not(Box<Value>),
    /// `a < b`
    Binary(Operator, Box<Value>, Box<Value>),
    /// How many items a list has.
    Count(Box<Value>),
    /// Whether an `Option` is not `None`.
    IsSome(Box<Value>),
    /// Whether the key is there: how an enum's variant with data is told.
    Has(Root, Vec<Segment>),
    /// `if a { b } else { c }` without a node inside; no array and no object in `b` and `c`.
    If(Box<[Value; 3]>),
}

/// Where a place begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Root {
    /// The saga's input.
    Input,
    /// What a node gave.
    Local(LocalId),
    /// The item of a loop around.
    Item(LoopId),
    /// The number of that item, from 0.
    Index(LoopId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Less,
    LessOrEqual,
    And,
    Or,
    Add,
    Subtract,
    Multiply,
    /// By a literal that is not 0: an integer truncates as Rust does, a float does not.
    Divide,
    /// By a literal that is not 0.
    Remainder,
}

/// One step into JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Segment {
    Field {
        json: String,
        /// The key may be missing: it is an `Option`, which is `None` then, or a variant's, looked at only where it is that variant.
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
    /// `Vec<T>`, `[T]`, `[T; N]`
    List(Box<Ty>),
    String,
    Bool,
    /// Any integer of at most 64 bits.
    Integer,
    /// `f32`, `f64`
    Float,
    /// `Timestamp` of the runtime: RFC 3339 text.
    Timestamp,
    /// Anything else, as the user wrote it.
    Opaque(String),
    /// Something is wrong with the value, and has been said or is rustc's to say.
    Unknown,
}
