//! What a deployment of some sagas needs: the functions, tables and state machines, whatever format says so. Reads definitions
//! and the user's options; knows no template.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::definition::Definition;
use super::names::{kebab, listed, pascal, snake};
use super::options::Options;
use crate::out::Out;

/// The table that the store asks for, after the prefix.
pub(super) const BARRIER: &str = "saga_barrier";

/// How much longer than its token a message is kept: the next one takes some minutes at most.
const RETENTION_MARGIN: u64 = 900;
/// [14 days](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html).
const LONGEST_RETENTION: u64 = 1_209_600;

/// How long a function that takes messages from a queue may take for ten of them: each is one transaction. Six times as long is what
/// a message that failed waits for, so it should not be long.
const CONSUMER_SECONDS: u64 = 10;

/// How long the parking queue keeps a message whose token is good for so many seconds.
pub(super) fn retention(token: u64) -> u64 {
    token
        .saturating_add(RETENTION_MARGIN)
        .min(LONGEST_RETENTION)
}

/// All that a deployment has.
#[derive(Debug)]
pub(super) struct Needs {
    /// In such an order that a saga stands after those that it calls.
    pub(super) sagas: Vec<Saga>,
    pub(super) functions: Vec<Function>,
    /// How many seconds a parked saga waits before it tells the queue again; none if none parks.
    pub(super) parks: Option<u64>,
}

/// A state machine.
#[derive(Debug)]
pub(super) struct Saga {
    /// `place_order`
    pub(super) name: String,
    /// `PlaceOrder`
    pub(super) id: String,
    pub(super) definition: PathBuf,
    /// The participants' names in the placeholders, each with the function that serves it.
    pub(super) serving: Vec<(String, String)>,
    /// The ids of the sagas that it calls.
    pub(super) calls: Vec<String>,
    pub(super) parks: bool,
    pub(super) distributed: bool,
}

impl Saga {
    /// The ids of the functions that it calls, each once.
    pub(super) fn functions(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for (_, function) in &self.serving {
            if !ids.contains(&function.as_str()) {
                ids.push(function);
            }
        }
        ids
    }
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// `Stock`
    pub(super) id: String,
    /// `stock`
    pub(super) name: String,
    /// The cargo binary.
    pub(super) binary: String,
    /// The participants, `stock`.
    pub(super) serves: Vec<String>,
    /// The least `TimeoutSeconds` of its tasks; none where a queue calls it.
    pub(super) task_seconds: Option<u64>,
    /// What stands before the names of its tables, where the user says so.
    pub(super) prefix: Option<String>,
    /// Beside the barrier's.
    pub(super) tables: Vec<Table>,
}

impl Function {
    /// The function's own timeout. A Task that gives up while its function lives is tried again beside it; so Lambda must end the
    /// function first. Step Functions counts from before the call, a cold start included, hence up to 5 s less. Lambda
    /// [allows 900 s](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
    pub(super) fn timeout(&self) -> u64 {
        let Some(task) = self.task_seconds else {
            return CONSUMER_SECONDS;
        };
        let margin = (task / 6).clamp(1, 5);
        task.saturating_sub(margin).clamp(1, 900)
    }

    /// Its own stem of table names, after the stack's: `order-book`.
    pub(super) fn stem(&self) -> String {
        kebab(&self.name)
    }
}

/// A table of a participant's own.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// Its partition key, if the template makes it.
    pub(super) key: Option<String>,
}

impl Needs {
    pub(super) fn read(out: &Out, options: &Options) -> Result<Self, String> {
        let definitions = chosen(out, &options.names)?;
        let mut functions = functions(&definitions, options)?;
        add_tables(&mut functions, options)?;
        check_prefixes(&functions)?;
        let sagas = definitions
            .iter()
            .map(|definition| saga(definition, &functions));
        Ok(Self {
            sagas: sagas.collect(),
            parks: definitions
                .iter()
                .filter_map(|definition| definition.parks)
                .max(),
            functions,
        })
    }
}

/// The named definitions and all that they call, the called ones first.
fn chosen(out: &Out, names: &[String]) -> Result<Vec<Definition>, String> {
    let known = out.names()?;
    let mut wanted: Vec<String> = names.to_vec();
    if wanted.is_empty() {
        wanted.clone_from(&known);
    }
    // The same sagas make the same template, however they are named.
    wanted.sort();
    let mut chosen = Vec::new();
    for name in wanted {
        if !known.contains(&name) {
            return Err(out.unknown(&name, &known));
        }
        choose((out, &known), &name, &mut Vec::new(), &mut chosen)?;
    }
    Ok(chosen)
}

/// Adds a definition after those that it calls. `callers` are on the way to it.
fn choose(
    (out, known): (&Out, &[String]), name: &str, callers: &mut Vec<String>,
    chosen: &mut Vec<Definition>,
) -> Result<(), String> {
    if chosen.iter().any(|definition| definition.name == name) {
        return Ok(());
    }
    if callers.iter().any(|caller| caller == name) {
        return Err(format!(
            "`{name}` calls itself, by way of {}",
            listed(callers)
        ));
    }
    callers.push(name.to_owned());
    let definition = Definition::read(name, &out.definition(name))?;
    let mut calls: Vec<&String> = definition.calls.iter().collect();
    calls.sort();
    for call in calls {
        let called = known.iter().find(|known| pascal(known) == *call);
        let called = called.ok_or_else(|| {
            format!(
                "`{name}` calls `${{{call}StateMachineArn}}`, whose definition is not beside it; build the flow that it calls"
            )
        })?;
        choose((out, known), called, callers, chosen)?;
    }
    callers.pop();
    chosen.push(definition);
    Ok(())
}

/// One function a participant, unless the options say that it serves more.
fn functions(definitions: &[Definition], options: &Options) -> Result<Vec<Function>, String> {
    let mut functions: Vec<Function> = Vec::new();
    let groups = groups(definitions);
    // By participant: the group that it was met in.
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for (definition, group) in definitions.iter().zip(&groups) {
        for (participant, seconds) in &definition.participants {
            let name = snake(participant);
            let serving = options.serving(&name);
            let first = *met.entry(name.clone()).or_insert(*group);
            if first != *group && serving.is_none() {
                return Err(ambiguous(&name, &definitions[first].name, &definition.name));
            }
            let (id, whole) = match serving {
                Some(serving) if serving.participants.len() > 1 => {
                    (pascal(&serving.binary), serving.binary.clone())
                }
                _ => (pascal(participant), name.clone()),
            };
            let root = &definitions[*group].name;
            let binary = match serving {
                None => format!("{root}_{name}"),
                Some(serving) => serving.binary.clone(),
            };
            let known = functions.iter_mut().find(|function| function.id == id);
            let Some(function) = known else {
                functions.push(Function {
                    id,
                    binary,
                    name: whole,
                    serves: vec![name],
                    task_seconds: Some(*seconds),
                    prefix: None,
                    tables: Vec::new(),
                });
                continue;
            };
            if (&function.name, &function.binary) != (&whole, &binary) {
                return Err(one_name(&function.binary, &binary, &id));
            }
            function.task_seconds = function.task_seconds.map(|least| least.min(*seconds));
            if !function.serves.contains(&name) {
                function.serves.push(name);
            }
        }
    }
    unused(&functions, options)?;
    Ok(functions)
}

/// By definition, the one that nobody calls of those that it is connected with by calls: the last, as callers stand last.
fn groups(definitions: &[Definition]) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..definitions.len()).collect();
    for (caller, definition) in definitions.iter().enumerate() {
        for call in &definition.calls {
            let called = definitions
                .iter()
                .position(|each| pascal(&each.name) == *call);
            let Some(old) = called.map(|called| groups[called]) else {
                continue;
            };
            for group in &mut groups {
                if *group == old {
                    *group = caller;
                }
            }
        }
    }
    groups
}

fn ambiguous(participant: &str, first: &str, second: &str) -> String {
    format!(
        "`{first}` and `{second}` both have a participant `{participant}`, and neither calls the other; make a template for each \
         (`cargo saga template {first}`), or, if one function serves both, name it: `--function BINARY={participant}`"
    )
}

pub(super) fn one_name(first: &str, second: &str, id: &str) -> String {
    format!("`{first}` and `{second}` would both be the template's `{id}Function`; rename one")
}

/// Says which participant of the options no saga has, or several binaries serve.
pub(super) fn unused(functions: &[Function], options: &Options) -> Result<(), String> {
    let servings = options.functions.iter();
    let mut served: Vec<String> = Vec::new();
    for name in servings.clone().flat_map(|serving| &serving.participants) {
        let name = snake(name);
        if served.contains(&name) {
            return Err(format!(
                "`--function` names `{name}` twice; one function serves it"
            ));
        }
        served.push(name);
    }
    let served = servings.flat_map(|serving| &serving.participants);
    match served
        .map(|name| snake(name))
        .find(|name| find(functions, name).is_none())
    {
        None => Ok(()),
        Some(name) => Err(unknown(functions, &name)),
    }
}

pub(super) fn find<'a>(functions: &'a [Function], participant: &str) -> Option<&'a Function> {
    let mut functions = functions.iter();
    functions.find(|function| function.serves.iter().any(|name| name == participant))
}

fn unknown(functions: &[Function], participant: &str) -> String {
    let names: Vec<String> = functions
        .iter()
        .flat_map(|function| function.serves.clone())
        .collect();
    format!(
        "there is no participant `{participant}`; there are {}",
        listed(&names)
    )
}

pub(super) fn add_tables(functions: &mut [Function], options: &Options) -> Result<(), String> {
    for table in &options.tables {
        let name = snake(&table.participant);
        let Some(at) = position(functions, &name) else {
            return Err(unknown(functions, &name));
        };
        let function = &mut functions[at];
        if function
            .tables
            .iter()
            .any(|other| pascal(&other.name) == pascal(&table.table))
        {
            return Err(format!(
                "`{}` has two tables whose names come to `{}`; name it once",
                function.name,
                pascal(&table.table)
            ));
        }
        function.tables.push(Table {
            name: table.table.clone(),
            key: table.key.clone(),
        });
    }
    for prefix in &options.prefixes {
        let name = snake(&prefix.participant);
        let Some(at) = position(functions, &name) else {
            return Err(unknown(functions, &name));
        };
        functions[at].prefix = Some(prefix.prefix.clone());
    }
    Ok(())
}

fn position(functions: &[Function], participant: &str) -> Option<usize> {
    let serves = |function: &Function| function.serves.iter().any(|name| name == participant);
    functions.iter().position(serves)
}

/// Two functions with one prefix would have one barrier, which the template would make twice.
pub(super) fn check_prefixes(functions: &[Function]) -> Result<(), String> {
    for (index, function) in functions.iter().enumerate() {
        let same = |other: &&Function| match (&other.prefix, &function.prefix) {
            (None, None) => other.stem() == function.stem(),
            (one, other) => one == other,
        };
        if let Some(other) = functions[..index].iter().find(same) {
            return Err(format!(
                "the tables of `{}` and of `{}` would have the same names; give each a prefix of its own: `--table-prefix {1}=…`",
                other.name, function.name
            ));
        }
    }
    Ok(())
}

fn saga(definition: &Definition, functions: &[Function]) -> Saga {
    let serving = definition
        .participants
        .iter()
        .filter_map(|(participant, _)| {
            let function = find(functions, &snake(participant))?;
            Some((participant.clone(), function.id.clone()))
        });
    Saga {
        id: pascal(&definition.name),
        name: definition.name.clone(),
        definition: definition.path.clone(),
        serving: serving.collect(),
        calls: definition.calls.clone(),
        parks: definition.parks.is_some(),
        distributed: definition.distributed,
    }
}
