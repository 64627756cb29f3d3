//! Reads a flow's signature: its participants, its one input, its result.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{
    FnArg, GenericParam, ItemFn, PatType, ReturnType, Safety, Type, TypeParamBound, Visibility,
};

use super::Declarations;
use super::flow::FlowParser;
use super::participant::owned;
use super::types::{is_named, parse_ty, peel, simple_pattern, type_arguments};
use crate::errors::{Errors, nearest};
use crate::ir::{Root, Ty, Value};
use crate::names;

/// A visible `async fn` that takes participants is one state machine; any other function is plain Rust.
pub(crate) fn is_flow(item: &ItemFn) -> bool {
    let visible = !matches!(item.vis, Visibility::Inherited);
    let abstract_param = |param: &FnArg| match param {
        FnArg::Typed(param) => matches!(
            referent(&param.ty),
            Type::ImplTrait(_) | Type::TraitObject(_)
        ),
        FnArg::Receiver(_) => false,
    };
    let generic = item.sig.generics.type_params().next().is_some();
    item.sig.asyncness.is_some()
        && visible
        && (generic || item.sig.inputs.iter().any(abstract_param))
}

/// A function that takes participants, and so is meant as a flow, but lacks `pub` or `async`.
pub(super) fn check_near_flow(errors: &mut Errors, declarations: &Declarations, item: &ItemFn) {
    let takes_participant = item.sig.inputs.iter().any(|param| match param {
        FnArg::Typed(param) => match referent(&param.ty) {
            Type::ImplTrait(ty) => ty
                .bounds
                .iter()
                .any(|bound| declarations.participant(bound).is_some()),
            _ => false,
        },
        FnArg::Receiver(_) => false,
    });
    if !takes_participant {
        return;
    }
    let name = &item.sig.ident;
    if item.sig.asyncness.is_none() {
        let message = format_args!("flow `{name}` must be async; write `pub async fn {name}`");
        errors.error(item.sig.fn_token, message);
    } else {
        let message = format_args!(
            "flow `{name}` must be visible, as its state machine is; write `pub async fn {name}`"
        );
        errors.error(name, message);
    }
}

/// The type of a saga's input: the parameter that is no participant, as a type that can be decoded.
pub(crate) fn input_type(item: &ItemFn) -> Option<TokenStream> {
    let mut input = None;
    for param in &item.sig.inputs {
        if let FnArg::Typed(param) = param
            && !matches!(
                referent(&param.ty),
                Type::ImplTrait(_) | Type::TraitObject(_)
            )
        {
            input = Some(owned(referent(&param.ty)));
        }
    }
    input
}

/// The type behind `&` and parentheses.
pub(crate) fn referent(ty: &Type) -> &Type {
    match peel(ty) {
        Type::Reference(reference) => peel(&reference.elem),
        ty => ty,
    }
}

/// A parameter of a flow.
enum Participant {
    Known(usize),
    /// Meant as one, and reported.
    Wrong,
    NotOne,
}

impl FlowParser<'_> {
    pub(super) fn check_signature(&mut self, item: &ItemFn) {
        let sig = &item.sig;
        let name = &sig.ident;
        if !sig.generics.params.is_empty() {
            let message = format_args!(
                "flow `{name}` is one state machine and takes no generics; write the types out, and participants as `&impl Trait`"
            );
            self.errors.error(&sig.generics.params, message);
        } else if let Some(clause) = &sig.generics.where_clause {
            let message = format_args!("flow `{name}` takes no generics; remove `where`");
            self.errors.error(clause.where_token, message);
        }
        check_qualifiers(self.errors, sig);
    }

    /// Gives the type of the one parameter that is data.
    pub(super) fn parse_params(&mut self, item: &ItemFn) -> Option<TokenStream> {
        let mut input = None;
        for param in &item.sig.inputs {
            let FnArg::Typed(param) = param else {
                self.errors
                    .error(param, "a flow belongs to no one; remove `self`");
                continue;
            };
            let Some(ident) = simple_pattern(&param.pat) else {
                self.errors.error(
                    &param.pat,
                    "write one identifier, and use its fields in the flow",
                );
                continue;
            };
            let local = names::plain(ident);
            match self.participant_of(item, param) {
                Participant::Known(index) => self.add_participant(ident, local, index),
                Participant::Wrong => {
                    self.locals.insert(local, (Value::Null, Ty::Unknown));
                }
                Participant::NotOne => {
                    if input.is_some() {
                        let message = "a flow has one input, the JSON that starts the execution; put both into one struct";
                        self.errors.error(ident, message);
                    }
                    self.locals.insert(
                        local,
                        (Value::Place(Root::Input, Vec::new()), parse_ty(&param.ty)),
                    );
                    input = Some(owned(referent(&param.ty)));
                }
            }
        }
        input
    }

    fn add_participant(&mut self, ident: &Ident, local: String, index: usize) {
        if let Some(first) = self.parameters.insert(index, local.clone()) {
            let participant = &self.declarations.participants[index].ident;
            let message = format_args!(
                "`{participant}` is already `{first}`, and a participant is one function; use `{first}`, or declare a second trait"
            );
            self.errors.error(ident, message);
        }
        self.participants.insert(local, index);
    }

    fn participant_of(&mut self, item: &ItemFn, param: &PatType) -> Participant {
        let ty = match referent(&param.ty) {
            Type::ImplTrait(ty) => ty,
            Type::TraitObject(ty) => {
                let message = "a participant is known when the saga is compiled; write `&impl`";
                match ty.dyn_token {
                    Some(token) => self.errors.error(token, message),
                    None => self.errors.error(ty, message),
                }
                return Participant::Wrong;
            }
            Type::Path(path)
                if path
                    .path
                    .get_ident()
                    .is_some_and(|ident| is_generic(item, ident)) =>
            {
                return Participant::Wrong;
            }
            _ => return Participant::NotOne,
        };
        match peel(&param.ty) {
            Type::Reference(reference) => {
                if let Some(mutability) = reference.mutability {
                    self.errors
                        .error(mutability, "a flow shares its participants; write `&impl`");
                }
            }
            _ => self.errors.error(
                ty.impl_token,
                "a flow borrows its participants; write `&impl`",
            ),
        }
        let found = ty
            .bounds
            .iter()
            .find_map(|bound| self.declarations.participant(bound));
        let Some(index) = found else {
            let named = ty.bounds.iter().find_map(|bound| match bound {
                TypeParamBound::Trait(bound) => bound.path.segments.last(),
                _ => None,
            });
            if let Some(last) = named {
                self.report_unknown_participant(&last.ident);
            }
            return Participant::Wrong;
        };
        if ty.bounds.len() > 1 {
            let participant = &self.declarations.participants[index].ident;
            let message = format_args!("a participant is one trait; write `&impl {participant}`");
            self.errors.error(&ty.bounds, message);
        }
        Participant::Known(index)
    }

    fn report_unknown_participant(&mut self, ident: &Ident) {
        if self.declarations.traits.contains_key(&names::plain(ident)) {
            let message = format_args!(
                "trait `{ident}` has no step, so it is no participant; write `#[step(..)]` on a method"
            );
            self.errors.error(ident, message);
            return;
        }
        let participants = self.declarations.participants.iter();
        let known: Vec<String> = participants
            .map(|participant| names::plain(&participant.ident))
            .collect();
        let hint = match nearest(&ident.to_string(), known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare `pub trait {ident}` with its steps here"),
        };
        let message = format_args!("this module has no participant `{ident}`; {hint}");
        self.errors.error(ident, message);
    }

    /// The `T` of `Result<T, Rejection>`.
    pub(super) fn parse_output(&mut self, item: &ItemFn) -> Option<TokenStream> {
        let name = &item.sig.ident;
        let ReturnType::Type(_, ty) = &item.sig.output else {
            let message = format_args!(
                "a saga can be rejected; write `-> Result<(), Rejection>` after `{name}(..)`"
            );
            self.errors.error(name, message);
            return None;
        };
        match type_arguments(ty, "Result").as_deref() {
            Some([output, error]) if is_named(error, "Rejection") => Some(output.to_token_stream()),
            Some([_, error]) => {
                let message = "every flow fails with the same error; write `Rejection`";
                self.errors.error(error, message);
                None
            }
            _ => {
                let message = "a saga can be rejected; write `Result<Output, Rejection>`";
                self.errors.error(ty, message);
                None
            }
        }
    }
}

fn is_generic(item: &ItemFn, ident: &Ident) -> bool {
    item.sig.generics.params.iter().any(|param| match param {
        GenericParam::Type(param) => param.ident == *ident,
        _ => false,
    })
}

/// `const`, `unsafe`, `extern` and `...` mean nothing to a state machine or a step.
pub(crate) fn check_qualifiers(errors: &mut Errors, sig: &syn::Signature) {
    let name = &sig.ident;
    if let Some(constness) = &sig.constness {
        errors.error(
            constness,
            format_args!("`{name}` runs on Step Functions and Lambda; remove `const`"),
        );
    }
    if let Some(abi) = &sig.abi {
        errors.error(
            abi.extern_token,
            format_args!("`{name}` is called with JSON; remove `extern`"),
        );
    }
    if let Safety::Unsafe(token) = &sig.safety {
        let message =
            format_args!("`{name}` is called with JSON, which promises nothing; remove `unsafe`");
        errors.error(token, message);
    }
    if let Some(variadic) = &sig.variadic {
        errors.error(
            variadic,
            format_args!("`{name}` takes one value a parameter; write a list as `&[T]`"),
        );
    }
}

/// Whether the flow's error is `Rejection` without a path.
pub(super) fn names_bare_rejection(item: &ItemFn) -> bool {
    let ReturnType::Type(_, ty) = &item.sig.output else {
        return false;
    };
    type_arguments(ty, "Result").is_some_and(|types| {
        types.get(1).is_some_and(|error| match error {
            Type::Path(path) => path.path.is_ident("Rejection"),
            _ => false,
        })
    })
}
