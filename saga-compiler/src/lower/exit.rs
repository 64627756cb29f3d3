//! How a state is left: where to, with what, and what is assigned on the way.

use saga_asl::{Assign, Next, State, StateName, Succeed, Template};

use crate::ir::{End, LocalId, Rejection, Segment, Value};
use crate::names;

use super::scope::{Cx, Own, Scope};
use super::task::expression;
use super::{Lowering, Path, States};

/// What follows a block: its end fills this in.
#[derive(Clone)]
pub(super) struct After<'a> {
    /// The branch or attempt around that is worth the block's value.
    pub(super) takes: Option<LocalId>,
    pub(super) exit: Exit<'a>,
}

/// What follows a state. Its values may lean on what the state itself gives.
#[derive(Clone)]
pub(super) struct Exit<'a> {
    pub(super) assign: Vec<(String, Value)>,
    pub(super) to: To<'a>,
}

#[derive(Clone)]
pub(super) enum To<'a> {
    State(StateName),
    /// The graph ends with this.
    Return(Value),
    Reject(&'a Rejection),
}

/// The fields of a state that is left.
pub(super) struct Left {
    pub(super) assign: Assign,
    pub(super) output: Option<Template>,
    pub(super) next: Next,
}

impl After<'_> {
    /// The flow's own body ends by itself.
    pub(super) fn nothing() -> Self {
        Self {
            takes: None,
            exit: Exit {
                assign: Vec::new(),
                to: To::Return(Value::Null),
            },
        }
    }
}

impl Exit<'_> {
    pub(super) fn to_state(state: &str) -> Self {
        Self {
            assign: Vec::new(),
            to: To::State(state.to_owned()),
        }
    }
}

impl Lowering<'_> {
    /// What follows the last state of a block that ends so.
    pub(super) fn complete<'a>(&self, after: &After<'a>, end: &'a End) -> Exit<'a> {
        let value = match end {
            End::Value(value) => value,
            End::Return(value) => {
                let to = To::Return(value.clone());
                return Exit {
                    assign: Vec::new(),
                    to,
                };
            }
            End::Reject(rejection) => {
                let to = To::Reject(rejection);
                return Exit {
                    assign: Vec::new(),
                    to,
                };
            }
            // The last node's arms end in its place.
            End::Tail => return after.exit.clone(),
        };
        let Some(taken) = after.takes else {
            return after.exit.clone();
        };
        let put = |other: &Value| substitute(other, taken, value);
        let mut assign: Vec<(String, Value)> = after
            .exit
            .assign
            .iter()
            .map(|(name, value)| (name.clone(), put(value)))
            .collect();
        for (name, value) in self.given(taken) {
            assign.push((name, put(&value)));
        }
        let to = match &after.exit.to {
            To::Return(value) => To::Return(put(value)),
            other => other.clone(),
        };
        Exit { assign, to }
    }

    /// Leaves a state whose errors are caught.
    pub(super) fn leave(
        &self, states: &mut States, scope: &Scope<'_>, path: &Path, own: Own<'_>, exit: &Exit<'_>,
    ) -> Left {
        let cx = Cx::after(scope, own);
        let mut values = self.given_by(own);
        values.extend(exit.assign.iter().cloned());
        let assign = self.assign(&cx, &values);
        let (output, next) = match &exit.to {
            To::State(state) => (handed_on(scope), Next::To(state.clone())),
            To::Return(value) => (Some(self.returned(&cx, value)), Next::End),
            To::Reject(rejection) => self.leave_rejecting(states, &cx, path, rejection),
        };
        Left {
            assign,
            output,
            next,
        }
    }

    /// Leaves a state whose errors nothing catches, and whose output is its input: a rule of a Choice, a Wait.
    pub(super) fn leave_safely(
        &self, states: &mut States, scope: &Scope<'_>, path: &Path, exit: &Exit<'_>,
    ) -> Left {
        let cx = Cx::safe(scope);
        let assign = self.assign(&cx, &exit.assign);
        let (output, next) = match &exit.to {
            To::State(state) => (None, Next::To(state.clone())),
            To::Return(value) => (Some(self.returned(&cx, value)), Next::End),
            To::Reject(rejection) if scope.is_top => {
                self.leave_rejecting(states, &cx, path, rejection)
            }
            To::Reject(rejection) => {
                let (_, next) = self.leave_rejecting(states, &cx, path, rejection);
                (None, next)
            }
        };
        Left {
            assign,
            output,
            next,
        }
    }

    /// The same for what cannot end a graph itself: a rule of a Choice, a catcher.
    pub(super) fn leave_onwards(
        &self, states: &mut States, scope: &Scope<'_>, path: &Path, exit: &Exit<'_>,
    ) -> (Assign, Option<Template>, StateName) {
        let left = self.leave_safely(states, scope, path, exit);
        match left.next {
            Next::To(state) => (left.assign, left.output, state),
            Next::End => {
                self.ends.set(self.ends.get() + 1);
                let state = names::numbered(names::END, self.ends.get());
                let succeed = Succeed {
                    comment: None,
                    output: left.output,
                };
                states
                    .forward
                    .push((state.clone(), State::Succeed(succeed)));
                (left.assign, None, state)
            }
        }
    }

    fn returned(&self, cx: &Cx<'_>, value: &Value) -> Template {
        if cx.scope.is_read {
            self.output(cx, value)
        } else {
            nothing()
        }
    }

    fn assign(&self, cx: &Cx<'_>, values: &[(String, Value)]) -> Assign {
        let values = values.iter();
        values
            .map(|(name, value)| (name.clone(), self.template(cx, value)))
            .collect()
    }

    /// The flow's own graph goes straight into its compensations; any other fails, which is caught there.
    fn leave_rejecting(
        &self, states: &mut States, cx: &Cx<'_>, path: &Path, rejection: &Rejection,
    ) -> (Option<Template>, Next) {
        if cx.scope.is_top {
            let failure = Template::Object(vec![
                (
                    "Error".to_owned(),
                    Template::String(rejection.error.clone()),
                ),
                ("Cause".to_owned(), self.template(cx, &rejection.message)),
            ]);
            return (Some(failure), Next::To(path.undo.clone()));
        }
        self.rejects.set(self.rejects.get() + 1);
        let state = names::reject_state(&rejection.error, self.rejects.get());
        let fail = self.fail(cx.scope, rejection);
        states.forward.push((state.clone(), State::Fail(fail)));
        (handed_on(cx.scope), Next::To(state))
    }

    fn fail(&self, scope: &Scope<'_>, rejection: &Rejection) -> saga_asl::Fail {
        let text = |template| match template {
            Template::Expression(expression) => saga_asl::Text::Expression(expression),
            Template::String(text) => saga_asl::Text::Literal(text),
            _ => saga_asl::Text::Literal(String::new()),
        };
        let message = self.template(&Cx::safe(scope), &rejection.message);
        saga_asl::Fail {
            comment: None,
            error: Some(saga_asl::Text::Literal(rejection.error.clone())),
            cause: Some(text(message)),
        }
    }
}

/// An output that nobody reads.
pub(super) fn nothing() -> Template {
    expression("null")
}

/// What an item was given goes from state to state.
pub(super) fn handed_on(scope: &Scope<'_>) -> Option<Template> {
    scope.hands_on().then(|| expression("$states.input"))
}

/// The value with one local replaced by what it stands for.
fn substitute(value: &Value, local: LocalId, by: &Value) -> Value {
    use crate::ir::Root;
    let put = |value: &Value| substitute(value, local, by);
    match value {
        Value::Place(Root::Local(id), path) if *id == local => step_into(by.clone(), path),
        Value::Has(Root::Local(id), path) if *id == local => has(by.clone(), path),
        Value::Array(values) => Value::Array(values.iter().map(put).collect()),
        Value::Object(fields) => {
            let fields = fields.iter();
            Value::Object(
                fields
                    .map(|(name, value)| (name.clone(), put(value)))
                    .collect(),
            )
        }
        Value::Not(inner) => Value::Not(Box::new(put(inner))),
        Value::Count(inner) => Value::Count(Box::new(put(inner))),
        Value::IsSome(inner) => Value::IsSome(Box::new(put(inner))),
        Value::Binary(operator, left, right) => {
            Value::Binary(*operator, Box::new(put(left)), Box::new(put(right)))
        }
        Value::If(parts) => Value::If(Box::new([put(&parts[0]), put(&parts[1]), put(&parts[2])])),
        other => other.clone(),
    }
}

/// Whether what was built or handed on has the last key of the path.
fn has(value: Value, path: &[Segment]) -> Value {
    let Some((last, before)) = path.split_last() else {
        return Value::Bool(true);
    };
    match step_into(value, before) {
        Value::Place(root, path) => {
            Value::Has(root, [path.as_slice(), std::slice::from_ref(last)].concat())
        }
        Value::Object(fields) => {
            let is_last =
                |name: &String| matches!(last, Segment::Field { json, .. } if json == name);
            Value::Bool(fields.iter().any(|(name, _)| is_last(name)))
        }
        Value::If(parts) => {
            let [condition, then, otherwise] = *parts;
            let last = std::slice::from_ref(last);
            Value::If(Box::new([condition, has(then, last), has(otherwise, last)]))
        }
        _ => Value::Bool(false),
    }
}

/// The value at a path in what was built or handed on.
fn step_into(value: Value, path: &[Segment]) -> Value {
    let Some((first, rest)) = path.split_first() else {
        return value;
    };
    match (value, first) {
        (Value::Place(root, before), _) => Value::Place(root, [before.as_slice(), path].concat()),
        (Value::Object(fields), Segment::Field { json, .. }) => {
            let field = fields.into_iter().find(|(name, _)| name == json);
            field.map_or(Value::Null, |(_, value)| step_into(value, rest))
        }
        (Value::Array(elements), Segment::Index(index)) => {
            let element = elements.into_iter().nth(*index);
            element.map_or(Value::Null, |value| step_into(value, rest))
        }
        (Value::If(parts), _) => {
            let [condition, then, otherwise] = *parts;
            Value::If(Box::new([
                condition,
                step_into(then, path),
                step_into(otherwise, path),
            ]))
        }
        _ => Value::Null,
    }
}
