//! Whether each compensation fits its action.

use proc_macro2::{Ident, TokenStream};

use crate::errors::{Errors, choices, nearest};
use crate::{ir, names};

pub(super) fn check_compensations(errors: &mut Errors, participant: &ir::Participant) {
    let mut used: Vec<(&Ident, &Ident)> = Vec::new();
    let mut is_missing_any = false;
    for step in &participant.steps {
        let ir::Kind::Compensatable(name) = &step.kind else {
            continue;
        };
        let Some(compensation) = participant
            .compensations
            .iter()
            .find(|candidate| candidate.ident == *name)
        else {
            if participant.complete {
                report_missing(errors, participant, step, name);
            }
            is_missing_any = true;
            continue;
        };
        if let Some((_, other)) = used.iter().find(|(used, _)| *used == name) {
            let message = format_args!(
                "compensation `{name}` already undoes step `{other}`, and would get the arguments of either; write one a step"
            );
            errors.error(name, message);
            continue;
        }
        used.push((name, &step.ident));
        check_pair(errors, step, compensation);
    }
    // A compensation that nobody names may be the one that a step misspelt.
    if is_missing_any || !participant.complete {
        return;
    }
    for compensation in &participant.compensations {
        let name = &compensation.ident;
        let claimed =
            |step: &ir::Step| matches!(&step.kind, ir::Kind::Compensatable(used) if used == name);
        if !participant.steps.iter().any(claimed) {
            let message = format_args!(
                "compensation `{name}` undoes no step; write `compensate = {name}` at its action, or remove it"
            );
            errors.error(name, message);
        }
    }
}

fn report_missing(
    errors: &mut Errors, participant: &ir::Participant, step: &ir::Step, name: &Ident,
) {
    if participant
        .steps
        .iter()
        .any(|candidate| candidate.ident == *name)
    {
        let message = format_args!(
            "`{name}` is itself a step, so it cannot compensate `{}`; write a method with `#[compensation]`",
            step.ident
        );
        errors.error(name, message);
        return;
    }
    let candidates: Vec<String> = participant
        .compensations
        .iter()
        .map(|candidate| names::plain(&candidate.ident))
        .collect();
    let hint = match nearest(&name.to_string(), candidates.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write `#[compensation] async fn {name}(..) -> Result<(), Retry>;`"),
    };
    errors.error(
        name,
        format_args!(
            "participant `{}` has no compensation `{name}`; {hint}",
            participant.ident
        ),
    );
}

fn check_pair(errors: &mut Errors, step: &ir::Step, compensation: &ir::Compensation) {
    if step.mode != compensation.mode {
        let wanted = match step.mode {
            ir::Mode::Transactional => "tx: &mut Tx",
            ir::Mode::External => "cx: &Context",
        };
        let message = format_args!(
            "compensation `{}` must give the guarantee of its step `{}`; write `{wanted}`",
            compensation.ident, step.ident
        );
        errors.at(compensation.mode_span, message);
    }
    let mut others = Vec::new();
    for param in &compensation.params {
        match step
            .params
            .iter()
            .find(|action| action.ident == param.param.ident)
        {
            Some(action) => check_same_type(errors, step, compensation, action, param),
            None => others.push(param),
        }
    }
    let output = others.iter().position(|param| is_output(step, param));
    let output = output.or_else(|| {
        others
            .iter()
            .position(|param| looks_like_output(step, param))
    });
    // With the other guarantee, the output would have another type.
    if let Some(index) = output
        && step.mode == compensation.mode
    {
        check_output(errors, step, compensation, others[index]);
    }
    if let Some(index) = output {
        others.remove(index);
    }
    report_foreign_params(errors, step, compensation, &others);
}

/// Points at both places.
fn check_same_type(
    errors: &mut Errors, step: &ir::Step, compensation: &ir::Compensation, action: &ir::Param,
    param: &ir::CompensationParam,
) {
    if same(&action.owned, &param.param.owned) {
        return;
    }
    let name = &action.ident;
    let (given, wanted) = (text(&param.param.owned), text(&action.owned));
    errors.at(
        param.ty_span,
        format_args!(
            "`{name}` of compensation `{}` is `{given}`, but step `{}` takes `{wanted}`; write `{wanted}`",
            compensation.ident, step.ident
        ),
    );
    errors.error(
        name,
        format_args!(
            "step `{}` takes `{name}` as `{wanted}`, but its compensation takes `{given}`",
            step.ident
        ),
    );
}

fn check_output(
    errors: &mut Errors, step: &ir::Step, compensation: &ir::Compensation,
    param: &ir::CompensationParam,
) {
    let output = text(&step.output.tokens);
    let name = &param.param.ident;
    match (step.mode, &param.outcome_of) {
        (ir::Mode::Transactional, Some(_)) => {
            let message = format_args!(
                "compensation `{}` runs only if `{}` took effect, because both write through `tx`; write `{output}` instead of `Outcome`",
                compensation.ident, step.ident
            );
            errors.at(param.ty_span, message);
        }
        (ir::Mode::External, None) if same(&step.output.tokens, &param.param.owned) => {
            let message = format_args!(
                "`{}` may have taken effect without an answer, so its output may be unknown; write `Outcome<{output}>`",
                step.ident
            );
            errors.at(param.ty_span, message);
        }
        _ if is_output(step, param) => {}
        _ => {
            let wanted = match step.mode {
                ir::Mode::Transactional => output.clone(),
                ir::Mode::External => format!("Outcome<{output}>"),
            };
            let message = format_args!(
                "`{name}` must be the output of step `{}`; write `{wanted}`",
                step.ident
            );
            errors.at(param.ty_span, message);
            errors.at(
                step.output.span,
                format_args!(
                    "step `{}` returns `{output}`, but its compensation takes another type",
                    step.ident
                ),
            );
        }
    }
}

/// Whether a parameter has the type of the output, in this mode or the other.
fn is_output(step: &ir::Step, param: &ir::CompensationParam) -> bool {
    let inner = param.outcome_of.as_ref().unwrap_or(&param.param.owned);
    same(&step.output.tokens, inner)
}

/// A parameter whose name resembles none of the action's is meant as the output.
fn looks_like_output(step: &ir::Step, param: &ir::CompensationParam) -> bool {
    let type_of_a_param = step
        .params
        .iter()
        .any(|action| same(&action.owned, &param.param.owned));
    param.outcome_of.is_some() || (near_param(step, param).is_none() && !type_of_a_param)
}

/// The action's parameter that a name was meant to be.
fn near_param(step: &ir::Step, param: &ir::CompensationParam) -> Option<String> {
    let params: Vec<String> = step
        .params
        .iter()
        .map(|param| names::plain(&param.ident))
        .collect();
    let near = nearest(
        &names::plain(&param.param.ident),
        params.iter().map(String::as_str),
    );
    near.map(str::to_owned)
}

/// Points at both places.
fn report_foreign_params(
    errors: &mut Errors, step: &ir::Step, compensation: &ir::Compensation,
    params: &[&ir::CompensationParam],
) {
    let output = match step.mode {
        ir::Mode::Transactional => text(&step.output.tokens),
        ir::Mode::External => format!("Outcome<{}>", text(&step.output.tokens)),
    };
    for param in params {
        let name = &param.param.ident;
        let hint = if let Some(near) = near_param(step, param) {
            format!("did you mean `{near}`?")
        } else {
            let params = step.params.iter().map(|param| names::plain(&param.ident));
            format!("take any of {}", choices(params.chain([output.clone()])))
        };
        let message = format_args!(
            "compensation `{}` takes `{name}`, which is neither a parameter of step `{}` nor its output; {hint}",
            compensation.ident, step.ident
        );
        errors.error(name, message);
    }
    if !params.is_empty() {
        let message = format_args!(
            "step `{}`, which `{}` compensates, has no such parameter",
            step.ident, compensation.ident
        );
        errors.error(&step.ident, message);
    }
}

pub(crate) fn same(left: &TokenStream, right: &TokenStream) -> bool {
    // Most types are spelt alike, and need no closer look.
    left.to_string() == right.to_string() || text(left) == text(right)
}

/// Tokens as one would write them.
pub(crate) fn text(tokens: &TokenStream) -> String {
    let text = tokens.to_string().replace(' ', "").replace(',', ", ");
    text.replace("::std::vec::Vec<", "Vec<")
        .replace("::std::string::String", "String")
}
