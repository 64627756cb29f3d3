//! The user's module, given back with what was promised. Decides nothing: rustc checks what the user wrote,
//! at the user's own tokens.

mod checks;
mod error_enum;
mod fallback;
mod flow;
mod participant;
mod warning;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{AttrStyle, Attribute, Item, ItemMod};

use crate::ir;
use crate::parse::{is_flow, is_participant};

pub(crate) use error_enum::{ErrorItem, expand_error};
pub(crate) use fallback::{empty_error, fallback};
pub(crate) use participant::{expand_trait, kept};

/// The module with its contract implemented. `texts` are the definitions, one a flow, as expressions, and `warnings` what
/// is to be said of each.
pub(crate) fn expand(
    item: &ItemMod, saga: &ir::Saga, texts: &[TokenStream], warnings: &[&[String]],
) -> TokenStream {
    let mut generated = Vec::new();
    for (index, error) in saga.errors.iter().enumerate() {
        if is_step_error(saga, index) {
            generated.push(error_enum::expand_error_enum(item, saga, error));
        }
    }
    for participant in &saga.participants {
        generated.push(participant::expand_serve(item, saga, participant));
    }
    generated.push(checks::expand_checks(item, saga));
    for (flow, text) in saga.flows.iter().zip(texts) {
        generated.push(flow::expand_const(item, saga, flow, text));
    }
    for (flow, warnings) in saga.flows.iter().zip(warnings) {
        if let Some(item) = flow::find(item, &flow.ident) {
            generated.extend(
                warnings
                    .iter()
                    .map(|text| warning::expand_warning(item, text)),
            );
        }
    }
    module(item, &quote!(#(#generated)*), expand_item)
}

fn is_step_error(saga: &ir::Saga, index: usize) -> bool {
    let mut steps = saga
        .participants
        .iter()
        .flat_map(|participant| &participant.steps);
    steps.any(|step| matches!(step.error.kind, ir::StepErrorKind::Enum(used) if used == index))
}

/// The module with the user's items, less what only we understand, and with ours behind them.
pub(crate) fn module(
    item: &ItemMod, generated: &TokenStream, expand_item: fn(&Item) -> TokenStream,
) -> TokenStream {
    let ItemMod {
        attrs,
        vis,
        mod_token,
        ident,
        ..
    } = item;
    let is_inner = |attribute: &&Attribute| matches!(attribute.style, AttrStyle::Inner(_));
    let (inner, outer): (Vec<_>, Vec<_>) = attrs.iter().partition(is_inner);
    let items = items(item).iter().map(expand_item);
    quote! {
        #(#outer)*
        #vis #mod_token #ident {
            #(#inner)*
            #(#items)*
            #generated
        }
    }
}

fn expand_item(item: &Item) -> TokenStream {
    match item {
        Item::Trait(item) if is_participant(item) => {
            participant::expand_trait(item, &participant::OURS)
        }
        Item::Enum(item) => error_enum::strip(item),
        // It becomes a state machine; its body is checked elsewhere.
        Item::Fn(item) if is_flow(item) => TokenStream::new(),
        other => other.to_token_stream(),
    }
}

/// Attributes without those of ours.
pub(crate) fn foreign_attributes<'a>(
    attributes: &'a [Attribute], ours: &'a [&str],
) -> impl Iterator<Item = &'a Attribute> {
    attributes
        .iter()
        .filter(move |attribute| !ours.iter().any(|name| attribute.path().is_ident(name)))
}

/// `#[cfg(..)]` of an item, which what we generate for it must share.
fn cfgs(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
}

pub(crate) fn items(item: &ItemMod) -> &[Item] {
    item.content
        .as_ref()
        .map(|(_, items)| items.as_slice())
        .unwrap_or_default()
}
