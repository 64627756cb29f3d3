//! The module's types as JSON Schema, as serde writes them. What is not to be seen here is a schema that takes anything.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use crate::choreography::ir::ErrorType;
use crate::ir::Ty;
use crate::names;
use crate::parse::enums::{Enum, Tagging, Variant, VariantData};
use crate::parse::types::{DataType, Field, JsonName, Types, parse_ty};

/// The schemas that are named, and those that they name.
pub(super) struct Schemas<'a> {
    types: &'a Types,
    /// `StockRefused.Busy`: variants that are never published.
    transient: HashSet<(String, String)>,
    /// Named, and not yet written.
    missing: Vec<String>,
    written: BTreeMap<String, Value>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(types: &'a Types, errors: &[ErrorType]) -> Self {
        let mut transient = HashSet::new();
        for error in errors {
            let variants = error.variants.iter().flatten();
            for variant in variants.filter(|variant| variant.transient) {
                transient.insert((names::plain(&error.ident), names::plain(&variant.ident)));
            }
        }
        Self {
            types,
            transient,
            missing: Vec::new(),
            written: BTreeMap::new(),
        }
    }

    pub(super) fn of_event(&mut self, name: &str) -> Value {
        self.of(&Ty::Named(name.to_owned()))
    }

    /// The schema of a command's input, by the text of its type.
    pub(super) fn of_input(&mut self, ty: &str) -> Value {
        match syn::parse_str(ty) {
            Ok(ty) => self.of(&parse_ty(&ty)),
            Err(_) => foreign(ty),
        }
    }

    /// What was named on the way.
    pub(super) fn finish(mut self) -> BTreeMap<String, Value> {
        while let Some(name) = self.missing.pop() {
            if self.written.contains_key(&name) {
                continue;
            }
            let schema = match self.types.get(&Ty::Named(name.clone())) {
                Some(data_type) => self.of_declared(&name, data_type),
                None => foreign(&name),
            };
            self.written.insert(name, schema);
        }
        self.written
    }

    fn of(&mut self, ty: &Ty) -> Value {
        let types = self.types;
        let ty = types.resolve(ty);
        if types.get(ty).is_some()
            && let Ty::Named(name) = ty
        {
            self.missing.push(name.clone());
            return json!({ "$ref": format!("#/components/schemas/{name}") });
        }
        match ty {
            Ty::Named(name) | Ty::Opaque(name) => foreign(name),
            Ty::Option(inner) => json!({ "anyOf": [self.of(inner), { "type": "null" }] }),
            Ty::Tuple(elements) if elements.is_empty() => json!({ "type": "null" }),
            Ty::Tuple(elements) => self.of_tuple(elements),
            Ty::List(item) => json!({ "type": "array", "items": self.of(item) }),
            Ty::String => json!({ "type": "string" }),
            Ty::Bool => json!({ "type": "boolean" }),
            Ty::Integer => json!({ "type": "integer" }),
            Ty::Float => json!({ "type": "number" }),
            Ty::Timestamp => json!({ "type": "string", "format": "date-time" }),
            Ty::Unknown => json!({}),
        }
    }

    fn of_tuple(&mut self, elements: &[Ty]) -> Value {
        let items: Vec<Value> = elements.iter().map(|ty| self.of(ty)).collect();
        let count = items.len();
        json!({ "type": "array", "items": items, "minItems": count, "maxItems": count })
    }

    fn of_declared(&mut self, name: &str, data_type: &DataType) -> Value {
        match data_type {
            DataType::Struct(fields) => self.of_fields(fields),
            DataType::Tuple(elements) => match elements.as_slice() {
                // serde writes a newtype as what it wraps.
                [inner] => self.of(inner),
                elements => self.of_tuple(elements),
            },
            DataType::Unit => json!({ "type": "null" }),
            DataType::Enum(declared) => self.of_enum(name, declared),
            DataType::Alias(ty) => self.of(ty),
            DataType::Closed(reason) => json!({ "description": format!("`{name}` {reason}") }),
            DataType::Underived => foreign(name),
        }
    }

    fn of_fields(&mut self, fields: &[Field]) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            let JsonName::Visible(json) = &field.json else {
                continue;
            };
            let is_option = matches!(self.types.resolve(&field.ty), Ty::Option(_));
            if !is_option && field.loose != Some("default") {
                required.push(json.clone());
            }
            properties.insert(json.clone(), self.of(&field.ty));
        }
        json!({ "type": "object", "properties": properties, "required": required })
    }

    fn of_enum(&mut self, name: &str, declared: &Enum) -> Value {
        let mut units = Vec::new();
        let mut others = Vec::new();
        for variant in &declared.variants {
            let key = (name.to_owned(), variant.ident.clone());
            let Ok(json) = &variant.json else { continue };
            if self.transient.contains(&key) {
                continue;
            }
            let is_unit = matches!(variant.data, VariantData::Unit);
            match &declared.tagging {
                Tagging::External if is_unit => units.push(json.clone()),
                tagging => others.push(self.of_variant(tagging, json, variant)),
            }
        }
        if !units.is_empty() {
            others.insert(0, json!({ "type": "string", "enum": units }));
        }
        match <[Value; 1]>::try_from(others) {
            Ok([only]) => only,
            Err(others) => json!({ "oneOf": others }),
        }
    }

    /// A variant as it is tagged; outside tags of their own only with data.
    fn of_variant(&mut self, tagging: &Tagging, json: &str, variant: &Variant) -> Value {
        let content = match &variant.data {
            VariantData::Unit => None,
            VariantData::Newtype(ty) => Some(self.of(ty)),
            VariantData::Tuple(elements) => Some(self.of_tuple(elements)),
            VariantData::Struct(fields) => Some(self.of_fields(fields)),
        };
        let tagged = |tag: &str| {
            json!({
                "type": "object",
                "properties": { tag: { "const": json } },
                "required": [tag],
            })
        };
        match (tagging, content) {
            (Tagging::External, content) => json!({
                "type": "object",
                "properties": { json: content },
                "required": [json],
                "additionalProperties": false,
            }),
            (Tagging::Internal { tag } | Tagging::Adjacent { tag, .. }, None) => tagged(tag),
            // Its keys stand beside the tag.
            (Tagging::Internal { tag }, Some(content)) => {
                json!({ "allOf": [tagged(tag), content] })
            }
            (Tagging::Adjacent { tag, content: key }, Some(content)) => json!({
                "type": "object",
                "properties": { tag: { "const": json }, key: content },
                "required": [tag, key],
            }),
        }
    }
}

/// A type from elsewhere.
fn foreign(name: &str) -> Value {
    json!({ "description": name })
}
