//! Reads the options of `#[saga]`, `#[step]`, `#[compensation]`, `#[flow]` and `#[parallel]`, each from the table that its messages list.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Lit, LitInt, LitStr, Meta, Token};

use super::types::attributes;
use crate::errors::{Errors, choices, nearest};
use crate::ir;

/// One option: its name, and how it is read into `T`. It leaves what it has reported unread.
pub(crate) type Reader<T> = fn(&mut Errors, &mut T, &Ident, ParseStream<'_>) -> Option<()>;
pub(crate) type Table<T> = [(&'static str, Reader<T>)];

/// What `#[saga(..)]` says.
pub(super) struct SagaOptions {
    pub(super) deadline: Option<u64>,
    pub(super) on_stuck: ir::OnStuck,
    pub(super) krate: TokenStream,
}

/// What `#[step(..)]` says.
#[derive(Default)]
pub(super) struct StepOptions {
    /// All kinds named; exactly one is right.
    pub(super) kinds: Vec<(Ident, Option<Ident>)>,
    pub(super) policy: ir::Policy,
    /// Something in the attribute was reported.
    pub(super) has_mistakes: bool,
}

const SAGA: &Table<SagaOptions> = &[
    ("deadline", |errors, options, name, input| {
        // An execution lives for a year.
        options.deadline = Some(duration(errors, name, input, 31_536_000)?.0);
        Some(())
    }),
    ("on_stuck", |errors, options, name, input| {
        let value: Ident = value(
            errors,
            name,
            input,
            "`on_stuck = park` or `on_stuck = fail`",
        )?;
        match value.to_string().as_str() {
            "park" => options.on_stuck = ir::OnStuck::Park,
            "fail" => options.on_stuck = ir::OnStuck::Fail,
            other => {
                let message =
                    format_args!("unknown `on_stuck` value `{other}`; write `park` or `fail`");
                errors.error(&value, message);
            }
        }
        Some(())
    }),
    ("crate", |errors, options, name, input| {
        let path: syn::Path = value(
            errors,
            name,
            input,
            "the path of `saga_runtime`: `crate = path::to::it`",
        )?;
        options.krate = path.into_token_stream();
        Some(())
    }),
];

/// The kinds, in the order in which messages list them.
pub(super) const KINDS: [&str; 4] = ["compensate", "pivot", "retriable", "read_only"];

const STEP: &Table<StepOptions> = &[
    (KINDS[0], |errors, options, name, input| {
        let compensation = value(
            errors,
            name,
            input,
            "the compensation's name: `compensate = release`",
        )?;
        options.kinds.push((name.clone(), Some(compensation)));
        Some(())
    }),
    (KINDS[1], flag),
    (KINDS[2], flag),
    (KINDS[3], flag),
    ("retry", |errors, options, name, input| {
        options.policy.retry = Some(retry(errors, name, input)?);
        Some(())
    }),
    ("timeout", |errors, options, name, input| {
        timeout(errors, &mut options.policy, name, input)
    }),
    ("heartbeat", |errors, options, name, input| {
        heartbeat(errors, &mut options.policy, name, input)
    }),
];

const COMPENSATION: &Table<ir::Policy> = &[
    ("retry", |errors, policy, name, input| {
        policy.retry = Some(retry(errors, name, input)?);
        Some(())
    }),
    ("timeout", |errors, policy, name, input| {
        timeout(errors, policy, name, input)
    }),
    ("heartbeat", |errors, policy, name, input| {
        heartbeat(errors, policy, name, input)
    }),
];

/// What `#[parallel(..)]` on a loop says.
#[derive(Default)]
pub(super) struct ParallelOptions {
    pub(super) max: Option<u64>,
    pub(super) distributed: bool,
    max_span: Option<Span>,
}

const PARALLEL: &Table<ParallelOptions> = &[
    ("max", |errors, options, name, input| {
        let literal: LitInt = value(errors, name, input, "a number: `max = 8`")?;
        // What is no number of that size is out of range.
        options.max = Some(literal.base10_parse().unwrap_or(u64::MAX));
        options.max_span = Some(literal.span());
        Some(())
    }),
    ("distributed", |errors, options, name, input| {
        options.distributed = true;
        alone(errors, name, input)
    }),
];

const FLOW: &Table<Option<Ident>> = &[("compensate", |errors, compensation, name, input| {
    let example = "the name of the flow that undoes this one: `compensate = cancel_order`";
    *compensation = Some(value(errors, name, input, example)?);
    Some(())
})];

/// A retry policy, with the place of the one option that is compared with another.
#[derive(Default)]
struct Retry {
    policy: ir::RetryPolicy,
    max_delay_span: Option<Span>,
}

const RETRY: &Table<Retry> = &[
    ("max_attempts", |errors, retry, name, input| {
        let literal: LitInt = value(errors, name, input, "a number: `max_attempts = 4`")?;
        match literal.base10_parse::<u64>() {
            Ok(n) if n <= MAX_SECONDS => retry.policy.max_attempts = Some((n, literal.span())),
            _ => {
                let message =
                    "`max_attempts` must be between 0 and 99999999, as Step Functions asks";
                errors.error(&literal, message);
            }
        }
        Some(())
    }),
    ("interval", |errors, retry, name, input| {
        retry.policy.interval = Some(duration(errors, name, input, MAX_SECONDS)?.0);
        Some(())
    }),
    ("backoff", |errors, retry, name, input| {
        retry.policy.backoff = Some(backoff(errors, name, input)?);
        Some(())
    }),
    ("max_delay", |errors, retry, name, input| {
        let (seconds, span) = duration(errors, name, input, MAX_DELAY)?;
        retry.policy.max_delay = Some(seconds);
        retry.max_delay_span = Some(span);
        Some(())
    }),
];

/// Step Functions' largest number of seconds in a state, and of retries.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
const MAX_SECONDS: u64 = 99_999_999;

/// `MaxDelaySeconds` must stay below 366 days, by the same page.
pub(crate) const MAX_DELAY: u64 = 31_622_399;

/// Step Functions runs so many items of an inline Map at once.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html>
const MAX_INLINE: u64 = 40;

/// Step Functions runs so many children of a distributed Map at once.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>
const MAX_DISTRIBUTED: u64 = 10_000;

/// Seconds that a Task may take when nothing else is said.
pub(crate) const DEFAULT_TIMEOUT: u64 = 30;

pub(super) fn parse_saga_options(
    errors: &mut Errors, tokens: TokenStream, default_crate: TokenStream,
) -> SagaOptions {
    let mut options = SagaOptions {
        deadline: None,
        on_stuck: ir::OnStuck::Park,
        krate: default_crate,
    };
    read(errors, &mut options, SAGA, "#[saga]", tokens);
    options
}

pub(super) fn parse_step_options(errors: &mut Errors, attribute: &Attribute) -> StepOptions {
    let before = errors.count();
    let mut options = StepOptions::default();
    if let Some(tokens) = arguments(errors, attribute) {
        read(errors, &mut options, STEP, "#[step]", tokens);
    }
    check_heartbeat(errors, &options.policy);
    options.has_mistakes = errors.count() > before;
    options
}

pub(super) fn parse_compensation_options(errors: &mut Errors, attribute: &Attribute) -> ir::Policy {
    let mut policy = ir::Policy::default();
    if let Some(tokens) = arguments(errors, attribute) {
        read(errors, &mut policy, COMPENSATION, "#[compensation]", tokens);
    }
    check_heartbeat(errors, &policy);
    policy
}

/// What stands on a `for`.
pub(super) fn parse_parallel_options(errors: &mut Errors, from: &[Attribute]) -> ParallelOptions {
    let mut options = ParallelOptions::default();
    let mut found = attributes(from, "parallel");
    let Some(attribute) = found.next() else {
        return options;
    };
    if let Some(second) = found.next() {
        let message = "`#[parallel]` stands twice on this loop; write all options in one";
        errors.error(second.path(), message);
    }
    let before = errors.count();
    if let Some(tokens) = arguments(errors, attribute) {
        read(errors, &mut options, PARALLEL, "#[parallel]", tokens);
    }
    if errors.count() > before {
        return options;
    }
    let most = if options.distributed {
        MAX_DISTRIBUTED
    } else {
        MAX_INLINE
    };
    match (options.max, options.max_span) {
        (Some(max), Some(span)) if max == 0 || max > most => {
            let hint = if options.distributed {
                ""
            } else {
                ", or write `distributed` behind it"
            };
            let message = format_args!(
                "`max` must be between 1 and {most}, as Step Functions asks; write less{hint}"
            );
            errors.at(span, message);
        }
        (Some(_), _) => {}
        (None, _) => {
            let message = "say how many items run at once; write `#[parallel(max = 8)]`";
            errors.error(attribute.path(), message);
        }
    }
    options
}

/// The flow that undoes this one, where another calls it.
pub(super) fn parse_flow_options(errors: &mut Errors, from: &[Attribute]) -> Option<Ident> {
    let mut compensation = None;
    let mut found = attributes(from, "flow");
    let attribute = found.next()?;
    if let Some(second) = found.next() {
        let message = "`#[flow]` stands twice here; write all options in one";
        errors.error(second.path(), message);
    }
    if let Some(tokens) = arguments(errors, attribute) {
        read(errors, &mut compensation, FLOW, "#[flow]", tokens);
    }
    compensation
}

fn check_heartbeat(errors: &mut Errors, policy: &ir::Policy) {
    let timeout = policy.timeout.unwrap_or(DEFAULT_TIMEOUT);
    if let Some((heartbeat, span)) = policy
        .heartbeat
        .filter(|(heartbeat, _)| *heartbeat >= timeout)
    {
        let message = format_args!(
            "`heartbeat` of {heartbeat} s is not less than the timeout of {timeout} s, as Step Functions asks; write less, or a larger `timeout`"
        );
        errors.at(span, message);
    }
}

pub(crate) fn arguments(errors: &mut Errors, attribute: &Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => None,
        Meta::List(list) => Some(list.tokens.clone()),
        Meta::NameValue(meta) => {
            errors.error(meta.eq_token, "options stand in parentheses; write `(…)`");
            None
        }
    }
}

pub(crate) fn read<T>(
    errors: &mut Errors, options: &mut T, table: &Table<T>, attribute: &str, tokens: TokenStream,
) {
    read_with(errors, options, table, None, attribute, tokens);
}

/// As [`read`]; `of_type` takes what begins with a capital letter, which is the name of a type and no option.
pub(crate) fn read_with<T>(
    errors: &mut Errors, options: &mut T, table: &Table<T>, of_type: Option<Reader<T>>,
    attribute: &str, tokens: TokenStream,
) {
    let parser = |input: ParseStream<'_>| {
        read_list(errors, options, table, of_type, attribute, input);
        Ok(())
    };
    // `read_list` reports by itself and reads to the end.
    let result: syn::Result<()> = parser.parse2(tokens);
    debug_assert!(result.is_ok());
}

fn read_list<T>(
    errors: &mut Errors, options: &mut T, table: &Table<T>, of_type: Option<Reader<T>>,
    attribute: &str, input: ParseStream<'_>,
) {
    let mut seen: Vec<String> = Vec::new();
    while !input.is_empty() {
        let Ok(name) = Ident::parse_any(input) else {
            let names = table.iter().map(|(name, _)| *name);
            let message = format_args!(
                "`{attribute}` takes options by name; write one of {}",
                choices(names)
            );
            errors.at(input.span(), message);
            skip_to_comma(input);
            continue;
        };
        let word = name.to_string();
        let of_type = of_type.filter(|_| word.starts_with(char::is_uppercase));
        let option = table.iter().find(|(option, _)| *option == word);
        let Some(reader) = option.map(|(_, reader)| *reader).or(of_type) else {
            errors.error(&name, unknown_option(table, attribute, &word));
            skip_to_comma(input);
            continue;
        };
        if seen.contains(&word) {
            errors.error(
                &name,
                format_args!("`{word}` stands twice in `{attribute}`; remove one"),
            );
        }
        seen.push(word);
        if reader(errors, options, &name, input).is_none() {
            skip_to_comma(input);
        } else if !input.is_empty() && !input.peek(Token![,]) {
            errors.at(
                input.span(),
                format_args!("write `,` after the option `{name}`"),
            );
        } else {
            skip_to_comma(input);
        }
    }
}

fn unknown_option<T>(table: &Table<T>, attribute: &str, word: &str) -> String {
    let names = || table.iter().map(|(name, _)| *name);
    let hint = nearest(word, names())
        .map(|name| format!(" did you mean `{name}`?"))
        .unwrap_or_default();
    format!(
        "unknown `{attribute}` option `{word}`;{hint} the options are {}",
        choices(names())
    )
}

/// Goes on behind the next comma, so that the options after a mistake are still read.
fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() {
        let comma = input.peek(Token![,]);
        // Every token is a token tree, and a punctuation mark is one of one character.
        let _ = input.parse::<TokenTree>();
        if comma {
            return;
        }
    }
}

/// What comes next or, at the end, the option's name.
fn place(name: &Ident, input: ParseStream<'_>) -> Span {
    if input.is_empty() {
        name.span()
    } else {
        input.span()
    }
}

/// `= value`; `example` is what to write instead of something else.
pub(crate) fn value<T: Parse>(
    errors: &mut Errors, name: &Ident, input: ParseStream<'_>, example: &str,
) -> Option<T> {
    let span = place(name, input);
    if input.parse::<Token![=]>().is_err() {
        errors.at(span, format_args!("write {example}"));
        return None;
    }
    let span = place(name, input);
    let value = input.parse().ok();
    if value.is_none() {
        errors.at(span, format_args!("write {example}"));
    }
    value
}

fn flag(
    errors: &mut Errors, options: &mut StepOptions, name: &Ident, input: ParseStream<'_>,
) -> Option<()> {
    options.kinds.push((name.clone(), None));
    alone(errors, name, input)
}

/// An option without a value.
pub(crate) fn alone(errors: &mut Errors, name: &Ident, input: ParseStream<'_>) -> Option<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Some(());
    }
    errors.at(
        input.span(),
        format_args!("`{name}` takes no value; write `{name}` alone"),
    );
    None
}

fn timeout(
    errors: &mut Errors, policy: &mut ir::Policy, name: &Ident, input: ParseStream<'_>,
) -> Option<()> {
    policy.timeout = Some(duration(errors, name, input, MAX_SECONDS)?.0);
    Some(())
}

fn heartbeat(
    errors: &mut Errors, policy: &mut ir::Policy, name: &Ident, input: ParseStream<'_>,
) -> Option<()> {
    policy.heartbeat = Some(duration(errors, name, input, MAX_SECONDS)?);
    Some(())
}

fn retry(errors: &mut Errors, name: &Ident, input: ParseStream<'_>) -> Option<ir::RetryPolicy> {
    let group = match input.parse::<TokenTree>() {
        Ok(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => group,
        other => {
            let span = other.map_or_else(|_| name.span(), |token| token.span());
            let message = "say what to change of the retry policy; write `retry(max_attempts = 4, interval = \"1s\")`";
            errors.at(span, message);
            return None;
        }
    };
    let mut retry = Retry::default();
    read(errors, &mut retry, RETRY, "retry", group.stream());
    let interval = retry.policy.interval.unwrap_or(1);
    if let (Some(max_delay), Some(span)) = (retry.policy.max_delay, retry.max_delay_span)
        && max_delay <= interval
    {
        let message = format_args!(
            "`max_delay` of {max_delay} s is not more than the interval of {interval} s, as Step Functions asks; write more"
        );
        errors.at(span, message);
    }
    Some(retry.policy)
}

fn backoff(errors: &mut Errors, name: &Ident, input: ParseStream<'_>) -> Option<f64> {
    let literal: Lit = value(errors, name, input, "a number: `backoff = 2.0`")?;
    let number: Option<f64> = match &literal {
        Lit::Int(literal) => literal.base10_parse().ok(),
        Lit::Float(literal) => literal.base10_parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if number.is_finite() && number >= 1.0 => Some(number),
        Some(_) => {
            let message = "`backoff` must be 1 or more, as Step Functions asks; write `2.0` to double the interval";
            errors.error(&literal, message);
            None
        }
        None => {
            errors.error(&literal, "write a number: `backoff = 2.0`");
            None
        }
    }
}

/// A duration in whole seconds: `"15m"`.
fn duration(
    errors: &mut Errors, name: &Ident, input: ParseStream<'_>, most: u64,
) -> Option<(u64, Span)> {
    let literal: LitStr = value(errors, name, input, "a duration in quotes: `= \"30s\"`")?;
    let text = literal.value();
    match parse_duration(&text) {
        None => {
            let message = format_args!(
                "`{text}` is not a duration; write a whole number and a unit: `\"30s\"`, `\"15m\"`, `\"2h\"` or `\"1d\"`"
            );
            errors.error(&literal, message);
        }
        Some(0) => {
            errors.error(
                &literal,
                format_args!("`{text}` is too short; write at least `\"1s\"`"),
            );
        }
        Some(n) if n > most => {
            let message =
                format_args!("`{text}` is too long; Step Functions allows {most} seconds here");
            errors.error(&literal, message);
        }
        Some(n) => return Some((n, literal.span())),
    }
    None
}

fn parse_duration(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let digits = text.get(..text.len() - unit.len_utf8())?;
    // `parse` would take a sign.
    let number: u64 = digits
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| digits.parse().ok())??;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    number.checked_mul(factor)
}
