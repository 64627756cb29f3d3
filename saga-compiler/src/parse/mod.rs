//! Tokens to IR. Reports what is wrong in one item; compares nothing across methods.

mod attempt;
mod block;
mod branch;
mod call;
mod data;
pub(crate) mod declared;
mod destructure;
pub(crate) mod enums;
mod flow;
mod join;
mod loops;
mod method;
mod nested;
mod operator;
pub(crate) mod options;
pub(crate) mod params;
pub(crate) mod participant;
mod pattern;
mod refuse;
mod result;
pub(crate) mod serde;
pub(crate) mod signature;
mod state;
#[cfg(test)]
mod tests;
pub(crate) mod types;
mod value;
mod variant;
mod wait;

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Item, ItemEnum, ItemMod, Meta, TypeParamBound};

pub(crate) use options::{DEFAULT_TIMEOUT, MAX_DELAY};
pub(crate) use participant::{is_participant, step_errors};
pub(crate) use signature::{input_type, is_flow, referent};
pub(crate) use types::{attribute, is_local, peel};

use crate::errors::Errors;
use crate::{ir, names};
use types::{Types, attributes, summary};

/// What a flow may mention.
pub(crate) struct Declarations {
    types: Types,
    participants: Vec<ir::Participant>,
    /// All traits by name, with their index among the participants.
    traits: HashMap<String, Option<usize>>,
    errors: Vec<ir::ErrorEnum>,
    /// All flows by name, those after the one that calls them included.
    flows: HashMap<String, nested::FlowSignature>,
}

impl Declarations {
    /// The participant that a bound names.
    fn participant(&self, bound: &TypeParamBound) -> Option<usize> {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound.path.segments.last()?;
        *self.traits.get(&names::plain(&last.ident))?
    }
}

pub(crate) fn parse(
    errors: &mut Errors, options: TokenStream, default_crate: TokenStream, item: &ItemMod,
) -> ir::Saga {
    let options = options::parse_saga_options(errors, options, default_crate);
    let items = item
        .content
        .as_ref()
        .map(|(_, items)| items.as_slice())
        .unwrap_or_default();
    if item.content.is_none() {
        let message = "`#[saga]` must see the module's body; write it here, in braces";
        errors.error(item.semi, message);
    }
    let enums: Vec<ir::ErrorEnum> = items
        .iter()
        .filter_map(|item| parse_error_enum(errors, item))
        .collect();
    let declarations = parse_declarations(errors, items, enums);
    let before = errors.count();
    let mut flows = Vec::new();
    let mut any_flow = false;
    for item in items {
        let Item::Fn(item) = item else { continue };
        if is_flow(item) {
            any_flow = true;
            flows.extend(flow::parse_flow(errors, &declarations, item));
        } else {
            signature::check_near_flow(errors, &declarations, item);
        }
    }
    if !any_flow && item.content.is_some() && errors.count() == before {
        let message = format_args!(
            "module `{}` has no flow; write a `pub async fn` that takes participants as `&impl Trait`",
            item.ident
        );
        errors.error(&item.ident, message);
    }
    ir::Saga {
        comment: summary(&item.attrs),
        krate: options.krate,
        deadline: options.deadline,
        on_stuck: options.on_stuck,
        types: declared::parse_declared_types(items),
        declarations: declared::parse_declarations(items),
        errors: declarations.errors,
        participants: declarations.participants,
        flows,
    }
}

fn parse_declarations(
    errors: &mut Errors, items: &[Item], enums: Vec<ir::ErrorEnum>,
) -> Declarations {
    let mut declarations = Declarations {
        types: Types::parse(items),
        participants: Vec::new(),
        traits: HashMap::new(),
        errors: enums,
        flows: HashMap::new(),
    };
    for item in items {
        if let Item::Fn(item) = item
            && is_flow(item)
        {
            let name = names::plain(&item.sig.ident);
            let signature = nested::parse_flow_signature(item);
            declarations.flows.insert(name, signature);
        }
        let Item::Trait(item) = item else { continue };
        let mut index = None;
        if is_participant(item) {
            index = Some(declarations.participants.len());
            let participant = participant::parse_participant(errors, item, &declarations.errors);
            declarations.participants.push(participant);
        }
        declarations
            .traits
            .entry(names::plain(&item.ident))
            .or_insert(index);
    }
    declarations
}

/// Any enum with variants may serve as an error; whether one does, the steps say.
fn parse_error_enum(errors: &mut Errors, item: &Item) -> Option<ir::ErrorEnum> {
    let Item::Enum(ItemEnum {
        ident,
        variants,
        generics,
        ..
    }) = item
    else {
        return None;
    };
    if variants.is_empty() || !generics.params.is_empty() {
        return None;
    }
    let variants = variants.iter().map(|variant| {
        for (index, transient) in attributes(&variant.attrs, "transient").enumerate() {
            if index > 0 {
                errors.error(transient.path(), "`#[transient]` stands twice; remove one");
            } else if !matches!(transient.meta, Meta::Path(_)) {
                let message = "`#[transient]` takes no options; how often to retry, the step's `retry(..)` says";
                errors.error(transient.path(), message);
            }
        }
        let transient = attribute(&variant.attrs, "transient").is_some();
        ir::ErrorVariant { ident: variant.ident.clone(), transient }
    });
    Some(ir::ErrorEnum {
        ident: ident.clone(),
        variants: variants.collect(),
    })
}

/// The `T` of `Result<T, _>`.
pub(crate) fn ok_type(ty: &syn::Type) -> Option<TokenStream> {
    types::type_arguments(ty, "Result")?
        .first()
        .map(ToTokens::to_token_stream)
}

/// Whether the module forgot that it sees none of the names around it: without a `use`, `Rejection` is nothing.
pub(crate) fn lacks_imports(item: &ItemMod) -> bool {
    let Some((_, items)) = &item.content else {
        return false;
    };
    let imports = items
        .iter()
        .any(|item| matches!(item, Item::Use(_) | Item::Macro(_)));
    let declares = items.iter().any(|item| match item {
        Item::Struct(item) => item.ident == "Rejection",
        Item::Type(item) => item.ident == "Rejection",
        _ => false,
    });
    let mentions = items.iter().any(|item| match item {
        Item::Fn(item) => is_flow(item) && signature::names_bare_rejection(item),
        _ => false,
    });
    !imports && !declares && mentions
}
