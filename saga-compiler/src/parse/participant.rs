//! Reads the participants: traits whose methods are steps and compensations. Each method by itself.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, ItemTrait, ReturnType, Signature, TraitItem, TraitItemFn, Type, Visibility,
};

use super::options::{KINDS, StepOptions, parse_compensation_options, parse_step_options};
use super::params::{parse_param, parse_params};
use super::signature::check_qualifiers;
use super::types::{
    attribute, attributes, is_local, is_named, parse_ty, peel, summary, type_arguments,
};
use crate::errors::{Errors, choices, first_span};
use crate::{ir, names};

/// A trait is a participant when one of its methods says so.
pub(crate) fn is_participant(item: &ItemTrait) -> bool {
    methods(item).any(|method| {
        attribute(&method.attrs, "step").is_some()
            || attribute(&method.attrs, "compensation").is_some()
    })
}

/// The types that stand as the steps' errors.
pub(crate) fn step_errors(item: &ItemTrait) -> impl Iterator<Item = &Type> {
    methods(item).filter_map(|method| match &method.sig.output {
        ReturnType::Type(_, ty) => type_arguments(ty, "Result")?.get(1).copied(),
        ReturnType::Default => None,
    })
}

pub(crate) fn methods(item: &ItemTrait) -> impl Iterator<Item = &TraitItemFn> {
    item.items.iter().filter_map(|item| match item {
        TraitItem::Fn(method) => Some(method),
        _ => None,
    })
}

pub(super) fn parse_participant(
    errors: &mut Errors, item: &ItemTrait, enums: &[ir::ErrorEnum],
) -> ir::Participant {
    let mut participant = ir::Participant {
        ident: item.ident.clone(),
        name: names::participant(&item.ident),
        public: !matches!(item.vis, Visibility::Inherited),
        steps: Vec::new(),
        compensations: Vec::new(),
        complete: true,
    };
    if !item.generics.params.is_empty() {
        let message = "a participant takes no parameters: it is one service; remove them";
        errors.error(&item.generics.params, message);
    }
    for item in &item.items {
        let TraitItem::Fn(method) = item else {
            let message =
                "a participant has steps and compensations only; move this out of the trait";
            errors.at(first_span(item), message);
            continue;
        };
        parse_method(errors, &mut participant, method, enums);
    }
    let read = participant.steps.len() + participant.compensations.len();
    participant.complete = read == item.items.len();
    participant
}

fn parse_method(
    errors: &mut Errors, participant: &mut ir::Participant, method: &TraitItemFn,
    enums: &[ir::ErrorEnum],
) {
    let name = &method.sig.ident;
    for word in ["step", "compensation"] {
        if let Some(second) = attributes(&method.attrs, word).nth(1) {
            let message =
                format_args!("`#[{word}]` stands twice on `{name}`; write all options in one");
            errors.error(second.path(), message);
        }
    }
    let step = attribute(&method.attrs, "step");
    let compensation = attribute(&method.attrs, "compensation");
    if step.is_some() || compensation.is_some() {
        check_signature(errors, method);
    }
    match (step, compensation) {
        (Some(step), None) => {
            let options = parse_step_options(errors, step);
            participant
                .steps
                .extend(parse_step(errors, method, step, options, enums));
        }
        (None, Some(compensation)) => {
            let policy = parse_compensation_options(errors, compensation);
            participant
                .compensations
                .extend(parse_compensation(errors, method, policy));
        }
        (Some(_), Some(compensation)) => {
            let message = format_args!(
                "`{name}` is a step or a compensation, not both; remove one attribute"
            );
            errors.error(compensation.path(), message);
        }
        (None, None) => {
            let message = format_args!(
                "method `{name}` is neither a step nor a compensation; write `#[step(..)]` with one of {}, or `#[compensation]`",
                kinds()
            );
            errors.error(name, message);
        }
    }
}

/// The list of kinds, as messages show it.
fn kinds() -> String {
    choices(KINDS.map(|kind| {
        if kind == "compensate" {
            "compensate = <method>"
        } else {
            kind
        }
    }))
}

pub(crate) fn check_signature(errors: &mut Errors, method: &TraitItemFn) {
    let Signature {
        ident, generics, ..
    } = &method.sig;
    check_qualifiers(errors, &method.sig);
    if method.sig.asyncness.is_none() {
        let message = format_args!("`{ident}` must be async; write `async fn {ident}`");
        errors.error(method.sig.fn_token, message);
    }
    if let Some(default) = &method.default {
        let message = format_args!(
            "`{ident}` is a contract, and the participant's crate implements it; end it with `;`"
        );
        errors.at(default.brace_token.span.open(), message);
    }
    if !generics.params.is_empty() {
        let message = format_args!(
            "`{ident}` is called with JSON, which knows no generics; write the types out"
        );
        errors.error(&generics.params, message);
    } else if let Some(clause) = &generics.where_clause {
        errors.error(
            clause.where_token,
            format_args!("`{ident}` has no generics; remove `where`"),
        );
    }
    match method.sig.inputs.first() {
        Some(FnArg::Receiver(receiver)) if is_shared_self(receiver) => {}
        Some(other) => {
            let message = format_args!("the first parameter of `{ident}` must be `&self`");
            errors.at(first_span(other), message);
        }
        None => errors.error(
            ident,
            format_args!("the first parameter of `{ident}` must be `&self`"),
        ),
    }
}

fn is_shared_self(receiver: &syn::Receiver) -> bool {
    receiver.to_token_stream().to_string() == "& self"
}

fn parse_step(
    errors: &mut Errors, method: &TraitItemFn, attribute: &Attribute, options: StepOptions,
    enums: &[ir::ErrorEnum],
) -> Option<ir::Step> {
    let name = &method.sig.ident;
    let kind = parse_kind(errors, name, attribute, &options);
    let (mode, params) = parse_params(errors, &method.sig);
    let params = params
        .into_iter()
        .filter_map(|param| parse_param(errors, param))
        .collect();
    let (output, error) = parse_return(errors, &method.sig, enums)?;
    Some(ir::Step {
        ident: name.clone(),
        comment: summary(&method.attrs),
        kind: kind?,
        mode: mode?.0,
        params,
        output,
        error,
        policy: options.policy,
    })
}

fn parse_kind(
    errors: &mut Errors, name: &Ident, attribute: &Attribute, options: &StepOptions,
) -> Option<ir::Kind> {
    let mut kinds = options.kinds.iter();
    let Some((word, compensation)) = kinds.next() else {
        // A mistake in the options may have been meant as the kind.
        if !options.has_mistakes {
            let message = format_args!(
                "step `{name}` does not say what follows when the saga fails; write one of {}",
                self::kinds()
            );
            errors.error(attribute.path(), message);
        }
        return None;
    };
    let mut several = false;
    for (second, _) in kinds.filter(|(second, _)| second != word) {
        several = true;
        let message = format_args!(
            "step `{name}` is `{word}` and `{second}`; keep one of {}",
            self::kinds()
        );
        errors.error(second, message);
    }
    Some(match (word.to_string().as_str(), compensation) {
        // Which one is meant, nobody knows.
        _ if several || options.has_mistakes => return None,
        (_, Some(compensation)) => ir::Kind::Compensatable(compensation.clone()),
        ("pivot", None) => ir::Kind::Pivot,
        ("retriable", None) => ir::Kind::Retriable,
        _ => ir::Kind::ReadOnly,
    })
}

/// The type as one that can be decoded: `str` -> `String`, `[T]` -> `Vec<T>`.
pub(crate) fn owned(ty: &Type) -> TokenStream {
    match peel(ty) {
        Type::Slice(slice) => {
            let (span, element) = (slice.span(), &slice.elem);
            quote::quote_spanned!(span=> ::std::vec::Vec<#element>)
        }
        ty if is_named(ty, "str") => {
            let span = ty.span();
            quote::quote_spanned!(span=> ::std::string::String)
        }
        ty => ty.to_token_stream(),
    }
}

fn parse_return(
    errors: &mut Errors, sig: &Signature, enums: &[ir::ErrorEnum],
) -> Option<(ir::Output, ir::StepError)> {
    let name = &sig.ident;
    let ReturnType::Type(_, ty) = &sig.output else {
        let message =
            format_args!("step `{name}` must say how it can fail; write `-> Result<(), Error>`");
        errors.error(name, message);
        return None;
    };
    let types = type_arguments(ty, "Result");
    let Some([output, error]) = types.and_then(|types| <[&Type; 2]>::try_from(types).ok()) else {
        let message =
            format_args!("step `{name}` must say how it can fail; write `Result<Output, Error>`");
        errors.error(ty, message);
        return None;
    };
    let kind = parse_error(errors, error, enums)?;
    let output = ir::Output {
        tokens: output.to_token_stream(),
        ty: parse_ty(output),
        span: output.span(),
    };
    Some((
        output,
        ir::StepError {
            kind,
            span: error.span(),
        },
    ))
}

fn parse_error(
    errors: &mut Errors, error: &Type, enums: &[ir::ErrorEnum],
) -> Option<ir::StepErrorKind> {
    if let Some(index) = enums
        .iter()
        .position(|candidate| is_local(error, &candidate.ident))
    {
        return Some(ir::StepErrorKind::Enum(index));
    }
    if is_named(error, "Retry") {
        return Some(ir::StepErrorKind::Retry);
    }
    let error_name = error.to_token_stream().to_string().replace(' ', "");
    let message = format_args!(
        "`{error_name}` is not an enum with variants in this module, so its errors have no names for Step Functions; declare `enum` here with one variant a rejection, or write `Retry`"
    );
    errors.error(error, message);
    None
}

fn parse_compensation(
    errors: &mut Errors, method: &TraitItemFn, policy: ir::Policy,
) -> Option<ir::Compensation> {
    let name = &method.sig.ident;
    let (mode, inputs) = parse_params(errors, &method.sig);
    let mut params = Vec::new();
    for input in inputs {
        let ty = match peel(&input.ty) {
            Type::Reference(reference) => peel(&reference.elem),
            ty => ty,
        };
        let outcome = type_arguments(ty, "Outcome");
        let outcome_of = outcome.and_then(|types| types.first().map(ToTokens::to_token_stream));
        if let Some(param) = parse_param(errors, input) {
            params.push(ir::CompensationParam {
                param,
                outcome_of,
                ty_span: input.ty.span(),
            });
        }
    }
    check_compensation_return(errors, &method.sig);
    let (mode, mode_span) = mode?;
    Some(ir::Compensation {
        ident: name.clone(),
        comment: summary(&method.attrs),
        mode,
        mode_span,
        params,
        policy,
    })
}

fn check_compensation_return(errors: &mut Errors, sig: &Signature) {
    let message = format_args!(
        "compensation `{}` cannot refuse, only ask to be tried again; write `-> Result<(), Retry>`",
        sig.ident
    );
    let ReturnType::Type(_, ty) = &sig.output else {
        errors.error(&sig.ident, message);
        return;
    };
    let is_unit = |ty: &Type| parse_ty(ty) == ir::Ty::Tuple(Vec::new());
    match type_arguments(ty, "Result").as_deref() {
        Some([output, error]) if is_named(error, "Retry") && is_unit(output) => {}
        _ => errors.error(ty, message),
    }
}
