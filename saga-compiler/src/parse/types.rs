//! The data types declared in the module, with the JSON names that serde's attributes give them.
//! Types from elsewhere stay opaque.

use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprLit, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Type,
};

use super::enums::{Enum, parse_enum};
use super::serde::{CFG_ATTR, Serde, attribute_text, derives, is_unspeakable, rename_field};
use crate::ir::Ty;
use crate::names;

/// The types that a flow may look into.
pub(crate) struct Types {
    declared: HashMap<String, DataType>,
    /// Those that derive `PartialEq`, so that `==` compares what JSON holds.
    comparable: HashSet<String>,
    /// Those that mind keys which they do not declare.
    strict: HashSet<String>,
}

pub(crate) enum DataType {
    Struct(Vec<Field>),
    /// A tuple struct, which serde writes as an array; with one field, as that field.
    Tuple(Vec<Ty>),
    Unit,
    Enum(Enum),
    Alias(Ty),
    /// Declared here, but not to be looked into; why.
    Closed(String),
    /// Declared here without serde's derives, which is said once, at the type, by the rules of the contract.
    Underived,
}

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) json: JsonName,
    pub(crate) ty: Ty,
    /// The attribute that lets an input leave the key out, or write another.
    pub(crate) loose: Option<&'static str>,
}

pub(crate) enum JsonName {
    Visible(String),
    /// serde hides it; the attribute that does, as it is written.
    Hidden(String),
}

impl Types {
    pub(crate) fn parse(items: &[Item]) -> Self {
        let mut types = Self {
            declared: HashMap::new(),
            comparable: HashSet::new(),
            strict: HashSet::new(),
        };
        for item in items {
            let (ident, attributes, data_type) = match item {
                Item::Struct(item) if item.generics.params.is_empty() => {
                    (&item.ident, &item.attrs, parse_struct(item))
                }
                Item::Enum(item) if item.generics.params.is_empty() => {
                    let closed = closed(&Serde::parse(&item.attrs), &item.attrs);
                    let data_type = closed.unwrap_or_else(|| parse_enum(item));
                    (&item.ident, &item.attrs, data_type)
                }
                Item::Type(item) if item.generics.params.is_empty() => (
                    &item.ident,
                    &item.attrs,
                    DataType::Alias(parse_ty(&item.ty)),
                ),
                _ => continue,
            };
            types.add(names::plain(ident), attributes, data_type);
        }
        types
    }

    fn add(&mut self, name: String, attributes: &[Attribute], data_type: DataType) {
        if derives(attributes, "PartialEq") {
            self.comparable.insert(name.clone());
        }
        let flattens = match &data_type {
            DataType::Struct(fields) => fields.iter().any(|field| match &field.json {
                JsonName::Hidden(attribute) => *attribute == attribute_text("flatten"),
                JsonName::Visible(_) => false,
            }),
            _ => false,
        };
        if flattens || Serde::parse(attributes).has("deny_unknown_fields") {
            self.strict.insert(name.clone());
        }
        let twice = || DataType::Closed("is declared more than once here".to_owned());
        // Two declarations under `cfg`: which one counts is not known here.
        self.declared
            .entry(name)
            .and_modify(|first| *first = twice())
            .or_insert(data_type);
    }

    /// The names of the declared types.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.declared.keys().cloned().collect();
        // A hash map has no order, and messages must.
        names.sort();
        names
    }

    /// The enum that has a variant of that name.
    pub(crate) fn owner_of_variant(&self, variant: &str) -> Option<String> {
        self.names()
            .into_iter()
            .find(|name| match self.declared.get(name) {
                Some(DataType::Enum(declared)) => declared
                    .variants
                    .iter()
                    .any(|candidate| candidate.ident == variant),
                _ => false,
            })
    }

    /// The declaration behind a type, through aliases; `None` when it is declared elsewhere.
    pub(crate) fn get(&self, ty: &Ty) -> Option<&DataType> {
        self.declared.get(name_of(self.resolve(ty))?)
    }

    /// The type that an alias stands for.
    pub(crate) fn resolve<'a>(&'a self, mut ty: &'a Ty) -> &'a Ty {
        // An alias cycle is rustc's to report; it ends here.
        for _ in 0..=self.declared.len() {
            match name_of(ty).and_then(|name| self.declared.get(name)) {
                Some(DataType::Alias(target)) => ty = target,
                _ => return ty,
            }
        }
        ty
    }

    /// The type, and what it wraps as a newtype, as often as one wraps another; serde writes nothing for it.
    pub(crate) fn newtypes<'a>(&'a self, ty: &'a Ty) -> Vec<&'a Ty> {
        let mut types = vec![self.resolve(ty)];
        while let Some(ty) = types.last()
            && types.len() <= self.declared.len()
            && let Some(DataType::Tuple(elements)) = self.get(ty)
            && let [inner] = elements.as_slice()
        {
            types.push(self.resolve(inner));
        }
        types
    }

    /// What all newtypes around are written as.
    fn unwrap<'a>(&'a self, ty: &'a Ty) -> &'a Ty {
        self.newtypes(ty).last().copied().unwrap_or(ty)
    }

    /// Whether a value of the type may be `null` in JSON, so that an `Option` of it cannot be told from `None`.
    pub(crate) fn is_nullable(&self, ty: &Ty) -> bool {
        let ty = self.unwrap(ty);
        match ty {
            Ty::Option(_) => true,
            Ty::Tuple(elements) => elements.is_empty(),
            ty => matches!(self.get(ty), Some(DataType::Unit)),
        }
    }

    /// The fields of a type that stand in an internally tagged enum's own object, if it is one that does not mind the tag.
    pub(crate) fn merged(&self, ty: &Ty) -> Option<&[Field]> {
        let ty = self.unwrap(ty);
        if *ty == Ty::Tuple(Vec::new()) {
            return Some(&[]);
        }
        match (self.get(ty)?, name_of(ty)) {
            (DataType::Struct(fields), Some(name)) if !self.strict.contains(name) => Some(fields),
            (DataType::Unit, _) => Some(&[]),
            _ => None,
        }
    }

    /// Whether a declared type derives `PartialEq`.
    pub(crate) fn derives_eq(&self, ty: &Ty) -> bool {
        name_of(self.resolve(ty)).is_some_and(|name| self.comparable.contains(name))
    }
}

/// How a declaration would call the type. The runtime's `Timestamp` may be hidden by one of the module's own.
fn name_of(ty: &Ty) -> Option<&str> {
    match ty {
        Ty::Named(name) => Some(name),
        Ty::Timestamp => Some("Timestamp"),
        _ => None,
    }
}

/// As much of a type as a flow must see; references and smart pointers do not show in JSON.
pub(crate) fn parse_ty(ty: &Type) -> Ty {
    let opaque = || Ty::Opaque(ty.to_token_stream().to_string().replace(' ', ""));
    match ty {
        Type::Reference(reference) => parse_ty(&reference.elem),
        Type::Paren(paren) => parse_ty(&paren.elem),
        Type::Group(group) => parse_ty(&group.elem),
        Type::Tuple(tuple) => Ty::Tuple(tuple.elems.iter().map(parse_ty).collect()),
        Type::Slice(slice) => Ty::List(Box::new(parse_ty(&slice.elem))),
        Type::Array(array) => Ty::List(Box::new(parse_ty(&array.elem))),
        Type::Path(path) if path.qself.is_none() => parse_path(&path.path).unwrap_or_else(opaque),
        _ => opaque(),
    }
}

fn parse_path(path: &syn::Path) -> Option<Ty> {
    let segment = path.segments.last()?;
    let name = names::plain(&segment.ident);
    if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
        let Some(GenericArgument::Type(inner)) = arguments.args.first() else {
            return None;
        };
        return match name.as_str() {
            "Option" => Some(Ty::Option(Box::new(parse_ty(inner)))),
            "Vec" => Some(Ty::List(Box::new(parse_ty(inner)))),
            "Box" | "Arc" | "Rc" => Some(parse_ty(inner)),
            _ => None,
        };
    }
    let is_local = path.segments.len() == 2 && path.segments[0].ident == "self";
    Some(match name.as_str() {
        "String" | "str" | "char" => Ty::String,
        "Timestamp" if path.segments[0].ident != "self" => Ty::Timestamp,
        _ if path.segments.len() > 1 && !is_local => return None,
        "bool" => Ty::Bool,
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => {
            Ty::Integer
        }
        "f32" | "f64" => Ty::Float,
        // Beyond what JSON's numbers hold.
        "u128" | "i128" => return None,
        _ => Ty::Named(name),
    })
}

/// The type, if its whole JSON cannot be known here.
fn closed(serde: &Serde, attributes: &[Attribute]) -> Option<DataType> {
    if let Some(reason) = serde.closing() {
        return Some(DataType::Closed(reason));
    }
    (!derives(attributes, "Serialize")).then_some(DataType::Underived)
}

fn parse_struct(item: &syn::ItemStruct) -> DataType {
    let serde = Serde::parse(&item.attrs);
    if let Some(closed) = closed(&serde, &item.attrs) {
        return closed;
    }
    match &item.fields {
        Fields::Unit => DataType::Unit,
        Fields::Unnamed(fields) => {
            if fields
                .unnamed
                .iter()
                .any(|field| !Serde::parse(&field.attrs).is_empty())
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
            let rule = serde.text("rename_all");
            let fields = fields
                .named
                .iter()
                .filter_map(|field| parse_field(field, rule.as_deref(), serde.has("default")));
            DataType::Struct(fields.collect())
        }
    }
}

/// A field under its container's rule for names; `defaults` where the container fills in what is missing.
pub(crate) fn parse_field(field: &syn::Field, rule: Option<&str>, defaults: bool) -> Option<Field> {
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
        match serde
            .text("rename")
            .unwrap_or_else(|| rename_field(&name, rule))
        {
            json if is_unspeakable(&json) => JsonName::Hidden(attribute_text("rename")),
            json => JsonName::Visible(json),
        }
    };
    let loose = if serde.has("alias") {
        Some("alias")
    } else {
        let has_default = serde.has("default") || defaults;
        (has_default && !is_option).then_some("default")
    };
    Some(Field {
        name,
        json,
        ty,
        loose,
    })
}

/// The `#[..]` of that name, if the item has it.
pub(crate) fn attribute<'a>(from: &'a [Attribute], name: &'a str) -> Option<&'a Attribute> {
    attributes(from, name).next()
}

/// All `#[..]` of that name.
pub(crate) fn attributes<'a>(
    from: &'a [Attribute], name: &'a str,
) -> impl Iterator<Item = &'a Attribute> {
    from.iter()
        .filter(move |attribute| attribute.path().is_ident(name))
}

/// The first paragraph of a doc comment: what becomes `Comment`.
pub(crate) fn summary(attributes: &[Attribute]) -> Option<String> {
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
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
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
pub(crate) fn type_arguments<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
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
pub(crate) fn simple_pattern(pattern: &syn::Pat) -> Option<&Ident> {
    match pattern {
        syn::Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
            Some(&pattern.ident)
        }
        _ => None,
    }
}
