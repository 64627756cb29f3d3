//! Reads the call of a step or of another flow: `participant.step(..).await?`, and what is nearly one.

use proc_macro2::{Ident, Span};
use syn::{Expr, ExprCall, ExprMethodCall};

use super::flow::{FlowParser, peel_expr};
use crate::ir::{self, Ty};
use crate::names;

/// A call.
pub(super) enum Called {
    /// With the type of its output.
    Step(Box<ir::Call>, Ty),
    Flow(Box<ir::Nested>, Ty),
    /// Reported, or rustc's to report.
    Wrong,
}

impl Called {
    /// The name of what is called.
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Step(call, _) => call.span,
            Self::Flow(nested, _) => nested.span,
            Self::Wrong => Span::call_site(),
        }
    }
}

/// What a call names.
pub(super) enum Callee<'e> {
    Step(usize, &'e ExprMethodCall),
    Flow(&'e Ident, &'e ExprCall),
}

impl Callee<'_> {
    /// As messages name it.
    fn title(&self) -> String {
        match self {
            Self::Step(_, call) => format!("step `{}`", call.method),
            Self::Flow(name, _) => format!("flow `{name}`"),
        }
    }

    fn name(&self) -> &Ident {
        match self {
            Self::Step(_, call) => &call.method,
            Self::Flow(name, _) => name,
        }
    }
}

impl FlowParser<'_> {
    /// Reads `participant.step(..).await?` or `flow(..).await?`; `None` when the expression is something else.
    pub(super) fn parse_call(&mut self, expr: &Expr) -> Option<Called> {
        match peel_expr(expr) {
            Expr::Try(expr) => self.parse_awaited(&expr.expr),
            Expr::Await(awaited) => {
                let title = self.callee(&awaited.base)?.title();
                let message = format_args!(
                    "{title} can fail, and the saga must then compensate; write `.await?`"
                );
                self.errors.error(awaited.await_token, message);
                Some(Called::Wrong)
            }
            expr => {
                let callee = self.callee(expr)?;
                let (title, name) = (callee.title(), callee.name());
                let dot = if matches!(callee, Callee::Step(..)) {
                    "."
                } else {
                    ""
                };
                let message = format_args!(
                    "{title} is called but not awaited; write `{dot}{name}(..).await?`"
                );
                self.errors.error(name, message);
                Some(Called::Wrong)
            }
        }
    }

    /// Reads `participant.step(..).await`, whose `?` stands outside.
    pub(super) fn parse_awaited(&mut self, expr: &Expr) -> Option<Called> {
        let Expr::Await(awaited) = peel_expr(expr) else {
            return self.callee(expr).and_then(|_| self.parse_call(expr));
        };
        Some(match self.callee(&awaited.base)? {
            Callee::Step(participant, call) => self.parse_step_call(participant, call),
            Callee::Flow(name, call) => self.parse_flow_call(name, call),
        })
    }

    /// The step or the flow that an expression calls.
    pub(super) fn callee<'e>(&self, expr: &'e Expr) -> Option<Callee<'e>> {
        match peel_expr(expr) {
            Expr::MethodCall(call) => {
                let participant = self.participant_named(&call.receiver)?;
                Some(Callee::Step(participant, call))
            }
            Expr::Call(call) => {
                let name = self.flow_named(&call.func)?;
                Some(Callee::Flow(name, call))
            }
            _ => None,
        }
    }

    pub(super) fn callee_name(&self, expr: &Expr) -> Option<Ident> {
        self.callee(expr).map(|callee| callee.name().clone())
    }

    /// The participant that an expression names, if it is one.
    pub(super) fn participant_named(&self, expr: &Expr) -> Option<usize> {
        match peel_expr(expr) {
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
            _ => None,
        }
    }

    pub(super) fn parse_step_call(
        &mut self, participant_index: usize, call: &ExprMethodCall,
    ) -> Called {
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
            return Called::Wrong;
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
        let call = ir::Call {
            participant: participant_index,
            step: step_index,
            state: names::step_state(&participant.name, &names::plain(&step.ident)),
            args,
            output: self.give_answer(),
            span: call.method.span(),
        };
        Called::Step(Box::new(call), step.output.ty.clone())
    }
}
