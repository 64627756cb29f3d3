//! Reads a participant's methods, each by itself: what leads to it, what it takes, and what it says of a failing saga.

use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, PatType, Signature, TraitItemFn, Type};

use super::event::refuse_cfg;
use super::options::{KINDS, ReactionOptions, parse_command_options, parse_on_options};
use super::output::parse_return;
use crate::choreography::contract::Early;
use crate::choreography::ir;
use crate::errors::{Errors, choices};
use crate::ir::Param;
use crate::parse::params::parse_passed;
use crate::parse::participant::check_signature;
use crate::parse::types::{attribute, attributes, is_named, peel, simple_pattern, summary};

pub(super) fn parse_method(
    errors: &mut Errors, method: &TraitItemFn, errors_of_module: &[ir::ErrorType],
) -> Option<ir::Reaction> {
    let name = &method.sig.ident;
    for word in ["command", "on"] {
        if let Some(second) = attributes(&method.attrs, word).nth(1) {
            let message =
                format_args!("`#[{word}]` stands twice on `{name}`; write all of it in one");
            errors.error(second.path(), message);
        }
    }
    let command = attribute(&method.attrs, "command");
    let on = attribute(&method.attrs, "on");
    let (attribute, options, start) = match (command, on) {
        (Some(attribute), None) => {
            let options = parse_command_options(errors, attribute);
            (attribute, options, ir::Start::Command)
        }
        (None, Some(attribute)) => {
            let mut options = parse_on_options(errors, attribute);
            let events = std::mem::take(&mut options.events);
            check_events(errors, name, attribute, &events, &options);
            (attribute, options, ir::Start::On(events))
        }
        (Some(_), Some(on)) => {
            let message = format_args!(
                "`{name}` is a command or a reaction, not both; remove one attribute, and write a method each"
            );
            errors.error(on.path(), message);
            return None;
        }
        (None, None) => {
            let message = format_args!(
                "method `{name}` is neither a command nor a reaction; write `#[command(..)]` where a saga begins, or `#[on(Event, ..)]`"
            );
            errors.error(name, message);
            return None;
        }
    };
    check_signature(errors, method);
    refuse_cfg(errors, &method.attrs);
    parse_reaction(errors, method, attribute, options, start, errors_of_module)
}

fn check_events(
    errors: &mut Errors, name: &Ident, attribute: &Attribute, events: &[Ident],
    options: &ReactionOptions,
) {
    // A mistake in the options may have been meant as the event.
    if events.is_empty() && !options.has_mistakes {
        let message = format_args!(
            "`{name}` does not say what it reacts to; write the event's type: `#[on(OrderPlaced, ..)]`"
        );
        errors.error(attribute.path(), message);
    }
}

fn parse_reaction(
    errors: &mut Errors, method: &TraitItemFn, attribute: &Attribute, options: ReactionOptions,
    start: ir::Start, errors_of_module: &[ir::ErrorType],
) -> Option<ir::Reaction> {
    let one_kind = check_one_kind(errors, &method.sig.ident, &options);
    let word = options.kinds.first().map(|(word, _)| word.span());
    let params = parse_params(errors, &method.sig);
    let (output, error) = parse_return(errors, &method.sig, errors_of_module)?;
    if options.has_mistakes || one_kind.is_none() {
        return None;
    }
    let kind = kind(&options);
    let early = options.early.map(|(_, early)| early);
    let repeat = options.repeats.into_iter().next();
    Some(ir::Reaction {
        ident: method.sig.ident.clone(),
        comment: summary(&method.attrs),
        start,
        kind,
        kind_span: word.unwrap_or_else(|| attribute.path().span()),
        params: params?,
        output,
        publishes: options.publishes,
        error,
        repeat: repeat.map(|(word, repeat)| (repeat, word.span())),
        after: options.after.map(|method| ir::After {
            method,
            early: early.unwrap_or(Early::Park),
        }),
    })
}

/// The kind, if one is said.
fn kind(options: &ReactionOptions) -> Option<ir::Kind> {
    let (word, compensation) = options.kinds.first()?;
    Some(match (word.to_string().as_str(), compensation) {
        (_, Some(compensation)) => ir::Kind::Compensatable(compensation.clone()),
        ("pivot", None) => ir::Kind::Pivot,
        ("retriable", None) => ir::Kind::Retriable,
        _ => ir::Kind::Observer,
    })
}

/// Which of several kinds is meant, nobody knows.
fn check_one_kind(errors: &mut Errors, name: &Ident, options: &ReactionOptions) -> Option<()> {
    let mut kinds = options.kinds.iter();
    let Some((word, _)) = kinds.next() else {
        return Some(());
    };
    let before = errors.count();
    for (second, _) in kinds.filter(|(second, _)| second != word) {
        let message = format_args!(
            "`{name}` is `{word}` and `{second}`; keep one of {}",
            choices(KINDS)
        );
        errors.error(second, message);
    }
    (errors.count() == before).then_some(())
}

/// What stands behind `tx: &mut Tx`.
fn parse_params(errors: &mut Errors, sig: &Signature) -> Option<Vec<ir::ReactionParam>> {
    let name = &sig.ident;
    let typed: Vec<&PatType> = sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(input) => Some(input),
            FnArg::Receiver(_) => None,
        })
        .collect();
    let Some((first, rest)) = typed.split_first() else {
        let message = format_args!(
            "`{name}` publishes from its own transaction; write `tx: &mut Tx` as its second parameter"
        );
        errors.error(name, message);
        return None;
    };
    if !is_tx(&first.ty) {
        let message = if is_context(&first.ty) {
            format!(
                "`{name}` publishes with its local transaction, and an effect outside the database has none; write `tx: &mut Tx`, and leave that effect to a step of a `#[saga]`"
            )
        } else {
            format!(
                "`{name}` publishes from its own transaction; write `tx: &mut Tx` as its second parameter"
            )
        };
        errors.error(first, message);
        return None;
    }
    let params = rest.iter().map(|param| parse_param(errors, param));
    params.collect::<Vec<_>>().into_iter().collect()
}

fn is_tx(ty: &Type) -> bool {
    match peel(ty) {
        Type::Reference(reference) => {
            reference.mutability.is_some() && is_named(&reference.elem, "Tx")
        }
        _ => false,
    }
}

fn is_context(ty: &Type) -> bool {
    match peel(ty) {
        Type::Reference(reference) => is_named(&reference.elem, "Context"),
        ty => is_named(ty, "Context"),
    }
}

fn parse_param(errors: &mut Errors, param: &PatType) -> Option<ir::ReactionParam> {
    let Some(ident) = simple_pattern(&param.pat) else {
        errors.error(&param.pat, "a parameter has a name; write one identifier");
        return None;
    };
    let before = errors.count();
    let (owned, by_reference) = parse_passed(errors, &param.ty);
    (errors.count() == before).then(|| ir::ReactionParam {
        param: Param {
            ident: ident.clone(),
            owned,
            by_reference,
        },
        ty_span: param.ty.span(),
    })
}
