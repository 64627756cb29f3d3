//! Whether a run was right: committed as the flow says, or fully compensated, in a legal order. Runs nothing itself.

use std::collections::BTreeMap;

use saga_local::Status;
use saga_runtime::Kind;
use serde_json::Value;

use super::interpret::{Expected, Instance, Key, Trace};
use super::world::{Effect, effect_key};

/// A delivery that was sent in time, in the order in which they ended.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) key: Key,
    pub(super) is_compensation: bool,
    /// What an action is given.
    pub(super) input: Value,
}

/// What is known of a run.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub(super) status: Status,
    pub(super) output: Option<Value>,
    pub(super) error: Option<String>,
    pub(super) sent: Vec<Sent>,
    pub(super) effects: BTreeMap<String, Effect>,
}

/// Says what is wrong. `faultless`: only a rejection can have ended the saga early.
pub(super) fn judge(
    expected: &Expected, evidence: &Evidence, faultless: bool,
) -> Result<(), String> {
    judge_end(expected, evidence, faultless)?;
    judge_effects(expected, evidence)?;
    judge_arguments(expected, evidence)?;
    let actions = extents(expected, evidence, false);
    in_order(&expected.trace, &actions, false).map_err(|pair| {
        format!(
            "{} before {} was done",
            pair.0.name(expected),
            pair.1.name(expected)
        )
    })?;
    let compensations = extents(expected, evidence, true);
    in_order(&expected.trace, &compensations, true).map_err(|pair| {
        format!(
            "compensating {} before {}, which came later, was compensated",
            pair.0.name(expected),
            pair.1.name(expected)
        )
    })?;
    Ok(())
}

fn judge_end(expected: &Expected, evidence: &Evidence, faultless: bool) -> Result<(), String> {
    match (evidence.status, &expected.outcome) {
        (Status::Succeeded, Ok(output)) if evidence.output.as_ref() == Some(output) => Ok(()),
        (Status::Succeeded, Ok(output)) => Err(format!(
            "the output is {}, and should be {output}",
            evidence.output.as_ref().unwrap_or(&Value::Null)
        )),
        (Status::Succeeded, Err(errors)) => Err(format!(
            "committed, where the flow is rejected with one of {errors:?}"
        )),
        (Status::Failed, Ok(_)) if faultless => Err(format!(
            "failed with {:?} although nothing went wrong",
            evidence.error.as_deref().unwrap_or_default()
        )),
        (Status::Failed, Err(errors)) if faultless => match &evidence.error {
            Some(error) if errors.contains(error) => Ok(()),
            error => Err(format!("ended with {error:?}, which is none of {errors:?}")),
        },
        (Status::Failed, _) => Ok(()),
        (status, _) => Err(format!("the saga is {status:?}")),
    }
}

fn judge_effects(expected: &Expected, evidence: &Evidence) -> Result<(), String> {
    let mut unexplained = evidence.effects.clone();
    for instance in &expected.instances {
        let key = effect_key(&instance.key.step, &instance.input);
        let Effect { applied, undone } = unexplained.remove(&key).unwrap_or_default();
        let name = name(instance);
        let done = instance.method.has_effect() && instance.rejected.is_none();
        let is_right = match (evidence.status, instance.method.kind()) {
            (Status::Succeeded, _) => applied == u64::from(done) && undone == 0,
            (_, Kind::Compensatable) if done => applied <= 1 && applied == undone,
            _ => applied == 0 && undone == 0,
        };
        if !is_right {
            return Err(format!(
                "{:?}, but {name} took effect {applied} times and was undone {undone} times",
                evidence.status
            ));
        }
    }
    match unexplained.iter().find(|(_, effect)| effect.applied > 0) {
        Some((key, _)) => Err(format!("`{key}` took effect, which is not on the path")),
        None => Ok(()),
    }
}

/// Whatever is asked for is on the path, with the path's arguments.
fn judge_arguments(expected: &Expected, evidence: &Evidence) -> Result<(), String> {
    let instances: BTreeMap<&Key, &Instance> = expected
        .instances
        .iter()
        .map(|instance| (&instance.key, instance))
        .collect();
    for sent in evidence.sent.iter().filter(|sent| !sent.is_compensation) {
        let Some(instance) = instances.get(&sent.key) else {
            return Err(format!(
                "{:?} was asked for, which is not on the path",
                sent.key
            ));
        };
        if instance.input != sent.input {
            return Err(format!(
                "{} was given {}, and should be given {}",
                name(instance),
                sent.input,
                instance.input
            ));
        }
    }
    Ok(())
}

fn name(instance: &Instance) -> String {
    format!("`{}` {:?}", instance.key.step, instance.key.item)
}

/// A place in the log, and whose it is.
#[derive(Clone, Copy, Debug)]
struct At {
    place: usize,
    instance: usize,
}

impl At {
    fn name(self, expected: &Expected) -> String {
        name(&expected.instances[self.instance])
    }
}

/// From the first delivery to the last.
#[derive(Clone, Copy, Debug)]
struct Extent {
    first: At,
    last: At,
}

impl Extent {
    fn and(self, other: Self) -> Self {
        let first = if other.first.place < self.first.place {
            other.first
        } else {
            self.first
        };
        let last = if other.last.place > self.last.place {
            other.last
        } else {
            self.last
        };
        Self { first, last }
    }
}

fn extents(expected: &Expected, evidence: &Evidence, compensations: bool) -> Vec<Option<Extent>> {
    let mut found: BTreeMap<&Key, (usize, usize)> = BTreeMap::new();
    for (place, sent) in evidence.sent.iter().enumerate() {
        if sent.is_compensation == compensations {
            found
                .entry(&sent.key)
                .and_modify(|(_, last)| *last = place)
                .or_insert((place, place));
        }
    }
    let extent = |(instance, known): (usize, &Instance)| {
        let (first, last) = *found.get(&known.key)?;
        let at = |place| At { place, instance };
        Some(Extent {
            first: at(first),
            last: at(last),
        })
    };
    expected.instances.iter().enumerate().map(extent).collect()
}

/// What began too early, before the other had ended.
type Pair = (At, At);

/// Each part of a sequence begins when those before it have ended; reversed, when those after it have.
fn in_order(
    trace: &Trace, extents: &[Option<Extent>], reversed: bool,
) -> Result<Option<Extent>, Pair> {
    let mut whole: Option<Extent> = None;
    let mut add = |part: Option<Extent>, is_sequence: bool| {
        let Some(part) = part else { return Ok(()) };
        match whole {
            Some(before) if is_sequence && part.first.place < before.last.place => {
                return Err((part.first, before.last));
            }
            Some(before) => whole = Some(before.and(part)),
            None => whole = Some(part),
        }
        Ok(())
    };
    match trace {
        Trace::Step(instance) => return Ok(extents[*instance]),
        Trace::Sequence(parts) if reversed => {
            for part in parts.iter().rev() {
                add(in_order(part, extents, reversed)?, true)?;
            }
        }
        Trace::Sequence(parts) => {
            for part in parts {
                add(in_order(part, extents, reversed)?, true)?;
            }
        }
        Trace::Parallel(parts) => {
            for part in parts {
                add(in_order(part, extents, reversed)?, false)?;
            }
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use saga_local::Status;
    use saga_runtime::Kind;
    use serde_json::{Value, json};

    use super::super::contract::Method;
    use super::super::interpret::{Expected, Instance, Key, Trace};
    use super::super::world::{Effect, effect_key};
    use super::{Evidence, Sent, judge};

    fn key(step: &str, item: &[u64]) -> Key {
        Key {
            step: step.to_owned(),
            item: item.to_vec(),
        }
    }

    fn input(item: &[u64]) -> Value {
        let id = item.first().map(u64::to_string).unwrap_or_default();
        json!({ "i": id, "j": "", "k": "", "arg": 1 })
    }

    /// Two holds one after the other, and two items of a loop, in parallel.
    fn expected() -> Expected {
        let steps: [(&str, &[u64]); 4] = [("a", &[]), ("b", &[]), ("c", &[0]), ("c", &[1])];
        let instances = steps.iter().map(|(step, item)| Instance {
            key: key(step, item),
            method: Method::new(Kind::Compensatable, 0),
            input: input(item),
            rejected: None,
        });
        let items = vec![
            Trace::Sequence(vec![Trace::Step(2)]),
            Trace::Sequence(vec![Trace::Step(3)]),
        ];
        Expected {
            instances: instances.collect(),
            trace: Trace::Sequence(vec![Trace::Step(0), Trace::Step(1), Trace::Parallel(items)]),
            outcome: Ok(json!(7)),
        }
    }

    fn sent(is_compensation: bool, step: &str, item: &[u64]) -> Sent {
        Sent {
            key: key(step, item),
            is_compensation,
            input: input(item),
        }
    }

    fn evidence(status: Status, effect: Effect) -> Evidence {
        let actions = [("a", &[] as &[u64]), ("b", &[]), ("c", &[1]), ("c", &[0])];
        let mut log: Vec<Sent> = actions
            .iter()
            .map(|(step, item)| sent(false, step, item))
            .collect();
        if status == Status::Failed {
            log.extend([
                sent(true, "c", &[0]),
                sent(true, "c", &[1]),
                sent(true, "b", &[]),
                sent(true, "a", &[]),
            ]);
        }
        let effects = expected().instances;
        let effects = effects
            .iter()
            .map(|instance| (effect_key(&instance.key.step, &instance.input), effect));
        Evidence {
            status,
            output: Some(json!(7)),
            error: Some("Problem.No".to_owned()),
            sent: log,
            effects: effects.collect(),
        }
    }

    const DONE: Effect = Effect {
        applied: 1,
        undone: 0,
    };
    const UNDONE: Effect = Effect {
        applied: 1,
        undone: 1,
    };

    #[test]
    fn what_is_right_is_accepted() {
        judge(&expected(), &evidence(Status::Succeeded, DONE), true).unwrap();
        judge(&expected(), &evidence(Status::Failed, UNDONE), false).unwrap();
    }

    /// Whether the judge finds fault with a run that was changed like this.
    fn verdict(status: Status, effect: Effect, change: impl FnOnce(&mut Evidence)) -> String {
        let mut evidence = evidence(status, effect);
        change(&mut evidence);
        judge(&expected(), &evidence, false).expect_err("this run was not right")
    }

    #[test]
    fn effects_that_are_left_missing_or_undone_twice_are_found() {
        let one = |effect: Effect| {
            move |evidence: &mut Evidence| {
                evidence.effects.insert("c|1||".to_owned(), effect);
            }
        };
        let (committed, compensated) = (Status::Succeeded, Status::Failed);
        let found = [
            verdict(compensated, UNDONE, one(DONE)),
            verdict(
                compensated,
                UNDONE,
                one(Effect {
                    applied: 1,
                    undone: 2,
                }),
            ),
            verdict(
                compensated,
                UNDONE,
                one(Effect {
                    applied: 2,
                    undone: 2,
                }),
            ),
            verdict(committed, DONE, one(UNDONE)),
            verdict(committed, DONE, one(Effect::default())),
            verdict(
                committed,
                DONE,
                one(Effect {
                    applied: 2,
                    undone: 0,
                }),
            ),
        ];
        for verdict in found {
            assert!(verdict.contains("but `c` [1] took effect"), "{verdict}");
        }
        let other = |evidence: &mut Evidence| {
            evidence.effects.insert("d|||".to_owned(), UNDONE);
        };
        assert_eq!(
            verdict(compensated, UNDONE, other),
            "`d|||` took effect, which is not on the path"
        );
    }

    #[test]
    fn compensations_out_of_order_are_found() {
        let too_early = verdict(Status::Failed, UNDONE, |evidence| evidence.sent.swap(6, 7));
        assert_eq!(
            too_early,
            "compensating `a` [] before `b` [], which came later, was compensated"
        );
        let among_items = verdict(Status::Failed, UNDONE, |evidence| evidence.sent.swap(5, 6));
        assert_eq!(
            among_items,
            "compensating `b` [] before `c` [1], which came later, was compensated"
        );
        // A second delivery counts as well: the compensation was not known to be done.
        let again = verdict(Status::Failed, UNDONE, |evidence| {
            evidence.sent.push(sent(true, "b", &[]));
        });
        assert_eq!(again, too_early);
    }

    #[test]
    fn actions_out_of_order_and_off_the_path_are_found() {
        let early = verdict(Status::Succeeded, DONE, |evidence| evidence.sent.swap(1, 2));
        assert_eq!(early, "`c` [1] before `b` [] was done");
        let other = verdict(Status::Succeeded, DONE, |evidence| {
            evidence.sent.push(sent(false, "c", &[2]));
        });
        assert!(
            other.ends_with("was asked for, which is not on the path"),
            "{other}"
        );
        let wrong = verdict(Status::Succeeded, DONE, |evidence| {
            evidence.sent[0].input["arg"] = json!(2);
        });
        assert!(wrong.starts_with("`a` [] was given"), "{wrong}");
    }

    #[test]
    fn ends_that_the_flow_does_not_have_are_found() {
        let output = verdict(Status::Succeeded, DONE, |evidence| {
            evidence.output = Some(json!(8));
        });
        assert_eq!(output, "the output is 8, and should be 7");
        let running = verdict(Status::Running, DONE, |_| {});
        assert_eq!(running, "the saga is Running");
        let no_reason = judge(&expected(), &evidence(Status::Failed, UNDONE), true).unwrap_err();
        assert_eq!(
            no_reason,
            "failed with \"Problem.No\" although nothing went wrong"
        );
        let mut rejected = expected();
        rejected.outcome = Err(BTreeSet::from(["Problem.Full".to_owned()]));
        let committed = judge(&rejected, &evidence(Status::Succeeded, DONE), true).unwrap_err();
        assert!(
            committed.starts_with("committed, where the flow is rejected"),
            "{committed}"
        );
        let otherwise = judge(&rejected, &evidence(Status::Failed, UNDONE), true).unwrap_err();
        assert!(otherwise.contains("which is none of"), "{otherwise}");
    }
}
