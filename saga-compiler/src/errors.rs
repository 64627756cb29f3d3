//! Collects messages, so that two mistakes give two messages in one compile; ends a stage that has any.

use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;
use strsim::osa_distance;

/// What one stage has to say so far.
#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Reports at the tokens that the user must change.
    pub(crate) fn error(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.0.push(syn::Error::new_spanned(tokens, message));
    }

    /// Reports at a place that the IR keeps as a span.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.0.push(syn::Error::new(span, message));
    }

    /// How many messages there are, so that one place can tell whether another has spoken.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Ends the stage.
    pub(crate) fn finish(&mut self) -> syn::Result<()> {
        let mut errors = self.0.drain(..);
        let Some(mut first) = errors.next() else {
            return Ok(());
        };
        first.extend(errors);
        Err(first)
    }
}

/// Where something begins: the token that a message about the whole of it points at.
pub(crate) fn first_span(tokens: impl ToTokens) -> Span {
    let first = tokens.into_token_stream().into_iter().next();
    first.map_or_else(Span::call_site, |token| token.span())
}

/// `a`, `b` and `c`, each in backticks: how messages list choices.
pub(crate) fn choices<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("`{item}`")).collect();
    match items.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The candidate that the user most likely meant, if one is near.
pub(crate) fn nearest<'a>(
    word: &str, candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= candidate.chars().count().max(word.chars().count()) / 3
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
