//! The tasks of a saga, an action and its compensation, and the state that ends a compensated one.

use proc_macro2::Ident;
use saga_asl::{Catcher, Expression, Fail, Next, Number, State, Task, Template, Text};

use super::park::Park;
use super::retry::{self, REFUSED};
use super::scope::{Cx, Scope};
use super::value::comment;
use super::{Lowering, Path};
use crate::ir::{self, Call, Root, Value};
use crate::names;
use crate::parse::DEFAULT_TIMEOUT;

const LAMBDA_INVOKE: &str = "arn:aws:states:::lambda:invoke";

/// `States.ALL` does not match it, and arguments that grew too large would end the saga without compensation.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
pub(super) const TOO_LARGE: &str = "States.DataLimitExceeded";

/// Which saga: its ARN and its start, because a name may be used again after 90 days.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>
pub(super) const SAGA: &str = "$states.context.Execution.(Id&'#'&StartTime)";

/// How often the delivery was retried, for logs: arguments are evaluated anew for each retry.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>
const ATTEMPT: &str = "$states.context.State.RetryCount";

impl Lowering<'_> {
    /// The task of a call, without what follows it. `named` are rejections that the flow itself answers.
    pub(super) fn action(
        &self, scope: &Scope<'_>, call: &Call, path: &Path, named: &[String],
    ) -> Task {
        let step = self.step(call);
        let (transients, rejections) = retry::error_names(self.saga, step);
        let own = names::compensation_state(&call.state);
        let unnamed = |errors: Vec<String>| -> Vec<String> {
            let errors = errors.into_iter();
            errors.filter(|error| !named.contains(error)).collect()
        };
        let (retry, catch) = match step.kind {
            _ if path.beyond_return => (retry::until_done(step), Vec::new()),
            // The point of no return is not passed while the answer is a definite no.
            ir::Kind::Pivot | ir::Kind::Retriable => {
                let mut definite = rejections;
                definite.push(REFUSED.to_owned());
                let retry = retry::until_known(step, definite.clone());
                // Arguments that are too large had no effect, a result that is had one: the barrier knows which it was.
                let too_large = catcher(vec![TOO_LARGE.to_owned()], &own);
                (
                    retry,
                    vec![catcher(unnamed(definite), &path.undo), too_large],
                )
            }
            ir::Kind::ReadOnly => (
                retry::until_known_or_exhausted(step, transients),
                catch_all(Vec::new(), &path.undo, &path.undo),
            ),
            ir::Kind::Compensatable(_) => (
                retry::until_known_or_exhausted(step, transients),
                catch_all(unnamed(rejections), &path.undo, &own),
            ),
        };
        Task {
            comment: step.comment.as_deref().map(comment),
            resource: LAMBDA_INVOKE.to_owned(),
            arguments: Some(self.invocation(call, self.action_payload(scope, call, path))),
            credentials: None,
            timeout_seconds: Some(Number::Literal(
                step.policy.timeout.unwrap_or(DEFAULT_TIMEOUT),
            )),
            heartbeat_seconds: seconds(step.policy.heartbeat),
            retry,
            // An error leaves an item or a branch; whoever is around it catches.
            catch: if scope.is_top { catch } else { Vec::new() },
            assign: Vec::new(),
            output: None,
            next: Next::End,
        }
    }

    /// What undoes a call; `name` is the participant's compensation. Without one it succeeds only if there is nothing to
    /// undo, and leaves a tombstone.
    pub(super) fn compensation(
        &self, scope: &Scope<'_>, call: &Call, name: Option<&Ident>,
    ) -> Task {
        let participant = &self.saga.participants[call.participant];
        let mut compensations = participant.compensations.iter();
        let compensation = compensations.find(|candidate| Some(&candidate.ident) == name);
        let default = ir::Policy::default();
        let policy = compensation.map_or(&default, |compensation| &compensation.policy);
        let mut payload = address(scope, call);
        payload.push(("phase".to_owned(), text("compensation")));
        Task {
            comment: compensation
                .and_then(|pair| pair.comment.as_deref())
                .map(comment),
            resource: LAMBDA_INVOKE.to_owned(),
            arguments: Some(self.invocation(call, payload)),
            credentials: None,
            timeout_seconds: Some(Number::Literal(policy.timeout.unwrap_or(DEFAULT_TIMEOUT))),
            heartbeat_seconds: seconds(policy.heartbeat),
            retry: retry::compensation(self.step(call), policy),
            catch: match self.saga.on_stuck {
                ir::OnStuck::Fail => Vec::new(),
                ir::OnStuck::Park => {
                    vec![Park::of(&Scope::top(scope.phase), "").catcher(&call.state)]
                }
            },
            assign: Vec::new(),
            output: Some(expression("$states.input")),
            next: Next::End,
        }
    }

    /// `FunctionName` and `Payload` of `lambda:invoke`.
    fn invocation(&self, call: &Call, payload: Vec<(String, Template)>) -> Template {
        let participant = &self.saga.participants[call.participant];
        let function = format!("${{{}}}", names::function_placeholder(&participant.ident));
        Template::Object(vec![
            ("FunctionName".to_owned(), text(&function)),
            ("Payload".to_owned(), Template::Object(payload)),
        ])
    }

    fn action_payload(
        &self, scope: &Scope<'_>, call: &Call, path: &Path,
    ) -> Vec<(String, Template)> {
        let mut payload = address(scope, call);
        let step = self.step(call);
        // What comes at or after the point of no return is finished, however late; a pivot is still refused in time.
        let may_be_late = path.beyond_return || matches!(step.kind, ir::Kind::Retriable);
        if let Some(deadline) = self.saga.deadline.filter(|_| !may_be_late) {
            payload.push(("deadline".to_owned(), Template::Number(deadline.into())));
        }
        let is_first = self.first.contains(&call.output);
        let cx = if is_first {
            Cx::first(scope)
        } else {
            Cx::caught(scope)
        };
        if is_first && self.flow.input.is_some() {
            payload.push(("start".to_owned(), self.start(&cx, call)));
        }
        let args = call.args.iter();
        let args = args.map(|(name, value)| (name.clone(), self.template(&cx, value)));
        payload.push(("input".to_owned(), Template::Object(args.collect())));
        payload
    }

    /// The flow's whole input, which the first handler checks against its type, before the first effect.
    fn start(&self, cx: &Cx<'_>, call: &Call) -> Template {
        let flow = text(&names::plain(&self.flow.ident));
        let whole = |(_, value): &&(String, Value)| matches!(value, Value::Place(Root::Input, path) if path.is_empty());
        let input = match call.args.iter().find(whole) {
            // It is there already, and need not be sent twice.
            Some((arg, _)) => ("arg".to_owned(), text(arg)),
            None => (
                "input".to_owned(),
                expression(&self.place(cx, Root::Input, &[])),
            ),
        };
        Template::Object(vec![("flow".to_owned(), flow), input])
    }
}

/// What a loop or a join catches: everything, and goes to what undoes it, or past it when there is nothing to undo.
pub(super) fn catch_all_of(
    scope: &Scope<'_>, before: &Path, path: &Path, undo: Option<&str>,
) -> Vec<Catcher> {
    if !scope.is_top || path.beyond_return {
        return Vec::new();
    }
    let unknown = undo.unwrap_or(&before.undo);
    catch_all(Vec::new(), unknown, unknown)
}

/// Whom an envelope is for, and how often it was sent before.
fn address(scope: &Scope<'_>, call: &Call) -> Vec<(String, Template)> {
    let mut address = vec![
        ("saga".to_owned(), expression(scope.saga())),
        ("step".to_owned(), text(&call.state)),
    ];
    if scope.hands_on() {
        address.push(("item".to_owned(), expression("$states.input.item")));
    }
    address.push(("attempt".to_owned(), expression(ATTEMPT)));
    address
}

/// Ends the saga with the failure that began the compensation, or, where an operator may have skipped one, with that.
pub(super) fn compensated(parks: bool) -> State {
    let expression = |jsonata: String| Some(Text::Expression(Expression(jsonata)));
    // Whether a timeout has a `Cause` is not documented, and this state must not fail to evaluate: `&` takes nothing for ''.
    let (error, cause) = ("$states.input.Error", "$states.input.Cause & ''");
    let skipped = format!("$states.input.{}", names::SKIPPED);
    let (error, cause) = if parks {
        (
            format!("{skipped} ? '{}' : {error}", retry::SKIPPED),
            format!("{skipped} ? {skipped} & {error} & ': ' & $states.input.Cause : {cause}"),
        )
    } else {
        (error.to_owned(), cause.to_owned())
    };
    State::Fail(Fail {
        comment: None,
        error: expression(error),
        cause: expression(cause),
    })
}

fn seconds(duration: Option<(u64, proc_macro2::Span)>) -> Option<Number> {
    duration.map(|(seconds, _)| Number::Literal(seconds))
}

/// A definite no goes past the step's own compensation, anything else to it.
pub(super) fn catch_all(mut definite: Vec<String>, no_effect: &str, unknown: &str) -> Vec<Catcher> {
    let mut catch = Vec::new();
    if !definite.is_empty() && no_effect != unknown {
        catch.push(catcher(std::mem::take(&mut definite), no_effect));
    }
    catch.push(catcher(vec![TOO_LARGE.to_owned()], unknown));
    catch.push(catcher(vec!["States.ALL".to_owned()], unknown));
    catch
}

/// A catcher without `Output` hands its error on as the next state's input, and so does each compensation: the failure
/// that began the compensation travels down the chain to its end.
pub(super) fn catcher(errors: Vec<String>, next: &str) -> Catcher {
    Catcher {
        comment: None,
        error_equals: errors,
        assign: Vec::new(),
        output: None,
        next: next.to_owned(),
    }
}

pub(super) fn expression(jsonata: &str) -> Template {
    Template::Expression(Expression(jsonata.to_owned()))
}

pub(super) fn text(text: &str) -> Template {
    Template::String(text.to_owned())
}
