//! A compensation that is stuck: the task that tells an operator and waits, the way back to it, and the way on without it.

use saga_asl::{
    Catcher, Choice, ChoiceRule, Condition, Expression, Next, Number, State, StateName, Succeed,
    Task, Template,
};

use super::retry;
use super::scope::Scope;
use super::task::{expression, text};
use super::undo::set_output;
use crate::names;

const SEND_AND_WAIT: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";

/// A parked saga is announced again after a day, because its message may have expired or been lost.
const ANNOUNCE_AGAIN: u64 = 86_400;

/// The names under which a graph parks: inner graphs may not assign the variables of those around them.
pub(super) struct Park {
    pub(super) state: StateName,
    resume: StateName,
    skip: StateName,
    end: StateName,
    /// The variables with the action, and with what the chain carries.
    stuck: String,
    failure: String,
    /// The key under which the chain carries what was skipped.
    skipped: String,
}

/// What may be parked, where an operator's answer leads back to, and where past it: nowhere, if the graph ends there.
pub(super) struct Parked {
    pub(super) action: StateName,
    pub(super) back: StateName,
    pub(super) past: Option<StateName>,
}

impl Park {
    pub(super) fn of(scope: &Scope<'_>, graph: &str) -> Self {
        let named = |top: &str, inner: fn(&str) -> StateName| {
            if scope.is_top {
                top.to_owned()
            } else {
                inner(graph)
            }
        };
        Self {
            state: named(names::PARK, names::park_in),
            resume: named(names::RESUME, names::resume_in),
            skip: named(names::SKIP, names::skip_in),
            end: named(names::END, names::end_in),
            stuck: names::at_depth(names::STUCK, scope.depth),
            failure: names::at_depth(names::FAILURE, scope.depth),
            skipped: names::at_depth(names::SKIPPED, scope.depth),
        }
    }

    /// Has a task that is stuck wait for an operator.
    pub(super) fn catcher(&self, action: &str) -> Catcher {
        Catcher {
            comment: None,
            error_equals: vec!["States.ALL".to_owned()],
            assign: vec![
                (self.stuck.clone(), text(action)),
                // The error is what `park` tells; what the chain carries waits in a variable.
                (self.failure.clone(), expression("$states.input")),
            ],
            output: None,
            next: self.state.clone(),
        }
    }

    /// The states of a graph that parks.
    pub(super) fn states(&self, scope: &Scope<'_>, parked: &[Parked]) -> Vec<(StateName, State)> {
        let past = |parked: &Parked| parked.past.clone().unwrap_or_else(|| self.end.clone());
        let mut states = Vec::new();
        // One that is alone needs nobody to tell which it was.
        let (resume, skip) = if let [only] = parked {
            (only.back.clone(), past(only))
        } else {
            let back = parked.iter().map(|one| (one, one.back.clone()));
            states.push((self.resume.clone(), self.choose(back)));
            let past = parked.iter().map(|one| (one, past(one)));
            states.push((self.skip.clone(), self.choose(past)));
            (self.resume.clone(), self.skip.clone())
        };
        let task = State::Task(self.task(scope, resume, skip));
        states.insert(0, (self.state.clone(), task));
        if parked.iter().any(|one| one.past.is_none()) {
            let end = State::Succeed(Succeed {
                comment: None,
                output: Some(self.told()),
            });
            states.push((self.end.clone(), end));
        }
        states
    }

    /// Tells the parking queue, and waits until an operator answers with the token.
    fn task(&self, scope: &Scope<'_>, resume: StateName, skip: StateName) -> Task {
        let (failure, stuck) = (format!("${}", self.failure), format!("${}", self.stuck));
        let saga = if scope.is_distributed() {
            format!("$substringBefore({failure}.saga, '#')")
        } else {
            "$states.context.Execution.Id".to_owned()
        };
        let mut message = vec![
            ("token".to_owned(), expression("$states.context.Task.Token")),
            ("saga".to_owned(), expression(&saga)),
            ("step".to_owned(), expression(&stuck)),
        ];
        if scope.hands_on() {
            message.push(("item".to_owned(), expression(&format!("{failure}.item"))));
        }
        message.push(("error".to_owned(), expression("$states.input")));
        Task {
            comment: Some(
                "Waits until an operator resumes the compensation that is stuck".to_owned(),
            ),
            resource: SEND_AND_WAIT.to_owned(),
            arguments: Some(Template::Object(vec![
                (
                    "QueueUrl".to_owned(),
                    text(&format!("${{{}}}", names::PARKING_QUEUE)),
                ),
                ("MessageBody".to_owned(), Template::Object(message)),
            ])),
            credentials: None,
            timeout_seconds: Some(Number::Literal(ANNOUNCE_AGAIN)),
            heartbeat_seconds: None,
            retry: retry::park(),
            catch: vec![self.skipping(scope, skip)],
            assign: Vec::new(),
            output: Some(expression(&failure)),
            next: Next::To(resume),
        }
    }

    /// Goes on without the compensation, and has the chain carry that to the saga's end.
    fn skipping(&self, scope: &Scope<'_>, next: StateName) -> Catcher {
        let (failure, key) = (format!("${}", self.failure), &self.skipped);
        let stuck = if scope.hands_on() {
            format!("${} & $string({failure}.item)", self.stuck)
        } else {
            format!("${}", self.stuck)
        };
        let told = format!("{stuck} & ' is not compensated: ' & $states.errorOutput.Cause & '; '");
        Catcher {
            comment: None,
            error_equals: vec![retry::SKIPPED.to_owned()],
            assign: Vec::new(),
            output: Some(expression(&format!(
                "$merge([{failure}, {{'{key}': {failure}.{key} & {told}}}])"
            ))),
            next,
        }
    }

    /// What a graph gives in which nothing else is to tell: what was skipped in it, mostly an empty text.
    fn told(&self) -> Template {
        expression(&format!("$states.input.{} & ''", self.skipped))
    }

    /// Has each state of a graph hand on what was skipped so far. What comes with it the last one drops: that of all items would add up.
    pub(super) fn hand_on(&self, state: &mut State, is_last: bool) {
        let key = &self.skipped;
        // What a loop or a join gives is what was skipped inside.
        let so_far = format!("$states.input.{key} & $join($states.result)");
        let output = match (&*state, is_last) {
            (State::Map(_) | State::Parallel(_), true) => expression(&so_far),
            (State::Map(_) | State::Parallel(_), false) => {
                expression(&format!("$merge([$states.input, {{'{key}': {so_far}}}])"))
            }
            (_, true) => self.told(),
            (_, false) => return,
        };
        set_output(state, output);
    }

    /// Goes where the parked action says.
    fn choose<'p>(&self, ways: impl Iterator<Item = (&'p Parked, StateName)>) -> State {
        let choices = ways.map(|(parked, next)| ChoiceRule {
            comment: None,
            condition: Condition::Expression(Expression(format!(
                "${} = '{}'",
                self.stuck, parked.action
            ))),
            assign: Vec::new(),
            output: None,
            next,
        });
        State::Choice(Choice {
            comment: None,
            choices: choices.collect(),
            // Cannot be reached; if it ever is, an operator must know.
            default: Some(self.state.clone()),
            assign: Vec::new(),
            output: None,
        })
    }
}
