//! Every name that we invent, and Amazon's limits on names.

mod source;

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream};
use quote::format_ident;
use source::source_text;
use syn::ext::IdentExt;

/// Step Functions allows state names of 80 characters.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html>
pub(crate) const MAX_STATE_NAME: usize = 80;

/// Step Functions allows definitions of 1 MiB.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
pub(crate) const MAX_DEFINITION: usize = 1_048_576;

/// Step Functions ends an execution whose history reaches 25,000 events.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
pub(crate) const MAX_EVENTS: u64 = 25_000;

/// The failure that began the compensation, while one is parked. A user's variable of that name gets a suffix.
pub(crate) const FAILURE: &str = "failure";
/// The step whose compensation is parked.
pub(crate) const STUCK: &str = "stuck";
/// What was not compensated, because an operator said so: a key of what travels down the chain.
pub(crate) const SKIPPED: &str = "skipped";

/// The state that ends a compensated saga.
pub(crate) const COMPENSATED: &str = "compensated";
/// The state that waits for an operator.
pub(crate) const PARK: &str = "park";
/// The state that goes back to the parked compensation.
pub(crate) const RESUME: &str = "resume";
/// The state that goes on past the parked compensation.
pub(crate) const SKIP: &str = "skip";
/// Names that a flow's own states do not get.
pub(crate) const ENDS: [&str; 5] = [COMPENSATED, PARK, RESUME, SKIP, END];

/// The state that ends a graph where a branch does nothing.
pub(crate) const END: &str = "end";

/// `park`, 2 -> `park#2`: states of one kind, told apart.
pub(crate) fn numbered(name: &str, number: usize) -> String {
    match number {
        1 => name.to_owned(),
        number => format!("{name}#{number}"),
    }
}

/// `Order.Closed` -> `reject Order.Closed`
pub(crate) fn reject_state(error: &str, number: usize) -> String {
    let error: String = error.chars().take(MAX_STATE_NAME / 2).collect();
    numbered(&format!("reject {error}"), number)
}

/// `stock.reserve` -> `compensate match stock.reserve`: chooses the arm that was taken.
pub(crate) fn compensation_of_attempt(state: &str) -> String {
    format!("compensate match {state}")
}

/// `join`, 2 -> `join branch 2`
pub(crate) fn join_branch(join: &str, number: usize) -> String {
    format!("{join} branch {number}")
}

/// `open_account` -> `unclear open_account`: nobody knows how a called flow ended.
pub(crate) fn unclear(nested: &str) -> String {
    format!("unclear {nested}")
}

/// `open_account` -> `outcome of open_account`: how a called flow that did not succeed ended.
pub(crate) fn outcome_of(nested: &str) -> String {
    format!("outcome of {nested}")
}

/// `for line in cmd.lines` -> `park for line in cmd.lines`: the items of a loop park inside it.
pub(crate) fn park_in(graph: &str) -> String {
    format!("{PARK} {graph}")
}

/// `for line in cmd.lines` -> `resume for line in cmd.lines`
pub(crate) fn resume_in(graph: &str) -> String {
    format!("{RESUME} {graph}")
}

/// `for line in cmd.lines` -> `skip for line in cmd.lines`
pub(crate) fn skip_in(graph: &str) -> String {
    format!("{SKIP} {graph}")
}

/// `for line in cmd.lines` -> `end for line in cmd.lines`: where a graph ends whose last compensation is skipped.
pub(crate) fn end_in(graph: &str) -> String {
    format!("{END} {graph}")
}

/// `stuck`, 1 -> `stuck_2`: what an inner graph calls the variable that the one around it may have, too.
pub(crate) fn at_depth(name: &str, depth: usize) -> String {
    match depth {
        0 => name.to_owned(),
        depth => format!("{name}_{}", depth + 1),
    }
}

/// `open_account` -> `OpenAccountStateMachineArn`: the placeholder that deployment replaces by the state machine's ARN.
pub(crate) fn machine_placeholder(flow: &Ident) -> String {
    let name = plain(flow);
    let words = name.split('_').filter(|word| !word.is_empty());
    let pascal: String = words
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect();
    format!("{pascal}StateMachineArn")
}

/// First words of error names that are not a participant's to use: Amazon's, and the runtime's own.
pub(crate) const RESERVED_ERROR_PREFIXES: [&str; 5] =
    ["States", "Saga", "Lambda", "Sandbox", "Runtime"];

/// Names that a variable would hide: `JSONata`'s functions, Step Functions' additions to them, and our own variables.
const TAKEN_VARIABLES: [&str; 77] = [
    "states",
    FAILURE,
    STUCK,
    "abs",
    "append",
    "assert",
    "average",
    "base64decode",
    "base64encode",
    "boolean",
    "ceil",
    "clone",
    "contains",
    "count",
    "decodeUrl",
    "decodeUrlComponent",
    "distinct",
    "each",
    "encodeUrl",
    "encodeUrlComponent",
    "error",
    "eval",
    "exists",
    "filter",
    "floor",
    "formatBase",
    "formatInteger",
    "formatNumber",
    "fromMillis",
    "hash",
    "join",
    "keys",
    "length",
    "lookup",
    "lowercase",
    "map",
    "match",
    "max",
    "merge",
    "millis",
    "min",
    "not",
    "now",
    "number",
    "pad",
    "parse",
    "parseInteger",
    "partition",
    "power",
    "random",
    "range",
    "reduce",
    "replace",
    "reverse",
    "round",
    "shuffle",
    "sift",
    "single",
    "sort",
    "split",
    "spread",
    "sqrt",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "toMillis",
    "trim",
    "type",
    "uppercase",
    "uuid",
    "zip",
    "true",
    "false",
    "null",
    "undefined",
];

/// `reserve` -> `reserve`, `r#type` -> `type`: the name as JSON and ASL have it.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// A participant's name in state names.
pub(crate) fn participant(ident: &Ident) -> String {
    participant_name(&plain(ident))
}

/// `Stock` -> `stock`, `OrderBook` -> `order_book`, `HTTPApi` -> `http_api`: a participant's name in state names, of its trait's.
///
/// ```
/// assert_eq!(saga_compiler::participant_name("OrderBook"), "order_book");
/// ```
#[must_use]
pub fn participant_name(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut name = String::new();
    for (index, c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| chars.get(before));
        let after_word =
            before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit());
        let after_acronym = before.is_some_and(|before| before.is_uppercase())
            && chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_word || after_acronym) {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

/// `Stock` -> `StockFunctionArn`: the placeholder that deployment replaces by the function's ARN.
pub(crate) fn function_placeholder(participant: &Ident) -> String {
    format!("{}FunctionArn", plain(participant))
}

/// The placeholder that deployment replaces by the parking queue's URL.
pub(crate) const PARKING_QUEUE: &str = "ParkingQueueUrl";

/// `stock`, `reserve` -> `stock.reserve`: a step's first instance, which is its state and its barrier's key.
pub(crate) fn step_state(participant: &str, method: &str) -> String {
    format!("{participant}.{method}")
}

/// `stock.reserve`, 2 -> `stock.reserve#2`: the state of what is in a flow again.
pub(crate) fn instance(state: &str, number: usize) -> String {
    match number {
        1 => state.to_owned(),
        n => format!("{state}#{n}"),
    }
}

/// The state of a `join!`.
pub(crate) const JOIN: &str = "join";
/// The state of a `sleep`.
pub(crate) const WAIT: &str = "wait";

/// Leaves room for `compensate `, `#2` and a suffix.
const MAX_CONTROL: usize = 60;

/// The tokens of `if cmd.gift`, `match check.verdict`, `for line in cmd.lines` -> the state's name.
pub(crate) fn control_state(tokens: TokenStream) -> String {
    let text = defused(&source_text(tokens));
    if text.chars().count() <= MAX_CONTROL {
        return text;
    }
    let kept: String = text.chars().take(MAX_CONTROL - 3).collect();
    format!("{}...", kept.trim_end())
}

/// The tokens of `Option<Vec<Line>>`, `(u64, String)`, `&'static str` -> the type, in one line and always the same way.
pub(crate) fn type_text(tokens: TokenStream) -> String {
    source::type_text(tokens)
}

/// A text without what deployment would take for a placeholder.
pub(crate) fn defused(text: &str) -> String {
    text.replace("${", "$ {").replace("%{", "% {")
}

/// `stock.reserve` -> `compensate stock.reserve`
pub(crate) fn compensation_state(step_state: &str) -> String {
    format!("compensate {step_state}")
}

/// `compensate stock.reserve` -> `stock.reserve`; what undoes nothing is itself.
pub(crate) fn compensated_state(state: &str) -> &str {
    state.strip_prefix("compensate ").unwrap_or(state)
}

/// The constant that warns, as rustc shows it.
pub(crate) const WARNING: &str = "near_a_limit";

/// `StockError`, `OutOfStock` -> `StockError.OutOfStock`: what `Catch` and `Retry` match.
pub(crate) fn error_name(error: &Ident, variant: &Ident) -> String {
    format!("{}.{}", plain(error), plain(variant))
}

/// `place_order` -> `PLACE_ORDER`
pub(crate) fn saga_const(flow: &Ident) -> Ident {
    format_ident!("{}", plain(flow).to_uppercase(), span = flow.span())
}

/// `orders`, `place` -> `ORDERS_PLACE`
pub(crate) fn command_const(participant: &str, method: &Ident) -> Ident {
    let name = format!("{participant}_{}", plain(method)).to_uppercase();
    Ident::new(&name, method.span())
}

/// `Stock` -> `serve_stock`
pub(crate) fn serve_fn(participant: &Ident) -> Ident {
    format_ident!(
        "serve_{}",
        self::participant(participant),
        span = participant.span()
    )
}

/// `reserve` -> `__reserve_input`, a struct inside `serve_stock`.
pub(crate) fn input_struct(method: &Ident) -> Ident {
    format_ident!("__{}_input", plain(method))
}

/// `ordr` -> `ordr_is_not_known_here`: a function that says so, should rustc know the name after all.
pub(crate) fn unresolved_fn(name: &Ident) -> Ident {
    format_ident!("{}_is_not_known_here", plain(name), span = name.span())
}

/// `place_order` -> `__unresolved_place_order`: the function that calls it.
pub(crate) fn unresolved_check(flow: &Ident) -> Ident {
    format_ident!("__unresolved_{}", plain(flow))
}

/// `open_account` -> `__undo_open_account`: the function that calls the flow that undoes it.
pub(crate) fn undo_check(flow: &Ident) -> Ident {
    format_ident!("__undo_{}", plain(flow))
}

/// Whether deployment would take a part of the text for one of its placeholders: `CloudFormation` and Terraform
/// replace `${…}`, Terraform `%{…}` as well.
pub(crate) fn is_placeholder(text: &str) -> bool {
    text.contains("${") || text.contains("%{")
}

/// Step Functions' limit on the name of a variable, which begins with a letter.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>
const MAX_VARIABLE: usize = 80;

/// The variable of a binding: its own name, or the first of `name_2`, `name_3`, … that hides nothing.
pub(crate) fn variable(binding: &str, in_use: &HashSet<String>) -> String {
    let free = |name: &str| !in_use.contains(name) && !TAKEN_VARIABLES.contains(&name);
    let stem = binding.trim_start_matches(|c: char| !c.is_alphabetic());
    let stem = if stem.is_empty() { "output" } else { stem };
    let shortened = |length: usize| stem.chars().take(length).collect::<String>();
    let whole = shortened(MAX_VARIABLE);
    if free(&whole) {
        return whole;
    }
    let mut number = 2;
    loop {
        let suffix = format!("_{number}");
        let name = shortened(MAX_VARIABLE - suffix.len()) + &suffix;
        if free(&name) {
            return name;
        }
        number += 1;
    }
}
