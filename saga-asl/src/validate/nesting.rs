//! The rule that a definition nests no deeper than JSON readers go.

use crate::model::{Catcher, Graph, Retrier, State, StateMachine, Template};
use crate::problems::{Path, Problems};

/// `serde_json` reads 127 levels. Deeper models could also exhaust the stack of the other rules.
const LEVELS: usize = 127;

/// Whether the other rules may look at the machine.
pub(super) fn is_bounded(machine: &StateMachine, problems: &mut Problems) -> bool {
    let bounded = graph_fits(&machine.graph, LEVELS);
    if !bounded {
        let message = format_args!(
            "the definition is nested more than {LEVELS} levels deep; make it flatter"
        );
        problems.add("nesting", &Path::default(), message);
    }
    bounded
}

/// `levels` are left for the graph and what is in it.
fn graph_fits(graph: &Graph, levels: usize) -> bool {
    // The graph itself, `States`, and the state.
    levels >= 3
        && graph
            .states
            .iter()
            .all(|(_, state)| state_fits(state, levels - 3))
}

fn state_fits(state: &State, levels: usize) -> bool {
    match state {
        State::Task(task) => {
            option_fits(task.arguments.as_ref(), levels)
                && outcome_fits(&task.assign, task.output.as_ref(), levels)
                && retry_fits(&task.retry, levels)
                && catch_fits(&task.catch, levels)
        }
        State::Parallel(parallel) => {
            option_fits(parallel.arguments.as_ref(), levels)
                && outcome_fits(&parallel.assign, parallel.output.as_ref(), levels)
                && retry_fits(&parallel.retry, levels)
                && catch_fits(&parallel.catch, levels)
                && levels > 0
                && parallel
                    .branches
                    .iter()
                    .all(|branch| graph_fits(branch, levels - 1))
        }
        State::Map(map) => {
            option_fits(map.items.as_ref(), levels)
                && option_fits(map.item_selector.as_ref(), levels)
                && outcome_fits(&map.assign, map.output.as_ref(), levels)
                && retry_fits(&map.retry, levels)
                && catch_fits(&map.catch, levels)
                && graph_fits(&map.item_processor.graph, levels)
        }
        State::Choice(choice) => {
            let rules = &choice.choices;
            outcome_fits(&choice.assign, choice.output.as_ref(), levels)
                && (rules.is_empty() || levels >= 2)
                && rules
                    .iter()
                    .all(|rule| outcome_fits(&rule.assign, rule.output.as_ref(), levels - 2))
        }
        State::Pass(pass) => outcome_fits(&pass.assign, pass.output.as_ref(), levels),
        State::Wait(wait) => outcome_fits(&wait.assign, wait.output.as_ref(), levels),
        State::Succeed(succeed) => option_fits(succeed.output.as_ref(), levels),
        State::Fail(_) => true,
    }
}

/// The array, the retrier, and its `ErrorEquals`.
fn retry_fits(retry: &[Retrier], levels: usize) -> bool {
    retry.is_empty() || levels >= 3
}

/// Each catcher stands two levels deeper, in its array; its `ErrorEquals` is a level of its own.
fn catch_fits(catch: &[Catcher], levels: usize) -> bool {
    let fits =
        |catcher: &Catcher| outcome_fits(&catcher.assign, catcher.output.as_ref(), levels - 2);
    catch.is_empty() || levels >= 3 && catch.iter().all(fits)
}

fn outcome_fits(assign: &[(String, Template)], output: Option<&Template>, levels: usize) -> bool {
    let assign_fits =
        assign.is_empty() || levels > 0 && assign.iter().all(|(_, value)| fits(value, levels - 1));
    assign_fits && option_fits(output, levels)
}

fn option_fits(template: Option<&Template>, levels: usize) -> bool {
    template.is_none_or(|template| fits(template, levels))
}

fn fits(template: &Template, levels: usize) -> bool {
    match template {
        Template::Array(items) => levels > 0 && items.iter().all(|item| fits(item, levels - 1)),
        Template::Object(fields) => {
            levels > 0 && fields.iter().all(|(_, value)| fits(value, levels - 1))
        }
        Template::Null
        | Template::Bool(_)
        | Template::Number(_)
        | Template::String(_)
        | Template::Expression(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Graph, Next, Pass, State, StateMachine, Template};
    use crate::{parse, to_json, validate};

    fn nested(levels: usize) -> StateMachine {
        let output = (0..levels).fold(Template::Null, |inner, _| Template::Array(vec![inner]));
        let pass = Pass {
            comment: None,
            assign: Vec::new(),
            output: Some(output),
            next: Next::End,
        };
        let graph = Graph {
            start_at: "a".to_owned(),
            states: vec![("a".to_owned(), State::Pass(pass))],
        };
        StateMachine {
            comment: None,
            timeout_seconds: None,
            graph,
        }
    }

    #[test]
    fn what_fits_can_be_read_again() {
        let machine = nested(124);
        assert_eq!(validate(&machine), Ok(()));
        assert_eq!(parse(&to_json(&machine)), Ok(machine));
    }

    #[test]
    fn what_is_deeper_is_refused() {
        for levels in [125, 5_000] {
            let problems = validate(&nested(levels)).unwrap_err().to_string();
            assert_eq!(
                problems,
                "$: the definition is nested more than 127 levels deep; make it flatter"
            );
        }
        assert!(parse(&to_json(&nested(125))).is_err());
    }
}
