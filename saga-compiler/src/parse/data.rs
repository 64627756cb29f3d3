//! Reads what looks into data and what builds it: field access, struct literals, constructors, `.clone()`.

use proc_macro2::Ident;
use syn::{Expr, ExprCall, ExprField, ExprStruct, Member, Path};

use super::flow::FlowParser;
use super::types::{DataType, Field, JsonName};
use super::value::{UNKNOWN, source};
use crate::ir::{Segment, Ty, Value};
use crate::names;

impl<'a> FlowParser<'a> {
    pub(super) fn parse_field(&mut self, expr: &ExprField) -> (Value, Ty) {
        let (base, ty) = self.parse_value(&expr.base);
        let types = &self.declarations.types;
        match (types.get(&ty), &expr.member) {
            (Some(DataType::Struct(fields)), Member::Named(member)) => {
                let name = names::plain(member);
                let Some(field) = fields.iter().find(|field| field.name == name) else {
                    self.leave_to_rustc(member);
                    return UNKNOWN;
                };
                self.look_into(base, member, field)
            }
            (Some(DataType::Tuple(elements)), Member::Unnamed(index)) => {
                match elements.get(index.index as usize) {
                    // serde writes a newtype as what it wraps.
                    Some(element) if elements.len() == 1 => (base, element.clone()),
                    Some(element) => (
                        step_into(base, Segment::Index(index.index as usize)),
                        element.clone(),
                    ),
                    None => self.leave_member_to_rustc(&expr.member),
                }
            }
            (Some(DataType::Underived), _) => self.leave_to_contract(&ty),
            (Some(DataType::Closed(reason)), member) => {
                let message = format_args!(
                    "the type of `{}` {reason}, so the JSON name of `{}` is not known; pass the whole value",
                    source(&expr.base),
                    source(member)
                );
                self.errors.error(member, message);
                UNKNOWN
            }
            (Some(_), member) => self.leave_member_to_rustc(member),
            (None, member) => self.look_into_undeclared(base, &ty, member),
        }
    }

    pub(super) fn leave_member_to_rustc(&mut self, member: &Member) -> (Value, Ty) {
        match member {
            Member::Named(member) => self.leave_to_rustc(member),
            Member::Unnamed(index) => self.leave_to_rustc(&Ident::new("field", index.span)),
        }
        UNKNOWN
    }

    /// A field's place, and its type.
    pub(super) fn look_into(&mut self, base: Value, member: &Ident, field: &Field) -> (Value, Ty) {
        let JsonName::Visible(json) = &field.json else {
            self.refuse_hidden(member, field);
            return UNKNOWN;
        };
        // A step's output has all its fields, because serde writes them; who starts a saga may leave one out.
        if let Some(word) = field.loose
            && self.is_loose(&base)
        {
            let message = format_args!(
                "field `{member}` has `#[serde({word})]`, so the input need not have it under this name; remove the attribute, or pass the whole value"
            );
            self.errors.error(member, message);
            return UNKNOWN;
        }
        let is_option = matches!(self.declarations.types.resolve(&field.ty), Ty::Option(_));
        let may_be_absent = self.contents.contains(&base) || self.merged.contains(&base);
        let segment = Segment::Field {
            json: json.clone(),
            optional: is_option || may_be_absent,
        };
        (step_into(base, segment), field.ty.clone())
    }

    fn look_into_undeclared(&mut self, base: Value, ty: &Ty, member: &Member) -> (Value, Ty) {
        match (self.declarations.types.resolve(ty), member) {
            (Ty::Unknown, _) => {}
            (Ty::Tuple(elements), Member::Unnamed(index))
                if (index.index as usize) < elements.len() =>
            {
                let index = index.index as usize;
                return (
                    step_into(base, Segment::Index(index)),
                    elements[index].clone(),
                );
            }
            (Ty::Tuple(_), member) => return self.leave_member_to_rustc(member),
            (Ty::Option(_), member) => {
                let message = format_args!(
                    "`{}` looks into an `Option`, which may be `None`; write `match` or `if let Some(..)`, or pass the whole value",
                    source(member)
                );
                self.errors.error(member, message);
            }
            (other, member) => {
                let message = format_args!(
                    "`{}` looks into {}, whose JSON names are not known here; declare the type in this module, without generics, or pass the whole value",
                    source(member),
                    describe(other)
                );
                self.errors.error(member, message);
            }
        }
        UNKNOWN
    }

    fn refuse_hidden(&mut self, member: &Ident, field: &Field) {
        let JsonName::Hidden(attribute) = &field.json else {
            return;
        };
        let message = format_args!(
            "field `{member}` has `{attribute}`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value"
        );
        self.errors.error(member, message);
    }

    pub(super) fn parse_struct(&mut self, expr: &ExprStruct) -> (Value, Ty) {
        if let Some(dots) = expr.dot2_token {
            self.errors
                .error(dots, "`..` is not part of a flow; write each field");
        }
        let values: Vec<(&Member, Value)> = expr
            .fields
            .iter()
            .map(|field| (&field.member, self.parse_value(&field.expr).0))
            .collect();
        let path = &expr.path;
        if let Some(named) = self.named_variant(path) {
            return self.build_struct(path, &named, values);
        }
        let Some(last) = path.segments.last() else {
            return UNKNOWN;
        };
        let ty = Ty::Named(names::plain(&last.ident));
        let Some(fields) = self.fields_of(path, &ty) else {
            return UNKNOWN;
        };
        (self.build_object(path, fields, values), ty)
    }

    /// The object that a struct literal stands for, or the part of a variant's in braces.
    pub(super) fn build_object(
        &mut self, path: &Path, fields: &[Field], values: Vec<(&Member, Value)>,
    ) -> Value {
        if fields.len() != values.len() {
            self.leave_path_to_rustc(path);
        }
        let mut object = Vec::new();
        for (member, value) in values {
            let Member::Named(member) = member else {
                continue;
            };
            match fields
                .iter()
                .find(|field| field.name == names::plain(member))
            {
                Some(Field {
                    json: JsonName::Visible(json),
                    ..
                }) => object.push((json.clone(), value)),
                Some(field) => self.refuse_hidden(member, field),
                None => self.leave_to_rustc(member),
            }
        }
        Value::Object(object)
    }

    /// Leaves what a path does not name, or not so, to rustc.
    pub(super) fn leave_path_to_rustc(&mut self, path: &Path) -> (Value, Ty) {
        if let Some(last) = path.segments.last() {
            self.leave_to_rustc(&last.ident);
        }
        UNKNOWN
    }

    /// The fields of a struct that a flow may build.
    fn fields_of(&mut self, path: &Path, ty: &Ty) -> Option<&'a [Field]> {
        let last = path.segments.last()?;
        let declarations = self.declarations;
        match declarations.types.get(ty) {
            Some(DataType::Struct(fields)) => return Some(fields),
            Some(DataType::Underived) => {
                self.leave_to_contract(ty);
            }
            Some(DataType::Closed(reason)) => {
                let name = &last.ident;
                let message = format_args!(
                    "`{name}` {reason}, so its JSON is not known here; let a step return it"
                );
                self.errors.error(name, message);
            }
            Some(_) => self.leave_to_rustc(&last.ident),
            None if last.ident == "Self" => self.leave_to_rustc(&last.ident),
            None if self.is_variant_of_enum(path) => self.refuse_path_of_enum(path),
            None => {
                let message = format_args!(
                    "`{}` is not declared in this module without generics, so its JSON names are not known; declare it so, or let a step return it",
                    source(path)
                );
                self.errors.error(&last.ident, message);
            }
        }
        None
    }

    /// `Some(x)`, `String::from("..")`, `OrderId(x)`.
    pub(super) fn parse_constructor(&mut self, call: &ExprCall) -> (Value, Ty) {
        let Expr::Path(func) = &*call.func else {
            self.errors
                .error(&call.func, "a flow calls steps only; let a step compute it");
            return UNKNOWN;
        };
        let path = &func.path;
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|segment| names::plain(&segment.ident))
            .collect();
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        if let [.., "Ok" | "Err"] = names.as_slice() {
            let message = "`Ok` and `Err` stand only at a flow's end; bind the value itself";
            self.errors.error(&call.func, message);
            return UNKNOWN;
        }
        if let [.., owner, method] = names.as_slice()
            && self
                .declarations
                .participants
                .iter()
                .any(|participant| participant.ident == owner)
        {
            let message =
                format_args!("call a step by its participant: `participant.{method}(..).await?`");
            self.errors.error(&call.func, message);
            return UNKNOWN;
        }
        let values: Vec<(Value, Ty)> = call
            .args
            .iter()
            .map(|argument| self.parse_value(argument))
            .collect();
        if let Some(named) = self.named_variant(path) {
            let values = values.into_iter().map(|(value, _)| value).collect();
            return self.build_tuple(path, &named, values);
        }
        match (names.as_slice(), values.as_slice()) {
            ([.., "Some"], [(value, ty)]) => (value.clone(), Ty::Option(Box::new(ty.clone()))),
            ([.., "String", "from"], [(value, _)]) => (value.clone(), Ty::String),
            _ => self.parse_tuple_struct(path, values),
        }
    }

    fn parse_tuple_struct(&mut self, path: &Path, values: Vec<(Value, Ty)>) -> (Value, Ty) {
        let Some(last) = path.segments.last() else {
            return UNKNOWN;
        };
        let ty = Ty::Named(names::plain(&last.ident));
        let declarations = self.declarations;
        match declarations.types.get(&ty) {
            Some(DataType::Tuple(elements)) => {
                if elements.len() != values.len() {
                    self.leave_to_rustc(&last.ident);
                }
                let mut values: Vec<Value> = values.into_iter().map(|(value, _)| value).collect();
                match (elements.len(), values.len()) {
                    (1, 1) => (values.swap_remove(0), ty),
                    _ => (Value::Array(values), ty),
                }
            }
            Some(DataType::Underived) => self.leave_to_contract(&ty),
            Some(DataType::Closed(reason)) => {
                let name = &last.ident;
                let message = format_args!(
                    "`{name}` {reason}, so its JSON is not known here; let a step return it"
                );
                self.errors.error(name, message);
                UNKNOWN
            }
            _ if self.is_variant_of_enum(path) => {
                self.refuse_path_of_enum(path);
                UNKNOWN
            }
            _ => {
                let instead = match last.ident.to_string().as_str() {
                    "sleep" | "sleep_until" => {
                        "write the prelude's `sleep(..).await` or `sleep_until(..).await`"
                    }
                    "now" | "new_v4" | "now_v7" => {
                        "the time and random values are a step's to return"
                    }
                    _ => {
                        "a flow calls steps, and builds the types of its module; let a step compute it"
                    }
                };
                let message = format_args!("`{}` is not a step; {instead}", source(path));
                self.errors.error(path, message);
                UNKNOWN
            }
        }
    }

    fn is_variant_of_enum(&self, path: &Path) -> bool {
        let owner = path.segments.iter().rev().nth(1);
        owner.is_some_and(|owner| {
            let ty = Ty::Named(names::plain(&owner.ident));
            matches!(
                self.declarations.types.get(&ty),
                Some(DataType::Enum(_) | DataType::Closed(_) | DataType::Underived)
            )
        })
    }

    /// A variant that its enum does not have, or of an enum whose JSON is not known.
    fn refuse_path_of_enum(&mut self, path: &Path) {
        let mut reversed = path.segments.iter().rev().map(|segment| &segment.ident);
        let (Some(last), Some(owner)) = (reversed.next(), reversed.next()) else {
            return;
        };
        let ty = Ty::Named(names::plain(owner));
        match self.declarations.types.get(&ty) {
            Some(DataType::Closed(reason)) => {
                let message = format_args!(
                    "`{owner}` {reason}, so the JSON of `{last}` is not known here; let a step return it"
                );
                self.errors.error(last, message);
            }
            Some(DataType::Underived) => {
                self.leave_to_contract(&ty);
            }
            _ => self.leave_to_rustc(last),
        }
    }
}

pub(super) fn step_into(value: Value, segment: Segment) -> Value {
    match (value, segment) {
        (Value::Place(root, mut path), segment) => {
            path.push(segment);
            Value::Place(root, path)
        }
        // A struct literal that was bound: the field is what was written there.
        (Value::Object(fields), Segment::Field { json, .. }) => {
            let field = fields.into_iter().find(|(name, _)| *name == json);
            field.map_or(Value::Null, |(_, value)| value)
        }
        (Value::Array(elements), Segment::Index(index)) => {
            elements.into_iter().nth(index).unwrap_or(Value::Null)
        }
        (Value::If(parts), segment) => {
            let [condition, yes, no] = *parts;
            let arms = [
                condition,
                step_into(yes, segment.clone()),
                step_into(no, segment),
            ];
            Value::If(Box::new(arms))
        }
        (_, _) => Value::Null,
    }
}

/// A type in a message.
pub(super) fn describe(ty: &Ty) -> String {
    match ty {
        Ty::Named(name) | Ty::Opaque(name) => format!("`{name}`"),
        Ty::Option(_) => "an `Option`".to_owned(),
        Ty::String => "a `String`".to_owned(),
        Ty::Tuple(elements) if elements.is_empty() => "`()`".to_owned(),
        Ty::Tuple(_) => "a tuple".to_owned(),
        Ty::List(_) => "a list".to_owned(),
        Ty::Bool => "a `bool`".to_owned(),
        Ty::Integer | Ty::Float => "a number".to_owned(),
        Ty::Timestamp => "a `Timestamp`".to_owned(),
        Ty::Unknown => "a value".to_owned(),
    }
}
