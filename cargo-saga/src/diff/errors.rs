//! Errors that steps say, and how calls are tried again: whether the old definition takes them for what they are now.

use saga_compiler::Kind;

use super::change::Change;
use super::outline::Call;
use super::version::{Facts, Version};

pub(super) fn compare(old: &Version, new: &Version, all: &mut Vec<Change>) {
    for step in old.called() {
        if let (Some(before), Some(after)) = (old.facts(step), new.facts(step)) {
            let calls: Vec<&Call> = {
                let calls = old.outline.actions.iter();
                calls.filter(|call| call.method() == step).collect()
            };
            rejections(step, &before, &after, &calls, all);
            transients(step, &before, &after, &calls, all);
        }
    }
    let calls = |version: &Version| {
        let outline = &version.outline;
        [outline.actions.clone(), outline.compensations.clone()].concat()
    };
    let before = calls(old);
    for call in calls(new) {
        if let Some(before) = before.iter().find(|each| each.state == call.state) {
            policy(before, &call, all);
        }
    }
}

fn rejections(step: &str, old: &Facts, new: &Facts, calls: &[&Call], all: &mut Vec<Change>) {
    let (Some(now), known) = (&new.rejections, &old.rejections) else {
        return;
    };
    for error in now {
        let unknown_to_pivot = old.kind == Kind::Pivot
            && calls
                .iter()
                .any(|call| !call.definite().any(|name| name == error));
        let is_new = known.as_ref().is_some_and(|known| !known.contains(error));
        let what = format!("may be rejected with `{error}` as well");
        if unknown_to_pivot {
            let why =
                "the old definition does not know it for a no, and calls a pivot again without end";
            all.push(Change::breaks(step, what, why).instead(
                "deploy the definition first, and the participant when no saga runs on the old one",
            ));
        } else if is_new && matches!(old.kind, Kind::Compensatable | Kind::ReadOnly) {
            let why =
                "running sagas compensate the step too, which finds that there is nothing to undo";
            all.push(Change::safe(step, what, why));
        }
    }
    for error in known.iter().flatten().filter(|error| !now.contains(error)) {
        let what = format!("is not rejected with `{error}` any more");
        let goes_on = calls.iter().find_map(|call| {
            let next = call.caught(error)?;
            (!next.starts_with("compensate")).then_some(next)
        });
        all.push(match goes_on {
            Some(next) => Change::look(
                step,
                what,
                format!("running sagas go to `{next}` on it; if the error has another name now, they are compensated instead"),
            ),
            None => Change::safe(step, what, "running sagas wait for it in vain, which harms nothing"),
        });
    }
}

fn transients(step: &str, old: &Facts, new: &Facts, calls: &[&Call], all: &mut Vec<Change>) {
    let Some(now) = &new.transients else { return };
    for error in now {
        // Whatever a catcher names besides Amazon's and the runtime's errors is a rejection that the old definition knows.
        let was_no = old.rejections.iter().flatten().any(|known| known == error)
            || calls.iter().any(|call| call.caught(error).is_some());
        let is_new = old
            .transients
            .as_ref()
            .is_some_and(|known| !known.contains(error));
        let what = format!("`{error}` is worth another try");
        if was_no && old.kind != Kind::ReadOnly {
            let why = "the old definition takes it for a definite no, and does not undo the step, which may have taken effect, or may yet";
            all.push(Change::breaks(step, what, why).instead("give the error a new name"));
        } else if is_new && matches!(old.kind, Kind::Compensatable | Kind::ReadOnly) {
            let why = "running sagas do not try again on it; they are compensated";
            all.push(Change::safe(step, what, why));
        } else if is_new {
            all.push(Change::safe(
                step,
                what,
                "running sagas try again on every error of the step",
            ));
        }
    }
    for error in old.transients.iter().flatten() {
        if !now.contains(error) {
            let what = format!("`{error}` is not worth another try any more");
            let why =
                "running sagas go on to try again on it, and a record answers alike each time";
            all.push(Change::safe(step, what, why));
        }
    }
}

fn policy(old: &Call, new: &Call, all: &mut Vec<Change>) {
    if let (Some(before), Some(after)) = (old.timeout, new.timeout)
        && before != after
    {
        let what = format!("times out after {after} s instead of {before} s");
        all.push(if after > before {
            Change::look(
                &new.state,
                what,
                format!("running sagas give a delivery up after {before} s, and try again while it may still be at work; the barrier lets one of them take effect"),
            )
            .instead("raise the function's own timeout only when no saga runs on the old definition")
        } else {
            Change::safe(&new.state, what, "the new code gives up earlier, and running sagas try again")
        });
    }
    // Names come and go with the errors, which are told by themselves.
    let pace = |call: &Call| -> Vec<String> {
        let retriers = call.retry.iter().map(|retrier| {
            let mut retrier = retrier.clone();
            retrier.error_equals.clear();
            format!("{retrier:?}")
        });
        retriers.collect()
    };
    if pace(old) != pace(new) {
        all.push(Change::safe(
            &new.state,
            "is tried again at another pace",
            "running sagas keep the pace of their definition",
        ));
    }
}
