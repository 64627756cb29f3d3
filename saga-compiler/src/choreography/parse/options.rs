//! Reads the options of `#[choreography]`, `#[event]`, `#[command]` and `#[on]`, each from the table that its messages list.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Attribute;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Token, parse::Parser};

use crate::choreography::contract::{Early, Repeat};
use crate::errors::Errors;
use crate::parse::options::{Table, alone, arguments, read, read_with, value};

const CHOREOGRAPHY: &Table<TokenStream> = &[("crate", |errors, krate, name, input| {
    let example = "the path of `saga_runtime`: `crate = path::to::it`";
    let path: syn::Path = value(errors, name, input, example)?;
    *krate = path.into_token_stream();
    Some(())
})];

/// What `#[event(..)]` says.
#[derive(Default)]
pub(super) struct EventOptions {
    pub(super) terminal: Option<Span>,
    pub(super) failure: Option<Span>,
}

const EVENT: &Table<EventOptions> = &[
    ("terminal", |errors, options, name, input| {
        options.terminal = Some(name.span());
        alone(errors, name, input)
    }),
    ("failure", |errors, options, name, input| {
        options.failure = Some(name.span());
        alone(errors, name, input)
    }),
];

/// What `#[command(..)]` or `#[on(..)]` says.
#[derive(Default)]
pub(super) struct ReactionOptions {
    pub(super) events: Vec<Ident>,
    /// All kinds named; at most one is right.
    pub(super) kinds: Vec<(Ident, Option<Ident>)>,
    pub(super) publishes: Vec<Ident>,
    pub(super) repeats: Vec<(Ident, Repeat)>,
    pub(super) after: Option<Ident>,
    pub(super) early: Option<(Ident, Early)>,
    /// Something in the attribute was reported.
    pub(super) has_mistakes: bool,
}

/// The kinds, in the order in which messages list them.
pub(crate) const KINDS: [&str; 4] = ["compensate", "pivot", "retriable", "observer"];

const COMMAND: &Table<ReactionOptions> = &[
    (KINDS[0], compensate),
    (KINDS[1], kind),
    (KINDS[2], kind),
    (KINDS[3], kind),
    ("publishes", publishes),
];

const ON: &Table<ReactionOptions> = &[
    (KINDS[0], compensate),
    (KINDS[1], kind),
    (KINDS[2], kind),
    (KINDS[3], kind),
    ("publishes", publishes),
    ("once", |errors, options, name, input| {
        options.repeats.push((name.clone(), Repeat::Once));
        alone(errors, name, input)
    }),
    ("each", |errors, options, name, input| {
        options.repeats.push((name.clone(), Repeat::Each));
        alone(errors, name, input)
    }),
    ("after", |errors, options, name, input| {
        let example = "the name of a method of this trait: `after = note`";
        options.after = Some(value(errors, name, input, example)?);
        Some(())
    }),
    ("early", |errors, options, name, input| {
        let word: Ident = value(errors, name, input, "`early = park` or `early = refuse`")?;
        let early = match word.to_string().as_str() {
            "park" => Early::Park,
            "refuse" => Early::Refuse,
            other => {
                let message =
                    format_args!("unknown `early` value `{other}`; write `park` or `refuse`");
                errors.error(&word, message);
                return Some(());
            }
        };
        options.early = Some((name.clone(), early));
        Some(())
    }),
];

pub(super) fn parse_choreography_options(
    errors: &mut Errors, tokens: TokenStream, default_crate: TokenStream,
) -> TokenStream {
    let mut krate = default_crate;
    read(errors, &mut krate, CHOREOGRAPHY, "#[choreography]", tokens);
    krate
}

pub(super) fn parse_event_options(errors: &mut Errors, attribute: &Attribute) -> EventOptions {
    let mut options = EventOptions::default();
    if let Some(tokens) = arguments(errors, attribute) {
        read(errors, &mut options, EVENT, "#[event]", tokens);
    }
    options
}

pub(super) fn parse_command_options(errors: &mut Errors, attribute: &Attribute) -> ReactionOptions {
    let before = errors.count();
    let mut options = ReactionOptions::default();
    if let Some(tokens) = arguments(errors, attribute) {
        read(errors, &mut options, COMMAND, "#[command]", tokens);
    }
    options.has_mistakes = errors.count() > before;
    options
}

pub(super) fn parse_on_options(errors: &mut Errors, attribute: &Attribute) -> ReactionOptions {
    let before = errors.count();
    let mut options = ReactionOptions::default();
    if let Some(tokens) = arguments(errors, attribute) {
        read_with(errors, &mut options, ON, Some(event), "#[on]", tokens);
    }
    if let [_, (second, _), ..] = options.repeats.as_slice() {
        let message = "`once` and `each` say what becomes of a second event; keep one";
        errors.error(second, message);
    }
    if let (None, Some((word, _))) = (&options.after, &options.early) {
        let message = "`early` says what becomes of an event that comes before another took effect; write `after = <method>` beside it, or remove it";
        errors.error(word, message);
    }
    options.has_mistakes = errors.count() > before;
    options
}

/// `OrderPlaced`
fn event(
    errors: &mut Errors, options: &mut ReactionOptions, name: &Ident, input: ParseStream<'_>,
) -> Option<()> {
    options.events.push(name.clone());
    if input.peek(Token![=]) {
        return alone(errors, name, input);
    }
    Some(())
}

fn kind(
    errors: &mut Errors, options: &mut ReactionOptions, name: &Ident, input: ParseStream<'_>,
) -> Option<()> {
    options.kinds.push((name.clone(), None));
    alone(errors, name, input)
}

fn compensate(
    errors: &mut Errors, options: &mut ReactionOptions, name: &Ident, input: ParseStream<'_>,
) -> Option<()> {
    let example = "the compensation's name: `compensate = release`";
    let compensation = value(errors, name, input, example)?;
    options.kinds.push((name.clone(), Some(compensation)));
    Some(())
}

/// `publishes(A, B)`
fn publishes(
    errors: &mut Errors, options: &mut ReactionOptions, name: &Ident, input: ParseStream<'_>,
) -> Option<()> {
    let example = "name the events that it publishes through `tx`; write `publishes(A, B)`";
    let group = match input.parse::<TokenTree>() {
        Ok(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => group,
        other => {
            let span = other.map_or_else(|_| name.span(), |token| token.span());
            errors.at(span, example);
            return None;
        }
    };
    let events = Punctuated::<Ident, Token![,]>::parse_terminated.parse2(group.stream());
    match events {
        Ok(events) if !events.is_empty() => options.publishes.extend(events),
        _ => errors.at(group.span_open(), example),
    }
    Some(())
}
