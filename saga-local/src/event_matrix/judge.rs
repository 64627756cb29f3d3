//! What is wrong with a case of a choreography: the evidence against what must hold of every saga, whatever fails. Runs nothing.

use std::collections::{BTreeMap, BTreeSet};

use saga_runtime::{Early, ReactionInfo, ReactionKind, Repeat};

use super::evidence::Evidence;
use crate::bus::{Graph, Happening, Move, Outcome};
use crate::matrix::{End, Problem, difference};

/// What the evidence is held against.
pub(super) struct Law<'a> {
    pub(super) graph: &'a Graph,
    /// The run with the same rejections and no other fault.
    pub(super) reference: Option<&'a Evidence>,
}

pub(super) fn judge(evidence: &Evidence, law: &Law<'_>) -> Vec<Problem> {
    let mut problems = effects(evidence, law.graph);
    problems.extend(events(evidence, law.graph));
    problems.extend(letters(evidence));
    problems.extend(ending(evidence, law.graph));
    problems.extend(undone_too_early(evidence, law.graph));
    if problems.is_empty() {
        problems.extend(against_reference(evidence, law));
    }
    problems.extend(evidence.broken.iter().cloned());
    let mut known = Vec::new();
    for problem in problems {
        if !known.contains(&problem) {
            known.push(problem);
        }
    }
    known
}

/// Whether a record in that state says that there is an effect.
fn stands(state: &str) -> bool {
    ["DONE", "RUNNING", "COMPENSATING"].contains(&state)
}

/// The state of a reaction's record; where it acts for each event, of the one that stands.
fn state<'a>(evidence: &'a Evidence, reaction: &str) -> Option<&'a str> {
    let records = evidence.records.iter();
    let mut own = records.filter(|(key, _)| key.reaction == reaction);
    let first = own.next()?;
    let standing = own.find(|(_, state)| stands(state));
    Some(standing.unwrap_or(first).1)
}

/// What a delivery did, beyond what its records say: they and the effects are to change together.
fn effects(evidence: &Evidence, graph: &Graph) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut acted: BTreeMap<String, u32> = BTreeMap::new();
    for happening in evidence.log.iter().filter(|happening| happening.changed) {
        let is_recorded = happening.moves.iter().any(|moved| took_effect(&moved.to));
        for step in actors(happening, graph) {
            let count = acted.entry(step.clone()).or_default();
            *count += 1;
            let info = graph.reaction(&step);
            let acts_for_each = info.is_some_and(|info| info.repeat == Repeat::Each);
            if *count == 1 && !is_recorded {
                problems.push(Problem::Outside { step });
            } else if *count > 1 && !(acts_for_each && is_recorded) {
                problems.retain(|known| *known != Problem::Outside { step: step.clone() });
                problems.push(match info.map(|info| info.kind) {
                    Some(ReactionKind::Compensation) => Problem::UndoneTwice { step },
                    _ => Problem::DoneTwice { step },
                });
            }
        }
    }
    problems
}

/// Whether a record that moved to that state committed an effect.
fn took_effect(state: &str) -> bool {
    ["DONE", "COMPENSATED"].contains(&state)
}

/// The reactions that a delivery changed the world by: those whose records say so, or else whose records moved at all, or else
/// all that the message was for.
fn actors(happening: &Happening, graph: &Graph) -> Vec<String> {
    let name = |moved: &Move| {
        let undone = graph
            .reaction(&moved.key.reaction)
            .filter(|_| moved.to == "COMPENSATED");
        let compensation = undone.and_then(|info| info.counterpart);
        compensation.unwrap_or(&moved.key.reaction).to_owned()
    };
    let moves = &happening.moves;
    let effective: Vec<&Move> = moves
        .iter()
        .filter(|moved| took_effect(&moved.to))
        .collect();
    if !effective.is_empty() {
        return effective.into_iter().map(name).collect();
    }
    if !moves.is_empty() {
        return moves.iter().map(name).collect();
    }
    happening
        .reactions
        .iter()
        .map(|name| (*name).to_owned())
        .collect()
}

/// Events that got lost, and events that nobody committed.
fn events(evidence: &Evidence, graph: &Graph) -> Vec<Problem> {
    let mut problems = Vec::new();
    for event in &evidence.events {
        for info in graph.reacting(&event.name) {
            let taken = |happening: &&Happening| {
                happening.id == event.id
                    && happening.outcome == Outcome::Done
                    && happening.reactions.contains(&info.name)
            };
            let is_taken = evidence.log.iter().any(|happening| taken(&happening));
            // A dead letter is named as such.
            let is_dead = evidence
                .letters
                .iter()
                .any(|letter| letter.id == event.id && letter.reactions.contains(&info.name));
            if is_dead {
                continue;
            }
            if !is_taken || !has_trace(evidence, info, &event.id) {
                problems.push(Problem::Lost {
                    event: event.name.clone(),
                    step: info.name.to_owned(),
                });
            }
        }
    }
    let committed: BTreeSet<&str> = evidence.events.iter().map(|event| &*event.id).collect();
    for happening in &evidence.log {
        if !happening.id.is_empty() && !committed.contains(&*happening.id) {
            problems.push(Problem::Beside {
                event: happening.what.clone(),
            });
        }
    }
    problems
}

/// Whether a record says that the reaction saw the event, or one that came before it.
fn has_trace(evidence: &Evidence, info: &ReactionInfo, id: &str) -> bool {
    let reaction = match info.kind {
        ReactionKind::Compensation => info.counterpart.unwrap_or(info.name),
        _ => info.name,
    };
    evidence.records.iter().any(|(key, state)| {
        let is_own = key.reaction == reaction
            && (info.repeat != Repeat::Each || key.event.as_deref() == Some(id));
        let was_undone = ["COMPENSATED", "TOMBSTONE"].contains(&state.as_str());
        is_own && (info.kind != ReactionKind::Compensation || was_undone)
    })
}

fn letters(evidence: &Evidence) -> impl Iterator<Item = Problem> {
    evidence.letters.iter().map(|letter| Problem::DeadLetter {
        event: letter.what.clone(),
        participant: letter.to.clone(),
        why: letter.why.clone(),
    })
}

/// All effects, or none that has to go.
fn ending(evidence: &Evidence, graph: &Graph) -> Vec<Problem> {
    let has_failed = evidence
        .events
        .iter()
        .any(|event| graph.is_failure(&event.name));
    let mut problems = Vec::new();
    for info in graph.reactions {
        let Some(state) = state(evidence, info.name) else {
            continue;
        };
        let step = info.name.to_owned();
        match (info.kind, state) {
            (ReactionKind::Compensatable, state) if has_failed && stands(state) => {
                problems.push(Problem::LeftBehind { step });
            }
            (ReactionKind::Pivot | ReactionKind::Retriable, state)
                if has_failed && stands(state) && !is_after_failure(evidence, graph, info) =>
            {
                problems.push(Problem::LeftBehind { step });
            }
            (_, "COMPENSATED" | "TOMBSTONE") if !has_failed => {
                problems.push(Problem::Undone { step });
            }
            (_, "REJECTED") if !has_failed && !may_be_missing(info) => {
                problems.push(Problem::Refused { step });
            }
            (ReactionKind::Compensatable, "COMPENSATED") if is_undone_in_name(evidence, info) => {
                problems.push(Problem::LeftBehind { step });
            }
            _ => {}
        }
    }
    if evidence.end == End::Unfinished && evidence.letters.is_empty() {
        let at = evidence.path().last().cloned().unwrap_or_default();
        problems.push(Problem::Unfinished { at });
    }
    problems
}

/// Whether the saga may end well without the reaction: whoever sends a command hears of its rejection, and an observer may do
/// without what comes early.
fn may_be_missing(info: &ReactionInfo) -> bool {
    info.on.is_empty() || is_choosy(info)
}

/// Whether the reaction's effect depends on the order of deliveries, and is meant to.
fn is_choosy(info: &ReactionInfo) -> bool {
    info.kind == ReactionKind::Observer && info.early == Early::Refuse
}

/// Whether the reaction acted because the saga had failed.
fn is_after_failure(evidence: &Evidence, graph: &Graph, info: &ReactionInfo) -> bool {
    let acted = |happening: &&Happening| {
        let moved = &happening.moves;
        moved
            .iter()
            .any(|moved| moved.key.reaction == info.name && moved.to == "DONE")
    };
    let mut acts = evidence.log.iter().filter(acted);
    acts.all(|happening| follows_failure(evidence, graph, &happening.id))
}

/// Whether the event means failure, or was caused by one that does.
fn follows_failure(evidence: &Evidence, graph: &Graph, id: &str) -> bool {
    let event = evidence.events.iter().find(|event| event.id == id);
    event.is_some_and(|event| {
        graph.is_failure(&event.name)
            || event.cause != id && follows_failure(evidence, graph, &event.cause)
    })
}

/// Whether the action changed something, and its compensation nothing.
fn is_undone_in_name(evidence: &Evidence, info: &ReactionInfo) -> bool {
    let changed = |to: &str| {
        evidence.log.iter().any(|happening| {
            let moved = &happening.moves;
            happening.changed
                && moved
                    .iter()
                    .any(|moved| moved.key.reaction == info.name && moved.to == to)
        })
    };
    changed("DONE") && !changed("COMPENSATED")
}

/// Compensations that came before others which they wait for by the events they react to.
fn undone_too_early(evidence: &Evidence, graph: &Graph) -> Vec<Problem> {
    let mut undone: Vec<&ReactionInfo> = Vec::new();
    for moved in evidence.log.iter().flat_map(|happening| &happening.moves) {
        let action = graph.reaction(&moved.key.reaction);
        let compensation = action.and_then(|info| info.counterpart);
        if moved.to == "COMPENSATED"
            && let Some(info) = compensation.and_then(|name| graph.reaction(name))
        {
            undone.push(info);
        }
    }
    let came = |event: &str| {
        evidence
            .events
            .iter()
            .any(|committed| committed.name == event)
    };
    let mut problems = Vec::new();
    for (place, earlier) in undone.iter().enumerate() {
        let later = undone[place + 1..].iter();
        let awaited = later.filter(|later| graph.waits_for(earlier, later, came));
        problems.extend(awaited.map(|later| Problem::OutOfOrder {
            step: earlier.counterpart.unwrap_or_default().to_owned(),
            before: later.counterpart.unwrap_or_default().to_owned(),
        }));
    }
    problems
}

/// What is other than in the run without the fault.
fn against_reference(evidence: &Evidence, law: &Law<'_>) -> Option<Problem> {
    let reference = law.reference?;
    // A client that never got through has changed nothing.
    if evidence.end == End::NotStarted {
        let what = difference(&evidence.before, &evidence.after)?;
        return Some(Problem::Differs { what });
    }
    let has_committed = |evidence: &Evidence| evidence.end == End::Committed;
    if has_committed(evidence) != has_committed(reference) {
        return Some(Problem::Misreported {
            what: format!(
                "the saga {}, and without the fault {}",
                evidence.end, reference.end
            ),
        });
    }
    let (expected, found) = (standing(reference), standing(evidence));
    // Whether a branch's action came before its compensation or after it settles what it leaves for others to see. Where nothing
    // failed, the order of deliveries settles no more than what a choosy observer does, and what follows from that.
    let chose = |info: &&ReactionInfo| {
        let done = (info.name, "DONE");
        is_choosy(info) && expected.get(&done) != found.get(&done)
    };
    let is_free = !has_committed(evidence) || law.graph.reactions.iter().any(|info| chose(&info));
    if expected != found && is_free {
        return None;
    }
    let what = difference(&reference.after, &evidence.after)
        .or_else(|| other_standing(&expected, &found))?;
    Some(Problem::Differs { what })
}

/// What took effect, what of that was undone, and what was told: each with how often.
type Standing<'a> = BTreeMap<(&'a str, &'a str), usize>;

/// What is more (`+`) and what is less (`-`).
fn other_standing(expected: &Standing<'_>, found: &Standing<'_>) -> Option<String> {
    let only = |sign: char, from: &Standing<'_>, other: &Standing<'_>| {
        let mut only = from.clone();
        only.retain(|key, count| other.get(key) != Some(count));
        let keys = only.into_keys();
        keys.map(|(reaction, state)| format!("{sign}{}", format!("{reaction} {state}").trim()))
            .collect::<Vec<String>>()
    };
    let parts = [only('-', expected, found), only('+', found, expected)].concat();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn standing(evidence: &Evidence) -> Standing<'_> {
    let mut standing = BTreeMap::new();
    for (key, state) in &evidence.records {
        if state != "TOMBSTONE" {
            *standing.entry((&*key.reaction, &**state)).or_default() += 1;
        }
    }
    for event in &evidence.events {
        *standing.entry(("", &*event.name)).or_default() += 1;
    }
    standing
}
