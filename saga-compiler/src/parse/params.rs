//! Reads a method's parameters: the one that chooses the guarantee, and those that are data.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{FnArg, Lifetime, PatType, Signature, Type, TypeImplTrait, TypeReference};

use super::participant::owned;
use super::types::{is_named, peel, simple_pattern};
use crate::errors::Errors;
use crate::{ir, names};

/// The mode with its place, and the parameters after it. The mode is `None` when its parameter is missing.
pub(super) type Params<'a> = (Option<(ir::Mode, Span)>, Vec<&'a PatType>);

pub(super) fn parse_params<'a>(errors: &mut Errors, sig: &'a Signature) -> Params<'a> {
    let name = &sig.ident;
    let mut typed: Vec<&PatType> = Vec::new();
    for input in &sig.inputs {
        if let FnArg::Typed(input) = input {
            check_attributes(errors, input);
            check_unique(errors, &typed, input);
            typed.push(input);
        }
    }
    let first = typed.first();
    let mode = first.and_then(|first| parse_mode(&first.ty).map(|mode| (mode, first.ty.span())));
    if mode.is_none() {
        let message = format_args!(
            "the second parameter of `{name}` chooses the guarantee; write `tx: &mut Tx` when all its effects are in the database, `cx: &Context` when some are not"
        );
        match first {
            Some(first) => errors.error(first, message),
            None => errors.error(name, message),
        }
        // What was meant by the first has been said.
        return (None, typed.split_off(1.min(typed.len())));
    }
    (mode, typed.split_off(1))
}

fn check_attributes(errors: &mut Errors, param: &PatType) {
    for attribute in &param.attrs {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            let message = "a parameter is in every definition, whatever the configuration; remove it, or put `cfg` on the method";
            errors.error(attribute.path(), message);
        }
    }
}

/// A parameter's name is its key in JSON.
fn check_unique(errors: &mut Errors, earlier: &[&PatType], param: &PatType) {
    let Some(name) = simple_pattern(&param.pat) else {
        return;
    };
    let same = |other: &&PatType| {
        simple_pattern(&other.pat).is_some_and(|other| names::plain(other) == names::plain(name))
    };
    if earlier.iter().any(same) {
        errors.error(
            name,
            format_args!("two parameters are called `{name}`; rename one"),
        );
    }
}

fn parse_mode(ty: &Type) -> Option<ir::Mode> {
    let Type::Reference(reference) = peel(ty) else {
        return None;
    };
    let exclusive = reference.mutability.is_some();
    match (
        is_named(&reference.elem, "Tx"),
        is_named(&reference.elem, "Context"),
        exclusive,
    ) {
        (true, _, true) => Some(ir::Mode::Transactional),
        (_, true, false) => Some(ir::Mode::External),
        _ => None,
    }
}

pub(super) fn parse_param(errors: &mut Errors, param: &PatType) -> Option<ir::Param> {
    if parse_mode(&param.ty).is_some() {
        let message =
            "a method has one guarantee, and the second parameter has chosen it; remove this one";
        errors.error(param, message);
        return None;
    }
    let Some(ident) = simple_pattern(&param.pat) else {
        errors.error(
            &param.pat,
            "a parameter's name is its name in JSON; write one identifier",
        );
        return None;
    };
    let (owned, by_reference) = parse_passed(errors, &param.ty);
    Some(ir::Param {
        ident: ident.clone(),
        owned,
        by_reference,
    })
}

/// The type of a parameter as one that can be decoded, and whether it is passed by reference.
pub(crate) fn parse_passed(errors: &mut Errors, ty: &Type) -> (TokenStream, bool) {
    let (ty, by_reference) = match peel(ty) {
        Type::Reference(reference) => {
            if let Some(mutability) = reference.mutability {
                errors.error(
                    mutability,
                    "a parameter is a copy of what the saga holds; write `&`",
                );
            }
            if let Some(lifetime) = &reference.lifetime {
                errors.error(
                    lifetime,
                    "a parameter lives as long as the call; remove the lifetime",
                );
            }
            (&*reference.elem, true)
        }
        ty => (ty, false),
    };
    BorrowFinder(errors).visit_type(ty);
    (owned(ty), by_reference)
}

/// Finds what JSON cannot be decoded into.
struct BorrowFinder<'a>(&'a mut Errors);

impl<'ast> Visit<'ast> for BorrowFinder<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let message =
            "JSON is decoded into owned values; write the owned type, such as `String` for `&str`";
        self.0.error(reference.and_token, message);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        let message = "JSON is decoded into owned values; write a type without a lifetime";
        self.0.error(lifetime, message);
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        let message = "JSON is decoded into one type; write it instead of `impl`";
        self.0.error(ty.impl_token, message);
        visit::visit_type_impl_trait(self, ty);
    }
}
