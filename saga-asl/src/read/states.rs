//! Reads one state of each type. Reports what is missing, unknown or of the wrong kind; values are `validate`'s.

use crate::model::{
    Catcher, Choice, ChoiceRule, Condition, Credentials, ExecutionType, Fail, Graph, ItemProcessor,
    JitterStrategy, Map, Next, Number, Parallel, Pass, ProcessorMode, Retrier, State, Succeed,
    Task, Wait, WaitUntil,
};
use crate::problems::{Path, Problems, Short};

use super::fields::{Fields, elements, expression, string};
use super::value::Value;
use super::{Language, read_graph};

const TYPES: &[&str] = &[
    "Task", "Choice", "Wait", "Succeed", "Fail", "Pass", "Parallel", "Map",
];

/// The state, or nothing when its type cannot be told.
pub(super) fn read_state<'j>(
    name: &str, value: &'j Value, path: Path<'j>, language: Language, problems: &mut Problems,
) -> Option<State> {
    let mut fields = Fields::new(&format!("state `{}`", Short(name)), value, path, problems)?;
    let (ty, path) = fields.required("Type", &format!("write one of {}", list(TYPES)), problems)?;
    let ty = string("Type", ty, &path, problems)?;
    read_language(name, &mut fields, language, problems);
    let state = match ty {
        "Task" => State::Task(read_task(&mut fields, problems)),
        "Choice" => State::Choice(read_choice(&mut fields, problems)),
        "Wait" => State::Wait(read_wait(&mut fields, problems)),
        "Succeed" => State::Succeed(Succeed {
            comment: fields.string("Comment", problems),
            output: fields.template("Output", problems),
        }),
        "Fail" => State::Fail(Fail {
            comment: fields.string("Comment", problems),
            error: fields.text("Error", problems),
            cause: fields.text("Cause", problems),
        }),
        "Pass" => State::Pass(Pass {
            comment: fields.string("Comment", problems),
            assign: fields.assign(problems),
            output: fields.template("Output", problems),
            next: read_next(&mut fields, problems),
        }),
        "Parallel" => State::Parallel(read_parallel(&mut fields, language, problems)),
        "Map" => State::Map(read_map(&mut fields, language, problems)),
        other => {
            let hint = problems.hint("", other, TYPES.iter().copied());
            let message = format_args!(
                "there is no state type `{}`; the types are {}{hint}",
                Short(other),
                list(TYPES)
            );
            problems.add_incomplete("schema", &path, message);
            return None;
        }
    };
    fields.finish(&format!("a {ty} state"), problems);
    Some(state)
}

fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn read_language(name: &str, fields: &mut Fields<'_>, language: Language, problems: &mut Problems) {
    let said = fields.get("QueryLanguage");
    let (path, said) = match said {
        Some((value, path)) => {
            let Some(said) = string("QueryLanguage", value, &path, problems) else {
                return;
            };
            (path, Some(said))
        }
        None => (fields.path.clone(), None),
    };
    match (said, language) {
        (Some("JSONata"), _)
        | (None, Language::Whole | Language::Nowhere)
        | (Some("JSONPath"), Language::Nowhere) => {}
        (Some("JSONPath"), Language::Whole) => {
            let message =
                "a state cannot go back to JSONPath in a JSONata state machine; remove this field";
            problems.add("query-language", &path, message);
        }
        (None | Some("JSONPath"), Language::States) => {
            let message = format_args!(
                "state `{}` is in JSONPath, which this validator does not read; write `\"QueryLanguage\": \"JSONata\"` \
                 in the state machine",
                Short(name)
            );
            problems.add("query-language", &path, message);
        }
        (Some(other), _) => {
            let message = format_args!(
                "there is no query language `{}`; write `JSONata`",
                Short(other)
            );
            problems.add("query-language", &path, message);
        }
    }
}

fn read_task(fields: &mut Fields<'_>, problems: &mut Problems) -> Task {
    Task {
        comment: fields.string("Comment", problems),
        resource: fields.required_string(
            "Resource",
            "add the ARN of an integration, function or activity",
            problems,
        ),
        arguments: fields.template("Arguments", problems),
        credentials: read_credentials(fields, problems),
        timeout_seconds: fields.number("TimeoutSeconds", problems),
        heartbeat_seconds: fields.number("HeartbeatSeconds", problems),
        retry: read_retry(fields, problems),
        catch: read_catch(fields, problems),
        assign: fields.assign(problems),
        output: fields.template("Output", problems),
        next: read_next(fields, problems),
    }
}

fn read_credentials(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Credentials> {
    let (value, path) = fields.get("Credentials")?;
    let mut fields = Fields::new("`Credentials`", value, path, problems)?;
    if fields.get("RoleArn").is_none() {
        let message = "`RoleArn` is missing; add the ARN of the role that the Task takes on";
        problems.add("schema", &fields.path, message);
    }
    let role_arn = fields.text("RoleArn", problems);
    fields.finish("`Credentials`", problems);
    role_arn.map(|role_arn| Credentials { role_arn })
}

fn read_choice(fields: &mut Fields<'_>, problems: &mut Problems) -> Choice {
    let comment = fields.string("Comment", problems);
    let mut choices = Vec::new();
    if let Some((value, path)) = fields.required("Choices", "add an array of rules", problems) {
        for (rule, path) in elements("Choices", value, &path, problems) {
            choices.extend(read_rule(rule, path, problems));
        }
    }
    Choice {
        comment,
        choices,
        default: fields.string("Default", problems),
        assign: fields.assign(problems),
        output: fields.template("Output", problems),
    }
}

fn read_rule<'j>(value: &'j Value, path: Path<'j>, problems: &mut Problems) -> Option<ChoiceRule> {
    let mut fields = Fields::new("a rule of a Choice", value, path, problems)?;
    let rule = ChoiceRule {
        comment: fields.string("Comment", problems),
        condition: read_condition(&mut fields, problems),
        assign: fields.assign(problems),
        output: fields.template("Output", problems),
        next: fields.required_string("Next", "add the name of the state to go to", problems),
    };
    fields.finish("a rule of a Choice", problems);
    Some(rule)
}

fn read_condition(fields: &mut Fields<'_>, problems: &mut Problems) -> Condition {
    let advice = "add `\"{% … %}\"` that gives a boolean";
    let Some((value, path)) = fields.required("Condition", advice, problems) else {
        return Condition::Literal(false);
    };
    match value {
        Value::Bool(value) => Condition::Literal(*value),
        Value::String(text) => {
            let Some(expression) = expression(text, &path, problems) else {
                problems.add(
                    "schema",
                    &path,
                    "`Condition` must be an expression; write it as `{% … %}`",
                );
                return Condition::Literal(false);
            };
            Condition::Expression(expression)
        }
        other => {
            let message = format_args!(
                "`Condition` must be a string `{{% … %}}` or a boolean, not {}",
                other.kind()
            );
            problems.add("schema", &path, message);
            Condition::Literal(false)
        }
    }
}

fn read_wait(fields: &mut Fields<'_>, problems: &mut Problems) -> Wait {
    let comment = fields.string("Comment", problems);
    let seconds = fields.number("Seconds", problems);
    let timestamp = fields.text("Timestamp", problems);
    let has_seconds = fields.get("Seconds").is_some();
    let has_timestamp = fields.get("Timestamp").is_some();
    if has_seconds == has_timestamp {
        let message = if has_seconds {
            "a Wait has `Seconds` or `Timestamp`, not both; remove one"
        } else {
            "a Wait needs `Seconds` or `Timestamp`; add one"
        };
        problems.add_incomplete("schema", &fields.path, message);
    }
    let until = match timestamp {
        Some(timestamp) => WaitUntil::Timestamp(timestamp),
        None => WaitUntil::Seconds(seconds.unwrap_or(Number::Literal(0))),
    };
    Wait {
        comment,
        until,
        assign: fields.assign(problems),
        output: fields.template("Output", problems),
        next: read_next(fields, problems),
    }
}

fn read_parallel(fields: &mut Fields<'_>, language: Language, problems: &mut Problems) -> Parallel {
    let comment = fields.string("Comment", problems);
    let arguments = fields.template("Arguments", problems);
    let mut branches = Vec::new();
    if let Some((value, path)) = fields.required("Branches", "add an array of branches", problems) {
        for (branch, path) in elements("Branches", value, &path, problems) {
            branches.extend(read_branch(branch, path, language, problems));
        }
    }
    Parallel {
        comment,
        arguments,
        branches,
        retry: read_retry(fields, problems),
        catch: read_catch(fields, problems),
        assign: fields.assign(problems),
        output: fields.template("Output", problems),
        next: read_next(fields, problems),
    }
}

fn read_branch<'j>(
    value: &'j Value, path: Path<'j>, language: Language, problems: &mut Problems,
) -> Option<Graph> {
    let mut fields = Fields::new("a branch", value, path, problems)?;
    fields.string("Comment", problems);
    let graph = read_graph(&mut fields, language, problems);
    fields.finish("a branch", problems);
    Some(graph)
}

fn read_map(fields: &mut Fields<'_>, language: Language, problems: &mut Problems) -> Map {
    let comment = fields.string("Comment", problems);
    let items = fields.template("Items", problems);
    let item_selector = fields.template("ItemSelector", problems);
    let max_concurrency = fields.number("MaxConcurrency", problems);
    let item_processor = fields
        .required(
            "ItemProcessor",
            "add the states that run for each item",
            problems,
        )
        .and_then(|(value, path)| read_item_processor(value, path, language, problems))
        .unwrap_or_else(|| ItemProcessor {
            mode: ProcessorMode::Inline,
            graph: Graph {
                start_at: String::new(),
                states: Vec::new(),
            },
        });
    Map {
        comment,
        items,
        item_selector,
        max_concurrency,
        item_processor,
        tolerated_failure_percentage: fields.number("ToleratedFailurePercentage", problems),
        tolerated_failure_count: fields.number("ToleratedFailureCount", problems),
        label: fields.string("Label", problems),
        retry: read_retry(fields, problems),
        catch: read_catch(fields, problems),
        assign: fields.assign(problems),
        output: fields.template("Output", problems),
        next: read_next(fields, problems),
    }
}

fn read_item_processor<'j>(
    value: &'j Value, path: Path<'j>, language: Language, problems: &mut Problems,
) -> Option<ItemProcessor> {
    let mut fields = Fields::new("`ItemProcessor`", value, path, problems)?;
    fields.string("Comment", problems);
    let mode = match fields.get("ProcessorConfig") {
        Some((value, path)) => read_mode(value, path, problems),
        None => ProcessorMode::Inline,
    };
    let graph = read_graph(&mut fields, language, problems);
    fields.finish("`ItemProcessor`", problems);
    Some(ItemProcessor { mode, graph })
}

fn read_mode<'j>(value: &'j Value, path: Path<'j>, problems: &mut Problems) -> ProcessorMode {
    let Some(mut fields) = Fields::new("`ProcessorConfig`", value, path, problems) else {
        return ProcessorMode::Inline;
    };
    let mode = fields.string("Mode", problems);
    let execution_type = fields.string("ExecutionType", problems);
    let mode = match (mode.as_deref(), execution_type.as_deref()) {
        (None | Some("INLINE"), None) => ProcessorMode::Inline,
        (None | Some("INLINE"), Some(_)) => {
            let message = "an inline Map has no `ExecutionType`; remove it, or write `\"Mode\": \"DISTRIBUTED\"`";
            problems.add("schema", &fields.path, message);
            ProcessorMode::Inline
        }
        (Some("DISTRIBUTED"), Some("STANDARD")) => {
            ProcessorMode::Distributed(ExecutionType::Standard)
        }
        (Some("DISTRIBUTED"), Some("EXPRESS")) => {
            ProcessorMode::Distributed(ExecutionType::Express)
        }
        (Some("DISTRIBUTED"), _) => {
            let message =
                "a distributed Map needs an `ExecutionType`; write `\"STANDARD\"` or `\"EXPRESS\"`";
            problems.add("schema", &fields.path, message);
            ProcessorMode::Distributed(ExecutionType::Standard)
        }
        (Some(other), _) => {
            let message = format_args!(
                "there is no `Mode` `{}`; write `INLINE` or `DISTRIBUTED`",
                Short(other)
            );
            problems.add("schema", &fields.path, message);
            ProcessorMode::Inline
        }
    };
    fields.finish("`ProcessorConfig`", problems);
    mode
}

fn read_retry(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<Retrier> {
    let mut retriers = Vec::new();
    for (value, path) in fields.array("Retry", problems) {
        let Some(mut fields) = Fields::new("a retrier", value, path, problems) else {
            continue;
        };
        fields.string("Comment", problems);
        retriers.push(Retrier {
            error_equals: read_error_equals(&mut fields, problems),
            interval_seconds: fields.integer("IntervalSeconds", problems),
            max_attempts: fields.integer("MaxAttempts", problems),
            backoff_rate: fields.float("BackoffRate", problems),
            max_delay_seconds: fields.integer("MaxDelaySeconds", problems),
            jitter_strategy: read_jitter(&mut fields, problems),
        });
        fields.finish("a retrier", problems);
    }
    retriers
}

fn read_jitter(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<JitterStrategy> {
    let (value, path) = fields.get("JitterStrategy")?;
    match string("JitterStrategy", value, &path, problems)? {
        "FULL" => Some(JitterStrategy::Full),
        "NONE" => Some(JitterStrategy::None),
        other => {
            let message = format_args!(
                "there is no `JitterStrategy` `{}`; write `FULL` or `NONE`",
                Short(other)
            );
            problems.add("schema", &path, message);
            None
        }
    }
}

fn read_catch(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<Catcher> {
    let mut catchers = Vec::new();
    for (value, path) in fields.array("Catch", problems) {
        let Some(mut fields) = Fields::new("a catcher", value, path, problems) else {
            continue;
        };
        catchers.push(Catcher {
            comment: fields.string("Comment", problems),
            error_equals: read_error_equals(&mut fields, problems),
            assign: fields.assign(problems),
            output: fields.template("Output", problems),
            next: fields.required_string("Next", "add the name of the state to go to", problems),
        });
        fields.finish("a catcher", problems);
    }
    catchers
}

fn read_error_equals(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<String> {
    let Some((value, path)) =
        fields.required("ErrorEquals", "add an array of error names", problems)
    else {
        return Vec::new();
    };
    let mut names = Vec::new();
    for (name, path) in elements("ErrorEquals", value, &path, problems) {
        match name {
            Value::String(name) => names.push(name.clone()),
            other => {
                let message = format_args!("an error name must be a string, not {}", other.kind());
                problems.add_incomplete("schema", &path, message);
            }
        }
    }
    names
}

fn read_next(fields: &mut Fields<'_>, problems: &mut Problems) -> Next {
    let next = fields.get("Next");
    let end = fields.get("End");
    match (next, end) {
        (Some((value, path)), None) => Next::To(
            string("Next", value, &path, problems)
                .unwrap_or_default()
                .to_owned(),
        ),
        (None, Some((Value::Bool(true), _))) => Next::End,
        (None, Some((_, path))) => {
            problems.add_incomplete(
                "schema",
                &path,
                "`End` must be `true`; write `true`, or `Next` instead",
            );
            Next::End
        }
        (Some(_), Some((_, path))) => {
            problems.add_incomplete(
                "schema",
                &path,
                "a state has `Next` or `End`, not both; remove one",
            );
            Next::End
        }
        (None, None) => {
            let message = "`Next` is missing; add the name of the next state, or `\"End\": true`";
            problems.add_incomplete("schema", &fields.path, message);
            Next::End
        }
    }
}
