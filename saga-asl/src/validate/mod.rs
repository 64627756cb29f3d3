//! Checks a state machine against the rules of Step Functions: one rule a file, one list that calls them all.
//!
//! What cannot be written in the model at all, such as a retrier on a Choice, is `read`'s to report.

mod context;
mod definition;
mod errors;
mod expression;
mod functions;
mod jsonata;
mod names;
mod nested;
mod nesting;
mod numbers;
mod reachability;
mod sites;
mod size;
mod states_variable;
mod structure;
mod targets;
#[cfg(test)]
mod testing;
mod timestamps;
mod variable_names;
mod variables;

use crate::model::StateMachine;
use crate::problems::Problems;

use definition::Definition;

/// A rule looks at one definition and reports; it changes nothing and knows no other rule.
///
/// It gets the [`Definition`] and not the bare machine so that each expression is parsed once for all rules.
type Rule = fn(&Definition<'_>, &mut Problems);

/// Rules about the transitions and the shape of the whole. They are left out where a part of the definition
/// could not be read: they would report what only follows from that.
const WHOLE: &[Rule] = &[
    structure::check,
    targets::check,
    reachability::check,
    variables::check,
];

/// Rules about one place each.
const LOCAL: &[Rule] = &[
    names::check,
    variable_names::check,
    numbers::check,
    timestamps::check,
    errors::check,
    jsonata::check,
    functions::check,
    context::check,
    states_variable::check,
    nested::check,
];

/// Checks a state machine in hand against the language's rules.
///
/// For text, [`parse`](crate::parse) does this and more.
///
/// # Errors
///
/// Every broken rule, each with the JSON path of the place that breaks it. A definition that is too large or too
/// deeply nested gets that problem alone.
///
/// # Example
///
/// ```
/// use saga_asl::{Graph, Next, Pass, State, StateMachine};
///
/// let pass = Pass { comment: None, assign: Vec::new(), output: None, next: Next::To("b".to_owned()) };
/// let machine = StateMachine {
///     comment: None,
///     timeout_seconds: None,
///     graph: Graph { start_at: "a".to_owned(), states: vec![("a".to_owned(), State::Pass(pass))] },
/// };
/// let problems = saga_asl::validate(&machine).unwrap_err();
/// assert!(problems.to_string().starts_with("$.States.a.Next: there is no state `b`"));
/// ```
pub fn validate(machine: &StateMachine) -> Result<(), Problems> {
    let mut problems = Problems::default();
    run(machine, &mut problems);
    problems.finish()
}

pub(crate) fn run(machine: &StateMachine, problems: &mut Problems) {
    // What these two refuse could exhaust the stack or the patience of the others.
    if !nesting::is_bounded(machine, problems) || !size::is_bounded(machine, problems) {
        return;
    }
    let definition = Definition::new(machine);
    if !problems.is_incomplete() {
        for rule in WHOLE {
            rule(&definition, problems);
        }
    }
    for rule in LOCAL {
        rule(&definition, problems);
    }
}
