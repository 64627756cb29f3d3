//! Reads serde's attributes, and applies its naming rules. Knows nothing of types.

use proc_macro2::TokenTree;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

use crate::names;

/// An attribute as the user wrote it, about.
pub(super) fn attribute_text(word: &str) -> String {
    if word == CFG_ATTR {
        "#[cfg_attr(..)]".to_owned()
    } else {
        format!("#[serde({word})]")
    }
}

/// Stands among serde's words for a `cfg_attr` that may hold some of them.
pub(super) const CFG_ATTR: &str = "cfg_attr";

/// The `#[serde(..)]` attributes of one item.
pub(crate) struct Serde(Vec<Meta>);

impl Serde {
    pub(crate) fn parse(attributes: &[Attribute]) -> Self {
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

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, word: &str) -> Option<&Meta> {
        self.0.iter().find(|meta| meta.path().is_ident(word))
    }

    pub(crate) fn has(&self, word: &str) -> bool {
        self.find(word).is_some()
    }

    pub(super) fn is_list(&self, word: &str) -> bool {
        matches!(self.find(word), Some(Meta::List(_)))
    }

    /// `word = "text"`
    pub(super) fn text(&self, word: &str) -> Option<String> {
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

    /// Why the whole JSON of a type cannot be known here.
    pub(super) fn closing(&self) -> Option<String> {
        let word = ["into", "from", "try_from", "remote", "untagged", CFG_ATTR]
            .into_iter()
            .find(|word| self.has(word));
        if let Some(word) = word {
            return Some(format!("has `{}`", attribute_text(word)));
        }
        ["rename_all", "rename_all_fields"]
            .into_iter()
            .find(|word| self.is_list(word))
            .map(|word| format!("has `{}`", attribute_text(&format!("{word}(..)"))))
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
pub(crate) fn derives(attributes: &[Attribute], name: &str) -> bool {
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
pub(super) fn rename_field(name: &str, rule: Option<&str>) -> String {
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
pub(super) fn rename_variant(name: &str, rule: Option<&str>) -> String {
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

/// `JSONata` has no escape for a backtick in a path, and `${` is for deployment to replace.
pub(super) fn is_unspeakable(json: &str) -> bool {
    json.is_empty()
        || json.contains(|c: char| c == '`' || c.is_control())
        || names::is_placeholder(json)
}
