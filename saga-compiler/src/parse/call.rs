//! Reads the call of a step: `participant.step(..).await?`, and what is nearly one.

use syn::{Expr, ExprMethodCall};

use super::flow::FlowParser;
use crate::ir::{self, Ty};
use crate::names;

/// A step's call.
pub(super) enum Step {
    Call(Box<ir::Call>, Ty),
    /// Reported, or rustc's to report.
    Wrong,
}

impl FlowParser<'_> {
    /// Reads `participant.step(..).await?`; `None` when the expression is something else.
    pub(super) fn parse_call(&mut self, expr: &Expr) -> Option<Step> {
        match expr {
            Expr::Paren(paren) => self.parse_call(&paren.expr),
            Expr::Group(group) => self.parse_call(&group.expr),
            Expr::Try(expr) => self.parse_awaited(&expr.expr),
            Expr::Await(awaited) => {
                let (_, call) = self.step_call(&awaited.base)?;
                let message = format_args!(
                    "step `{}` can fail, and the saga must then compensate; write `.await?`",
                    call.method
                );
                self.errors.error(awaited.await_token, message);
                Some(Step::Wrong)
            }
            expr => {
                let (_, call) = self.step_call(expr)?;
                let step = &call.method;
                let message = format_args!(
                    "step `{step}` is called but not awaited; write `.{step}(..).await?`"
                );
                self.errors.error(step, message);
                Some(Step::Wrong)
            }
        }
    }

    /// Reads `participant.step(..).await`, whose `?` stands outside.
    pub(super) fn parse_awaited(&mut self, expr: &Expr) -> Option<Step> {
        let Expr::Await(awaited) = expr else {
            return self.step_call(expr).and_then(|_| self.parse_call(expr));
        };
        let (participant, call) = self.step_call(&awaited.base)?;
        Some(self.parse_step_call(participant, call))
    }

    /// A method call on a participant.
    fn step_call<'e>(&self, expr: &'e Expr) -> Option<(usize, &'e ExprMethodCall)> {
        match expr {
            Expr::MethodCall(call) => Some((self.participant_receiver(&call.receiver)?, call)),
            Expr::Paren(paren) => self.step_call(&paren.expr),
            _ => None,
        }
    }

    /// The participant that a method is called on, if it is one.
    fn participant_receiver(&self, receiver: &Expr) -> Option<usize> {
        match receiver {
            Expr::Path(path) => {
                let name = names::plain(path.path.get_ident()?);
                // A `let` may shadow a parameter.
                let shadowed = self.locals.contains_key(&name);
                if shadowed {
                    None
                } else {
                    self.participants.get(&name).copied()
                }
            }
            Expr::Paren(paren) => self.participant_receiver(&paren.expr),
            _ => None,
        }
    }

    fn parse_step_call(&mut self, participant_index: usize, call: &ExprMethodCall) -> Step {
        let participant = &self.declarations.participants[participant_index];
        let found = participant
            .steps
            .iter()
            .position(|step| step.ident == call.method);
        let Some(step_index) = found else {
            let method = &call.method;
            if participant
                .compensations
                .iter()
                .any(|compensation| compensation.ident == *method)
            {
                let message = format_args!(
                    "`{method}` is a compensation, which runs by itself when the saga fails; remove the call"
                );
                self.errors.error(method, message);
            } else {
                self.leave_to_rustc(method);
            }
            return Step::Wrong;
        };
        let step = &participant.steps[step_index];
        if step.params.len() != call.args.len() {
            self.leave_to_rustc(&call.method);
        }
        let values: Vec<ir::Value> = call
            .args
            .iter()
            .map(|argument| self.parse_value(argument).0)
            .collect();
        let args = step
            .params
            .iter()
            .map(|param| names::plain(&param.ident))
            .zip(values)
            .collect();
        let instance = self
            .instances
            .entry((participant_index, step_index))
            .or_default();
        *instance += 1;
        let state = names::step_state(&participant.name, &names::plain(&step.ident), *instance);
        let id = ir::CallId(self.calls);
        self.calls += 1;
        let call = ir::Call {
            id,
            participant: participant_index,
            step: step_index,
            state,
            args,
            binding: None,
            span: call.method.span(),
        };
        Step::Call(Box::new(call), step.output.ty.clone())
    }
}
