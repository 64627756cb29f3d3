//! Reads what a method returns: the events that it publishes, and how it is rejected.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{ReturnType, Signature, Type};

use crate::choreography::ir;
use crate::errors::Errors;
use crate::ir::Ty;
use crate::parse::types::{is_local, is_named, parse_ty, peel, type_arguments};

/// How many events a tuple may hold: as many as the runtime's `Publish` is implemented for.
const MAX_TUPLE: usize = 4;

pub(super) fn parse_return(
    errors: &mut Errors, sig: &Signature, errors_of_module: &[ir::ErrorType],
) -> Option<(ir::Output, ir::ReactionError)> {
    let name = &sig.ident;
    let message = format_args!(
        "`{name}` returns the events that it publishes, and how it can fail; write `Result<Event, Retry>`, with `()` for no event"
    );
    let ReturnType::Type(_, ty) = &sig.output else {
        errors.error(name, message);
        return None;
    };
    let types = type_arguments(ty, "Result");
    let Some([output, error]) = types.and_then(|types| <[&Type; 2]>::try_from(types).ok()) else {
        errors.error(ty, message);
        return None;
    };
    let mut published = Vec::new();
    let read = parse_output(errors, &mut published, output, false);
    let kind = parse_error(errors, error, errors_of_module)?;
    let error = ir::ReactionError {
        kind,
        span: error.span(),
    };
    let tokens = output.to_token_stream();
    read.map(|()| (ir::Output { tokens, published }, error))
}

/// An event, `()`, an `Option`, or a tuple of these.
fn parse_output(
    errors: &mut Errors, published: &mut Vec<ir::Published>, ty: &Type, optional: bool,
) -> Option<()> {
    if let Some([inner]) = type_arguments(ty, "Option").as_deref() {
        return parse_output(errors, published, inner, true);
    }
    match peel(ty) {
        Type::Tuple(tuple) if tuple.elems.len() == 1 || tuple.elems.len() > MAX_TUPLE => {
            let message = format_args!(
                "a tuple of events has 2 to {MAX_TUPLE}; publish others with `tx.publish(..)`, and name them in `publishes(..)`"
            );
            errors.error(ty, message);
            None
        }
        Type::Tuple(tuple) => {
            let read = tuple
                .elems
                .iter()
                .map(|ty| parse_output(errors, published, ty, optional));
            read.collect::<Vec<_>>().into_iter().collect()
        }
        Type::Path(path) if matches!(parse_ty(ty), Ty::Named(_)) => {
            let last = path.path.segments.last()?;
            published.push(ir::Published {
                event: last.ident.clone(),
                optional,
            });
            Some(())
        }
        _ => {
            let message = "what is returned is published; write an event of this module, `()`, an `Option` or a tuple of these";
            errors.error(ty, message);
            None
        }
    }
}

fn parse_error(
    errors: &mut Errors, error: &Type, errors_of_module: &[ir::ErrorType],
) -> Option<ir::ReactionErrorKind> {
    let mut candidates = errors_of_module.iter();
    if let Some(index) = candidates.position(|candidate| is_local(error, &candidate.ident)) {
        return Some(ir::ReactionErrorKind::Type(index));
    }
    if is_named(error, "Retry") {
        return Some(ir::ReactionErrorKind::Retry);
    }
    let name = error.to_token_stream().to_string().replace(' ', "");
    let message = format_args!(
        "`{name}` is no struct of this module, and no enum with variants, so a rejection by it cannot be told to anyone; declare it here, or write `Retry`"
    );
    errors.error(error, message);
    None
}
