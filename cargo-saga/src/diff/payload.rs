//! What steps are sent, what their records keep, and what they answer: whether the new code reads what the old one left. Knows
//! types by their names alone.

use saga_compiler::Kind;

use super::change::Change;
use super::outline::Outline;
use super::types::{Fit, Reading, Types, is_optional};
use super::version::{Facts, Version};

const EITHER: &str = "let the new type read either JSON until no saga runs on the old definition, or give the changed step a new name";
const OPTIONAL: &str = "make it an `Option` until no saga runs on the old definition, or give the changed step a new name";

pub(super) fn compare(old: &Version, new: &Version, all: &mut Vec<Change>) {
    let types = Types::of(old.contract, new.contract);
    for step in old.called() {
        let (Some(before), Some(after)) = (old.facts(step), new.facts(step)) else {
            continue;
        };
        params(step, &before, &after, types, all);
        record(step, &before, &after, types, all);
    }
    values(&old.outline, &new.outline, all);
}

fn params(step: &str, old: &Facts, new: &Facts, types: Types, all: &mut Vec<Change>) {
    for (name, ty) in &new.params {
        match old.params.iter().find(|(known, _)| known == name) {
            None => all.push(added(step, name, ty.as_deref(), new.kind)),
            Some((_, before)) => all.extend(retyped(step, name, (before, ty), (types, new.kind))),
        }
    }
    for (name, _) in &old.params {
        if !new.params.iter().any(|(known, _)| known == name) {
            all.push(Change::safe(
                step,
                format!("takes no `{name}` any more"),
                "the new code leaves out what it does not know",
            ));
        }
    }
}

fn added(step: &str, name: &str, ty: Option<&str>, kind: Kind) -> Change {
    let what = match ty {
        Some(ty) => format!("takes `{name}: {ty}` as well"),
        None => format!("takes `{name}` as well"),
    };
    match ty {
        Some(ty) if is_optional(ty) => Change::safe(
            step,
            what,
            "running sagas do not send it, and it is read as `None`",
        ),
        Some(_) => {
            let why = format!("running sagas do not send it: {}", then(kind));
            Change::breaks(step, what, why).instead(OPTIONAL)
        }
        None => {
            let why = format!(
                "running sagas do not send it; unless it is an `Option`, {}",
                then(kind)
            );
            Change::look(step, what, why).instead(OPTIONAL)
        }
    }
}

/// What follows where the new code cannot read a delivery.
fn then(kind: Kind) -> &'static str {
    match kind {
        Kind::Retriable => "the call fails with `Saga.Unknown`, again and without end",
        Kind::Pivot | Kind::Compensatable | Kind::ReadOnly => {
            "the call is refused (`Saga.Refused`), and the saga compensated"
        }
    }
}

fn retyped(
    step: &str, name: &str, (old, new): (&Option<String>, &Option<String>),
    (types, kind): (Types, Kind),
) -> Option<Change> {
    let (Some(old), Some(new)) = (old, new) else {
        return None;
    };
    let reading = types.read(old, new);
    let what = told(&reading, (old, new), &format!("takes `{name}: {new}`"))?;
    let change = match reading.fit {
        Fit::Reads => Change::safe(step, what, "JSON of the old type is read as the new one"),
        Fit::Fails => {
            let why = format!("running sagas send the old type: {}", then(kind));
            Change::breaks(step, what, why).instead(EITHER)
        }
        Fit::Unknown => {
            let why = format!(
                "running sagas send the old type; unless its JSON is read as the new one, {}",
                then(kind)
            );
            Change::look(step, what, why)
        }
    };
    Some(change)
}

/// How a type differs, if it does: by its name, or by what is declared under the same one.
pub(super) fn told(reading: &Reading, (old, new): (&str, &str), now: &str) -> Option<String> {
    let differences = reading.differences.join(", ");
    match (old == new, differences.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("{now}, where {differences}")),
        (false, true) => Some(format!("{now} instead of `{old}`")),
        (false, false) => Some(format!("{now} instead of `{old}`: {differences}")),
    }
}

/// What the compensation reads of a record that the old code wrote, and what a repeated delivery is answered with.
fn record(step: &str, old: &Facts, new: &Facts, types: Types, all: &mut Vec<Change>) {
    let (Some((kept, output)), Some((now_kept, now_output))) = (&old.record, &new.record) else {
        return;
    };
    let both = old.has_compensation && new.has_compensation;
    let ty = |name: &String| {
        let mut params = new.params.iter();
        params.find(|(known, _)| known == name)?.1.as_deref()
    };
    for name in now_kept.iter().filter(|name| both && !kept.contains(name)) {
        let what = format!("its compensation takes `{name}` as well");
        all.push(if ty(name).is_some_and(is_optional) {
            Change::safe(step, what, "older records do not have it, and it is read as `None`")
        } else {
            let why = "records that the old code wrote do not have it: their compensation fails, and the saga waits for an operator";
            Change::breaks(step, what, why).instead(OPTIONAL)
        });
    }
    let words = |output: &Option<String>| output.clone().unwrap_or("()".to_owned());
    let (was, is) = (words(output), words(now_output));
    let reading = types.read(&was, &is);
    let Some(what) = told(&reading, (&was, &is), &format!("answers with `{is}`")) else {
        return;
    };
    // Later steps say by themselves whether they read what the old code answered.
    let record = if both { reading.fit } else { Fit::Reads };
    // The old definition may look for what the new answer has no more.
    let back = types.reversed().read(&is, &was).fit;
    all.push(match (record, back) {
        (Fit::Reads, Fit::Reads) => Change::safe(step, what, "who knows the old answer reads the new one"),
        (Fit::Fails, _) => Change::breaks(
            step,
            what,
            "records have the old answer, which its compensation cannot read: the saga waits for an operator",
        )
        .instead(EITHER),
        _ => Change::look(
            step,
            what,
            "running sagas hand the new answer on as the old one, and compensations read the old one in records",
        ),
    });
}

/// Arguments that come from elsewhere: told, because that is what a reader of the change looks for.
fn values(old: &Outline, new: &Outline, all: &mut Vec<Change>) {
    for call in &new.actions {
        let Some(before) = old.actions.iter().find(|each| each.state == call.state) else {
            continue;
        };
        let moved = call.input.iter().filter(|(name, value)| {
            let before = before.input.get(*name);
            before.is_some_and(|before| before != *value)
        });
        let names: Vec<String> = moved.map(|(name, _)| format!("`{name}`")).collect();
        if !names.is_empty() {
            all.push(Change::safe(
                &call.state,
                format!("gets {} from elsewhere", names.join(", ")),
                "an execution keeps its definition to the end, and repeats what it sent",
            ));
        }
    }
}
