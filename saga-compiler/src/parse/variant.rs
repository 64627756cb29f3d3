//! Enums in JSON: builds their variants, and tells them apart.

use quote::ToTokens;
use syn::{Member, Path};

use super::data::step_into;
use super::enums::{Enum, Tagging, Variant, VariantData};
use super::flow::FlowParser;
use super::operator::binary;
use super::types::DataType;
use super::value::{UNKNOWN, source};
use crate::ir::{Operator, Segment, Ty, Value};
use crate::names;

/// What a path names, when its last but one segment is an enum of the module.
pub(super) struct Named<'a> {
    pub(super) declared: &'a Enum,
    pub(super) variant: &'a Variant,
    pub(super) ty: Ty,
}

impl<'a> FlowParser<'a> {
    /// `Mode::Fast`, where `Mode` is an enum of the module that has it.
    pub(super) fn named_variant(&self, path: &Path) -> Option<Named<'a>> {
        let mut reversed = path.segments.iter().rev().map(|segment| &segment.ident);
        let (last, owner) = (reversed.next()?, reversed.next()?);
        let ty = Ty::Named(names::plain(owner));
        let declarations = self.declarations;
        match declarations.types.get(&ty) {
            Some(DataType::Enum(declared)) => Some(Named {
                declared,
                variant: declared.variant(&names::plain(last))?,
                ty,
            }),
            _ => None,
        }
    }

    /// A variant without data.
    pub(super) fn build_unit(&mut self, path: &Path, named: &Named<'_>) -> (Value, Ty) {
        let value = match named.variant.data {
            VariantData::Unit => self.build_variant(path, named, None),
            VariantData::Struct(_) => {
                self.refuse_bare(path, " { … }");
                None
            }
            VariantData::Newtype(_) | VariantData::Tuple(_) => {
                self.refuse_bare(path, "(…)");
                None
            }
        };
        value.map_or(UNKNOWN, |value| (value, named.ty.clone()))
    }

    fn refuse_bare(&mut self, path: &Path, data: &str) {
        let path_text = source(path);
        let message = format_args!("`{path_text}` has data; write `{path_text}{data}`");
        self.errors.error(path.segments.last(), message);
    }

    /// `Mode::Fast(1)`
    pub(super) fn build_tuple(
        &mut self, path: &Path, named: &Named<'_>, mut values: Vec<Value>,
    ) -> (Value, Ty) {
        let content = match &named.variant.data {
            VariantData::Newtype(_) if values.len() == 1 => values.swap_remove(0),
            VariantData::Tuple(elements) if values.len() == elements.len() => Value::Array(values),
            _ => {
                return self.leave_path_to_rustc(path);
            }
        };
        let value = self.build_variant(path, named, Some(content));
        value.map_or(UNKNOWN, |value| (value, named.ty.clone()))
    }

    /// `Mode::Fast { speed: 1 }`
    pub(super) fn build_struct(
        &mut self, path: &Path, named: &Named<'_>, values: Vec<(&Member, Value)>,
    ) -> (Value, Ty) {
        let VariantData::Struct(fields) = &named.variant.data else {
            return self.leave_path_to_rustc(path);
        };
        let content = self.build_object(path, fields, values);
        let value = self.build_variant(path, named, Some(content));
        value.map_or(UNKNOWN, |value| (value, named.ty.clone()))
    }

    fn build_variant(
        &mut self, path: &Path, named: &Named<'_>, content: Option<Value>,
    ) -> Option<Value> {
        let Ok(json) = &named.variant.json else {
            self.refuse_variant(path, named.variant);
            return None;
        };
        let name = Value::String(json.clone());
        Some(match (&named.declared.tagging, content) {
            (Tagging::External, None) => name,
            (Tagging::External, Some(content)) => Value::Object(vec![(json.clone(), content)]),
            (Tagging::Internal { tag }, content) => {
                let mut fields = vec![(tag.clone(), name)];
                match (content, &named.variant.data) {
                    (None, _) => {}
                    (Some(Value::Object(content)), VariantData::Struct(_)) => {
                        fields.extend(content);
                    }
                    (Some(content), VariantData::Newtype(ty)) => {
                        fields.extend(self.merge(path, ty, content)?);
                    }
                    _ => return None,
                }
                Value::Object(fields)
            }
            (Tagging::Adjacent { tag, .. }, None) => Value::Object(vec![(tag.clone(), name)]),
            (Tagging::Adjacent { tag, content: key }, Some(content)) => {
                Value::Object(vec![(tag.clone(), name), (key.clone(), content)])
            }
        })
    }

    /// The fields that go beside the tag.
    fn merge(&mut self, path: &Path, ty: &Ty, content: Value) -> Option<Vec<(String, Value)>> {
        match (self.declarations.types.merged(ty), content) {
            (Some(_), Value::Object(fields)) => return Some(fields),
            (Some(_), Value::Null) => return Some(Vec::new()),
            (Some(_), _) => {
                let message = format_args!(
                    "`{}` keeps its data beside the tag; write out the struct here, or let a step build it",
                    source(path)
                );
                self.errors.error(path.segments.last(), message);
            }
            (None, _) => self.refuse_merged(path),
        }
        None
    }

    /// An internally tagged variant around what is no struct of the module.
    pub(super) fn refuse_merged(&mut self, path: &Path) {
        let message = format_args!(
            "`{}` keeps its data beside the tag, where a flow sees only a struct of this module without `flatten` and `deny_unknown_fields`; add `content = \"..\"` to `#[serde(tag = \"..\")]`, or let a step do it",
            source(path)
        );
        self.errors.error(path.segments.last(), message);
    }

    pub(super) fn refuse_variant(&mut self, path: &Path, variant: &Variant) {
        let Err(reason) = &variant.json else { return };
        let message = format_args!("`{}` {reason}; let a step return it", source(path));
        self.errors.error(path.segments.last(), message);
    }

    /// Whether a variant has one name in a value's JSON; reports it otherwise.
    pub(super) fn check_variant_names(
        &mut self, tokens: impl ToTokens, variant: &Variant, value: &Value,
    ) -> bool {
        let name = &variant.ident;
        match (variant.loose, &variant.json) {
            (_, Err(reason)) => {
                let message = format_args!(
                    "variant `{name}` {reason}, so its JSON is not known here; write `_` for it, or let a step decide"
                );
                self.errors.error(tokens, message);
            }
            (Some("other"), _) => {
                let message = format_args!(
                    "variant `{name}` has `#[serde(other)]`, so its JSON may be any text; write `_` for it, or let a step decide"
                );
                self.errors.error(tokens, message);
            }
            (Some(word), _) if self.is_loose(value) => {
                let message = format_args!(
                    "variant `{name}` has `#[serde({word})]`, so the input may write it otherwise; remove the attribute, or let a step decide"
                );
                self.errors.error(tokens, message);
            }
            _ => return true,
        }
        false
    }

    /// Whether the JSON of a value may be as somebody wrote it who starts a saga, not as serde writes it.
    pub(super) fn is_loose(&self, value: &Value) -> bool {
        match value {
            Value::Place(root, _) => !self.answers.contains(root),
            Value::If(parts) => parts[1..].iter().any(|part| self.is_loose(part)),
            _ => false,
        }
    }

    /// Whether the value is that variant.
    pub(super) fn is_variant(&self, declared: &Enum, variant: &Variant, value: &Value) -> Value {
        let name = variant.json.clone().unwrap_or_default();
        match (declared.tag(), &variant.data) {
            (Some(tag), _) => {
                let segment = Segment::Field {
                    json: tag.to_owned(),
                    optional: self.contents.contains(value),
                };
                let tag = step_into(value.clone(), segment);
                binary(Operator::Equal, tag, Value::String(name))
            }
            // Built here, with data.
            (None, VariantData::Unit) if matches!(value, Value::Object(_)) => Value::Bool(false),
            (None, VariantData::Unit) => {
                binary(Operator::Equal, value.clone(), Value::String(name))
            }
            (None, _) => has_key(value, &name),
        }
    }

    /// What the variant holds.
    pub(super) fn content_of(
        &mut self, declared: &Enum, variant: &Variant, value: &Value,
    ) -> Value {
        let key = match &declared.tagging {
            Tagging::External => variant.json.clone().unwrap_or_default(),
            Tagging::Adjacent { content, .. } => content.clone(),
            Tagging::Internal { .. } => {
                self.merged.push(value.clone());
                return value.clone();
            }
        };
        let segment = Segment::Field {
            json: key,
            optional: true,
        };
        step_into(value.clone(), segment)
    }
}

fn has_key(value: &Value, key: &str) -> Value {
    match value {
        Value::Place(root, path) => {
            let mut path = path.clone();
            path.push(Segment::Field {
                json: key.to_owned(),
                optional: true,
            });
            Value::Has(*root, path)
        }
        Value::If(parts) => {
            let [condition, yes, no] = &**parts;
            let arms = [condition.clone(), has_key(yes, key), has_key(no, key)];
            Value::If(Box::new(arms))
        }
        Value::Object(fields) => Value::Bool(fields.iter().any(|(name, _)| name == key)),
        _ => Value::Bool(false),
    }
}
