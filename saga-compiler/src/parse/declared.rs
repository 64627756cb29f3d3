//! Reads what the rules of the contract ask of the module's types: who sees them, whether they have JSON, and how they are declared.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{Attribute, Field, Fields, Item, Meta, Visibility};

use super::serde::derives;
use super::types::is_named;
use crate::{ir, names};

/// The structs and enums of the module, for the rules of the contract.
pub(crate) fn parse_declared_types(items: &[Item]) -> Vec<ir::DeclaredType> {
    let declared = items.iter().filter_map(|item| {
        let (ident, attributes, vis) = match item {
            Item::Struct(item) => (&item.ident, &item.attrs, &item.vis),
            Item::Enum(item) => (&item.ident, &item.attrs, &item.vis),
            _ => return None,
        };
        let derived = derives(attributes, "Serialize") && derives(attributes, "Deserialize");
        // What `cfg_attr` brings, or another macro, is not to be seen here.
        let hidden = attributes.iter().any(|attribute| {
            !["derive", "doc", "serde", "non_exhaustive", "event", "error"]
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

/// How the module's types are declared, doc comments and visibility aside.
pub(crate) fn parse_declarations(items: &[Item]) -> Vec<ir::Declaration> {
    let declarations = items.iter().filter_map(|item| {
        let (ident, attributes, form, parts) = match item {
            Item::Struct(item) => {
                let form = match item.fields {
                    Fields::Named(_) => ir::Form::Struct,
                    Fields::Unnamed(_) | Fields::Unit => ir::Form::Tuple,
                };
                (&item.ident, &item.attrs, form, fields(&item.fields))
            }
            Item::Enum(item) => {
                let variants = item.variants.iter().map(|variant| {
                    let name = names::plain(&variant.ident);
                    let fields = fields(&variant.fields).join(", ");
                    let text = match variant.fields {
                        Fields::Named(_) => format!("{name} {{ {fields} }}"),
                        Fields::Unnamed(_) => format!("{name}({fields})"),
                        Fields::Unit => name,
                    };
                    with_serde(&variant.attrs, text)
                });
                (&item.ident, &item.attrs, ir::Form::Enum, variants.collect())
            }
            Item::Type(item) => {
                let stands_for = vec![names::type_text(item.ty.to_token_stream())];
                (&item.ident, &item.attrs, ir::Form::Alias, stands_for)
            }
            _ => return None,
        };
        Some(ir::Declaration {
            name: names::plain(ident),
            form,
            serde: serde_options(attributes),
            parts,
        })
    });
    declarations.collect()
}

fn fields(fields: &Fields) -> Vec<String> {
    let text = |field: &Field| {
        let ty = names::type_text(field.ty.to_token_stream());
        let text = match &field.ident {
            Some(ident) => format!("{}: {ty}", names::plain(ident)),
            None => ty,
        };
        with_serde(&field.attrs, text)
    };
    fields.iter().map(text).collect()
}

fn with_serde(attributes: &[Attribute], text: String) -> String {
    match serde_options(attributes).as_slice() {
        [] => text,
        options => format!("#[serde({})] {text}", options.join(", ")),
    }
}

fn serde_options(attributes: &[Attribute]) -> Vec<String> {
    let lists = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::List(list) if list.path.is_ident("serde") => {
                Some(names::type_text(list.tokens.clone()))
            }
            _ => None,
        });
    lists.collect()
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
