//! What other crates must be able to do with the contract: name its types and traits, and send its data as JSON.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};

use super::{step_errors, steps};
use crate::errors::Errors;
use crate::ir;

pub(super) fn check_contract(errors: &mut Errors, saga: &ir::Saga) {
    for participant in &saga.participants {
        if !participant.public {
            let name = &participant.ident;
            let message = format_args!(
                "participant `{name}` is private, but the crate that implements it must see it; write `pub trait {name}`"
            );
            errors.error(name, message);
        }
    }
    let mut mentioned = HashSet::new();
    for tokens in data(saga) {
        collect_idents(tokens, &mut mentioned);
    }
    let mut errors_in_use = HashSet::new();
    for index in step_errors(saga) {
        errors_in_use.insert(&saga.errors[index].ident);
    }
    let underived = || saga.flows.iter().flat_map(|flow| &flow.underived);
    for ty in &saga.types {
        let name = &ty.ident;
        let is_data = mentioned.contains(&name.to_string());
        if !ty.public && (is_data || errors_in_use.contains(name)) {
            let message = format_args!(
                "`{name}` is private, but the crates that share the contract must see it; write `pub` before it"
            );
            errors.error(name, message);
        }
        let is_looked_into = underived().any(|looked| name == looked);
        if is_looked_into || (is_data && !ty.has_json) {
            let message = format_args!(
                "`{name}` crosses the saga as JSON; write `#[derive(Serialize, Deserialize)]`"
            );
            errors.error(name, message);
        }
    }
}

/// The types of everything that is sent: inputs and outputs of steps and flows.
fn data(saga: &ir::Saga) -> impl Iterator<Item = &TokenStream> {
    let of_steps = steps(saga).flat_map(|step| {
        let params = step.params.iter().map(|param| &param.owned);
        params.chain([&step.output.tokens])
    });
    let of_flows = saga
        .flows
        .iter()
        .flat_map(|flow| flow.input.iter().chain([&flow.output]));
    of_steps.chain(of_flows)
}

pub(crate) fn collect_idents(tokens: &TokenStream, idents: &mut HashSet<String>) {
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(ident) => {
                idents.insert(ident.to_string());
            }
            TokenTree::Group(group) => collect_idents(&group.stream(), idents),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
