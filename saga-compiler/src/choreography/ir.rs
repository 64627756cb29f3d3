//! What a choreography is, after parsing: types only. Nothing here knows `syn`.

use proc_macro2::{Ident, Span, TokenStream};

use super::contract::{Early, Repeat};
use crate::ir::{Declaration, DeclaredType, ErrorVariant, Param};

/// One annotated module.
pub(crate) struct Choreography {
    pub(crate) ident: Ident,
    /// What the module's doc comment says.
    pub(crate) comment: Option<String>,
    /// The path of the runtime crate in expanded code.
    pub(crate) krate: TokenStream,
    pub(crate) types: Vec<DeclaredType>,
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) events: Vec<Event>,
    pub(crate) errors: Vec<ErrorType>,
    pub(crate) participants: Vec<Participant>,
}

/// A type with `#[event]`.
pub(crate) struct Event {
    pub(crate) ident: Ident,
    pub(crate) comment: Option<String>,
    /// The word `terminal`.
    pub(crate) terminal: Option<Span>,
    /// The word `failure`.
    pub(crate) failure: Option<Span>,
}

/// What may stand in `Err`: an enum, or a struct.
pub(crate) struct ErrorType {
    pub(crate) ident: Ident,
    /// Nothing for a struct, which is one rejection.
    pub(crate) variants: Option<Vec<ErrorVariant>>,
}

/// A trait with commands and reactions.
pub(crate) struct Participant {
    pub(crate) ident: Ident,
    /// `stock`
    pub(crate) name: String,
    pub(crate) comment: Option<String>,
    pub(crate) public: bool,
    pub(crate) reactions: Vec<Reaction>,
    /// False when a method could not be read, so that nobody misses it by its name.
    pub(crate) complete: bool,
}

/// A command, a reaction or a compensation: a compensation is what another reaction of its trait names.
pub(crate) struct Reaction {
    pub(crate) ident: Ident,
    pub(crate) comment: Option<String>,
    pub(crate) start: Start,
    /// What it says of a failing saga; a compensation says nothing.
    pub(crate) kind: Option<Kind>,
    /// The word that says it, or the attribute.
    pub(crate) kind_span: Span,
    /// What it takes after `tx`.
    pub(crate) params: Vec<ReactionParam>,
    pub(crate) output: Output,
    /// `publishes(A, B)`
    pub(crate) publishes: Vec<Ident>,
    pub(crate) error: ReactionError,
    pub(crate) repeat: Option<(Repeat, Span)>,
    pub(crate) after: Option<After>,
}

/// What leads to a reaction.
pub(crate) enum Start {
    /// `#[command]`
    Command,
    /// `#[on(A, B)]`
    On(Vec<Ident>),
}

/// What becomes of an effect when the saga fails.
pub(crate) enum Kind {
    /// The name that stands after `compensate =`.
    Compensatable(Ident),
    Pivot,
    Retriable,
    Observer,
}

pub(crate) struct ReactionParam {
    pub(crate) param: Param,
    pub(crate) ty_span: Span,
}

/// What a reaction returns when it took effect.
pub(crate) struct Output {
    pub(crate) tokens: TokenStream,
    pub(crate) published: Vec<Published>,
}

pub(crate) struct Published {
    pub(crate) event: Ident,
    /// It stands in an `Option`.
    pub(crate) optional: bool,
}

/// What a reaction returns when it did not.
pub(crate) struct ReactionError {
    pub(crate) kind: ReactionErrorKind,
    pub(crate) span: Span,
}

#[derive(Clone, Copy)]
pub(crate) enum ReactionErrorKind {
    /// `Retry`: transient, and nothing else.
    Retry,
    /// An index into [`Choreography::errors`].
    Type(usize),
}

/// `after = note`
pub(crate) struct After {
    pub(crate) method: Ident,
    pub(crate) early: Early,
}
