//! The enums declared in the module: how serde tags them, and what their variants are called in JSON.

use syn::Fields;

use super::serde::{CFG_ATTR, Serde, attribute_text, is_unspeakable, rename_variant};
use super::types::{DataType, Field, parse_field, parse_ty};
use crate::ir::Ty;
use crate::names;

pub(crate) struct Enum {
    pub(crate) tagging: Tagging,
    pub(crate) variants: Vec<Variant>,
}

/// Where a variant's name stands.
pub(crate) enum Tagging {
    /// `"V"` without data, `{ "V": data }` with it.
    External,
    /// `{ "tag": "V", … }`: the data's own keys beside it.
    Internal { tag: String },
    /// `{ "tag": "V", "content": data }`
    Adjacent { tag: String, content: String },
}

pub(crate) struct Variant {
    pub(crate) ident: String,
    /// Its name in JSON, or why a flow cannot see it.
    pub(crate) json: Result<String, String>,
    pub(crate) data: VariantData,
    /// The attribute that lets an input write it otherwise.
    pub(crate) loose: Option<&'static str>,
}

pub(crate) enum VariantData {
    Unit,
    /// One field, which serde writes as itself.
    Newtype(Ty),
    Tuple(Vec<Ty>),
    Struct(Vec<Field>),
}

impl Enum {
    pub(crate) fn variant(&self, name: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.ident == name)
    }

    /// The key of the variant's name, where it has one.
    pub(crate) fn tag(&self) -> Option<&str> {
        match &self.tagging {
            Tagging::External => None,
            Tagging::Internal { tag } | Tagging::Adjacent { tag, .. } => Some(tag),
        }
    }

    pub(crate) fn has_data(&self) -> bool {
        let mut variants = self.variants.iter();
        variants.any(|variant| !matches!(variant.data, VariantData::Unit))
    }
}

/// An enum that derives serde's traits, and has no attribute that closes it.
pub(crate) fn parse_enum(item: &syn::ItemEnum) -> DataType {
    let serde = Serde::parse(&item.attrs);
    let keys = ["tag", "content"].map(|word| serde.text(word));
    if keys.iter().flatten().any(|key| is_unspeakable(key)) {
        return DataType::Closed(format!("has `{}`", attribute_text("tag")));
    }
    let tagging = match keys {
        [None, _] => Tagging::External,
        [Some(tag), None] => Tagging::Internal { tag },
        [Some(tag), Some(content)] => Tagging::Adjacent { tag, content },
    };
    let is_external = matches!(tagging, Tagging::External);
    let variants = item.variants.iter().map(|variant| {
        let serde_of_variant = Serde::parse(&variant.attrs);
        let data = parse_data(variant, &serde_of_variant, &serde);
        let is_key = is_external && !matches!(data, VariantData::Unit);
        Variant {
            ident: names::plain(&variant.ident),
            json: parse_name(variant, &serde_of_variant, &serde, is_key),
            data,
            loose: ["other", "alias"]
                .into_iter()
                .find(|word| serde_of_variant.has(word)),
        }
    });
    DataType::Enum(Enum {
        variants: variants.collect(),
        tagging,
    })
}

fn parse_data(variant: &syn::Variant, serde: &Serde, container: &Serde) -> VariantData {
    match &variant.fields {
        Fields::Unit => VariantData::Unit,
        Fields::Unnamed(fields) => {
            let mut types: Vec<Ty> = fields
                .unnamed
                .iter()
                .map(|field| parse_ty(&field.ty))
                .collect();
            match types.len() {
                1 => VariantData::Newtype(types.swap_remove(0)),
                _ => VariantData::Tuple(types),
            }
        }
        Fields::Named(fields) => {
            let rule = serde
                .text("rename_all")
                .or_else(|| container.text("rename_all_fields"));
            let fields = fields
                .named
                .iter()
                .filter_map(|field| parse_field(field, rule.as_deref(), false));
            VariantData::Struct(fields.collect())
        }
    }
}

fn parse_name(
    variant: &syn::Variant, serde: &Serde, container: &Serde, is_key: bool,
) -> Result<String, String> {
    const HIDING: [&str; 8] = [
        "skip",
        "skip_serializing",
        "skip_deserializing",
        "serialize_with",
        "deserialize_with",
        "with",
        "untagged",
        CFG_ATTR,
    ];
    let has = |word: &str| Err(format!("has `{}`", attribute_text(word)));
    if let Some(word) = HIDING.into_iter().find(|word| serde.has(word)) {
        return has(word);
    }
    if let Some(word) = ["rename", "rename_all"]
        .into_iter()
        .find(|word| serde.is_list(word))
    {
        return has(&format!("{word}(..)"));
    }
    if let Fields::Unnamed(fields) = &variant.fields
        && fields
            .unnamed
            .iter()
            .any(|field| !Serde::parse(&field.attrs).is_empty())
    {
        return Err("has `#[serde(..)]` on an unnamed field".to_owned());
    }
    let name = names::plain(&variant.ident);
    let rule = container.text("rename_all");
    match serde
        .text("rename")
        .unwrap_or_else(|| rename_variant(&name, rule.as_deref()))
    {
        json if is_key && is_unspeakable(&json) => has("rename"),
        json => Ok(json),
    }
}
