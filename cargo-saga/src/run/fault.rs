//! `--fail STEP=FAULT`: words to faults and back. Plans nothing.

use saga_compiler::Step;
use saga_local::{Fault, FaultPlan};
use serde_json::Value;

use crate::out::alternatives;

/// What has a word of its own; the help lists them in this order.
const WORDS: [(&str, Fault); 12] = [
    ("timeout-before-effect", Fault::TimeoutBeforeEffect),
    ("timeout-after-effect", Fault::TimeoutAfterEffect),
    ("crash-before-effect", Fault::CrashBeforeEffect),
    ("crash-before-commit", Fault::CrashBeforeCommit),
    ("crash-after-effect", Fault::CrashAfterEffect),
    ("panic", Fault::Panic),
    ("throttled", Fault::Throttled),
    ("duplicate", Fault::Duplicate),
    ("duplicate-at-once", Fault::DuplicateAtOnce),
    ("late-delivery", Fault::LateDelivery),
    ("oversize-output", Fault::OversizeOutput),
    ("past-deadline", Fault::PastDeadline),
];
const REJECTED: &str = "rejected";
const TRANSIENT: &str = "transient";

/// `warehouse.reserve[2]=throttled*3@2`, in its parts.
pub(super) struct Request<'a> {
    pub(super) state: &'a str,
    item: Option<Vec<u64>>,
    word: &'a str,
    times: Option<u64>,
    first: Option<u64>,
}

impl<'a> Request<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!(
                "`--fail {text}`: {what}; write `--fail STEP=FAULT`, such as `stock.reserve=throttled*3`"
            )
        };
        let (step, fault) = text
            .split_once('=')
            .ok_or_else(|| wrong("there is no `=`"))?;
        let number = |text: &str| {
            let number = text.parse().ok().filter(|number| *number > 0);
            number.ok_or_else(|| wrong(&format!("`{text}` is no count")))
        };
        let (fault, first) = match fault.split_once('@') {
            Some((fault, first)) => (fault, Some(number(first)?)),
            None => (fault, None),
        };
        let (word, times) = match fault.split_once('*') {
            Some((fault, times)) => (fault, Some(number(times)?)),
            None => (fault, None),
        };
        let (state, item) = match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
            Some((state, item)) => {
                let indices = item.split(',').map(|index| index.trim().parse::<u64>());
                let indices: Result<Vec<u64>, _> = indices.collect();
                let indices = indices.map_err(|_| wrong(&format!("`[{item}]` is no item")))?;
                (state, Some(indices))
            }
            None => (step, None),
        };
        Ok(Self {
            state,
            item,
            word,
            times,
            first,
        })
    }

    /// The plan; `step` is what the contract says of the state's step, and nothing for a compensation.
    pub(super) fn plan(&self, step: Option<&Step>) -> Result<FaultPlan, String> {
        let mut plan = FaultPlan::from(fault(self.word, self.state, step)?);
        if let Some(times) = self.times {
            plan = plan.times(times);
        }
        if let Some(first) = self.first {
            plan = plan.from_delivery(first);
        }
        if let Some(item) = &self.item {
            plan = plan.item(item);
        }
        Ok(plan)
    }
}

fn fault(word: &str, state: &str, step: Option<&Step>) -> Result<Fault, String> {
    if let Some((_, fault)) = WORDS.iter().find(|(known, _)| *known == word) {
        return Ok(fault.clone());
    }
    let rejections = step
        .map(|step| step.rejections.as_slice())
        .unwrap_or_default();
    let transients = step
        .map(|step| step.transients.as_slice())
        .unwrap_or_default();
    let rejected = |error: &str| Fault::Rejected {
        error: error.to_owned(),
        data: Value::Null,
    };
    let transient = |error: &str| Fault::Transient {
        error: error.to_owned(),
    };
    match word {
        REJECTED => match rejections.first() {
            Some(error) => Ok(rejected(error)),
            None => Err(format!(
                "`{state}` declares no rejection; let it fail otherwise, such as `{state}=timeout-after-effect`"
            )),
        },
        // What a participant's `Retry` is called, where it declares no error of its own.
        TRANSIENT => Ok(transient(
            transients.first().map_or("Saga.Retry", String::as_str),
        )),
        error if rejections.iter().any(|known| known == error) => Ok(rejected(error)),
        error if transients.iter().any(|known| known == error) => Ok(transient(error)),
        error if error.contains('.') => Ok(Fault::Error {
            name: error.to_owned(),
            cause: "asked for on the command line".to_owned(),
        }),
        _ => {
            let words = WORDS.iter().map(|(word, _)| *word);
            let words: Vec<&str> = words.chain([REJECTED, TRANSIENT]).collect();
            let known = alternatives(word, words.iter().copied());
            Err(format!("there is no fault `{word}`{known}"))
        }
    }
}

/// A fault as the command line has it.
pub(super) fn word(fault: &Fault) -> String {
    let known = WORDS.iter().find(|(_, known)| known == fault);
    known.map_or_else(|| fault.to_string(), |(word, _)| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_word() {
        for fault in Fault::ALL {
            assert!(WORDS.iter().any(|(_, known)| *known == fault), "{fault}");
        }
    }

    #[test]
    fn the_help_lists_every_word() {
        let help = <crate::args::Saga as clap::CommandFactory>::command();
        let run = help.find_subcommand("run").expect("it is there");
        let help = run.get_after_help().expect("examples").to_string();
        for (word, _) in WORDS {
            assert!(help.contains(&format!("\n  {word} ")), "{word}");
        }
    }

    #[test]
    fn a_request_has_five_parts() {
        let request = Request::parse("a.b[2, 0]=throttled*3@2").unwrap();
        let plan = request.plan(None).unwrap();
        let expected = Fault::Throttled.times(3).from_delivery(2).item(&[2, 0]);
        assert_eq!((request.state, plan), ("a.b", expected));
    }
}
