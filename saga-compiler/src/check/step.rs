//! What each kind of step may be: what it may fail with, and how it may be retried.

use crate::errors::Errors;
use crate::ir;

pub(super) fn check_steps(errors: &mut Errors, saga: &ir::Saga, participant: &ir::Participant) {
    for step in &participant.steps {
        match step.kind {
            ir::Kind::Compensatable(_) | ir::Kind::ReadOnly => {}
            ir::Kind::Pivot => check_endless(
                errors,
                step,
                "a pivot is retried until its outcome is known",
            ),
            ir::Kind::Retriable => {
                check_endless(
                    errors,
                    step,
                    "a retriable step is retried until it succeeds",
                );
                check_no_rejections(errors, saga, step);
            }
        }
    }
}

fn check_endless(errors: &mut Errors, step: &ir::Step, why: &str) {
    let max_attempts = step
        .policy
        .retry
        .as_ref()
        .and_then(|retry| retry.max_attempts);
    if let Some((_, span)) = max_attempts {
        errors.at(
            span,
            format_args!("{why}; remove `max_attempts` from step `{}`", step.ident),
        );
    }
}

fn check_no_rejections(errors: &mut Errors, saga: &ir::Saga, step: &ir::Step) {
    let rejections = rejections(saga, step);
    if let Some(first) = rejections.first() {
        let message = format_args!(
            "retriable step `{}` may not be rejected, because nothing can be undone any more; write `Retry`, or mark `{first}` and every other variant `#[transient]`",
            step.ident
        );
        errors.at(step.error.span, message);
    }
}

/// The variants that mean a definite no.
pub(super) fn rejections<'a>(saga: &'a ir::Saga, step: &ir::Step) -> Vec<&'a proc_macro2::Ident> {
    match step.error.kind {
        ir::StepErrorKind::Retry => Vec::new(),
        ir::StepErrorKind::Enum(index) => {
            let variants = saga.errors[index]
                .variants
                .iter()
                .filter(|variant| !variant.transient);
            variants.map(|variant| &variant.ident).collect()
        }
    }
}
