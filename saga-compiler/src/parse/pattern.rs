//! Reads patterns: what a value must be, and what the names in it stand for. Types that do not fit are left to rustc.

use proc_macro2::{Ident, Span};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprRange, Pat, PatIdent, PatLit, PatOr, Path, RangeLimits, Token};

use super::data::describe;
use super::destructure::elements;
use super::flow::FlowParser;
use super::operator::binary;
use super::types::DataType;
use super::value::{UNKNOWN, is_constant};
use crate::errors::first_span;
use crate::ir::{Operator, Ty, Value};
use crate::names;

/// What a pattern asks of a value, and what it names.
#[derive(Default)]
pub(super) struct Matched {
    /// `None`: it always matches.
    pub(super) condition: Option<Value>,
    pub(super) bindings: Vec<(String, Value, Ty)>,
}

/// A value that a pattern looks at.
pub(super) type Seen = (Value, Ty);

impl Matched {
    /// The earlier conditions guard the later ones.
    pub(super) fn require(&mut self, condition: Value) {
        if condition == Value::Bool(true) {
            return;
        }
        self.condition = Some(match self.condition.take() {
            Some(first) => binary(Operator::And, first, condition),
            None => condition,
        });
    }
}

impl FlowParser<'_> {
    /// Reads a pattern over a value of that type.
    pub(super) fn parse_pattern(&mut self, pattern: &Pat, value: &Value, ty: &Ty) -> Matched {
        let mut matched = Matched::default();
        self.read_pattern(pattern, (value.clone(), ty.clone()), &mut matched);
        matched
    }

    pub(super) fn read_pattern(&mut self, pattern: &Pat, seen: Seen, matched: &mut Matched) {
        match pattern {
            Pat::Wild(_) => {}
            Pat::Paren(paren) => self.read_pattern(&paren.pat, seen, matched),
            Pat::Type(typed) => self.read_pattern(&typed.pat, seen, matched),
            Pat::Reference(reference) => {
                if let Some(mutability) = reference.mutability {
                    self.errors
                        .error(mutability, "a flow never changes a value; write `&`");
                }
                self.read_pattern(&reference.pat, seen, matched);
            }
            Pat::Ident(ident) => self.read_ident(ident, seen, matched),
            Pat::Lit(literal) => self.read_literal(literal, seen, matched),
            Pat::Range(range) => self.read_range(range, seen, matched),
            Pat::Or(or) => self.read_alternatives(or, &seen, matched),
            Pat::Tuple(tuple) => {
                let elements = self.elements_of_tuple(tuple.span(), &seen, tuple.elems.len());
                self.read_elements(tuple.span(), &tuple.elems, elements, matched);
            }
            Pat::Path(path) if path.qself.is_none() => self.read_path(&path.path, &seen, matched),
            Pat::TupleStruct(tuple) if tuple.qself.is_none() => {
                let elements = self.read_constructor(&tuple.path, &tuple.elems, &seen, matched);
                self.read_elements(tuple.path.span(), &tuple.elems, elements, matched);
            }
            Pat::Struct(pattern) if pattern.qself.is_none() => {
                self.read_struct(pattern, &seen, matched);
            }
            other => self.refuse_pattern(other, matched),
        }
    }

    fn refuse_pattern(&mut self, pattern: &Pat, matched: &mut Matched) {
        match pattern {
            Pat::Slice(slice) => {
                let message =
                    "a list has no pattern in a flow; write `for`, or let a step look into it";
                self.errors.at(slice.bracket_token.span.open(), message);
                self.read_elements(slice.span(), &slice.elems, None, matched);
            }
            Pat::Macro(pattern) => self.refuse_macro(&pattern.mac.path),
            other => {
                let message =
                    "this pattern is not part of a flow; bind the value, and compare it in a guard";
                self.errors.at(first_span(other), message);
            }
        }
    }

    fn read_ident(&mut self, pattern: &PatIdent, seen: Seen, matched: &mut Matched) {
        let name = names::plain(&pattern.ident);
        let is_plain =
            pattern.subpat.is_none() && pattern.by_ref.is_none() && pattern.mutability.is_none();
        if is_plain && self.is_no_binding(&pattern.ident, &seen, matched) {
            return;
        }
        if let Some(mutability) = pattern.mutability {
            self.errors
                .error(mutability, "a flow never changes a value; remove `mut`, and let a step add up what a loop collects with `push`");
        }
        matched
            .bindings
            .push((name, seen.0.clone(), seen.1.clone()));
        if let Some((_, pattern)) = &pattern.subpat {
            self.read_pattern(pattern, seen, matched);
        }
    }

    /// A bare name that means something already.
    fn is_no_binding(&mut self, ident: &Ident, seen: &Seen, matched: &mut Matched) -> bool {
        let name = names::plain(ident);
        let types = &self.declarations.types;
        if name == "None" {
            self.read_none(ident, seen, matched);
        } else if let Some(DataType::Unit) = types.get(&Ty::Named(name.clone())) {
            self.read_path(&Path::from(ident.clone()), seen, matched);
        } else if let Some(owner) = types.owner_of_variant(&name) {
            self.refuse_bare_variant(ident, &owner);
        } else if is_constant(&name) {
            self.refuse_constant(&Path::from(ident.clone()), ident);
        } else {
            return false;
        }
        true
    }

    pub(super) fn refuse_bare_variant(&mut self, ident: &Ident, owner: &str) {
        let message =
            format_args!("a variant needs its enum's name here; write `{owner}::{ident}`");
        self.errors.error(ident, message);
    }

    /// Whether a pattern may look into a type; reports it otherwise.
    pub(super) fn check_visible(&mut self, span: Span, ty: &Ty) -> bool {
        let declarations = self.declarations;
        let ty = declarations.types.resolve(ty);
        match (ty, declarations.types.get(ty)) {
            (Ty::Unknown, _) => false,
            (_, Some(DataType::Underived)) => {
                self.leave_to_contract(ty);
                false
            }
            (_, Some(DataType::Closed(reason))) => {
                let message = format_args!(
                    "{} {reason}, so a pattern cannot tell what its JSON holds; bind the value whole, or let a step decide",
                    describe(ty)
                );
                self.errors.at(span, message);
                false
            }
            (Ty::Named(_) | Ty::Opaque(_) | Ty::Timestamp, None) => {
                let message = format_args!(
                    "the JSON of {} is not known here; bind the value whole, or declare its type in this module, without generics",
                    describe(ty)
                );
                self.errors.at(span, message);
                false
            }
            _ => true,
        }
    }

    /// Leaves a pattern whose type is another to rustc.
    pub(super) fn leave_pattern_to_rustc(&mut self, span: Span) {
        self.leave_to_rustc(&Ident::new("pattern", span));
    }

    fn read_literal(&mut self, literal: &PatLit, seen: Seen, matched: &mut Matched) {
        let (value, ty) = self.parse_literal(literal, false);
        if ty == Ty::Unknown || !self.check_visible(literal.span(), &seen.1) {
            return;
        }
        if *self.declarations.types.resolve(&seen.1) == ty {
            matched.require(binary(Operator::Equal, seen.0, value));
        } else {
            self.leave_pattern_to_rustc(literal.span());
        }
    }

    fn read_range(&mut self, range: &ExprRange, seen: Seen, matched: &mut Matched) {
        let start = range.start.as_deref().map(|bound| self.read_bound(bound));
        let end = range.end.as_deref().map(|bound| self.read_bound(bound));
        let bounds = [start, end];
        if bounds.contains(&Some(None)) || !self.check_visible(range.span(), &seen.1) {
            return;
        }
        if *self.declarations.types.resolve(&seen.1) != Ty::Integer {
            self.leave_pattern_to_rustc(range.span());
            return;
        }
        let [start, end] = bounds.map(Option::flatten);
        let operator = match range.limits {
            RangeLimits::HalfOpen(_) => Operator::Less,
            RangeLimits::Closed(_) => Operator::LessOrEqual,
        };
        if let Some(start) = start {
            matched.require(binary(Operator::LessOrEqual, start, seen.0.clone()));
        }
        if let Some(end) = end {
            matched.require(binary(operator, seen.0, end));
        }
    }

    fn read_bound(&mut self, bound: &Expr) -> Option<Value> {
        match self.parse_value(bound) {
            (_, Ty::Unknown) => None,
            (value @ Value::Integer(_), Ty::Integer) => Some(value),
            _ => {
                let message = "a range in a pattern has integers as its bounds; bind the value, and compare it in a guard";
                self.errors.error(bound, message);
                None
            }
        }
    }

    fn read_alternatives(&mut self, or: &PatOr, seen: &Seen, matched: &mut Matched) {
        let mut any: Option<Value> = None;
        let mut always = false;
        let mut reported = false;
        for case in &or.cases {
            let found = self.parse_pattern(case, &seen.0, &seen.1);
            if !found.bindings.is_empty() && !reported {
                reported = true;
                let message = "alternatives bind nothing in a flow; write an arm for each, or `_` for the name";
                self.errors.at(first_span(case), message);
            }
            for (name, ..) in found.bindings {
                matched.bindings.push((name, Value::Null, Ty::Unknown));
            }
            any = match (any, found.condition) {
                (Some(any), Some(condition)) => Some(binary(Operator::Or, any, condition)),
                (None, Some(condition)) => Some(condition),
                (any, None) => {
                    always = true;
                    any
                }
            };
        }
        if let Some(any) = any
            && !always
        {
            matched.require(any);
        }
    }

    fn elements_of_tuple(&mut self, span: Span, seen: &Seen, patterns: usize) -> Option<Vec<Seen>> {
        let declarations = self.declarations;
        if let Ty::Tuple(types) = declarations.types.resolve(&seen.1) {
            return Some(elements(&seen.0, types));
        }
        if self.check_visible(span, &seen.1) || patterns == 0 {
            self.leave_pattern_to_rustc(span);
        }
        None
    }

    /// Patterns one after the other, perhaps with `..` among them; without values, only for their names.
    fn read_elements(
        &mut self, span: Span, patterns: &Punctuated<Pat, Token![,]>, seen: Option<Vec<Seen>>,
        matched: &mut Matched,
    ) {
        let rest = patterns
            .iter()
            .position(|pattern| matches!(pattern, Pat::Rest(_)));
        let named = patterns.len() - usize::from(rest.is_some());
        let fits = |seen: &Vec<Seen>| named == seen.len() || (rest.is_some() && named < seen.len());
        let Some(seen) = seen else {
            for pattern in patterns {
                self.read_unknown(pattern, matched);
            }
            return;
        };
        if !fits(&seen) {
            self.leave_pattern_to_rustc(span);
            self.read_elements(span, patterns, None, matched);
            return;
        }
        let left_out = seen.len() - named;
        for (index, pattern) in patterns.iter().enumerate() {
            let index = match rest {
                Some(rest) if index == rest => continue,
                Some(rest) if index > rest => index + left_out - 1,
                _ => index,
            };
            self.read_pattern(pattern, seen[index].clone(), matched);
        }
    }

    /// Only for the names, so that what uses them is not reported as well.
    pub(super) fn read_unknown(&mut self, pattern: &Pat, matched: &mut Matched) {
        if !matches!(pattern, Pat::Rest(_)) {
            self.read_pattern(pattern, UNKNOWN, matched);
        }
    }
}
