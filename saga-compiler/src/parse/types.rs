//! The data types declared in the module, with the JSON names that serde's attributes give them.
//! Types from elsewhere stay opaque.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, ExprLit, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Token, Type,
};

use crate::ir::Ty;
use crate::names;

/// The types that a flow may look into.
pub(super) struct Types(HashMap<String, DataType>);

pub(super) enum DataType {
    Struct(Vec<Field>),
    /// A tuple struct, which serde writes as an array; with one field, as that field.
    Tuple(Vec<Ty>),
    Unit,
    Enum(Vec<UnitVariant>),
    Alias(Ty),
    /// Declared here, but not to be looked into; why.
    Closed(String),
    /// Declared here without serde's derives, which is said once, at the type, by the rules of the contract.
    Underived,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) json: JsonName,
    pub(super) ty: Ty,
    /// The attribute that lets an input leave the key out, or write another.
    pub(super) loose: Option<&'static str>,
}

pub(super) enum JsonName {
    Visible(String),
    /// serde hides it; the attribute that does, as it is written.
    Hidden(String),
}

/// A variant without data, and its JSON.
pub(super) struct UnitVariant {
    pub(super) ident: String,
    /// Or why a flow cannot build it.
    pub(super) json: Result<String, String>,
}

impl Types {
    pub(super) fn parse(items: &[Item]) -> Self {
        let mut types = HashMap::new();
        for item in items {
            let (ident, data_type) = match item {
                Item::Struct(item) if item.generics.params.is_empty() => {
                    (&item.ident, parse_struct(item))
                }
                Item::Enum(item) if item.generics.params.is_empty() => {
                    (&item.ident, parse_enum(item))
                }
                Item::Type(item) if item.generics.params.is_empty() => {
                    (&item.ident, DataType::Alias(parse_ty(&item.ty)))
                }
                _ => continue,
            };
            let twice = || DataType::Closed("is declared more than once here".to_owned());
            // Two declarations under `cfg`: which one counts is not known here.
            types
                .entry(names::plain(ident))
                .and_modify(|first| *first = twice())
                .or_insert(data_type);
        }
        Self(types)
    }

    /// The names of the declared types.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.keys().cloned().collect();
        // A hash map has no order, and messages must.
        names.sort();
        names
    }

    /// The enum that has a variant of that name.
    pub(super) fn owner_of_variant(&self, variant: &str) -> Option<String> {
        self.names()
            .into_iter()
            .find(|name| match self.0.get(name) {
                Some(DataType::Enum(variants)) => {
                    variants.iter().any(|candidate| candidate.ident == variant)
                }
                _ => false,
            })
    }

    /// The declaration behind a type, through aliases; `None` when it is declared elsewhere.
    pub(super) fn get(&self, ty: &Ty) -> Option<&DataType> {
        let mut ty = ty;
        // An alias cycle is rustc's to report; it ends here.
        for _ in 0..=self.0.len() {
            let Ty::Named(name) = ty else { return None };
            match self.0.get(name)? {
                DataType::Alias(target) => ty = target,
                declared => return Some(declared),
            }
        }
        None
    }

    /// The type that an alias stands for.
    pub(super) fn resolve<'a>(&'a self, mut ty: &'a Ty) -> &'a Ty {
        for _ in 0..=self.0.len() {
            match ty {
                Ty::Named(name) => match self.0.get(name) {
                    Some(DataType::Alias(target)) => ty = target,
                    _ => return ty,
                },
                _ => return ty,
            }
        }
        ty
    }
}

/// As much of a type as a flow must see; references and smart pointers do not show in JSON.
pub(super) fn parse_ty(ty: &Type) -> Ty {
    let opaque = || Ty::Opaque(ty.to_token_stream().to_string().replace(' ', ""));
    match ty {
        Type::Reference(reference) => parse_ty(&reference.elem),
        Type::Paren(paren) => parse_ty(&paren.elem),
        Type::Group(group) => parse_ty(&group.elem),
        Type::Tuple(tuple) => Ty::Tuple(tuple.elems.iter().map(parse_ty).collect()),
        Type::Path(path) if path.qself.is_none() => {
            let Some(segment) = path.path.segments.last() else {
                return opaque();
            };
            let name = names::plain(&segment.ident);
            match &segment.arguments {
                PathArguments::AngleBracketed(arguments) => {
                    match (name.as_str(), arguments.args.first()) {
                        ("Option", Some(GenericArgument::Type(inner))) => {
                            Ty::Option(Box::new(parse_ty(inner)))
                        }
                        ("Box" | "Arc" | "Rc", Some(GenericArgument::Type(inner))) => {
                            parse_ty(inner)
                        }
                        _ => opaque(),
                    }
                }
                _ if name == "String" || name == "str" => Ty::String,
                _ if path.path.segments.len() == 1 => Ty::Named(name),
                _ if path.path.segments.len() == 2 && path.path.segments[0].ident == "self" => {
                    Ty::Named(name)
                }
                _ => opaque(),
            }
        }
        _ => opaque(),
    }
}

fn parse_struct(item: &syn::ItemStruct) -> DataType {
    let serde = Serde::parse(&item.attrs);
    if let Some(closed) = serde.closed(&item.attrs) {
        return closed;
    }
    match &item.fields {
        Fields::Unit => DataType::Unit,
        Fields::Unnamed(fields) => {
            if fields
                .unnamed
                .iter()
                .any(|field| !Serde::parse(&field.attrs).0.is_empty())
            {
                return DataType::Closed("has `#[serde(..)]` on an unnamed field".to_owned());
            }
            if serde.has("transparent") && fields.unnamed.len() != 1 {
                return DataType::Closed("has `#[serde(transparent)]`".to_owned());
            }
            DataType::Tuple(
                fields
                    .unnamed
                    .iter()
                    .map(|field| parse_ty(&field.ty))
                    .collect(),
            )
        }
        Fields::Named(fields) => {
            for word in ["tag", "transparent"] {
                if serde.has(word) {
                    return DataType::Closed(format!("has `#[serde({word})]`"));
                }
            }
            let fields = fields
                .named
                .iter()
                .filter_map(|field| parse_field(field, &serde));
            DataType::Struct(fields.collect())
        }
    }
}

fn parse_field(field: &syn::Field, container: &Serde) -> Option<Field> {
    /// What keeps a field's JSON from a flow.
    const HIDING: [&str; 8] = [
        "skip",
        "skip_serializing",
        "skip_deserializing",
        "flatten",
        "with",
        "serialize_with",
        "deserialize_with",
        CFG_ATTR,
    ];
    let name = names::plain(field.ident.as_ref()?);
    let serde = Serde::parse(&field.attrs);
    let ty = parse_ty(&field.ty);
    let is_option = matches!(ty, Ty::Option(_));
    let json = if let Some(word) = HIDING.into_iter().find(|word| serde.has(word)) {
        JsonName::Hidden(attribute_text(word))
    } else if serde.has("skip_serializing_if") && !is_option {
        JsonName::Hidden(attribute_text("skip_serializing_if"))
    } else if serde.is_list("rename") {
        JsonName::Hidden(attribute_text("rename(..)"))
    } else {
        let rule = container.text("rename_all");
        match serde
            .text("rename")
            .unwrap_or_else(|| rename_field(&name, rule.as_deref()))
        {
            json if is_unspeakable(&json) => JsonName::Hidden(attribute_text("rename")),
            json => JsonName::Visible(json),
        }
    };
    let loose = if serde.has("alias") {
        Some("alias")
    } else {
        let has_default = serde.has("default") || container.has("default");
        (has_default && !is_option).then_some("default")
    };
    Some(Field {
        name,
        json,
        ty,
        loose,
    })
}

/// `JSONata` has no escape for a backtick in a path, and `${` is for deployment to replace.
fn is_unspeakable(json: &str) -> bool {
    json.is_empty()
        || json.contains(|c: char| c == '`' || c.is_control())
        || names::is_placeholder(json)
}

fn parse_enum(item: &syn::ItemEnum) -> DataType {
    let serde = Serde::parse(&item.attrs);
    if let Some(closed) = serde.closed(&item.attrs) {
        return closed;
    }
    // Only the default tagging writes a unit variant as its name alone.
    if let Some(word) = ["tag", "untagged"].into_iter().find(|word| serde.has(word)) {
        return DataType::Closed(format!("has `#[serde({word})]`"));
    }
    let rule = serde.text("rename_all");
    let variants = item.variants.iter().map(|variant| UnitVariant {
        ident: names::plain(&variant.ident),
        json: parse_unit_variant(variant, rule.as_deref()),
    });
    DataType::Enum(variants.collect())
}

fn parse_unit_variant(variant: &syn::Variant, rule: Option<&str>) -> Result<String, String> {
    const HIDING: [&str; 7] = [
        "skip",
        "skip_serializing",
        "skip_deserializing",
        "serialize_with",
        "with",
        "untagged",
        CFG_ATTR,
    ];
    if !matches!(variant.fields, Fields::Unit) {
        return Err("has data".to_owned());
    }
    let serde = Serde::parse(&variant.attrs);
    if let Some(word) = HIDING.into_iter().find(|word| serde.has(word)) {
        return Err(format!("has `{}`", attribute_text(word)));
    }
    if serde.is_list("rename") {
        return Err("has `#[serde(rename(..))]`".to_owned());
    }
    let name = names::plain(&variant.ident);
    Ok(serde
        .text("rename")
        .unwrap_or_else(|| rename_variant(&name, rule)))
}

/// An attribute as the user wrote it, about.
fn attribute_text(word: &str) -> String {
    if word == CFG_ATTR {
        "#[cfg_attr(..)]".to_owned()
    } else {
        format!("#[serde({word})]")
    }
}

/// Stands among serde's words for a `cfg_attr` that may hold some of them.
const CFG_ATTR: &str = "cfg_attr";

/// The `#[serde(..)]` attributes of one item.
struct Serde(Vec<Meta>);

impl Serde {
    fn parse(attributes: &[Attribute]) -> Self {
        let mut metas = Vec::new();
        for attribute in attributes {
            if attribute.path().is_ident(CFG_ATTR) && mentions_serde(attribute) {
                metas.push(Meta::Path(attribute.path().clone()));
            }
            if !attribute.path().is_ident("serde") {
                continue;
            }
            // What serde cannot read, serde reports.
            if let Ok(list) =
                attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            {
                metas.extend(list);
            }
        }
        Self(metas)
    }

    fn find(&self, word: &str) -> Option<&Meta> {
        self.0.iter().find(|meta| meta.path().is_ident(word))
    }

    fn has(&self, word: &str) -> bool {
        self.find(word).is_some()
    }

    fn is_list(&self, word: &str) -> bool {
        matches!(self.find(word), Some(Meta::List(_)))
    }

    /// `word = "text"`
    fn text(&self, word: &str) -> Option<String> {
        match self.find(word)? {
            Meta::NameValue(meta) => match &meta.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The type, if its whole JSON cannot be known here.
    fn closed(&self, attributes: &[Attribute]) -> Option<DataType> {
        let word = ["into", "from", "try_from", "remote", CFG_ATTR]
            .into_iter()
            .find(|word| self.has(word));
        if let Some(word) = word {
            let reason = format!("has `{}`", attribute_text(word));
            return Some(DataType::Closed(reason));
        }
        if self.is_list("rename_all") {
            let reason = "has `#[serde(rename_all(..))]`".to_owned();
            return Some(DataType::Closed(reason));
        }
        (!derives(attributes, "Serialize")).then_some(DataType::Underived)
    }
}

fn mentions_serde(attribute: &Attribute) -> bool {
    let mentions = |token: TokenTree| matches!(token, TokenTree::Ident(ident) if ident == "serde");
    match &attribute.meta {
        Meta::List(list) => list.tokens.clone().into_iter().any(mentions),
        _ => false,
    }
}

/// Whether one of the `#[derive(..)]` names it.
pub(super) fn derives(attributes: &[Attribute], name: &str) -> bool {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .any(|attribute| {
            let paths =
                attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated);
            paths.is_ok_and(|paths| {
                paths
                    .iter()
                    .filter_map(|path| path.segments.last())
                    .any(|last| last.ident == name)
            })
        })
}

/// serde's `rename_all` for fields, which are written in snake case.
fn rename_field(name: &str, rule: Option<&str>) -> String {
    let pascal = || -> String {
        name.split('_')
            .filter(|word| !word.is_empty())
            .map(capitalize)
            .collect()
    };
    match rule {
        Some("UPPERCASE" | "SCREAMING_SNAKE_CASE") => name.to_ascii_uppercase(),
        Some("PascalCase") => pascal(),
        Some("camelCase") => uncapitalize(&pascal()),
        Some("kebab-case") => name.replace('_', "-"),
        Some("SCREAMING-KEBAB-CASE") => name.to_ascii_uppercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

/// serde's `rename_all` for variants, which are written in Pascal case.
fn rename_variant(name: &str, rule: Option<&str>) -> String {
    let snake = || {
        let mut words = String::new();
        for (index, c) in name.char_indices() {
            if index > 0 && c.is_uppercase() {
                words.push('_');
            }
            words.push(c.to_ascii_lowercase());
        }
        words
    };
    match rule {
        Some("lowercase") => name.to_ascii_lowercase(),
        Some("UPPERCASE") => name.to_ascii_uppercase(),
        Some("camelCase") => uncapitalize(name),
        Some("snake_case") => snake(),
        Some("SCREAMING_SNAKE_CASE") => snake().to_ascii_uppercase(),
        Some("kebab-case") => snake().replace('_', "-"),
        Some("SCREAMING-KEBAB-CASE") => snake().to_ascii_uppercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

fn capitalize(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

fn uncapitalize(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_ascii_lowercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

/// The `#[..]` of that name, if the item has it.
pub(crate) fn attribute<'a>(from: &'a [Attribute], name: &'a str) -> Option<&'a Attribute> {
    attributes(from, name).next()
}

/// All `#[..]` of that name.
pub(super) fn attributes<'a>(
    from: &'a [Attribute], name: &'a str,
) -> impl Iterator<Item = &'a Attribute> {
    from.iter()
        .filter(move |attribute| attribute.path().is_ident(name))
}

/// The first paragraph of a doc comment: what becomes `Comment`.
pub(super) fn summary(attributes: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
    {
        let Meta::NameValue(meta) = &attribute.meta else {
            continue;
        };
        let Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) = &meta.value
        else {
            continue;
        };
        let text = text.value();
        // `/** … */` has several lines, and a star before each that is not the comment's.
        let block = text.contains('\n');
        for line in text.split('\n') {
            let line = line.trim();
            let line = if block {
                line.strip_prefix('*').unwrap_or(line).trim()
            } else {
                line
            };
            lines.push(line.to_owned());
        }
    }
    let paragraph: Vec<String> = lines
        .into_iter()
        .skip_while(String::is_empty)
        .take_while(|line| !line.is_empty())
        .collect();
    (!paragraph.is_empty()).then(|| paragraph.join(" "))
}

/// The type without parentheses, or the invisible ones of a macro's argument.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => peel(&paren.elem),
        Type::Group(group) => peel(&group.elem),
        ty => ty,
    }
}

/// Whether a type is called so, by whatever path.
pub(super) fn is_named(ty: &Type, name: &str) -> bool {
    match peel(ty) {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == name),
        _ => false,
    }
}

/// Whether a type is the module's own of that name.
pub(crate) fn is_local(ty: &Type, name: &Ident) -> bool {
    matches!(parse_ty(ty), Ty::Named(local) if local == names::plain(name))
}

/// The type arguments of `Result<A, B>`, `Outcome<A>`.
pub(super) fn type_arguments<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
    let Type::Path(path) = peel(ty) else {
        return None;
    };
    let segment = path
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    let types = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// The name of a parameter that is one identifier.
pub(super) fn simple_pattern(pattern: &syn::Pat) -> Option<&Ident> {
    match pattern {
        syn::Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
            Some(&pattern.ident)
        }
        _ => None,
    }
}
