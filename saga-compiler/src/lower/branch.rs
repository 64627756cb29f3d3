//! `if` and `match`: a Choice over values, a Catch over a step's rejections.

use saga_asl as asl;
use saga_asl::Template;

use crate::ir::{self, Block};
use crate::names;

use super::block::entry;
use super::exit::{After, handed_on};
use super::scope::{Cx, Own, Scope};
use super::walk::falls_through;
use super::{Lowering, Path, States, Undo};

/// An arm that was lowered.
struct Arm {
    assign: asl::Assign,
    output: Option<Template>,
    next: asl::StateName,
    path: Path,
    goes_on: bool,
}

impl Arm {
    /// The way into an alternative path.
    fn catcher(&self, scope: &Scope<'_>, errors: Vec<String>) -> asl::Catcher {
        asl::Catcher {
            comment: None,
            error_equals: errors,
            assign: self.assign.clone(),
            // A catcher's own output is the error.
            output: self.output.clone().or_else(|| handed_on(scope)),
            next: self.next.clone(),
        }
    }
}

impl<'a> Lowering<'a> {
    pub(super) fn lower_branch(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path, branch: &'a ir::Branch,
        after: &After<'a>,
    ) {
        let mut inner = States::default();
        let mut arms = Vec::new();
        for (index, arm) in branch.arms.iter().enumerate() {
            let mut lowered = self.lower_arm(&mut inner, scope, path, &arm.block, after);
            self.record(&mut lowered.assign, &branch.state, index);
            arms.push(lowered);
        }
        let cx = Cx::safe(scope);
        let mut choices = Vec::new();
        let mut choice = asl::Choice {
            comment: None,
            choices: Vec::new(),
            default: None,
            assign: Vec::new(),
            output: None,
        };
        for (arm, lowered) in branch.arms.iter().zip(&arms) {
            let (assign, output, next) = (
                lowered.assign.clone(),
                lowered.output.clone(),
                lowered.next.clone(),
            );
            match &arm.condition {
                Some(condition) => choices.push(asl::ChoiceRule {
                    comment: None,
                    condition: self.condition(&cx, condition),
                    assign,
                    output,
                    next,
                }),
                None => {
                    (choice.assign, choice.output, choice.default) = (assign, output, Some(next));
                }
            }
        }
        choice.choices = choices;
        states
            .forward
            .push((branch.state.clone(), asl::State::Choice(choice)));
        states.forward.append(&mut inner.forward);
        states.undos.append(&mut inner.undos);
        states.stuck.append(&mut inner.stuck);
        let undo = names::compensation_state(&branch.state);
        self.merge(states, scope, path, (&branch.state, undo), &arms);
    }

    fn lower_arm(
        &self, inner: &mut States, scope: &Scope<'a>, path: &Path, block: &'a Block,
        after: &After<'a>,
    ) -> Arm {
        let mut path = path.clone();
        let goes_on = falls_through(block);
        if let Some(first) = block.nodes.first() {
            let next = entry(first).to_owned();
            self.lower_block(inner, scope, &mut path, block, after);
            return Arm {
                assign: Vec::new(),
                output: None,
                next,
                path,
                goes_on,
            };
        }
        let exit = self.complete(after, &block.end);
        let (assign, output, next) = self.leave_onwards(inner, scope, &path, &exit);
        Arm {
            assign,
            output,
            next,
            path,
            goes_on,
        }
    }

    fn condition(&self, cx: &Cx<'_>, value: &ir::Value) -> asl::Condition {
        match value {
            ir::Value::Bool(value) => asl::Condition::Literal(*value),
            value => asl::Condition::Expression(asl::Expression(self.expression(cx, value))),
        }
    }

    /// Keeps which arm was taken, where the compensation asks for it.
    fn record(&self, assign: &mut asl::Assign, state: &str, arm: usize) {
        if self.facts.recorded.contains(state) {
            let number = Template::Number(arm.into());
            assign.insert(0, (self.names.recorded(state), number));
        }
    }

    pub(super) fn lower_attempt(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path, attempt: &'a ir::Attempt,
        after: &After<'a>,
    ) {
        let call = &attempt.call;
        let before = path.clone();
        let (mut inner, mut alternatives) = (States::default(), States::default());
        let named: Vec<Vec<String>> = attempt
            .alternatives
            .iter()
            .map(|alternative| self.error_names_of(call, alternative))
            .collect();
        let mut task = self.action(scope, call, path, &named.concat());
        self.pass_call(states, scope, path, call);
        let mut arms = Vec::new();
        let own = Own::Call(call.output);
        let mut ok_path = path.clone();
        let goes_on = falls_through(&attempt.ok);
        let exit = match attempt.ok.nodes.first() {
            Some(first) => super::exit::Exit::to_state(entry(first)),
            None => self.complete(after, &attempt.ok.end),
        };
        let left = self.leave(&mut inner, scope, &ok_path, own, &exit);
        (task.assign, task.output, task.next) = (left.assign, left.output, left.next);
        self.record(&mut task.assign, &call.state, 0);
        self.lower_block(&mut inner, scope, &mut ok_path, &attempt.ok, after);
        arms.push(Arm {
            assign: Vec::new(),
            output: None,
            next: String::new(),
            path: ok_path,
            goes_on,
        });
        let mut catch = Vec::new();
        for (index, (alternative, errors)) in attempt.alternatives.iter().zip(named).enumerate() {
            let mut arm =
                self.lower_arm(&mut alternatives, scope, &before, &alternative.block, after);
            self.record(&mut arm.assign, &call.state, index + 1);
            catch.push(arm.catcher(scope, errors));
            arms.push(arm);
        }
        catch.append(&mut task.catch);
        task.catch = catch;
        states
            .forward
            .push((call.state.clone(), asl::State::Task(task)));
        for mut part in [inner, alternatives] {
            states.forward.append(&mut part.forward);
            states.undos.append(&mut part.undos);
            states.stuck.append(&mut part.stuck);
        }
        let undo = names::compensation_of_attempt(&call.state);
        self.merge(states, scope, path, (&call.state, undo), &arms);
    }

    fn error_names_of(&self, call: &ir::Call, alternative: &ir::Alternative) -> Vec<String> {
        let ir::StepErrorKind::Enum(index) = self.step(call).error.kind else {
            return Vec::new();
        };
        let error = &self.saga.errors[index];
        let variants = alternative.variants.iter();
        variants
            .filter_map(|(variant, _)| error.variants.get(*variant))
            .map(|variant| names::error_name(&error.ident, &variant.ident))
            .collect()
    }

    /// Where the arms meet again. What is undone from here depends on the arm that was taken.
    fn merge(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path,
        (state, undo): (&str, asl::StateName), arms: &[Arm],
    ) {
        let through: Vec<(usize, &Arm)> = arms
            .iter()
            .enumerate()
            .filter(|(_, arm)| arm.goes_on)
            .collect();
        path.beyond_return = through.iter().any(|(_, arm)| arm.path.beyond_return);
        let Some((_, last)) = through.last() else {
            return;
        };
        if !scope.is_top {
            return;
        }
        let before_them = arms.iter().map(|arm| &arm.path.undo);
        // Most often it is the arm without an effect that is the default.
        let shortest = before_them.clone().find(|undo| {
            through
                .iter()
                .filter(|(_, arm)| arm.path.undo == **undo)
                .count()
                > 1
        });
        let default = shortest.unwrap_or(&last.path.undo).clone();
        if through.iter().all(|(_, arm)| arm.path.undo == default) {
            path.undo = default;
            return;
        }
        let variable = self.names.recorded(state);
        let rules = through.iter().filter(|(_, arm)| arm.path.undo != default);
        let choices = rules.map(|(index, arm)| asl::ChoiceRule {
            comment: None,
            condition: asl::Condition::Expression(asl::Expression(format!(
                "${variable} = {index}"
            ))),
            assign: Vec::new(),
            output: None,
            next: arm.path.undo.clone(),
        });
        let choice = asl::Choice {
            comment: None,
            choices: choices.collect(),
            default: Some(default),
            assign: Vec::new(),
            output: None,
        };
        states.undos.push(Undo {
            state: undo.clone(),
            content: asl::State::Choice(choice),
            action: None,
            branch: Some(state.to_owned()),
        });
        path.undo = undo;
    }
}
