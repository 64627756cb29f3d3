//! What a tool must know of a saga and its definition does not say: `out/NAME.saga.json`, as types. Both its writer and its
//! readers use them.
//!
//! Timeouts, retries, comments and the order of the states stand in the definition and are not here.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::expand::kept;
use crate::lower::error_names;
use crate::{ir, names, walk};

/// The format that is written. It goes up when a reader of the format before would be misled; a field more does not do that.
pub const FORMAT: u32 = 1;

/// The contract of one flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// [`FORMAT`] of the compiler that wrote it.
    pub format: u32,
    /// The flow's name, which is the state machine's.
    pub name: String,
    /// The type of its input, as the source has it; nothing where it takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The type of its output.
    pub output: String,
    /// Seconds after the start at which an action is no longer begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<u64>,
    /// What follows a compensation whose retries are used up.
    pub on_stuck: OnStuck,
    /// The participants whose steps it calls, in the order of the first call.
    pub participants: Vec<Participant>,
    /// The flows that it starts, in the order of the first call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<StartedFlow>,
    /// The module's types that are in what it takes and gives, in the order of the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Type>,
}

/// A type of the module, as far as it decides on JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Type {
    /// `Line`
    pub name: String,
    /// What it is.
    pub form: Form,
    /// What `#[serde(..)]` says of the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serde: Vec<String>,
    /// Fields (`sku: String`), variants (`Unsure { score: u32 }`), or what it stands for; with `#[serde(..)]` before each that has it.
    pub parts: Vec<String>,
}

/// What a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// With named fields.
    Struct,
    /// Without.
    Tuple,
    /// Of variants.
    Enum,
    /// `type OrderId = String`
    Alias,
}

/// What follows a compensation whose retries are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnStuck {
    /// The saga waits for an operator.
    Park,
    /// The execution fails, and a redrive goes on there.
    Fail,
}

/// A participant, as far as the flow calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The trait: `Stock`.
    pub name: String,
    /// The placeholder of its function's ARN in the definition: `StockFunctionArn`.
    pub function: String,
    /// The steps that the flow calls.
    pub steps: Vec<Step>,
    /// The steps that it has besides, for other flows or for sagas that run on an older definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Step>,
}

/// A step. Its states in the definition are `stock.reserve`, `stock.reserve#2` and so on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// `stock.reserve`
    pub name: String,
    /// Where it may stand in a flow.
    pub kind: Kind,
    /// What the barrier guarantees of it.
    pub mode: Mode,
    /// What it takes, as the source has it: `lines: Vec<Line>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<String>,
    /// The type that it returns; nothing where it returns nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The method that compensates it: `release`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensation: Option<String>,
    /// The parameters that the record keeps, because the compensation takes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// The errors that are a definite "no".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejections: Vec<String>,
    /// The errors that are worth another try.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transients: Vec<String>,
}

/// Where a step may stand in a flow, in the words of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Before the point of no return.
    Compensatable,
    /// The point of no return.
    Pivot,
    /// After the point of no return.
    Retriable,
    /// Without effect.
    ReadOnly,
}

/// What the barrier guarantees of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// `tx: &mut Tx`
    #[serde(rename = "T")]
    Transactional,
    /// `cx: &Context`
    #[serde(rename = "X")]
    External,
}

/// A flow that another one starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedFlow {
    /// `open_account`
    pub name: String,
    /// The placeholder of its state machine's ARN in the definition: `OpenAccountStateMachineArn`.
    pub machine: String,
    /// The flow that undoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensation: Option<String>,
}

impl Contract {
    /// As it stands in its file.
    #[must_use]
    pub fn to_json(&self) -> String {
        write(self)
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// It is no contract, or one of a format that is not known here.
    pub fn from_json(json: &str) -> Result<Self, Unreadable> {
        read(json, FORMAT)
    }

    /// Every step, participant by participant.
    pub fn steps(&self) -> impl Iterator<Item = (&Participant, &Step)> {
        let participants = self.participants.iter();
        participants.flat_map(|participant| {
            participant
                .steps
                .iter()
                .map(move |step| (participant, step))
        })
    }

    /// The step of a state: `stock.reserve` of `stock.reserve#2`.
    pub fn step(&self, state: &str) -> Option<&Step> {
        let name = state.split_once('#').map_or(state, |(name, _)| name);
        let mut steps = self.steps().map(|(_, step)| step);
        steps.find(|step| step.name == name)
    }
}

/// A contract as it stands in its file.
pub(crate) fn write(contract: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(contract);
    // Text and numbers in structs: there is nothing that could not be written.
    json.map(|json| json + "\n").unwrap_or_default()
}

/// Reads what [`write`] wrote, in that format.
pub(crate) fn read<T: DeserializeOwned>(json: &str, format: u32) -> Result<T, Unreadable> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_str(json).map_err(Unreadable::from)?;
    if head.format != format {
        return Err(Unreadable(format!(
            "it has format {}, and this tool reads {format}; use the `cargo-saga` of the `saga-runtime` that wrote it",
            head.format
        )));
    }
    serde_json::from_str(json).map_err(Unreadable::from)
}

/// Why a contract cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// The contract of a flow.
pub(crate) fn of(saga: &ir::Saga, flow: &ir::Flow) -> Contract {
    let mut contract = Contract {
        format: FORMAT,
        name: names::plain(&flow.ident),
        input: flow.input.clone().map(names::type_text),
        output: names::type_text(flow.output.clone()),
        deadline: saga.deadline,
        on_stuck: match saga.on_stuck {
            ir::OnStuck::Park => OnStuck::Park,
            ir::OnStuck::Fail => OnStuck::Fail,
        },
        participants: participants(saga, flow),
        flows: flows(saga, flow),
        types: Vec::new(),
    };
    contract.types = types(saga, &contract);
    contract
}

/// The declared types that the contract names, and those that these name.
fn types(saga: &ir::Saga, contract: &Contract) -> Vec<Type> {
    let mut texts: Vec<&str> = contract.input.iter().map(String::as_str).collect();
    texts.push(&contract.output);
    let participants = contract.participants.iter();
    for step in participants.flat_map(|each| each.steps.iter().chain(&each.others)) {
        texts.extend(step.params.iter().map(String::as_str));
        texts.extend(step.output.as_deref());
    }
    named_types(&saga.declarations, texts)
}

/// The declared types that these texts name, and those that these name, in the order of the source.
pub(crate) fn named_types<'a>(
    declarations: &'a [ir::Declaration], mut texts: Vec<&'a str>,
) -> Vec<Type> {
    let mut named = vec![false; declarations.len()];
    while let Some(text) = texts.pop() {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        for word in words {
            let mut all = declarations.iter();
            if let Some(index) = all.position(|declaration| declaration.name == word)
                && !std::mem::replace(&mut named[index], true)
            {
                texts.extend(declarations[index].parts.iter().map(String::as_str));
            }
        }
    }
    let declarations = declarations.iter().zip(named);
    let declarations = declarations.filter(|(_, named)| *named);
    declarations
        .map(|(declaration, _)| declared(declaration))
        .collect()
}

fn declared(declaration: &ir::Declaration) -> Type {
    Type {
        name: declaration.name.clone(),
        form: match declaration.form {
            ir::Form::Struct => Form::Struct,
            ir::Form::Tuple => Form::Tuple,
            ir::Form::Enum => Form::Enum,
            ir::Form::Alias => Form::Alias,
        },
        serde: declaration.serde.clone(),
        parts: declaration.parts.clone(),
    }
}

fn participants(saga: &ir::Saga, flow: &ir::Flow) -> Vec<Participant> {
    let mut participants: Vec<Participant> = Vec::new();
    for call in walk::calls(flow) {
        let called = &saga.participants[call.participant];
        let name = names::plain(&called.ident);
        let known = participants.iter().position(|known| known.name == name);
        let index = known.unwrap_or_else(|| {
            participants.push(Participant {
                function: names::function_placeholder(&called.ident),
                steps: Vec::new(),
                others: Vec::new(),
                name,
            });
            participants.len() - 1
        });
        let step = step(saga, called, &called.steps[call.step]);
        let steps = &mut participants[index].steps;
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    for participant in &mut participants {
        participant.others = others(saga, participant);
    }
    participants
}

/// The steps of the trait that the flow does not call.
fn others(saga: &ir::Saga, participant: &Participant) -> Vec<Step> {
    let mut all = saga.participants.iter();
    let called = all.find(|called| names::plain(&called.ident) == participant.name);
    let steps = called.iter().flat_map(|called| {
        let steps = called.steps.iter();
        steps.map(|each| step(saga, called, each))
    });
    let is_called = |step: &Step| participant.steps.iter().any(|own| own.name == step.name);
    steps.filter(|step| !is_called(step)).collect()
}

fn step(saga: &ir::Saga, participant: &ir::Participant, step: &ir::Step) -> Step {
    let (transients, rejections) = error_names(saga, step);
    let (kind, undo) = match &step.kind {
        ir::Kind::Compensatable(name) => (Kind::Compensatable, Some(name)),
        ir::Kind::Pivot => (Kind::Pivot, None),
        ir::Kind::Retriable => (Kind::Retriable, None),
        ir::Kind::ReadOnly => (Kind::ReadOnly, None),
    };
    let mut compensations = participant.compensations.iter();
    let taken = undo.and_then(|undo| compensations.find(|each| each.ident == *undo));
    let output = names::type_text(step.output.tokens.clone());
    Step {
        name: names::step_state(&participant.name, &names::plain(&step.ident)),
        kind,
        mode: match step.mode {
            ir::Mode::Transactional => Mode::Transactional,
            ir::Mode::External => Mode::External,
        },
        params: step.params.iter().map(param).collect(),
        output: Some(output).filter(|output| output != "()"),
        kept: taken.map_or_else(Vec::new, |taken| kept(step, taken)),
        compensation: undo.map(names::plain),
        rejections,
        transients,
    }
}

/// `lines: Vec<Line>`
fn param(param: &ir::Param) -> String {
    let ty = names::type_text(param.owned.clone());
    // Where the source has `&str` or `&[Line]`, the decoded type is written out with its path.
    let ty = ty
        .replace("::std::string::", "")
        .replace("::std::vec::", "");
    format!("{}: {ty}", names::plain(&param.ident))
}

fn flows(saga: &ir::Saga, flow: &ir::Flow) -> Vec<StartedFlow> {
    let mut flows: Vec<StartedFlow> = Vec::new();
    for call in walk::nested(flow) {
        let name = names::plain(&call.flow);
        if flows.iter().any(|known| known.name == name) {
            continue;
        }
        let called = saga.flows.iter().find(|other| other.ident == call.flow);
        let undo = called.and_then(|called| called.compensation.as_ref());
        flows.push(StartedFlow {
            name,
            machine: names::machine_placeholder(&call.flow),
            compensation: undo.map(names::plain),
        });
    }
    flows
}
