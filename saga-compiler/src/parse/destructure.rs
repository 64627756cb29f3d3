//! Reads the patterns that name a type: `Some`, structs, variants, and what is inside of them.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{FieldPat, Member, Pat, PatStruct, Path, Token};

use super::data::{describe, step_into};
use super::enums::{Enum, Tagging, Variant, VariantData};
use super::flow::FlowParser;
use super::operator::{is_some, not};
use super::pattern::{Matched, Seen};
use super::types::{DataType, Field};
use super::value::{UNKNOWN, is_constant};
use crate::ir::{Segment, Ty, Value};
use crate::names;

/// What the path of a pattern names.
enum Target<'a> {
    Struct(&'a DataType),
    Variant(&'a Enum, &'a Variant),
    /// Reported, or rustc's to report.
    Wrong,
}

impl<'a> FlowParser<'a> {
    pub(super) fn read_none(&mut self, ident: &Ident, seen: &Seen, matched: &mut Matched) {
        let declarations = self.declarations;
        if let Ty::Option(inner) = declarations.types.resolve(&seen.1) {
            self.check_option(ident, inner);
            matched.require(not(is_some(seen.0.clone())));
        } else if self.check_visible(ident.span(), &seen.1) {
            self.leave_pattern_to_rustc(ident.span());
        }
    }

    /// Reports an `Option` whose `Some` looks like its `None`.
    pub(super) fn check_option(&mut self, ident: &Ident, inner: &Ty) {
        if self.declarations.types.is_nullable(inner) {
            let message = format_args!(
                "an `Option` of {} may hold `null`, which JSON cannot tell from `None`; let a step decide",
                describe(inner)
            );
            self.errors.error(ident, message);
        }
    }

    pub(super) fn read_path(&mut self, path: &Path, seen: &Seen, matched: &mut Matched) {
        let Some(last) = path.segments.last() else {
            return;
        };
        if last.ident == "None" {
            return self.read_none(&last.ident, seen, matched);
        }
        match self.target(path, seen) {
            Target::Struct(DataType::Unit) | Target::Wrong => {}
            Target::Variant(declared, variant) if matches!(variant.data, VariantData::Unit) => {
                self.require_variant(path, declared, variant, seen, matched);
            }
            Target::Struct(_) | Target::Variant(..) => {
                self.leave_path_to_rustc(path);
            }
        }
    }

    /// What the path of a pattern names, if it fits the value's type.
    fn target(&mut self, path: &Path, seen: &Seen) -> Target<'a> {
        let declarations = self.declarations;
        let types = &declarations.types;
        let mut reversed = path.segments.iter().rev().map(|segment| &segment.ident);
        let Some(last) = reversed.next() else {
            return Target::Wrong;
        };
        let owner = reversed.next().filter(|owner| *owner != "self");
        if !self.check_visible(path.span(), &seen.1) {
            return Target::Wrong;
        }
        let named = Ty::Named(names::plain(owner.unwrap_or(last)));
        let (declared, of_value) = (types.get(&named), types.get(&seen.1));
        match (declared, of_value) {
            (Some(declared), Some(of_value)) if std::ptr::eq(declared, of_value) => {
                match (declared, owner) {
                    (DataType::Enum(declared), Some(_)) => {
                        if let Some(variant) = declared.variant(&names::plain(last)) {
                            return Target::Variant(declared, variant);
                        }
                    }
                    (declared, None) => return Target::Struct(declared),
                    _ => {}
                }
            }
            (None, _) if owner.is_none() => {
                if let Some(owner) = types.owner_of_variant(&names::plain(last)) {
                    self.refuse_bare_variant(last, &owner);
                    return Target::Wrong;
                }
            }
            _ => {}
        }
        let is_known =
            self.named_variant(path).is_some() || owner.is_some_and(|owner| owner == "Self");
        if is_constant(&names::plain(last)) && !is_known {
            self.refuse_constant(path, last);
        } else {
            self.leave_to_rustc(last);
        }
        Target::Wrong
    }

    /// The value must be that variant; false when a flow cannot tell.
    fn require_variant(
        &mut self, path: &Path, declared: &Enum, variant: &Variant, seen: &Seen,
        matched: &mut Matched,
    ) -> bool {
        let is_told = self.check_variant_names(path.segments.last(), variant, &seen.0);
        if is_told {
            matched.require(self.is_variant(declared, variant, &seen.0));
        }
        is_told
    }

    /// `Some(..)`, a tuple struct, a variant: requires it, and gives what is inside.
    pub(super) fn read_constructor(
        &mut self, path: &Path, patterns: &Punctuated<Pat, Token![,]>, seen: &Seen,
        matched: &mut Matched,
    ) -> Option<Vec<Seen>> {
        let last = &path.segments.last()?.ident;
        if last == "Some" {
            return self.read_some(last, seen, matched);
        }
        if last == "Ok" || last == "Err" {
            let message =
                "`Ok` and `Err` match only a step's call: `match participant.step(..).await { … }`";
            self.errors.error(path, message);
            return None;
        }
        match self.target(path, seen) {
            Target::Struct(DataType::Tuple(types)) => match types.as_slice() {
                // serde writes a newtype as what it wraps.
                [inner] => Some(vec![(seen.0.clone(), inner.clone())]),
                types => Some(elements(&seen.0, types)),
            },
            Target::Variant(declared, variant) => {
                if !self.require_variant(path, declared, variant, seen, matched) {
                    return None;
                }
                match &variant.data {
                    VariantData::Newtype(inner) => {
                        if patterns.iter().all(is_wild) {
                            return Some(vec![UNKNOWN]);
                        }
                        let value =
                            self.newtype_content(path, declared, variant, inner, &seen.0)?;
                        Some(vec![(value, inner.clone())])
                    }
                    VariantData::Tuple(types) => {
                        let content = self.content_of(declared, variant, &seen.0);
                        Some(elements(&content, types))
                    }
                    VariantData::Unit | VariantData::Struct(_) => {
                        self.leave_to_rustc(last);
                        None
                    }
                }
            }
            Target::Struct(_) => {
                self.leave_to_rustc(last);
                None
            }
            Target::Wrong => None,
        }
    }

    fn read_some(
        &mut self, ident: &Ident, seen: &Seen, matched: &mut Matched,
    ) -> Option<Vec<Seen>> {
        let declarations = self.declarations;
        let Ty::Option(inner) = declarations.types.resolve(&seen.1) else {
            if self.check_visible(ident.span(), &seen.1) {
                self.leave_pattern_to_rustc(ident.span());
            }
            return None;
        };
        self.check_option(ident, inner);
        matched.require(is_some(seen.0.clone()));
        if let Value::Place(_, path) = &seen.0
            && !matches!(path.last(), Some(Segment::Field { optional: true, .. }))
        {
            self.contents.push(seen.0.clone());
        }
        Some(vec![(seen.0.clone(), (**inner).clone())])
    }

    /// What a variant of one field holds; internally tagged, that is the enum's own object.
    fn newtype_content(
        &mut self, path: &Path, declared: &Enum, variant: &Variant, inner: &Ty, value: &Value,
    ) -> Option<Value> {
        if let Tagging::Internal { .. } = declared.tagging {
            match self.declarations.types.merged(inner) {
                None => {
                    self.refuse_merged(path);
                    return None;
                }
                // The tag stands alone, and is no part of the content.
                Some([]) if self.declarations.types.is_nullable(inner) => return Some(Value::Null),
                Some(_) => {}
            }
        }
        Some(self.content_of(declared, variant, value))
    }

    pub(super) fn read_struct(&mut self, pattern: &PatStruct, seen: &Seen, matched: &mut Matched) {
        let path = &pattern.path;
        match self.target(path, seen) {
            Target::Struct(DataType::Struct(fields)) => {
                self.check_all_named(path, fields.len(), pattern);
                self.read_fields(&pattern.fields, fields, &seen.0, matched);
                return;
            }
            Target::Struct(DataType::Tuple(types)) => {
                let found = match types.as_slice() {
                    [inner] => vec![(seen.0.clone(), inner.clone())],
                    types => elements(&seen.0, types),
                };
                self.check_all_named(path, found.len(), pattern);
                return self.read_numbered(&pattern.fields, &found, matched);
            }
            Target::Struct(DataType::Unit) | Target::Wrong => {}
            Target::Struct(_) => {
                self.leave_path_to_rustc(path);
            }
            Target::Variant(declared, variant) => {
                if self.require_variant(path, declared, variant, seen, matched) {
                    return self.read_variant(pattern, declared, variant, seen, matched);
                }
            }
        }
        for field in &pattern.fields {
            self.read_unknown(&field.pat, matched);
        }
    }

    fn read_variant(
        &mut self, pattern: &PatStruct, declared: &Enum, variant: &Variant, seen: &Seen,
        matched: &mut Matched,
    ) {
        let path = &pattern.path;
        let found = match &variant.data {
            VariantData::Struct(fields) => {
                self.check_all_named(path, fields.len(), pattern);
                let content = self.content_of(declared, variant, &seen.0);
                return self.read_fields(&pattern.fields, fields, &content, matched);
            }
            VariantData::Unit => Vec::new(),
            VariantData::Newtype(_) if pattern.fields.iter().all(|field| is_wild(&field.pat)) => {
                vec![UNKNOWN]
            }
            VariantData::Newtype(inner) => {
                let content = self.newtype_content(path, declared, variant, inner, &seen.0);
                content.map_or_else(|| vec![UNKNOWN], |content| vec![(content, inner.clone())])
            }
            VariantData::Tuple(types) => {
                elements(&self.content_of(declared, variant, &seen.0), types)
            }
        };
        self.check_all_named(path, found.len(), pattern);
        self.read_numbered(&pattern.fields, &found, matched);
    }

    /// A field that is not named, without `..`, is rustc's to report.
    fn check_all_named(&mut self, path: &Path, fields: usize, pattern: &PatStruct) {
        if pattern.rest.is_none() && pattern.fields.len() != fields {
            self.leave_path_to_rustc(path);
        }
    }

    fn read_fields(
        &mut self, patterns: &Punctuated<FieldPat, Token![,]>, fields: &[Field], base: &Value,
        matched: &mut Matched,
    ) {
        for pattern in patterns {
            if is_wild(&pattern.pat) {
                continue;
            }
            let name = match &pattern.member {
                Member::Named(member) => fields
                    .iter()
                    .find(|field| field.name == names::plain(member))
                    .map(|field| (member, field)),
                Member::Unnamed(_) => None,
            };
            let seen = match name {
                Some((member, field)) => self.look_into(base.clone(), member, field),
                None => self.leave_member_to_rustc(&pattern.member),
            };
            self.read_pattern(&pattern.pat, seen, matched);
        }
    }

    /// `T { 0: x, .. }`
    fn read_numbered(
        &mut self, patterns: &Punctuated<FieldPat, Token![,]>, found: &[Seen],
        matched: &mut Matched,
    ) {
        for pattern in patterns {
            let seen = match &pattern.member {
                Member::Unnamed(index) => found.get(index.index as usize).cloned(),
                Member::Named(_) => None,
            };
            let seen = seen.unwrap_or_else(|| self.leave_member_to_rustc(&pattern.member));
            self.read_pattern(&pattern.pat, seen, matched);
        }
    }
}

/// The elements of a tuple, which serde writes as an array.
pub(super) fn elements(value: &Value, types: &[Ty]) -> Vec<Seen> {
    let types = types.iter().enumerate();
    types
        .map(|(index, ty)| (step_into(value.clone(), Segment::Index(index)), ty.clone()))
        .collect()
}

/// Whether a pattern looks at nothing.
fn is_wild(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => true,
        Pat::Paren(paren) => is_wild(&paren.pat),
        _ => false,
    }
}
