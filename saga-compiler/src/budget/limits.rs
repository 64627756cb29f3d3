//! Step Functions' limits on a definition and on a history: what is past one is an error, what is near one a warning.

use proc_macro2::Ident;

use super::{Budget, Count};
use crate::errors::{Errors, choices};
use crate::names::{self, MAX_DEFINITION, MAX_EVENTS};

/// From four fifths of a limit on, it is time to think of it.
pub(crate) const NEAR_DEFINITION: usize = MAX_DEFINITION / 5 * 4;
const NEAR_EVENTS: u64 = MAX_EVENTS / 5 * 4;

/// A loop that takes so many items, or loops in loops so many innermost ones, is large enough not to speak of it: how long
/// lists become is the user's to know, and most loops hold more than a thousand items.
const ENOUGH: u64 = 100;

/// Reports what is past a limit.
pub(crate) fn check(errors: &mut Errors, flow: &Ident, budget: &Budget) {
    if budget.bytes > MAX_DEFINITION {
        let message = format_args!(
            "the definition of `{flow}` has {} bytes; Step Functions allows {MAX_DEFINITION}, so split the flow",
            budget.bytes
        );
        errors.error(flow, message);
    }
    // Of a loop, only what it costs without an item is certain.
    let events = budget.longest().fixed();
    if events >= MAX_EVENTS {
        let message = format_args!(
            "the history of `{flow}` has up to {events} events; Step Functions ends an execution that reaches {MAX_EVENTS}, so split the flow"
        );
        errors.error(flow, message);
    }
}

/// What is near a limit.
pub(crate) fn warnings(flow: &Ident, budget: &Budget) -> Vec<String> {
    let flow = names::plain(flow);
    let mut warnings = Vec::new();
    if budget.bytes >= NEAR_DEFINITION {
        warnings.push(format!(
            "the definition of `{flow}` has {} bytes of the {MAX_DEFINITION} that Step Functions allows; let a flow of its own do a part of it",
            budget.bytes
        ));
    }
    let events = budget.longest().fixed();
    if events >= NEAR_EVENTS {
        warnings.push(format!(
            "the history of `{flow}` has up to {events} events, retries not counted, of the {MAX_EVENTS} that Step Functions allows; let a flow of its own do a part of it"
        ));
        return warnings;
    }
    let distributed =
        "write `#[parallel(max = …, distributed)]`, or let one step take the whole list";
    warnings.extend(few_items(
        &format!("`{flow}`"),
        &budget.longest(),
        distributed,
    ));
    for (state, history) in &budget.children {
        let item = format!("an item of `{}`", names::compensated_state(state));
        let warning = few_items(&item, history, "let one step take the whole list");
        // What an item does and what undoes it go through the same lists.
        warnings.extend(warning.filter(|warning| !warnings.contains(warning)));
    }
    warnings
}

fn few_items(of: &str, history: &Count, way_out: &str) -> Option<String> {
    let items = items(history)?;
    if items.saturating_pow(history.depth()) >= ENOUGH {
        return None;
    }
    let loops = history.loops();
    let each = if loops.len() == 1 { "" } else { "each of " };
    Some(format!(
        "with {} items in {each}{} the history of {of} is full: Step Functions ends an execution that reaches {MAX_EVENTS} events, uncompensated; {way_out}",
        items + 1,
        choices(loops)
    ))
}

/// How many items every loop may have before the history is full; `None` if it does not depend on any.
pub(super) fn items(history: &Count) -> Option<u64> {
    if history.depth() == 0 {
        return None;
    }
    // Between a number that fits, if any does, and one that does not: each item has two events at least.
    let (mut fits, mut full) = (0, MAX_EVENTS);
    while full - fits > 1 {
        let middle = fits.midpoint(full);
        if history.at(middle) < MAX_EVENTS {
            fits = middle;
        } else {
            full = middle;
        }
    }
    Some(fits)
}
