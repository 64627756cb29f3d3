//! Reads `match step(..).await { Ok(..) => .., Err(..) => .. }`: the alternatives to a rejection.

use proc_macro2::Ident;
use syn::{Arm, Expr, ExprMatch, Pat, PatIdent, Path, Stmt};

use super::block::{Seat, Worth, local, untyped, wrong};
use super::branch::{guarded, types_of};
use super::call::Called;
use super::flow::{FlowParser, is_path, peel_expr};
use crate::errors::first_span;
use crate::ir::{self, Alternative, Attempt, Node, Ty, Value};
use crate::names;

/// What an arm stands for.
enum Case<'e> {
    Ok(&'e Pat),
    /// Variants by index, with their names.
    Rejected(Vec<(usize, &'e Ident)>),
    /// Every other error, which compensates.
    Rest(Option<&'e Ident>),
    Wrong,
}

/// The arms of an attempt, read.
#[derive(Default)]
struct Arms {
    ok: Option<(ir::Block, Ty)>,
    alternatives: Vec<(Alternative, Ty)>,
}

impl FlowParser<'_> {
    pub(super) fn parse_attempt(
        &mut self, nodes: &mut Vec<Node>, expr: &ExprMatch, seat: Seat,
    ) -> Worth {
        let called = self.parse_awaited(&expr.expr);
        let (call, ty) = match called {
            Some(Called::Step(call, ty)) => (call, ty),
            Some(called @ Called::Flow(..)) => {
                let message = "a flow that is called ends with success or fails as a whole; write `.await?` behind the call, and `match` its output";
                self.errors.at(called.span(), message);
                return wrong(seat);
            }
            Some(Called::Wrong) | None => return wrong(seat),
        };
        let declarations = self.declarations;
        let step = &declarations.participants[call.participant].steps[call.step];
        let ir::StepErrorKind::Enum(error) = step.error.kind else {
            let message = format_args!(
                "step `{}` is never rejected, so there is nothing to match; write `.await?`",
                step.ident
            );
            self.errors.at(call.span, message);
            return wrong(seat);
        };
        let error = &declarations.errors[error];
        let cases: Vec<(Case<'_>, &Arm)> = expr
            .arms
            .iter()
            .map(|arm| (self.parse_case(error, &step.ident, arm), arm))
            .collect();
        if cases.iter().any(|(case, _)| matches!(case, Case::Wrong)) {
            return wrong(seat);
        }
        let output = local(call.output);
        if !cases
            .iter()
            .any(|(case, _)| matches!(case, Case::Rejected(_)))
        {
            return self.parse_plain_call(nodes, *call, &ty, &cases, seat);
        }
        let mut arms = Arms::default();
        for (case, arm) in &cases {
            self.parse_attempt_arm(&mut arms, case, arm, &output, &ty, seat);
        }
        self.end_attempt(nodes, *call, arms, expr, seat)
    }

    /// Without alternatives, it is a call like any other.
    fn parse_plain_call(
        &mut self, nodes: &mut Vec<Node>, call: ir::Call, ty: &Ty, cases: &[(Case<'_>, &Arm)],
        seat: Seat,
    ) -> Worth {
        let output = local(call.output);
        nodes.push(Node::Call(call));
        let mut worth = wrong(seat);
        for (case, arm) in cases {
            match case {
                Case::Ok(pattern) => {
                    worth = self.scoped(|parser| {
                        parser.bind_success(pattern, &output, ty);
                        parser.parse_end(nodes, &arm.body, seat)
                    });
                }
                Case::Rest(name) => self.check_handed_on(*name, &arm.body, seat),
                Case::Rejected(_) | Case::Wrong => {}
            }
        }
        worth
    }

    fn parse_attempt_arm(
        &mut self, arms: &mut Arms, case: &Case<'_>, arm: &Arm, output: &Value, ty: &Ty, seat: Seat,
    ) {
        match case {
            Case::Ok(pattern) => {
                let parsed = self.scoped(|parser| {
                    parser.bind_success(pattern, output, ty);
                    parser.parse_arm_body(&arm.body, seat.of_arm())
                });
                arms.ok.get_or_insert(parsed);
            }
            Case::Rejected(variants) => {
                let seen = arms.alternatives.iter().flat_map(|(arm, _)| &arm.variants);
                let seen: Vec<usize> = seen.map(|(variant, _)| *variant).collect();
                if let Some((_, again)) =
                    variants.iter().find(|(variant, _)| seen.contains(variant))
                {
                    let message = format_args!(
                        "`{again}` has an arm already, so this is never reached; remove it"
                    );
                    self.errors.error(again, message);
                }
                let (block, ty) =
                    self.scoped(|parser| parser.parse_arm_body(&arm.body, seat.of_arm()));
                let variants = variants.iter();
                let alternative = Alternative {
                    variants: variants
                        .map(|(variant, name)| (*variant, name.span()))
                        .collect(),
                    block,
                };
                arms.alternatives.push((alternative, ty));
            }
            Case::Rest(name) => self.check_handed_on(*name, &arm.body, seat),
            Case::Wrong => {}
        }
    }

    fn end_attempt(
        &mut self, nodes: &mut Vec<Node>, call: ir::Call, arms: Arms, expr: &ExprMatch, seat: Seat,
    ) -> Worth {
        let Some((ok, ok_ty)) = arms.ok else {
            // The patterns do not cover everything.
            let name = Ident::new("Ok", expr.match_token.span);
            self.leave_to_rustc(&name);
            return wrong(seat);
        };
        let blocks = || arms.alternatives.iter().map(|(arm, ty)| (&arm.block, ty));
        let ty = types_of([(&ok, &ok_ty)].into_iter().chain(blocks()), seat);
        let all = [&ok].into_iter().chain(blocks().map(|(block, _)| block));
        let (output, end) = self.settle(all, seat);
        nodes.push(Node::Attempt(Attempt {
            call,
            ok,
            alternatives: arms.alternatives.into_iter().map(|(arm, _)| arm).collect(),
            output,
        }));
        (end, ty)
    }

    fn bind_success(&mut self, pattern: &Pat, output: &Value, ty: &Ty) {
        if self.bind_pattern(pattern, output, ty).is_some() {
            let message =
                "this pattern need not match; write a name here, and `match` it in the arm";
            self.errors.at(first_span(pattern), message);
        }
    }

    fn parse_case<'e>(&mut self, error: &ir::ErrorEnum, step: &Ident, arm: &'e Arm) -> Case<'e> {
        let (pattern, guard) = guarded(&arm.pat);
        if let Some(guard) = guard {
            let message = "an arm over a step's answer takes no guard; write an `if` in the arm";
            self.errors.at(first_span(guard), message);
            return Case::Wrong;
        }
        let cases = alternatives(pattern);
        if let [Some(("Ok", inner))] = cases.as_slice() {
            return Case::Ok(inner);
        }
        let mut variants = Vec::new();
        let mut rest = None;
        for case in cases {
            let Some(("Err", inner)) = case else {
                let message = "over a step's answer, each arm is for `Ok(..)` or for `Err(..)`; write them out";
                self.errors.at(first_span(pattern), message);
                return Case::Wrong;
            };
            for inner in flatten(inner) {
                match untyped(inner) {
                    Pat::Wild(_) => rest = Some(None),
                    Pat::Ident(name) if is_binding(error, name) => rest = Some(Some(&name.ident)),
                    pattern => match self.parse_rejected(error, step, pattern) {
                        Some(variant) => variants.push(variant),
                        None => return Case::Wrong,
                    },
                }
            }
        }
        match rest {
            Some(name) => Case::Rest(name),
            None => Case::Rejected(variants),
        }
    }

    /// `StockError::OutOfStock { .. }`
    fn parse_rejected<'e>(
        &mut self, error: &ir::ErrorEnum, step: &Ident, pattern: &'e Pat,
    ) -> Option<(usize, &'e Ident)> {
        let path = match pattern {
            Pat::Path(pattern) => &pattern.path,
            Pat::Struct(pattern) => {
                let bound = pattern
                    .fields
                    .iter()
                    .find(|field| !matches!(*field.pat, Pat::Wild(_)));
                self.refuse_error_data(bound.map(|field| &*field.pat));
                &pattern.path
            }
            Pat::TupleStruct(pattern) => {
                let bound = pattern
                    .elems
                    .iter()
                    .find(|element| !matches!(element, Pat::Wild(_) | Pat::Rest(_)));
                self.refuse_error_data(bound);
                &pattern.path
            }
            Pat::Ident(pattern) if pattern.subpat.is_none() => {
                self.refuse_bare_rejection(error, &pattern.ident);
                return None;
            }
            other => {
                self.refuse_error_data(Some(other));
                return None;
            }
        };
        let index = self.rejected_variant(error, path)?;
        let (variant, name) = (&error.variants[index], &path.segments.last()?.ident);
        if variant.transient {
            let message = format_args!(
                "`{name}` is transient, and after it nobody knows whether an earlier delivery of `{step}` took effect; remove it here, and the saga tries again, then compensates"
            );
            self.errors.error(name, message);
        }
        Some((index, name))
    }

    fn rejected_variant(&mut self, error: &ir::ErrorEnum, path: &Path) -> Option<usize> {
        let mut reversed = path.segments.iter().rev().map(|segment| &segment.ident);
        let variant = reversed.next()?;
        let Some(owner) = reversed.next() else {
            self.refuse_bare_rejection(error, variant);
            return None;
        };
        let named = |candidate: &ir::ErrorVariant| candidate.ident == *variant;
        let index = error.variants.iter().position(named);
        // An alias of the enum, or a misspelt name.
        if *owner != error.ident {
            self.leave_to_rustc(owner);
        } else if index.is_none() {
            self.leave_to_rustc(variant);
        }
        index
    }

    fn refuse_bare_rejection(&mut self, error: &ir::ErrorEnum, variant: &Ident) {
        let message = format_args!(
            "a variant needs its enum's name here; write `{}::{variant}`",
            error.ident
        );
        self.errors.error(variant, message);
    }

    fn refuse_error_data(&mut self, bound: Option<&Pat>) {
        if let Some(bound) = bound {
            let message = "what a rejection carries stays in the participant's answer; write the variant with `..` instead";
            self.errors.at(first_span(bound), message);
        }
    }

    /// Errors that no arm names must compensate: nobody knows what they left behind.
    fn check_handed_on(&mut self, name: Option<&Ident>, body: &Expr, seat: Seat) {
        let error = handed_on(body, seat == Seat::Result);
        let same = |error: &Expr, name: &Ident| match converted(error) {
            Expr::Path(path) => path.path.is_ident(name),
            _ => false,
        };
        if let (Some(error), Some(name)) = (error, name)
            && same(error, name)
        {
            return;
        }
        let message = "every other error compensates the saga, because nobody knows what it left; write `Err(other) => return Err(other.into())`";
        self.errors.at(first_span(body), message);
    }
}

/// Whether an identifier in a pattern binds, and is no variant without its enum.
fn is_binding(error: &ir::ErrorEnum, pattern: &PatIdent) -> bool {
    let name = names::plain(&pattern.ident);
    let is_variant = |variant: &ir::ErrorVariant| variant.ident == name;
    pattern.subpat.is_none() && !error.variants.iter().any(is_variant)
}

/// The alternatives of a pattern, each as `Ok` or `Err` and what stands in it.
fn alternatives(pattern: &Pat) -> Vec<Option<(&'static str, &Pat)>> {
    let alternatives = flatten(pattern).into_iter().map(|pattern| {
        let Pat::TupleStruct(pattern) = pattern else {
            return None;
        };
        let last = &pattern.path.segments.last()?.ident;
        let word = ["Ok", "Err"].into_iter().find(|word| last == word)?;
        let mut elements = pattern.elems.iter();
        match (elements.next(), elements.next()) {
            (Some(inner), None) => Some((word, inner)),
            _ => None,
        }
    });
    alternatives.collect()
}

/// `A | B` as A and B.
fn flatten(pattern: &Pat) -> Vec<&Pat> {
    match pattern {
        Pat::Or(or) => or.cases.iter().flat_map(flatten).collect(),
        Pat::Paren(paren) => flatten(&paren.pat),
        pattern => vec![pattern],
    }
}

/// The `e` of `return Err(e)`, `Err(e)?` and, at the end of a flow, `Err(e)`.
fn handed_on(body: &Expr, at_end: bool) -> Option<&Expr> {
    match peel_expr(body) {
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [Stmt::Expr(expr, semi)] => handed_on(expr, at_end && semi.is_none()),
            _ => None,
        },
        Expr::Return(expr) => handed_on(expr.expr.as_ref()?, true),
        Expr::Try(expr) => handed_on(&expr.expr, true),
        Expr::Call(call) if at_end && is_path(&call.func, "Err") => call.args.first(),
        _ => None,
    }
}

/// The `e` of `e.into()` and `Rejection::from(e)`.
fn converted(error: &Expr) -> &Expr {
    match peel_expr(error) {
        Expr::MethodCall(call) if call.method == "into" => peel_expr(&call.receiver),
        Expr::Call(call) if is_path(&call.func, "from") => {
            call.args.first().map_or(error, peel_expr)
        }
        error => error,
    }
}
