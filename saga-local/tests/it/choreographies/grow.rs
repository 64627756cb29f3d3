//! Grows choreographies at random that are right by construction, and breaks them. Prints and runs nothing.
//!
//! What may fail comes first, and forks; then, behind everything that may fail, a pivot; then what has to succeed, which forks
//! and joins. Each action that may stand when another fails is compensated by that failure, or by the compensation of an
//! action after it.

use std::collections::BTreeSet;

use fastrand::Rng;
use saga_runtime::{Early, ReactionKind, Repeat};

use super::model::Model;

/// How many actions there are before the pivot.
const ACTIONS: usize = 5;

pub(super) fn grow(random: &mut Rng) -> Model {
    let mut model = Model::default();
    let participants = random.usize(2..=4);
    let mut open = actions(&mut model, participants, random);
    if random.u8(0..3) > 0 {
        pivot(&mut model, participants, &mut open, random);
    }
    settle_kinds(&mut model, random);
    compensations(&mut model, random);
    observers(&mut model, participants, random);
    model
}

/// A command and what comes of it, each of which may be undone; gives the events that nobody reacts to yet.
fn actions(model: &mut Model, participants: usize, random: &mut Rng) -> Vec<usize> {
    let kind = ReactionKind::Compensatable;
    let command = model.reaction(random.usize(..participants), Vec::new(), kind);
    let mut open = publish(model, command, random.usize(1..=3), false);
    if random.u8(0..4) == 0 {
        reject(model, command);
    }
    for _ in 1..random.usize(1..=ACTIONS) {
        if open.is_empty() {
            break;
        }
        let event = open[random.usize(..open.len())];
        if random.bool() {
            open.retain(|other| *other != event);
        }
        let action = model.reaction(random.usize(..participants), vec![event], kind);
        let is_optional = random.u8(0..6) == 0;
        let published = publish(model, action, random.usize(0..=2), is_optional);
        if is_optional && random.bool() {
            model.through_tx.extend(&published);
        }
        open.extend(published);
        if random.u8(0..3) > 0 {
            reject(model, action);
        }
        if random.u8(0..5) == 0 {
            // Another one for the same event, which waits for this one.
            let participant = model.reactions[action].participant;
            let waiting = model.reaction(participant, vec![event], kind);
            wait(model, waiting, action, random);
            open.extend(publish(model, waiting, random.usize(0..=1), false));
        }
    }
    open
}

/// Lets it come after that, which an event that comes before waits for or, if only an observer's, not.
fn wait(model: &mut Model, waiting: usize, after: usize, random: &mut Rng) {
    model.reactions[waiting].after = Some(after);
    let is_observer = model.reactions[waiting].kind == ReactionKind::Observer;
    if is_observer && random.u8(0..3) == 0 {
        model.reactions[waiting].early = Early::Refuse;
    }
}

fn publish(model: &mut Model, by: usize, count: usize, is_optional: bool) -> Vec<usize> {
    let events: Vec<usize> = (0..count).map(|_| model.event(false)).collect();
    let published = events.iter().map(|event| (*event, is_optional));
    model.reactions[by].publishes.extend(published);
    events
}

fn reject(model: &mut Model, by: usize) {
    let event = model.event(true);
    model.reactions[by].rejects = Some(event);
}

/// A pivot after one of the events, behind everything that may fail, and what follows it.
fn pivot(model: &mut Model, participants: usize, open: &mut Vec<usize>, random: &mut Rng) {
    if open.is_empty() {
        return;
    }
    let event = open.swap_remove(random.usize(..open.len()));
    let ancestors = model.ancestors(event);
    for (index, reaction) in model.reactions.iter_mut().enumerate() {
        if !ancestors.contains(&index) {
            reaction.rejects = None;
        }
    }
    let pivot = model.reaction(
        random.usize(..participants),
        vec![event],
        ReactionKind::Pivot,
    );
    if random.u8(0..4) > 0 {
        reject(model, pivot);
    } else if random.bool() && !model.through_tx.contains(&event) {
        // What follows does not say `each`, so there is one event, although the pivot would act for several.
        model.reactions[pivot].repeat = Repeat::Each;
    }
    let after = publish(model, pivot, random.usize(1..=3), false);
    what_succeeds(model, participants, after, random);
}

/// What reacts to these events and to each other's, and is never rejected.
fn what_succeeds(model: &mut Model, participants: usize, mut after: Vec<usize>, random: &mut Rng) {
    let kind = ReactionKind::Retriable;
    for _ in 0..random.usize(1..=3) {
        let event = after[random.usize(..after.len())];
        let next = model.reaction(random.usize(..participants), vec![event], kind);
        after.extend(publish(model, next, random.usize(0..=1), false));
        if random.u8(0..3) == 0 {
            // One for each of several things, and somebody who does each.
            let each = publish(model, next, 1, true);
            model.through_tx.extend(&each);
            let for_each = model.reaction(random.usize(..participants), each, kind);
            model.reactions[for_each].repeat = Repeat::Each;
            publish(model, for_each, random.usize(0..=1), false);
        }
    }
    if after.len() > 1 && random.bool() {
        let mut on = vec![after[0], after[after.len() - 1]];
        if after.len() > 2 && random.bool() {
            on.push(after[1]);
        }
        let join = model.reaction(random.usize(..participants), on, kind);
        model.reactions[join].repeat = if random.bool() {
            Repeat::Once
        } else {
            Repeat::Each
        };
        publish(model, join, random.usize(0..=1), false);
    }
}

/// The failures that may come while the action's effect stands: of all that it is not itself a consequence of.
fn threats(model: &Model, action: usize) -> Vec<usize> {
    let on = model.reactions[action].on.iter();
    let before: BTreeSet<usize> = on.flat_map(|event| model.ancestors(*event)).collect();
    let others = model.reactions.iter().enumerate();
    let others = others.filter(|(index, _)| *index != action && !before.contains(index));
    others
        .filter_map(|(_, reaction)| reaction.rejects)
        .collect()
}

/// What nothing threatens needs no compensation.
fn settle_kinds(model: &mut Model, random: &mut Rng) {
    for action in 0..model.reactions.len() {
        let reaction = &model.reactions[action];
        if reaction.kind == ReactionKind::Compensatable && threats(model, action).is_empty() {
            model.reactions[action].kind = match reaction.rejects {
                Some(_) => ReactionKind::Pivot,
                None if random.bool() => ReactionKind::Retriable,
                None => ReactionKind::Observer,
            };
        }
    }
}

fn compensations(model: &mut Model, random: &mut Rng) {
    // The last first, so that what comes before may follow.
    for action in (0..model.reactions.len()).rev() {
        if model.reactions[action].kind != ReactionKind::Compensatable {
            continue;
        }
        let mut on = threats(model, action);
        if random.bool() {
            follow(model, action, &mut on);
        }
        let participant = model.reactions[action].participant;
        let undo = model.reaction(participant, on, ReactionKind::Compensation);
        model.reactions[action].counterpart = Some(undo);
        model.reactions[undo].counterpart = Some(action);
        if random.u8(0..3) == 0 {
            publish(model, undo, 1, false);
        }
    }
}

/// Lets a compensation wait for that of a later action, for all the failures that only come after this one.
fn follow(model: &mut Model, action: usize, on: &mut Vec<usize>) {
    let is_next = |index: &usize| {
        let next = &model.reactions[*index];
        let own = &model.reactions[action].publishes;
        next.kind == ReactionKind::Compensatable
            && own.iter().any(|(event, _)| next.on.contains(event))
    };
    let Some(next) = (0..model.reactions.len()).find(is_next) else {
        return;
    };
    let Some(undo) = model.reactions[next].counterpart else {
        return;
    };
    let comes_after = |failure: &usize| {
        let publisher = model
            .reactions
            .iter()
            .position(|one| one.rejects == Some(*failure));
        publisher != Some(next) && model.ancestors(*failure).contains(&next)
    };
    let (after, beside): (Vec<usize>, Vec<usize>) = on.iter().copied().partition(comes_after);
    if after.is_empty() {
        return;
    }
    *on = beside;
    let undone = match model.reactions[undo].publishes.first() {
        Some((event, _)) => *event,
        None => publish(model, undo, 1, false)[0],
    };
    on.push(undone);
}

/// Somebody who only looks on, and sometimes somebody who has to come after that.
fn observers(model: &mut Model, participants: usize, random: &mut Rng) {
    for _ in 0..random.usize(0..=2) {
        let events = 0..model.events.len();
        let events = events.filter(|event| model.is_published_once(*event));
        let events: Vec<usize> = events.collect();
        let mut event = events[random.usize(..events.len())];
        let mut participant = random.usize(..participants);
        let may_wait = |index: &usize| {
            let reaction = &model.reactions[*index];
            let kind = reaction.kind;
            kind != ReactionKind::Compensation && reaction.on.len() == 1 && reaction.after.is_none()
        };
        let waiting: Vec<usize> = (0..model.reactions.len()).filter(may_wait).collect();
        let waiting = random.choice(waiting).filter(|_| random.u8(0..3) == 0);
        if let Some(waiting) = waiting {
            (event, participant) = (
                model.reactions[waiting].on[0],
                model.reactions[waiting].participant,
            );
        }
        let observer = model.reaction(participant, vec![event], ReactionKind::Observer);
        if random.u8(0..3) == 0 {
            publish(model, observer, 1, false);
        }
        if let Some(waiting) = waiting {
            wait(model, waiting, observer, random);
        }
    }
}

/// What was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mutation {
    /// A compensation no longer reacts to one of its events.
    Unsubscribed,
    /// An action that has to be undone is said to succeed in the end.
    NotUndone,
    /// Who is reached twice does not say so.
    Repeated,
    /// A compensation also reacts to an event that means no failure.
    Subscribed,
}

/// Breaks a choreography in one place, if there is one for it.
pub(super) fn mutate(model: &Model, random: &mut Rng) -> Option<(Model, Mutation)> {
    let mut broken = model.clone();
    let all = 0..model.reactions.len();
    let of_kind = |kind| {
        let all = all
            .clone()
            .filter(move |index| model.reactions[*index].kind == kind);
        all.collect::<Vec<_>>()
    };
    let undos = of_kind(ReactionKind::Compensation);
    let mutation = match random.u8(0..8) {
        0..=3 => {
            let several = |index: &&usize| model.reactions[**index].on.len() > 1;
            let undos: Vec<&usize> = undos.iter().filter(several).collect();
            let undo = *random.choice(undos)?;
            let on = &mut broken.reactions[undo].on;
            on.swap_remove(random.usize(..on.len()));
            Mutation::Unsubscribed
        }
        4 | 5 => {
            let undo = random.choice(undos)?;
            let action = model.reactions[undo].counterpart?;
            if model.reactions[action].rejects.is_some() {
                return None;
            }
            // Its compensation only looks on.
            for (index, kind) in [
                (action, ReactionKind::Retriable),
                (undo, ReactionKind::Observer),
            ] {
                (
                    broken.reactions[index].kind,
                    broken.reactions[index].counterpart,
                ) = (kind, None);
            }
            Mutation::NotUndone
        }
        6 => {
            // What one event leads to need not say it.
            let mut repeated = all.filter(|index| {
                let reaction = &model.reactions[*index];
                reaction.repeat != Repeat::Never && reaction.on.len() > 1
            });
            broken.reactions[repeated.next()?].repeat = Repeat::Never;
            Mutation::Repeated
        }
        _ => {
            let undo = random.choice(undos)?;
            let action = model.reactions[undo].counterpart?;
            let (event, _) = *model.reactions[action].publishes.first()?;
            broken.reactions[undo].on.push(event);
            Mutation::Subscribed
        }
    };
    Some((broken, mutation))
}
