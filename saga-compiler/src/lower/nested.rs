//! A call of another flow: an execution of its own, which the calling one waits for.

use saga_asl as asl;
use saga_asl::{Next, Number, Task, Template};

use crate::called::{self, Kind};
use crate::ir::{self, Nested, Root, Value};
use crate::names;

use super::exit::Exit;
use super::park::{Park, Parked};
use super::scope::{Cx, Own, Phase, Scope};
use super::task::{self, expression, text};
use super::{Lowering, Path, States, Undo, retry};

/// Waits for the execution, and gives its output as JSON.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html>
const START_AND_WAIT: &str = "arn:aws:states:::states:startExecution.sync:2";

/// How Step Functions says that the execution ended otherwise than well. It matches whatever else is said, too, but for
/// `States.Timeout` and `States.DataLimitExceeded`.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
const FAILED: &str = "States.TaskFailed";

/// Longer than an execution lives: stopping it would leave its effects without compensation.
const LONGER_THAN_IT_LIVES: u64 = 99_999_999;

impl<'a> Lowering<'a> {
    pub(super) fn lower_nested(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path, nested: &'a Nested,
        exit: &Exit<'a>,
    ) {
        let before = path.clone();
        let kind = self.nested_kind(nested);
        path.beyond_return |= matches!(kind, Kind::Pivot | Kind::Retriable);
        if kind == Kind::Compensatable && scope.is_top && !before.beyond_return {
            self.push_nested_undo(states, path, nested);
        }
        let (retry, catch) = if before.beyond_return || kind == Kind::Retriable {
            (retry::of_group(true), Vec::new())
        } else {
            let catch = self.catch_nested(states, scope, &before, nested);
            (retry::until_started(FAILED), catch)
        };
        let mut after = States::default();
        let left = self.leave(&mut after, scope, path, Own::Nested(nested.output), exit);
        let cx = Cx::caught(scope);
        let input = self.input_of(&cx, &nested.input, nested.may_take_text);
        let mut task = start_and_wait(scope, &nested.flow, &nested.state, input);
        (task.retry, task.catch) = (retry, catch);
        (task.assign, task.output, task.next) = (left.assign, left.output, left.next);
        states
            .forward
            .push((nested.state.clone(), asl::State::Task(task)));
        let outcome = std::mem::take(&mut states.after);
        states.forward.extend(outcome);
        states.forward.append(&mut after.forward);
    }

    /// Its own failure had no effect. What else Step Functions may have to say leaves open how it ended, and is for an
    /// operator to look at; what came before it is undone then.
    fn catch_nested(
        &self, states: &mut States, scope: &Scope<'a>, before: &Path, nested: &Nested,
    ) -> Vec<asl::Catcher> {
        if !scope.is_top {
            return Vec::new();
        }
        let outcome = names::outcome_of(&nested.state);
        // A catcher for `States.TaskFailed` would match nearly everything.
        let failed = asl::ChoiceRule {
            comment: None,
            condition: asl::Condition::Expression(asl::Expression(format!(
                "$states.input.Error = '{FAILED}'"
            ))),
            assign: Vec::new(),
            output: None,
            next: before.undo.clone(),
        };
        let (assign, default) = match self.saga.on_stuck {
            ir::OnStuck::Park => {
                let park = Park::of(scope, "");
                states.stuck.push(Parked {
                    action: outcome.clone(),
                    back: before.undo.clone(),
                    past: Some(before.undo.clone()),
                });
                // The error is what is told, and the failure that the saga ends with.
                (park.catcher(&outcome).assign, park.state)
            }
            ir::OnStuck::Fail => {
                let unclear = names::unclear(&nested.state);
                states
                    .after
                    .push((unclear.clone(), task::compensated(false)));
                (Vec::new(), unclear)
            }
        };
        let choice = asl::Choice {
            comment: None,
            choices: vec![failed],
            default: Some(default),
            assign,
            output: None,
        };
        let state = asl::State::Choice(choice);
        states.after.insert(0, (outcome.clone(), state));
        task::catch_all(Vec::new(), &outcome, &outcome)
    }

    /// What the called flow is given. Step Functions reads an input that is a text as JSON, so a text is written as JSON, and
    /// nothing as the empty object.
    fn input_of(&self, cx: &Cx<'_>, value: &Value, may_be_text: bool) -> Template {
        match value {
            Value::Null => Template::Object(Vec::new()),
            Value::Object(_) | Value::Array(_) => self.template(cx, value),
            value if may_be_text => {
                let value = self.expression(cx, value);
                let text = "$substring($text, 1, $length($text) - 2)";
                expression(&format!(
                    "($input := {value}; $text := $string([$input]); $type($input) = 'string' or $input = null ? {text} : $input)"
                ))
            }
            value => self.template(cx, value),
        }
    }

    /// The flow that undoes it gets what the called one gave.
    fn push_nested_undo(&self, states: &mut States, path: &mut Path, nested: &Nested) {
        let called = self
            .saga
            .flows
            .iter()
            .find(|flow| flow.ident == nested.flow);
        let Some(undoing) = called.and_then(|flow| flow.compensation.as_ref()) else {
            return;
        };
        let scope = Scope::top(Phase::Compensation);
        let output = Value::Place(Root::Local(nested.output), Vec::new());
        let input = self.input_of(&Cx::caught(&scope), &output, nested.may_give_text);
        let state = names::compensation_state(&nested.state);
        let mut task = start_and_wait(&scope, undoing, &state, input);
        task.retry = retry::undoing_flow();
        if self.saga.on_stuck == ir::OnStuck::Park {
            task.catch = vec![Park::of(&scope, "").catcher(&nested.state)];
        }
        task.output = Some(expression("$states.input"));
        task.next = Next::To(path.undo.clone());
        states.undos.push(Undo {
            state: state.clone(),
            content: asl::State::Task(task),
            action: Some(nested.state.clone()),
            branch: None,
        });
        path.undo = state;
    }

    pub(super) fn nested_kind(&self, nested: &Nested) -> Kind {
        let called = called::position(self.saga, nested);
        called.map_or(Kind::Pivot, |index| self.called.verdicts[index].kind)
    }
}

fn start_and_wait(
    scope: &Scope<'_>, flow: &proc_macro2::Ident, state: &str, input: Template,
) -> Task {
    // The same name for every try: Step Functions answers with the execution that is there.
    let mut key = format!("{} & ' {state}'", task::SAGA);
    if scope.hands_on() {
        key.push_str(" & $string($states.input.item)");
    }
    Task {
        comment: None,
        resource: START_AND_WAIT.to_owned(),
        arguments: Some(Template::Object(vec![
            (
                "StateMachineArn".to_owned(),
                text(&format!("${{{}}}", names::machine_placeholder(flow))),
            ),
            (
                "Name".to_owned(),
                expression(&format!("$hash({key}, 'SHA-256')")),
            ),
            ("Input".to_owned(), input),
        ])),
        credentials: None,
        timeout_seconds: Some(Number::Literal(LONGER_THAN_IT_LIVES)),
        heartbeat_seconds: None,
        retry: Vec::new(),
        catch: Vec::new(),
        assign: Vec::new(),
        output: None,
        next: Next::End,
    }
}
