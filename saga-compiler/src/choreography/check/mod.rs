//! Rules that need more than one item in view. Reports, never rewrites.

mod compensation;
mod graph;
mod kind;
mod names;
mod params;
mod publish;
mod runs;

use super::contract::Contract;
use super::ir;
use crate::errors::Errors;

/// What can be said without the graph.
pub(crate) fn check(errors: &mut Errors, choreography: &ir::Choreography) {
    names::check_names(errors, choreography);
    names::check_constants(errors, choreography);
    names::check_types(errors, choreography);
    names::check_events(errors, choreography);
    for participant in &choreography.participants {
        for reaction in &participant.reactions {
            kind::check_kind(errors, participant, reaction);
            kind::check_error(errors, choreography, participant, reaction);
            params::check_params(errors, choreography, participant, reaction);
            publish::check_optional(errors, reaction);
        }
        compensation::check_compensations(errors, participant);
        compensation::check_after(errors, participant);
    }
}

/// What the whole graph says; its contract has every name that it mentions.
pub(crate) fn check_graph(
    errors: &mut Errors, choreography: &ir::Choreography, contract: &Contract,
) {
    let graph = graph::Sources::of(choreography, contract);
    if !graph::has_command(errors, &graph) {
        return;
    }
    let before = errors.count();
    graph::check_ends(errors, &graph);
    graph::check_cycles(errors, &graph);
    if errors.count() == before {
        runs::check_runs(errors, &graph);
    }
}
