//! The Amazon States Language in JSONata mode, as types that cannot say what Step Functions refuses.
//!
//! Only what a saga needs: JSONPath fields (`InputPath`, `ResultPath`, …) do not exist here.
//! Names are Amazon's: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html>.

use serde::Serialize;

use crate::json;

/// A state machine: what one `*.asl.json` file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachine {
    /// `Comment`.
    pub comment: Option<String>,
    /// `TimeoutSeconds` of the whole execution. A saga never sets it: it ends the execution without compensating.
    pub timeout_seconds: Option<u64>,
    /// `StartAt` and `States`.
    pub graph: Graph,
}

/// `StartAt` and `States`: the body of a state machine, of a Parallel branch and of a Map's item processor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Graph {
    /// The state where execution begins.
    pub start_at: StateName,
    /// The states, in the order in which they are written.
    #[serde(serialize_with = "json::object")]
    pub states: Vec<(StateName, State)>,
}

impl Graph {
    /// The state of that name, if there is one.
    pub fn get(&self, name: &str) -> Option<&State> {
        self.states
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, state)| state)
    }

    /// Every state with its name, each followed by those of the graphs inside it.
    pub fn all_states(&self) -> Vec<(&str, &State)> {
        let mut all = Vec::new();
        for (name, state) in &self.states {
            all.push((name.as_str(), state));
            all.extend(state.graphs().iter().flat_map(Self::all_states));
        }
        all
    }
}

/// The name of a state; Step Functions allows 80 characters, unique in the whole state machine.
pub type StateName = String;

/// Variables to assign, in the order in which they are written.
pub type Assign = Vec<(String, Template)>;

/// One of the eight state types.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "Type")]
pub enum State {
    /// Does work through a service integration.
    Task(Task),
    /// Chooses the next state.
    Choice(Choice),
    /// Waits.
    Wait(Wait),
    /// Ends the execution, or the branch, well.
    Succeed(Succeed),
    /// Ends the execution, or the branch, with an error.
    Fail(Fail),
    /// Does nothing but transform data.
    Pass(Pass),
    /// Runs branches at the same time.
    Parallel(Parallel),
    /// Runs the same states for each item of an array.
    Map(Map),
}

impl State {
    /// The states that it may go to when it is done, in the order in which they are written.
    ///
    /// # Example
    ///
    /// ```
    /// let json = r#"{ "Type": "Pass", "Next": "there" }"#;
    /// let machine = format!(r#"{{ "QueryLanguage": "JSONata", "StartAt": "here", "States": {{
    ///     "here": {json}, "there": {{ "Type": "Succeed" }} }} }}"#);
    /// let machine = saga_asl::parse(&machine).unwrap();
    /// let (_, here) = &machine.graph.states[0];
    /// assert_eq!(here.targets(), ["there"]);
    /// assert!(here.catchers().is_empty());
    /// ```
    pub fn targets(&self) -> Vec<&str> {
        let next = match self {
            Self::Choice(choice) => {
                let rules = choice.choices.iter().map(|rule| rule.next.as_str());
                return rules.chain(choice.default.as_deref()).collect();
            }
            Self::Task(task) => &task.next,
            Self::Wait(wait) => &wait.next,
            Self::Pass(pass) => &pass.next,
            Self::Parallel(parallel) => &parallel.next,
            Self::Map(map) => &map.next,
            Self::Succeed(_) | Self::Fail(_) => return Vec::new(),
        };
        match next {
            Next::To(state) => vec![state],
            Next::End => Vec::new(),
        }
    }

    /// Where it may go when it has failed; nowhere, for a state that cannot catch.
    pub fn catchers(&self) -> &[Catcher] {
        match self {
            Self::Task(task) => &task.catch,
            Self::Parallel(parallel) => &parallel.catch,
            Self::Map(map) => &map.catch,
            _ => &[],
        }
    }

    /// The graphs inside it: the branches of a Parallel, what a Map does with an item.
    pub fn graphs(&self) -> &[Graph] {
        match self {
            Self::Parallel(parallel) => &parallel.branches,
            Self::Map(map) => std::slice::from_ref(&map.item_processor.graph),
            _ => &[],
        }
    }

    /// Whether it is a Task that somebody outside must end, with its token.
    pub fn waits_for_token(&self) -> bool {
        matches!(self, Self::Task(task) if task.waits_for_token())
    }
}

/// Where a state goes when it is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// `"Next": …`
    To(StateName),
    /// `"End": true`
    End,
}

/// `Task`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The integration, such as `arn:aws:states:::lambda:invoke`.
    pub resource: String,
    /// What is handed to the integration; without it, the state's input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Template>,
    /// `Credentials`; without it, the state machine's own role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// `TimeoutSeconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<Number>,
    /// `HeartbeatSeconds`, less than `TimeoutSeconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_seconds: Option<Number>,
    /// First match wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retrier>,
    /// First match wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catcher>,
    /// `Assign`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::object")]
    pub assign: Assign,
    /// `Output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
    /// `Next` or `End`.
    #[serde(flatten)]
    pub next: Next,
}

impl Task {
    /// Whether somebody outside must end it, with its token.
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>
    pub fn waits_for_token(&self) -> bool {
        self.resource.ends_with(".waitForTaskToken")
    }
}

/// `Credentials`: the role that a Task takes on, such as one of another account:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html>.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Credentials {
    /// `RoleArn`.
    pub role_arn: Text,
}

/// `Choice`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Choice {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// First match wins.
    pub choices: Vec<ChoiceRule>,
    /// Where to go when no rule matches; without it the execution fails with `States.NoChoiceMatched`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<StateName>,
    /// `Assign` when no rule matches.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::object")]
    pub assign: Assign,
    /// `Output` when no rule matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
}

/// One rule of a `Choice`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChoiceRule {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Must evaluate to a boolean.
    pub condition: Condition,
    /// `Assign` when this rule matches.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::object")]
    pub assign: Assign,
    /// `Output` when this rule matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
    /// Where to go.
    pub next: StateName,
}

/// A rule's `Condition`: an expression, or a literal boolean.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Condition {
    /// `{% … %}`
    Expression(Expression),
    /// `true` or `false`
    Literal(bool),
}

/// `Wait`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Wait {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// How long, or until when.
    #[serde(flatten)]
    pub until: WaitUntil,
    /// `Assign`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::object")]
    pub assign: Assign,
    /// `Output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
    /// `Next` or `End`.
    #[serde(flatten)]
    pub next: Next,
}

/// What a `Wait` waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum WaitUntil {
    /// `Seconds`
    Seconds(Number),
    /// `Timestamp`, RFC 3339
    Timestamp(Text),
}

/// `Succeed`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Succeed {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// `Output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
}

/// `Fail`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Fail {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// `Error`, the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
    /// `Cause`, the explanation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Text>,
}

/// `Pass`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Pass {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// `Assign`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::object")]
    pub assign: Assign,
    /// `Output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
    /// `Next` or `End`.
    #[serde(flatten)]
    pub next: Next,
}

/// `Parallel`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parallel {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What each branch gets as its input; without it, the state's input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Template>,
    /// The branches; their outputs become an array in this order.
    pub branches: Vec<Graph>,
    /// First match wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retrier>,
    /// First match wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catcher>,
    /// `Assign`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::object")]
    pub assign: Assign,
    /// `Output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
    /// `Next` or `End`.
    #[serde(flatten)]
    pub next: Next,
}

/// `Map`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Map {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The array; without it, the state's input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Template>,
    /// What each iteration gets as its input; without it, the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_selector: Option<Template>,
    /// `MaxConcurrency`; 0 or absent means as many as there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<Number>,
    /// How the items are processed.
    pub item_processor: ItemProcessor,
    /// `ToleratedFailurePercentage`, distributed only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_percentage: Option<Number>,
    /// `ToleratedFailureCount`, distributed only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_count: Option<Number>,
    /// `Label`, distributed only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// First match wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retrier>,
    /// First match wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catcher>,
    /// `Assign`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::object")]
    pub assign: Assign,
    /// `Output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
    /// `Next` or `End`.
    #[serde(flatten)]
    pub next: Next,
}

/// `ItemProcessor`.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemProcessor {
    /// `ProcessorConfig.Mode`.
    pub mode: ProcessorMode,
    /// What runs for each item.
    pub graph: Graph,
}

/// `ProcessorConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessorMode {
    /// In the execution itself.
    Inline,
    /// A child execution an item.
    Distributed(ExecutionType),
}

/// `ExecutionType` of a distributed Map's children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionType {
    /// Exactly once, up to a year.
    Standard,
    /// At least once, up to five minutes.
    Express,
}

/// One entry of `Retry`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retrier {
    /// Error names, matched exactly.
    pub error_equals: Vec<String>,
    /// Seconds before the first retry; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u64>,
    /// Retries, not deliveries; 3 when absent, 0 for none, at most 99,999,999.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u64>,
    /// The interval's factor from one retry to the next; 2 when absent, at least 1.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "json::short_number"
    )]
    pub backoff_rate: Option<f64>,
    /// The longest interval, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy`; `NONE` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_strategy: Option<JitterStrategy>,
}

/// `JitterStrategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JitterStrategy {
    /// A random delay between 0 and the computed one.
    Full,
    /// The computed delay.
    None,
}

/// One entry of `Catch`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Catcher {
    /// `Comment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Error names, matched exactly.
    pub error_equals: Vec<String>,
    /// `Assign`, which sees `$states.errorOutput`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "json::object")]
    pub assign: Assign,
    /// `Output`, which sees `$states.errorOutput`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
    /// Where to go.
    pub next: StateName,
}

/// A JSONata expression, without its `{%` and `%}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression(pub String);

/// A number, or an expression that gives one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Number {
    /// A literal.
    Literal(u64),
    /// `{% … %}`
    Expression(Expression),
}

/// A string, or an expression that gives one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// A literal.
    Literal(String),
    /// `{% … %}`
    Expression(Expression),
}

/// JSON in which any string may be an expression.
///
/// Its objects keep the order in which they were written, whatever features `serde_json` is built with,
/// so that the same definition always has the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A string that is not an expression.
    String(String),
    /// `"{% … %}"`
    Expression(Expression),
    /// An array.
    Array(Vec<Template>),
    /// An object, in source order.
    Object(Vec<(String, Template)>),
}

impl Template {
    /// A number that may have a fraction; JSON has no NaN and no infinity, which become `null`.
    pub fn float(number: f64) -> Self {
        serde_json::Number::from_f64(number).map_or(Self::Null, Self::Number)
    }
}
