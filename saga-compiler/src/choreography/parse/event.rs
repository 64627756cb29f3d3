//! Reads the module's events, and what may stand in `Err`.

use proc_macro2::Ident;
use syn::{Attribute, Generics, Item, Meta};

use super::options::parse_event_options;
use crate::choreography::ir;
use crate::errors::Errors;
use crate::ir::ErrorVariant;
use crate::parse::types::{attribute, attributes, summary};

/// A struct or an enum of the module.
fn data(item: &Item) -> Option<(&Ident, &[Attribute], &Generics)> {
    match item {
        Item::Struct(item) => Some((&item.ident, &item.attrs, &item.generics)),
        Item::Enum(item) => Some((&item.ident, &item.attrs, &item.generics)),
        _ => None,
    }
}

/// Whether an item is an event.
pub(crate) fn is_event(item: &Item) -> bool {
    data(item).is_some_and(|(_, attributes, _)| attribute(attributes, "event").is_some())
}

pub(super) fn parse_event(errors: &mut Errors, item: &Item) -> Option<ir::Event> {
    let (ident, attributes_of_item, generics) = data(item)?;
    let mut found = attributes(attributes_of_item, "event");
    let attribute = found.next()?;
    if let Some(second) = found.next() {
        let message =
            format_args!("`#[event]` stands twice on `{ident}`; write all options in one");
        errors.error(second.path(), message);
    }
    if !generics.params.is_empty() {
        let message =
            "an event is one type, which its name on the wire tells; remove the parameters";
        errors.error(&generics.params, message);
    }
    refuse_cfg(errors, attributes_of_item);
    let options = parse_event_options(errors, attribute);
    Some(ir::Event {
        ident: ident.clone(),
        comment: summary(attributes_of_item),
        terminal: options.terminal,
        failure: options.failure,
    })
}

/// The graph is one whatever the configuration: it is what the services agree on.
pub(super) fn refuse_cfg(errors: &mut Errors, from: &[Attribute]) {
    if let Some(attribute) = attribute(from, "cfg") {
        let message = "the graph is checked as a whole, so it is the same in every configuration; remove `cfg`";
        errors.error(attribute.path(), message);
    }
}

/// Any enum and any struct may serve as an error; whether one does, the reactions say.
pub(super) fn parse_error_type(errors: &mut Errors, item: &Item) -> Option<ir::ErrorType> {
    let (ident, _, generics) = data(item)?;
    if !generics.params.is_empty() {
        return None;
    }
    let variants = match item {
        Item::Enum(item) if item.variants.is_empty() => return None,
        Item::Enum(item) => {
            let variants = item.variants.iter();
            Some(
                variants
                    .map(|variant| parse_variant(errors, variant))
                    .collect(),
            )
        }
        _ => None,
    };
    Some(ir::ErrorType {
        ident: ident.clone(),
        variants,
    })
}

fn parse_variant(errors: &mut Errors, variant: &syn::Variant) -> ErrorVariant {
    let found = attributes(&variant.attrs, "transient");
    for (index, transient) in found.enumerate() {
        if index > 0 {
            errors.error(transient.path(), "`#[transient]` stands twice; remove one");
        } else if !matches!(transient.meta, Meta::Path(_)) {
            let message =
                "`#[transient]` takes no options; the queue says how often a message comes again";
            errors.error(transient.path(), message);
        }
    }
    ErrorVariant {
        ident: variant.ident.clone(),
        transient: attribute(&variant.attrs, "transient").is_some(),
    }
}
