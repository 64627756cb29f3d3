//! Tokens to IR. Reports what is wrong in one item; compares nothing across methods.

pub(crate) mod event;
mod method;
mod options;
mod output;

use proc_macro2::TokenStream;
use syn::{Item, ItemMod, ItemTrait, TraitItem, Visibility};

pub(crate) use options::KINDS;

use super::ir;
use crate::errors::{Errors, first_span};
use crate::names;
use crate::parse::declared::{parse_declarations, parse_declared_types};
use crate::parse::types::{attribute, peel, summary};
use crate::parse::{is_flow, participant};

pub(crate) fn parse(
    errors: &mut Errors, options: TokenStream, default_crate: TokenStream, item: &ItemMod,
) -> ir::Choreography {
    let krate = options::parse_choreography_options(errors, options, default_crate);
    let items = item.content.as_ref().map(|(_, items)| items.as_slice());
    if items.is_none() {
        let message = "`#[choreography]` must see the module's body; write it here, in braces";
        errors.error(item.semi, message);
    }
    let items = items.unwrap_or_default();
    let errors_of_module: Vec<ir::ErrorType> = items
        .iter()
        .filter_map(|item| event::parse_error_type(errors, item))
        .collect();
    let events = items
        .iter()
        .filter_map(|item| event::parse_event(errors, item));
    let events = events.collect();
    let mut participants = Vec::new();
    for item in items {
        match item {
            Item::Trait(item) if is_participant(item) => {
                participants.push(parse_participant(errors, item, &errors_of_module));
            }
            Item::Trait(item) if participant::is_participant(item) => refuse_saga(errors, item),
            Item::Fn(item) if is_flow(item) => {
                let name = &item.sig.ident;
                let message = format_args!(
                    "`{name}` is a flow, and a choreography has none: its participants react to events; move it to a module with `#[saga]`"
                );
                errors.error(name, message);
            }
            _ => {}
        }
    }
    ir::Choreography {
        ident: item.ident.clone(),
        comment: summary(&item.attrs),
        krate,
        types: parse_declared_types(items),
        declarations: parse_declarations(items),
        events,
        errors: errors_of_module,
        participants,
    }
}

/// A trait is a participant when one of its methods says so.
pub(crate) fn is_participant(item: &ItemTrait) -> bool {
    participant::methods(item).any(|method| {
        attribute(&method.attrs, "command").is_some() || attribute(&method.attrs, "on").is_some()
    })
}

fn refuse_saga(errors: &mut Errors, item: &ItemTrait) {
    let name = &item.ident;
    let message = format_args!(
        "the participant `{name}` has steps, which a flow calls; write `#[on(Event, ..)]` at what reacts to events, or move it to a module with `#[saga]`"
    );
    errors.error(name, message);
}

fn parse_participant(
    errors: &mut Errors, item: &ItemTrait, errors_of_module: &[ir::ErrorType],
) -> ir::Participant {
    if !item.generics.params.is_empty() {
        let message = "a participant takes no parameters: it is one service; remove them";
        errors.error(&item.generics.params, message);
    }
    event::refuse_cfg(errors, &item.attrs);
    let mut reactions = Vec::new();
    for item in &item.items {
        let TraitItem::Fn(method) = item else {
            let message =
                "a participant has commands and reactions only; move this out of the trait";
            errors.at(first_span(item), message);
            continue;
        };
        reactions.extend(method::parse_method(errors, method, errors_of_module));
    }
    ir::Participant {
        ident: item.ident.clone(),
        name: names::participant(&item.ident),
        comment: summary(&item.attrs),
        public: !matches!(item.vis, Visibility::Inherited),
        complete: reactions.len() == item.items.len(),
        reactions,
    }
}

/// Whether the module forgot that it sees none of the names around it: without a `use`, `Tx` is nothing.
pub(crate) fn lacks_imports(item: &ItemMod) -> bool {
    let Some((_, items)) = &item.content else {
        return false;
    };
    let imports = |item: &Item| matches!(item, Item::Use(_) | Item::Macro(_));
    let mentions = |item: &Item| match item {
        Item::Trait(item) if is_participant(item) => participant::methods(item)
            .flat_map(|method| &method.sig.inputs)
            .any(names_bare_tx),
        _ => false,
    };
    !items.iter().any(imports) && items.iter().any(mentions)
}

/// `&mut Tx` without a path.
fn names_bare_tx(param: &syn::FnArg) -> bool {
    let syn::FnArg::Typed(param) = param else {
        return false;
    };
    let syn::Type::Reference(reference) = peel(&param.ty) else {
        return false;
    };
    match peel(&reference.elem) {
        syn::Type::Path(path) => path.path.is_ident("Tx"),
        _ => false,
    }
}
