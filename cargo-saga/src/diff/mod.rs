//! `cargo saga diff`: what is other in a new version of a saga, and whether sagas that run on the old one still end as they
//! should. Reads definitions and contracts; asks nobody what is running.
//!
//! An execution [keeps its definition](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html)
//! to the end, and a [redriven](https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html) one too. So what can
//! break is between the old definition and the new participants: their code, and the records that it reads.

mod change;
mod command;
mod errors;
mod flow;
mod outline;
mod payload;
mod source;
mod steps;
mod types;
mod version;

use saga_asl::StateMachine;
use saga_compiler::Contract;

pub(crate) use change::{Change, Changes, Verdict};
pub(crate) use command::{Options, run};
use version::Version;

/// Compares two versions of a saga. What is deployed has no contract beside it; less is known then, and less is found.
pub(crate) fn between(
    old: &StateMachine, old_contract: Option<&Contract>, new: &StateMachine,
    new_contract: Option<&Contract>,
) -> Changes {
    let (before, after) = (
        Version::of(old, old_contract),
        Version::of(new, new_contract),
    );
    let mut all = Vec::new();
    flow::compare(&before, &after, &mut all);
    steps::compare(&before, &after, &mut all);
    payload::compare(&before, &after, &mut all);
    errors::compare(&before, &after, &mut all);
    for change in &mut all {
        unless_pinned(&before, change);
    }
    Changes::new(all)
}

/// A function that is called by a published version stays as it was, and its code with it.
fn unless_pinned(old: &Version, change: &mut Change) {
    let method = outline::method(&change.of);
    let mut actions = old.outline.actions.iter();
    let Some(call) = actions.find(|call| call.method() == method) else {
        return;
    };
    let is_version = |qualifier: &str| qualifier.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = call.function.split(':').collect();
    // `arn:aws:lambda:REGION:ACCOUNT:function:NAME:7`
    let [.., "function", _, qualifier] = parts.as_slice() else {
        return;
    };
    if is_version(qualifier) && change.verdict != Verdict::Safe {
        change.verdict = Verdict::Safe;
        change.why = format!(
            "running sagas call version {qualifier} of the function, whose code does not change"
        );
        change.remedy =
            Some("keep that version until no saga runs on the old definition".to_owned());
    }
}
