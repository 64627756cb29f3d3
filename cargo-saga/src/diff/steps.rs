//! Steps that came, went, moved, or are of another kind: what becomes of their records. Reads no payload.

use std::collections::BTreeMap;

use saga_compiler::{Kind, Mode};

use super::change::Change;
use super::outline::{Call, method};
use super::version::{Facts, Version, participant};

const KEEP: &str =
    "keep the method, and its compensation, in the trait until no saga runs on the old definition";
const NEW_NAME: &str = "give the changed step a new name, and keep the old one until no saga runs on the old definition";

pub(super) fn compare(old: &Version, new: &Version, all: &mut Vec<Change>) {
    let renamed = renamed(old, new);
    for (before, after) in &renamed {
        all.push(rename(before, after));
    }
    let is_renamed = |step: &str| {
        let name = participant(step);
        renamed
            .iter()
            .any(|(before, after)| name == *before || name == *after)
    };
    for call in &new.outline.actions {
        if !is_renamed(&call.step)
            && !old
                .outline
                .actions
                .iter()
                .any(|each| each.state == call.state)
        {
            all.push(added(new, call));
        }
    }
    for call in &old.outline.actions {
        if is_renamed(&call.step) {
            continue;
        }
        match new
            .outline
            .actions
            .iter()
            .find(|each| each.state == call.state)
        {
            Some(same) => of_call(call, same, all),
            None => all.push(removed(old, new, call)),
        }
    }
    moved(old, new, all);
    for step in old.called() {
        if let (Some(before), Some(after)) = (old.facts(step), new.facts(step)) {
            of_kind(step, &before, &after, all);
            of_mode(step, &before, &after, all);
        }
    }
}

/// Participants that are gone, each with the new one that has all of its steps.
fn renamed<'a>(old: &'a Version, new: &'a Version) -> Vec<(&'a str, &'a str)> {
    let (before, after) = (by_participant(old.called()), by_participant(new.methods()));
    let mut renamed = Vec::new();
    for (gone, steps) in &before {
        if after.contains_key(gone) {
            continue;
        }
        let mut fresh = after.iter().filter(|(name, _)| !before.contains_key(*name));
        let heir = fresh.find(|(_, own)| steps.iter().all(|step| own.contains(step)));
        renamed.extend(heir.map(|(heir, _)| (*gone, *heir)));
    }
    renamed
}

/// `stock` and `.reserve` of `stock.reserve`
fn by_participant(methods: Vec<&str>) -> BTreeMap<&str, Vec<&str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for method in methods {
        let name = participant(method);
        all.entry(name).or_default().push(&method[name.len()..]);
    }
    all
}

fn rename(before: &str, after: &str) -> Change {
    Change::breaks(
        before,
        format!("the participant is called `{after}` now"),
        format!(
            "running sagas call it `{before}`, which the new code does not answer to (`Saga.Unknown`); and a function of another \
             name has another barrier table as a rule, where a compensation finds no record and undoes nothing"
        ),
    )
    .instead(format!(
        "deploy `{after}` as a function of its own, and leave that of `{before}`, with its table, as it is until no saga runs on the old definition"
    ))
}

fn added(new: &Version, call: &Call) -> Change {
    let index = new
        .outline
        .actions
        .iter()
        .position(|each| each.state == call.state);
    let before = index.and_then(|index| index.checked_sub(1));
    let before = before.and_then(|index| new.outline.actions.get(index));
    let what = match before {
        Some(before) => format!("added, after `{}`", before.state),
        None => "added, as the first".to_owned(),
    };
    Change::safe(&call.state, what, "running sagas do not call it")
        .instead("deploy the participant before the definition")
}

fn removed(old: &Version, new: &Version, call: &Call) -> Change {
    if new.facts(call.method()).is_some() {
        return Change::safe(
            &call.state,
            "removed from the flow",
            "the participant still has the step, for running sagas",
        );
    }
    let name = participant(&call.step);
    let is_gone = !new
        .methods()
        .iter()
        .any(|method| participant(method) == name);
    let keep = if is_gone {
        format!(
            "no step of `{name}` is called any more: keep its function and its table until no saga runs on the old definition"
        )
    } else {
        KEEP.to_owned()
    };
    let then = match old.outline.kind(call) {
        Kind::Pivot | Kind::Retriable => "and is called again without end".to_owned(),
        Kind::ReadOnly => "and the saga is compensated".to_owned(),
        Kind::Compensatable => {
            "and the saga is compensated; where the step took effect before, nothing can undo it, and the saga waits for an operator"
                .to_owned()
        }
    };
    Change::breaks(
        &call.state,
        "removed",
        format!(
            "running sagas still call it; a participant without it answers `Saga.Unknown`, {then}"
        ),
    )
    .instead(keep)
}

fn of_call(old: &Call, new: &Call, all: &mut Vec<Change>) {
    if old.inside != new.inside {
        let place = |inside: &[String]| match inside {
            [] => "the flow itself".to_owned(),
            names => format!("`{}`", names.join("` in `")),
        };
        all.push(Change::safe(
            &new.state,
            format!(
                "stands in {} instead of {}",
                place(&new.inside),
                place(&old.inside)
            ),
            "an execution keeps its definition to the end",
        ));
    }
    let is_arn = |function: &str| function.starts_with("arn:");
    if old.function != new.function && is_arn(&old.function) == is_arn(&new.function) {
        all.push(
            Change::look(
                &new.state,
                format!("calls `{}` instead of `{}`", new.function, old.function),
                "running sagas go on with the old function, and with the records in its table",
            )
            .instead("leave the old function and its table as they are until no saga runs on the old definition"),
        );
    }
    if old.saga != new.saga {
        all.push(Change::look(
            &new.state,
            "names the execution otherwise in its records' keys",
            "the definitions are of two compilers; the newer runtime has to read envelopes of the older one",
        ));
    }
}

/// Steps that both have, and that stand elsewhere among each other now: those outside the longest common order.
fn moved(old: &Version, new: &Version, all: &mut Vec<Change>) {
    let states = |one: &Version, other: &Version| -> Vec<String> {
        let has = |state: &str| other.outline.actions.iter().any(|call| call.state == state);
        let states = one.outline.actions.iter().map(|call| call.state.clone());
        states.filter(|state| has(state)).collect()
    };
    let (before, after) = (states(old, new), states(new, old));
    let kept = longest_common(&before, &after);
    for (index, state) in after.iter().enumerate() {
        if kept.contains(&state) {
            continue;
        }
        let previous = index.checked_sub(1).and_then(|index| after.get(index));
        let what = match previous {
            Some(previous) => format!("moved, stands after `{previous}` now"),
            None => "moved to the beginning".to_owned(),
        };
        let why = "an execution keeps its definition to the end, and a record's key says nothing of the order";
        all.push(Change::safe(state, what, why));
    }
}

fn longest_common<'a>(before: &[String], after: &'a [String]) -> Vec<&'a String> {
    // `lengths[i][j]`: of the longest order that `before[i..]` and `after[j..]` share.
    let mut lengths = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            lengths[i][j] = if before[i] == after[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut common = Vec::new();
    while i < before.len() && j < after.len() {
        if before[i] == after[j] {
            common.push(&after[j]);
            (i, j) = (i + 1, j + 1);
        } else if lengths[i + 1][j] >= lengths[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    common
}

fn of_kind(step: &str, old: &Facts, new: &Facts, all: &mut Vec<Change>) {
    if old.kind == new.kind {
        return;
    }
    let what = format!("{} instead of {}", word(new.kind), word(old.kind));
    if old.has_compensation && !new.has_compensation {
        let why = "running sagas call its compensation, which is gone: where the step took effect, they wait for an operator";
        all.push(Change::breaks(step, what, why).instead(NEW_NAME));
    } else if old.kind == Kind::Retriable {
        let why = "running sagas call it again after every error, and without end after one that is definite now";
        all.push(Change::breaks(step, what, why).instead(NEW_NAME));
    } else if old.kind == Kind::ReadOnly {
        let why = "it has an effect now, which running sagas do not know how to undo";
        all.push(Change::breaks(step, what, why).instead(NEW_NAME));
    } else {
        let why = "running sagas go on to treat it as they did, and its records are the same";
        all.push(Change::safe(step, what, why));
    }
}

fn of_mode(step: &str, old: &Facts, new: &Facts, all: &mut Vec<Change>) {
    let (Some(before), Some(after)) = (old.mode, new.mode) else {
        return;
    };
    if before == after || old.kind == Kind::ReadOnly {
        return;
    }
    let (what, why) = match after {
        Mode::Transactional => (
            "`tx: &mut Tx` instead of `cx: &Context` (mode T instead of X)",
            "an action that was cut off has left a claim, which no transaction can settle or undo: its saga waits for an operator",
        ),
        Mode::External => (
            "`cx: &Context` instead of `tx: &mut Tx` (mode X instead of T)",
            "the compensation undoes an outside effect now, and would be asked to undo writes of the database",
        ),
    };
    all.push(Change::breaks(method(step), what, why).instead(NEW_NAME));
}

pub(super) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Compensatable => "compensatable",
        Kind::Pivot => "pivot",
        Kind::Retriable => "retriable",
        Kind::ReadOnly => "read_only",
    }
}
