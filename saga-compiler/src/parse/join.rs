//! Reads `join!(..)?`.

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Expr, ExprMacro, Path, Token};

use super::block::{Seat, Worth, local, wrong};
use super::call::{Called, Callee};
use super::flow::{ConfigFinder, FlowParser, Graph, peel_expr};
use crate::errors::first_span;
use crate::ir::{self, End, Join, JoinBranch, Node, Ty, Value};
use crate::names;

/// The macro of the runtime is a function of so many arguments.
const MOST_BRANCHES: usize = 40;

impl FlowParser<'_> {
    /// Reads `join!(..)?`; `None` when the expression is something else.
    pub(super) fn parse_join(&mut self, nodes: &mut Vec<Node>, expr: &Expr) -> Option<Worth> {
        match peel_expr(expr) {
            Expr::Try(asked) => match peel_expr(&asked.expr) {
                Expr::Macro(expr) if is_join(&expr.mac.path) => {
                    return Some(self.parse_branches(nodes, expr));
                }
                Expr::Await(awaited) => {
                    let _ = joined(&awaited.base)?;
                    let message = "`join!` awaits its branches itself; write `join!(..)?`";
                    self.errors.error(awaited.await_token, message);
                }
                _ => return None,
            },
            expr => {
                let path = match expr {
                    Expr::Await(awaited) => joined(&awaited.base)?,
                    expr => joined(expr)?,
                };
                let message = "a branch of `join!` can fail, and the saga must then compensate; write `join!(..)?`";
                self.errors.error(path, message);
            }
        }
        Some(wrong(Seat::Value))
    }

    fn parse_branches(&mut self, nodes: &mut Vec<Node>, expr: &ExprMacro) -> Worth {
        let path = &expr.mac.path;
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let Ok(branches) = parser.parse2(expr.mac.tokens.clone()) else {
            let message = "`join!` takes calls of steps and `async` blocks; write `join!(a.f(&x), async { … })`";
            self.errors.error(path, message);
            return wrong(Seat::Value);
        };
        if branches.len() < 2 || branches.len() > MOST_BRANCHES {
            let message = format_args!(
                "`join!` of {} has no use here; write from 2 to {MOST_BRANCHES} branches",
                branches.len()
            );
            self.errors.error(path, message);
        }
        let (mut join, mut values, mut types) = (Vec::new(), Vec::new(), Vec::new());
        for branch in &branches {
            ConfigFinder(self.errors).visit_expr(branch);
            let Some((block, ty)) = self.parse_branch(branch) else {
                continue;
            };
            let output = match &block.end {
                End::Return(value) if self.is_answer(value) && !may_end_early(&block) => {
                    self.give_answer()
                }
                _ => self.give(),
            };
            values.push(local(output));
            types.push(ty);
            join.push(JoinBranch { block, output });
        }
        if join.len() < branches.len() {
            return wrong(Seat::Value);
        }
        nodes.push(Node::Join(Join {
            state: names::JOIN.to_owned(),
            branches: join,
        }));
        (End::Value(Value::Array(values)), Ty::Tuple(types))
    }

    fn parse_branch(&mut self, expr: &Expr) -> Option<(ir::Block, Ty)> {
        let expr = peel_expr(expr);
        if let Expr::Async(expr) = expr {
            let before = self.errors.count();
            let parsed = self.in_graph(Graph::Branch, |parser| {
                parser.parse_block(&expr.block, Seat::Result)
            });
            if parsed.0.nodes.is_empty() && self.errors.count() == before {
                let message =
                    "this branch of `join!` calls no step; bind its value before the `join!`";
                self.errors.error(expr.async_token, message);
            }
            return Some(parsed);
        }
        match self.callee(expr) {
            Some(Callee::Step(participant, call)) => {
                let Called::Step(call, ty) = self.parse_step_call(participant, call) else {
                    return None;
                };
                let end = End::Return(local(call.output));
                let nodes = vec![Node::Call(*call)];
                return Some((ir::Block { nodes, end }, ty));
            }
            Some(Callee::Flow(name, _)) => {
                let message = format_args!(
                    "flow `{name}` is called in a `join!`, where Step Functions would stop it without compensating when another branch fails; call it before or after"
                );
                self.errors.error(name, message);
                return None;
            }
            None => {}
        }
        let message = match awaited_step(self, expr) {
            Some(step) => format!("`join!` awaits its branches itself; write `.{step}(..)` alone"),
            None => "a branch of `join!` is the call of a step, or an `async` block that ends in `Ok(…)`; write one of them".to_owned(),
        };
        self.errors.at(first_span(expr), message);
        None
    }
}

/// Whether the block has more ends than the one at its end.
fn may_end_early(block: &ir::Block) -> bool {
    let nodes = &mut block.nodes.iter();
    nodes.any(|node| matches!(node, Node::Branch(_) | Node::Attempt(_)))
}

/// The step of `participant.step(..).await` or `….await?`.
fn awaited_step(parser: &FlowParser<'_>, expr: &Expr) -> Option<proc_macro2::Ident> {
    match peel_expr(expr) {
        Expr::Try(expr) => awaited_step(parser, &expr.expr),
        Expr::Await(expr) => parser.callee_name(&expr.base),
        _ => None,
    }
}

/// The path of `join!(..)`.
fn joined(expr: &Expr) -> Option<&Path> {
    match peel_expr(expr) {
        Expr::Macro(expr) if is_join(&expr.mac.path) => Some(&expr.mac.path),
        _ => None,
    }
}

/// The runtime's macro, not one of a crate that happens to call its own so.
pub(super) fn is_join(path: &Path) -> bool {
    is_runtime(path, "join")
}

/// Whether a path names something of the runtime.
pub(super) fn is_runtime(path: &Path, name: &str) -> bool {
    let mut reversed = path.segments.iter().rev().map(|segment| &segment.ident);
    let last = reversed.next();
    let owner = reversed.next();
    last.is_some_and(|last| last == name)
        && owner.is_none_or(|owner| owner == "saga_runtime" || owner == "prelude")
}
