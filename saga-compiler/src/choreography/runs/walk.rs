//! Goes through what may happen, reaction by reaction, in an order in which causes come before effects.

use std::collections::HashMap;
use std::iter::repeat_n;

use super::judge::follows_failure;
use super::{Act, Graph, MAX_OPTIONAL, Outcome, Publication, Published, Reaction, Run, Seen};
use crate::choreography::contract::{Early, Kind, Repeat};

/// How many outcomes of a run may not be plain success, and how many runs are looked at before fewer may. Only the first sees all.
const BOUNDS: [(usize, usize); 4] = [
    (usize::MAX, 4_096),
    (3, 20_000),
    (2, 20_000),
    (1, usize::MAX),
];

/// How often a reaction acts in one run for events that are alike, as far as counted: what happens twice may happen more often.
const MAX_ACTS: usize = 2;

/// How often an event is published that may be published several times.
const SEVERAL: usize = 2;

/// How many events are left out at a time, of more than [`MAX_OPTIONAL`].
const MAX_LEFT_OUT: usize = 2;

/// Which runs were handed over.
pub(super) fn walk(graph: &Graph, visit: &mut impl FnMut(&Run)) -> Seen {
    let Ok(order) = graph.order() else {
        return Seen::Nothing;
    };
    let events = 0..graph.events.len();
    let consumers: Vec<Vec<usize>> = events
        .map(|event| graph.consumers(event).collect())
        .collect();
    let is_refused = |reaction: &&Reaction| reaction.early == Early::Refuse;
    let refused = graph.reactions.iter().filter(is_refused);
    let awaited: Vec<usize> = refused.filter_map(|reaction| reaction.after).collect();
    for (limit, most) in BOUNDS {
        let mut walk = Walk {
            graph,
            order: &order,
            consumers: &consumers,
            awaited: &awaited,
            limit,
            left: most,
            run: Run {
                publications: Vec::new(),
                acts: vec![None; graph.reactions.len()],
                deviations: 0,
            },
            deliveries: vec![Vec::new(); graph.reactions.len()],
        };
        if walk.all(visit).is_some() {
            let has_all_choices = graph.reactions.iter().all(has_few_choices);
            let most = if has_all_choices {
                usize::MAX
            } else {
                MAX_LEFT_OUT
            };
            return match limit.min(most) {
                usize::MAX => Seen::All,
                limit => Seen::AtMost(limit),
            };
        }
    }
    Seen::Nothing
}

fn has_few_choices(reaction: &Reaction) -> bool {
    let optional = reaction.publishes.iter();
    optional.filter(|published| published.optional).count() <= MAX_OPTIONAL
}

/// One walk.
struct Walk<'a> {
    graph: &'a Graph,
    order: &'a [usize],
    /// By event, the reactions that it leads to.
    consumers: &'a [Vec<usize>],
    /// What must have taken effect before a reaction that refuses what comes earlier.
    awaited: &'a [usize],
    /// How many outcomes may not be plain success.
    limit: usize,
    /// How many runs may be looked at.
    left: usize,
    run: Run,
    /// By reaction, the publications that lead to it, so far.
    deliveries: Vec<Vec<usize>>,
}

/// How a reaction ends, what it publishes, and how far that is from plain success.
type Ending = (Outcome, Vec<usize>, usize);

impl Walk<'_> {
    /// Every run of every command; nothing when there are too many.
    fn all(&mut self, visit: &mut impl FnMut(&Run)) -> Option<()> {
        let commands = (0..self.graph.reactions.len()).filter(|index| {
            let reaction = &self.graph.reactions[*index];
            reaction.on.is_empty() && reaction.kind != Kind::Compensation
        });
        for command in commands.collect::<Vec<_>>() {
            self.choose(command, 0, visit)?;
        }
        Some(())
    }

    /// The reactions from this place of the order on.
    fn go_on(&mut self, place: usize, visit: &mut impl FnMut(&Run)) -> Option<()> {
        let mut next = self.order.iter().enumerate().skip(place);
        match next.find(|(_, index)| !self.deliveries[**index].is_empty()) {
            Some((place, index)) => self.choose(*index, place + 1, visit),
            None => self.end(visit),
        }
    }

    fn end(&mut self, visit: &mut impl FnMut(&Run)) -> Option<()> {
        let is_real = self
            .run
            .acts
            .iter()
            .enumerate()
            .all(|(index, act)| act.as_ref().is_none_or(|act| self.is_real(index, act)));
        self.left = self.left.checked_sub(1)?;
        if is_real {
            visit(&self.run);
        }
        Some(())
    }

    /// Whether there is, in the whole run, what an outcome needs that depends on the order of arrival.
    fn is_real(&self, index: usize, act: &Act) -> bool {
        let undo_comes = |action: usize| {
            let undo = self.graph.reactions[action].counterpart;
            undo.is_some_and(|undo| self.run.acts[undo].is_some())
        };
        let reaction = &self.graph.reactions[index];
        match (act.outcome, reaction.after) {
            // Nothing comes too late for a compensation that never comes.
            (Outcome::TooLate, _) => undo_comes(index),
            // What it waits for may come later, may be gone again, or never comes.
            (Outcome::TooEarly, Some(after)) => {
                self.may_be_early(reaction, &act.deliveries, after)
                    || !self.is_done(after)
                    || undo_comes(after)
            }
            _ => true,
        }
    }

    /// Whether what leads to a reaction may come before what it waits for takes effect, and is refused then.
    fn may_be_early(&self, reaction: &Reaction, deliveries: &[usize], after: usize) -> bool {
        reaction.early == Early::Refuse && !self.is_caused_by(deliveries, after)
    }

    fn is_done(&self, index: usize) -> bool {
        let act = self.run.acts[index].as_ref();
        act.is_some_and(|act| act.outcome == Outcome::Done)
    }

    /// Each way in which a reaction may end, and what follows.
    fn choose(&mut self, index: usize, place: usize, visit: &mut impl FnMut(&Run)) -> Option<()> {
        let deliveries = std::mem::take(&mut self.deliveries[index]);
        let mut result = Some(());
        for (outcome, events, deviations) in self.endings(index, &deliveries) {
            if self.run.deviations + deviations > self.limit {
                continue;
            }
            let before = self.run.publications.len();
            self.publish(index, &deliveries, &events);
            self.run.deviations += deviations;
            self.run.acts[index] = Some(Act {
                outcome,
                deliveries: deliveries.clone(),
            });
            result = self.go_on(place, visit);
            self.run.acts[index] = None;
            self.run.deviations -= deviations;
            self.withdraw(before);
            if result.is_none() {
                break;
            }
        }
        self.deliveries[index] = deliveries;
        result
    }

    fn publish(&mut self, index: usize, deliveries: &[usize], events: &[usize]) {
        let acts: Vec<Vec<usize>> = match self.graph.reactions[index].repeat {
            Repeat::Each => {
                let each = self.few_of_each(deliveries).into_iter();
                each.map(|delivery| vec![delivery]).collect()
            }
            Repeat::Never | Repeat::Once => vec![deliveries.to_vec()],
        };
        for causes in acts {
            let follows = follows_failure(&self.run, &causes);
            for event in events {
                for consumer in &self.consumers[*event] {
                    self.deliveries[*consumer].push(self.run.publications.len());
                }
                self.run.publications.push(Publication {
                    event: *event,
                    by: index,
                    causes: causes.clone(),
                    follows_failure: follows || self.graph.events[*event].failure,
                });
            }
        }
    }

    /// These without what is like others before: what comes of it differs in nothing that is looked at.
    fn few_of_each(&self, deliveries: &[usize]) -> Vec<usize> {
        let mut counts: HashMap<(bool, Vec<bool>), usize> = HashMap::new();
        let mut few = deliveries.to_vec();
        few.retain(|delivery| {
            let awaited = self.awaited.iter();
            let awaited = awaited.map(|after| self.is_caused_by(&[*delivery], *after));
            let follows = self.run.publications[*delivery].follows_failure;
            let count = counts.entry((follows, awaited.collect())).or_default();
            *count += 1;
            *count <= MAX_ACTS
        });
        few
    }

    /// Takes back what was published since.
    fn withdraw(&mut self, before: usize) {
        for publication in self.run.publications.drain(before..) {
            for consumer in &self.consumers[publication.event] {
                self.deliveries[*consumer].pop();
            }
        }
    }

    /// The ways in which a reaction may end. One of them is always plain success, or the only one, which is no deviation either: so
    /// no run is given up for want of a way.
    fn endings(&self, index: usize, deliveries: &[usize]) -> Vec<Ending> {
        let reaction = &self.graph.reactions[index];
        if reaction.kind == Kind::Compensation {
            if !reaction
                .counterpart
                .is_some_and(|action| self.is_done(action))
            {
                return vec![(Outcome::NothingToUndo, Vec::new(), 0)];
            }
            return subsets(&reaction.publishes, Outcome::Undone);
        }
        let mut endings = Vec::new();
        if let Some(after) = reaction.after {
            match (&self.run.acts[after], reaction.early) {
                (Some(act), _) if act.outcome == Outcome::Done => {
                    let may_be_early = self.may_be_early(reaction, deliveries, after);
                    if may_be_early || self.graph.reactions[after].counterpart.is_some() {
                        endings.push((Outcome::TooEarly, Vec::new(), 1));
                    }
                }
                // What was refused or rejected never takes effect.
                (Some(act), _) if act.outcome != Outcome::Parked => {
                    return vec![(Outcome::TooEarly, Vec::new(), 0)];
                }
                (_, Early::Refuse) => return vec![(Outcome::TooEarly, Vec::new(), 0)],
                (_, Early::Park) => return vec![(Outcome::Parked, Vec::new(), 0)],
            }
        }
        endings.extend(subsets(&reaction.publishes, Outcome::Done));
        let rejections = reaction.rejects.iter();
        endings.extend(rejections.map(|event| (Outcome::Rejected, vec![*event], 1)));
        if reaction.refuses {
            endings.push((Outcome::Rejected, Vec::new(), 1));
        }
        if reaction.kind == Kind::Compensatable && reaction.counterpart.is_some() {
            endings.push((Outcome::TooLate, Vec::new(), 1));
        }
        endings
    }

    /// Whether all of these come after what a reaction published.
    fn is_caused_by(&self, publications: &[usize], reaction: usize) -> bool {
        let mut is_caused: Vec<bool> = Vec::new();
        for publication in &self.run.publications {
            let mut causes = publication.causes.iter();
            let has_causes = !publication.causes.is_empty();
            let follows = has_causes && causes.all(|cause| is_caused[*cause]);
            is_caused.push(publication.by == reaction || follows);
        }
        !publications.is_empty() && publications.iter().all(|index| is_caused[*index])
    }
}

/// With and without each event that may be left out. What may be published several times is not looked at once: who reacts to one
/// does for several whatever it does for one.
fn subsets(published: &[Published], outcome: Outcome) -> Vec<Ending> {
    let optional = published.iter().filter(|published| published.optional);
    let most = match optional.count() {
        few if few <= MAX_OPTIONAL => few,
        _ => MAX_LEFT_OUT,
    };
    let mut subsets = vec![(outcome, Vec::new(), 0)];
    for Published {
        event,
        optional,
        several,
    } in published
    {
        let without = subsets.clone();
        let times = if *several { SEVERAL } else { 1 };
        for (_, events, _) in &mut subsets {
            events.extend(repeat_n(*event, times));
        }
        if *optional {
            let fewer = without.into_iter().filter(|(.., missing)| *missing < most);
            subsets.extend(fewer.map(|(outcome, events, missing)| (outcome, events, missing + 1)));
        }
    }
    subsets
}
