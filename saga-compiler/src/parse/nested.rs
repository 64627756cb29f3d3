//! Reads the call of another flow of the module, which is known by its signature before any flow is read.

use proc_macro2::Ident;
use syn::{Expr, ExprCall, FnArg, ItemFn, ReturnType, Type};

use super::call::Called;
use super::flow::{FlowParser, peel_expr};
use super::signature::referent;
use super::types::{DataType, parse_ty, type_arguments};
use crate::ir::{self, Ty, Value};
use crate::names;

/// What a caller must know of a flow.
pub(super) struct FlowSignature {
    /// Whether each parameter is its input; the others are participants.
    inputs: Vec<bool>,
    output: Ty,
}

pub(super) fn parse_flow_signature(item: &ItemFn) -> FlowSignature {
    let inputs = item.sig.inputs.iter().map(|param| match param {
        FnArg::Typed(param) => !matches!(
            referent(&param.ty),
            Type::ImplTrait(_) | Type::TraitObject(_)
        ),
        FnArg::Receiver(_) => false,
    });
    let output = match &item.sig.output {
        ReturnType::Type(_, ty) => type_arguments(ty, "Result")
            .and_then(|types| types.first().map(|ty| parse_ty(ty)))
            .unwrap_or(Ty::Unknown),
        ReturnType::Default => Ty::Unknown,
    };
    FlowSignature {
        inputs: inputs.collect(),
        output,
    }
}

impl FlowParser<'_> {
    /// The flow that an expression names, where no local has that name.
    pub(super) fn flow_named<'e>(&self, func: &'e Expr) -> Option<&'e Ident> {
        let Expr::Path(path) = peel_expr(func) else {
            return None;
        };
        let segments = &path.path.segments;
        let last = &segments.last()?.ident;
        let name = names::plain(last);
        let is_own = match segments.len() {
            1 => !self.locals.contains_key(&name) && !self.participants.contains_key(&name),
            2 => segments[0].ident == "self",
            _ => false,
        };
        (is_own && self.declarations.flows.contains_key(&name)).then_some(last)
    }

    pub(super) fn parse_flow_call(&mut self, name: &Ident, call: &ExprCall) -> Called {
        let declarations = self.declarations;
        let Some(signature) = declarations.flows.get(&names::plain(name)) else {
            return Called::Wrong;
        };
        if signature.inputs.len() != call.args.len() {
            self.leave_to_rustc(name);
        }
        let (mut input, mut may_take_text) = (Value::Null, false);
        for (argument, is_input) in call.args.iter().zip(&signature.inputs) {
            if *is_input {
                let (value, ty) = self.parse_value(argument);
                (input, may_take_text) = (value, self.may_be_text(&ty));
            } else if self.participant_named(unreferenced(argument)).is_none() {
                // The types differ, or a name is unknown.
                self.leave_to_rustc(name);
            }
        }
        let nested = ir::Nested {
            flow: name.clone(),
            state: names::plain(name),
            input,
            may_take_text,
            may_give_text: self.may_be_text(&signature.output),
            output: self.give(),
            span: name.span(),
        };
        Called::Flow(Box::new(nested), signature.output.clone())
    }

    /// Whether the JSON of a type may be a text or `null`, as far as can be seen here.
    fn may_be_text(&self, ty: &Ty) -> bool {
        let types = &self.declarations.types;
        match types.resolve(ty) {
            Ty::List(_) | Ty::Bool | Ty::Integer | Ty::Float => false,
            Ty::Tuple(elements) => elements.is_empty(),
            ty => !matches!(types.get(ty), Some(DataType::Struct(_))),
        }
    }
}

fn unreferenced(expr: &Expr) -> &Expr {
    match peel_expr(expr) {
        Expr::Reference(expr) => unreferenced(&expr.expr),
        expr => expr,
    }
}
