//! What one definition says of its deployment: whom it calls, and how long it waits. Knows no template.

use std::fs;
use std::path::{Path, PathBuf};

use saga_asl::{Graph, Number, ProcessorMode, State, Task, Template};

/// A definition in the folder.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// The participants, as in the placeholders (`Stock`), each with the least `TimeoutSeconds` of its tasks.
    pub(super) participants: Vec<(String, u64)>,
    /// The flows that it calls, as in the placeholders (`OpenAccount`).
    pub(super) calls: Vec<String>,
    /// How long a stuck compensation waits for an operator before it tells the parking queue again.
    pub(super) parks: Option<u64>,
    /// Some loop runs its items as executions of their own.
    pub(super) distributed: bool,
}

impl Definition {
    pub(super) fn read(name: &str, path: &Path) -> Result<Self, String> {
        let json = fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let machine = saga_asl::parse(&json).map_err(|_| {
            format!(
                "{} has problems; `cargo saga check {0}` lists them",
                path.display()
            )
        })?;
        let mut definition = Self {
            name: name.to_owned(),
            path: path.to_owned(),
            participants: Vec::new(),
            calls: Vec::new(),
            parks: None,
            distributed: false,
        };
        check_letters(name, name)?;
        definition.walk(&machine.graph)?;
        Ok(definition)
    }

    fn walk(&mut self, graph: &Graph) -> Result<(), String> {
        for (name, state) in &graph.states {
            match state {
                State::Task(task) => self.task(name, task)?,
                State::Parallel(parallel) => {
                    for branch in &parallel.branches {
                        self.walk(branch)?;
                    }
                }
                State::Map(map) => {
                    let processor = &map.item_processor;
                    self.distributed |= matches!(processor.mode, ProcessorMode::Distributed(_));
                    self.walk(&processor.graph)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn task(&mut self, state: &str, task: &Task) -> Result<(), String> {
        let Some(Number::Literal(seconds)) = task.timeout_seconds else {
            return Err(self.not_ours(state, "has no `TimeoutSeconds` in figures"));
        };
        match task.resource.as_str() {
            "arn:aws:states:::lambda:invoke" => {
                let participant = self.placeholder(state, task, "FunctionName", "FunctionArn")?;
                match self
                    .participants
                    .iter_mut()
                    .find(|(name, _)| *name == participant)
                {
                    None => self.participants.push((participant, seconds)),
                    Some((_, least)) => *least = seconds.min(*least),
                }
            }
            "arn:aws:states:::states:startExecution.sync:2" => {
                let flow = self.placeholder(state, task, "StateMachineArn", "StateMachineArn")?;
                if !self.calls.contains(&flow) {
                    self.calls.push(flow);
                }
            }
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken" => {
                self.parks = Some(self.parks.unwrap_or(0).max(seconds));
            }
            resource => {
                return Err(self.not_ours(state, &format!("is a Task of `{resource}`")));
            }
        }
        Ok(())
    }

    /// The name in an argument: `${StockFunctionArn}` -> `Stock`.
    fn placeholder(
        &self, state: &str, task: &Task, argument: &str, suffix: &str,
    ) -> Result<String, String> {
        let Some(Template::Object(arguments)) = &task.arguments else {
            return Err(self.not_ours(state, "has no `Arguments`"));
        };
        let found = arguments.iter().find(|(name, _)| name == argument);
        let name = match found {
            Some((_, Template::String(text))) => text
                .strip_prefix("${")
                .and_then(|text| text.strip_suffix('}'))
                .and_then(|text| text.strip_suffix(suffix)),
            _ => None,
        };
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| {
            self.not_ours(
                state,
                &format!("has no `${{…{suffix}}}` as its `{argument}`"),
            )
        })?;
        check_letters(name, &self.name)?;
        Ok(name.to_owned())
    }

    fn not_ours(&self, state: &str, what: &str) -> String {
        format!(
            "{}: state `{state}` {what}, which no saga emits; build the saga again",
            self.path.display()
        )
    }
}

/// CloudFormation's [logical names](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html)
/// have ASCII letters and digits alone.
pub(super) fn check_letters(name: &str, saga: &str) -> Result<(), String> {
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(format!(
        "`{name}` of `{saga}` has letters that CloudFormation's names have not; rename the trait or the flow"
    ))
}
