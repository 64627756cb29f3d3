//! The tasks of a saga: an action, its compensation, and the parking of one that is stuck.

use proc_macro2::Ident;
use saga_asl::{Assign, Catcher, Expression, Next, Number, Task, Template};

use super::retry::{self, REFUSED};
use super::value::{Place, comment, lower_value};
use super::{After, Lowering, Path};
use crate::ir::{self, Call, CallId, Value};
use crate::names;
use crate::parse::DEFAULT_TIMEOUT;

const LAMBDA_INVOKE: &str = "arn:aws:states:::lambda:invoke";
const SEND_AND_WAIT: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";

/// `States.ALL` does not match it, and arguments that grew too large would end the saga without compensation.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
const TOO_LARGE: &str = "States.DataLimitExceeded";

/// Which saga: its ARN and its start, because a name may be used again after 90 days.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>
const SAGA: &str = "$states.context.Execution.(Id&'#'&StartTime)";

/// A parked saga is announced again after a day, because its message may have expired or been lost.
const ANNOUNCE_AGAIN: u64 = 86_400;

impl Lowering<'_> {
    pub(super) fn action(&self, call: &Call, path: &Path, after: &After<'_>) -> Task {
        let step = self.step(call);
        let (transients, rejections) = retry::error_names(self.saga, step);
        let (retry, catch) = match step.kind {
            _ if path.beyond_return => (retry::until_done(step), Vec::new()),
            // The point of no return is not passed while the answer is a definite no.
            ir::Kind::Pivot | ir::Kind::Retriable => {
                let mut definite = rejections;
                definite.push(REFUSED.to_owned());
                let retry = retry::until_known(step, definite.clone());
                // Arguments that are too large had no effect, a result that is had one: the barrier knows which it was.
                let own = names::compensation_state(&call.state);
                let too_large = catcher(vec![TOO_LARGE.to_owned()], &own);
                (retry, vec![catcher(definite, &path.undo), too_large])
            }
            ir::Kind::ReadOnly => (
                retry::until_known_or_exhausted(step, transients),
                catch_all(Vec::new(), &path.undo, &path.undo),
            ),
            ir::Kind::Compensatable(_) => {
                let own = names::compensation_state(&call.state);
                (
                    retry::until_known_or_exhausted(step, transients),
                    catch_all(rejections, &path.undo, &own),
                )
            }
        };
        let (output, next) = match after {
            After::Next(state) => (None, Next::To(state.clone())),
            After::End(result) => (
                Some(lower_value(
                    &self.variables,
                    result,
                    Place::OutputOf(call.id),
                )),
                Next::End,
            ),
        };
        Task {
            comment: step.comment.as_deref().map(comment),
            resource: LAMBDA_INVOKE.to_owned(),
            arguments: Some(self.invocation(call, self.action_payload(call, path))),
            timeout_seconds: Some(Number::Literal(
                step.policy.timeout.unwrap_or(DEFAULT_TIMEOUT),
            )),
            heartbeat_seconds: seconds(step.policy.heartbeat),
            retry,
            catch,
            assign: self.assign_output(call),
            output,
            next,
        }
    }

    /// What undoes a call; `name` is the participant's compensation. Without one it succeeds only if there is nothing to
    /// undo, and leaves a tombstone.
    pub(super) fn compensation(&self, call: &Call, name: Option<&Ident>, next: &str) -> Task {
        let participant = &self.saga.participants[call.participant];
        let mut compensations = participant.compensations.iter();
        let compensation = compensations.find(|candidate| Some(&candidate.ident) == name);
        let default = ir::Policy::default();
        let policy = compensation.map_or(&default, |compensation| &compensation.policy);
        let payload = vec![
            ("saga".to_owned(), expression(SAGA)),
            ("step".to_owned(), text(&call.state)),
            ("phase".to_owned(), text("compensation")),
        ];
        let catch = match self.saga.on_stuck {
            ir::OnStuck::Fail => Vec::new(),
            ir::OnStuck::Park => vec![Catcher {
                comment: None,
                error_equals: vec!["States.ALL".to_owned()],
                assign: vec![
                    (names::STUCK.to_owned(), text(&call.state)),
                    // The error is what `park` tells; the failure waits in a variable.
                    (names::FAILURE.to_owned(), expression("$states.input")),
                ],
                output: None,
                next: names::PARK.to_owned(),
            }],
        };
        Task {
            comment: compensation
                .and_then(|pair| pair.comment.as_deref())
                .map(comment),
            resource: LAMBDA_INVOKE.to_owned(),
            arguments: Some(self.invocation(call, payload)),
            timeout_seconds: Some(Number::Literal(policy.timeout.unwrap_or(DEFAULT_TIMEOUT))),
            heartbeat_seconds: seconds(policy.heartbeat),
            retry: retry::compensation(self.step(call), policy),
            catch,
            assign: Vec::new(),
            output: Some(expression("$states.input")),
            next: Next::To(next.to_owned()),
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

    fn action_payload(&self, call: &Call, path: &Path) -> Vec<(String, Template)> {
        let mut payload = vec![
            ("saga".to_owned(), expression(SAGA)),
            ("step".to_owned(), text(&call.state)),
        ];
        let step = self.step(call);
        // What comes at or after the point of no return is finished, however late; a pivot is still refused in time.
        let may_be_late = path.beyond_return || matches!(step.kind, ir::Kind::Retriable);
        if let Some(deadline) = self.saga.deadline.filter(|_| !may_be_late) {
            payload.push(("deadline".to_owned(), Template::Number(deadline.into())));
        }
        let is_first = call.id == CallId(0);
        if is_first && self.flow.input.is_some() {
            payload.push(("start".to_owned(), self.start(call)));
        }
        let place = if is_first {
            Place::FirstArguments
        } else {
            Place::Arguments
        };
        let args = call
            .args
            .iter()
            .map(|(name, value)| (name.clone(), lower_value(&self.variables, value, place)));
        payload.push(("input".to_owned(), Template::Object(args.collect())));
        payload
    }

    /// The flow's whole input, which the first handler checks against its type, before the first effect.
    fn start(&self, call: &Call) -> Template {
        let flow = text(&names::plain(&self.flow.ident));
        let whole =
            |(_, value): &&(String, Value)| matches!(value, Value::Input(path) if path.is_empty());
        let input = match call.args.iter().find(whole) {
            // It is there already, and need not be sent twice.
            Some((arg, _)) => ("arg".to_owned(), text(arg)),
            None => (
                "input".to_owned(),
                expression("$states.context.Execution.Input"),
            ),
        };
        Template::Object(vec![("flow".to_owned(), flow), input])
    }

    fn assign_output(&self, call: &Call) -> Assign {
        let variable = self.variables.get(call.id);
        variable
            .map(|name| (name.to_owned(), expression("$states.result.Payload")))
            .into_iter()
            .collect()
    }
}

fn seconds(duration: Option<(u64, proc_macro2::Span)>) -> Option<Number> {
    duration.map(|(seconds, _)| Number::Literal(seconds))
}

/// A definite no goes past the step's own compensation, anything else to it.
fn catch_all(mut definite: Vec<String>, no_effect: &str, unknown: &str) -> Vec<Catcher> {
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
fn catcher(errors: Vec<String>, next: &str) -> Catcher {
    Catcher {
        comment: None,
        error_equals: errors,
        assign: Vec::new(),
        output: None,
        next: next.to_owned(),
    }
}

/// Tells the parking queue, and waits until an operator answers with the token.
pub(super) fn park() -> Task {
    let message = Template::Object(vec![
        ("token".to_owned(), expression("$states.context.Task.Token")),
        (
            "saga".to_owned(),
            expression("$states.context.Execution.Id"),
        ),
        ("step".to_owned(), expression(&format!("${}", names::STUCK))),
        ("error".to_owned(), expression("$states.input")),
    ]);
    Task {
        comment: Some("Waits until an operator resumes the compensation that is stuck".to_owned()),
        resource: SEND_AND_WAIT.to_owned(),
        arguments: Some(Template::Object(vec![
            (
                "QueueUrl".to_owned(),
                text(&format!("${{{}}}", names::PARKING_QUEUE)),
            ),
            ("MessageBody".to_owned(), message),
        ])),
        timeout_seconds: Some(Number::Literal(ANNOUNCE_AGAIN)),
        heartbeat_seconds: None,
        retry: retry::park(),
        catch: Vec::new(),
        assign: Vec::new(),
        output: Some(expression(&format!("${}", names::FAILURE))),
        next: Next::To(names::RESUME.to_owned()),
    }
}

fn expression(jsonata: &str) -> Template {
    Template::Expression(Expression(jsonata.to_owned()))
}

fn text(text: &str) -> Template {
    Template::String(text.to_owned())
}
