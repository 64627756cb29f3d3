//! How much a method may publish.

use proc_macro2::Ident;

use crate::choreography::ir::Reaction;
use crate::choreography::runs::MAX_OPTIONAL;
use crate::errors::Errors;

/// What a method may leave out is few enough for every choice of it to be looked at.
pub(super) fn check_optional(errors: &mut Errors, reaction: &Reaction) {
    let returned = reaction.output.published.iter();
    let returned = returned.filter(|published| published.optional);
    let mut optional = returned
        .map(|published| &published.event)
        .chain(&reaction.publishes);
    let seventh: Option<&Ident> = optional.nth(MAX_OPTIONAL);
    if let Some(event) = seventh {
        let name = &reaction.ident;
        let message = format_args!(
            "`{name}` may publish or leave out more than {MAX_OPTIONAL} events, and every choice of them is looked at; write two methods, or one event with an enum in it"
        );
        errors.error(event, message);
    }
}
