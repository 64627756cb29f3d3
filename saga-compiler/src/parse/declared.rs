//! Reads what the rules of the contract ask of the module's types: who sees them, and whether they have JSON.

use proc_macro2::Ident;
use syn::{Item, Visibility};

use super::serde::derives;
use super::types::is_named;
use crate::ir;

/// The structs and enums of the module, for the rules of the contract.
pub(super) fn parse_declared_types(items: &[Item]) -> Vec<ir::DeclaredType> {
    let declared = items.iter().filter_map(|item| {
        let (ident, attributes, vis) = match item {
            Item::Struct(item) => (&item.ident, &item.attrs, &item.vis),
            Item::Enum(item) => (&item.ident, &item.attrs, &item.vis),
            _ => return None,
        };
        let derived = derives(attributes, "Serialize") && derives(attributes, "Deserialize");
        // What `cfg_attr` brings, or another macro, is not to be seen here.
        let hidden = attributes.iter().any(|attribute| {
            !["derive", "doc", "serde", "non_exhaustive"]
                .iter()
                .any(|known| attribute.path().is_ident(known))
        });
        Some(ir::DeclaredType {
            ident: ident.clone(),
            public: !matches!(vis, Visibility::Inherited),
            has_json: derived || hidden || implements_serde(items, ident),
        })
    });
    declared.collect()
}

/// Whether the module implements one of serde's traits for the type by hand.
fn implements_serde(items: &[Item], ident: &Ident) -> bool {
    items.iter().any(|item| match item {
        Item::Impl(item) => {
            let of_type = is_named(&item.self_ty, &ident.to_string());
            let of_serde = item.trait_.as_ref().is_some_and(|(.., path, _)| {
                let last = path.segments.last().map(|segment| &segment.ident);
                last.is_some_and(|last| last == "Serialize" || last == "Deserialize")
            });
            of_type && of_serde
        }
        // A macro may implement anything.
        Item::Macro(_) => true,
        _ => false,
    })
}
