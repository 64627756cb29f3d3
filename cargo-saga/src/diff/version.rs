//! One version of a saga: its definition, and its contract where there is one. Answers what is known of a step from either.

use saga_asl::StateMachine;
use saga_compiler::{Contract, Kind, Mode, Step};

use super::outline::{Call, Outline};

/// What is deployed has no contract beside it; then the definition alone speaks.
pub(super) struct Version<'a> {
    pub(super) outline: Outline,
    pub(super) contract: Option<&'a Contract>,
}

/// What is known of a step. Where only a definition speaks, some of it is not.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) kind: Kind,
    pub(super) mode: Option<Mode>,
    pub(super) has_compensation: bool,
    /// Names with types.
    pub(super) params: Vec<(String, Option<String>)>,
    /// The parameters in its record, and the type of its output.
    pub(super) record: Option<(Vec<String>, Option<String>)>,
    pub(super) rejections: Option<Vec<String>>,
    pub(super) transients: Option<Vec<String>>,
}

impl<'a> Version<'a> {
    pub(super) fn of(machine: &StateMachine, contract: Option<&'a Contract>) -> Self {
        Self {
            outline: Outline::of(machine),
            contract,
        }
    }

    /// The step, whether the flow calls it or the participant only has it.
    pub(super) fn facts(&self, method: &str) -> Option<Facts> {
        let call = self.outline.action(method);
        match (self.step(method), call) {
            (Some(step), call) => Some(told(step, call)),
            (None, Some(call)) => Some(self.read(call)),
            (None, None) => None,
        }
    }

    fn step(&self, method: &str) -> Option<&'a Step> {
        let participants = self.contract?.participants.iter();
        let mut steps = participants.flat_map(|each| each.steps.iter().chain(&each.others));
        steps.find(|step| step.name == method)
    }

    fn read(&self, call: &Call) -> Facts {
        let kind = self.outline.kind(call);
        Facts {
            kind,
            mode: None,
            has_compensation: kind == Kind::Compensatable,
            params: call.input.keys().map(|name| (name.clone(), None)).collect(),
            record: None,
            rejections: None,
            transients: None,
        }
    }

    /// The steps that its flow calls, and so the ones that its sagas in flight call.
    pub(super) fn called(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for call in &self.outline.actions {
            if !all.contains(&call.method()) {
                all.push(call.method());
            }
        }
        all
    }

    /// All steps that the participants have, as far as is known.
    pub(super) fn methods(&self) -> Vec<&str> {
        let mut all = self.called();
        let participants = self.contract.map(|contract| contract.participants.iter());
        let steps = participants.into_iter().flatten();
        let steps = steps.flat_map(|each| each.steps.iter().chain(&each.others));
        for step in steps {
            if !all.contains(&step.name.as_str()) {
                all.push(&step.name);
            }
        }
        all
    }
}

/// `stock` of `stock.reserve`
pub(super) fn participant(method: &str) -> &str {
    method.split_once('.').map_or(method, |(name, _)| name)
}

fn told(step: &Step, call: Option<&Call>) -> Facts {
    let params = step.params.iter().filter_map(|param| {
        let (name, ty) = param.split_once(": ")?;
        Some((name.to_owned(), Some(ty.to_owned())))
    });
    let mut params: Vec<_> = params.collect();
    // A contract of an older compiler says nothing of parameters.
    let sent = call.map(|call| call.input.keys()).into_iter().flatten();
    let is_older = params.is_empty() && sent.clone().next().is_some();
    if is_older {
        params = sent.map(|name| (name.clone(), None)).collect();
    }
    Facts {
        kind: step.kind,
        mode: Some(step.mode),
        has_compensation: step.compensation.is_some(),
        params,
        record: (!is_older).then(|| (step.kept.clone(), step.output.clone())),
        rejections: Some(step.rejections.clone()),
        transients: Some(step.transients.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Version;
    use crate::out::Out;

    /// What is deployed has no contract: the kinds have to be seen in the definition.
    #[test]
    fn the_definition_tells_the_kinds_that_the_contract_has() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../out");
        let kinds = Out::at(&folder).unwrap().each(|saga| {
            let (machine, contract) = (saga.machine()?, saga.contract()?);
            let version = Version::of(&machine, None);
            let kinds = contract.steps().map(|(_, step)| {
                let facts = version.facts(&step.name);
                (step.name.clone(), facts.map(|facts| facts.kind), step.kind)
            });
            Ok(kinds.collect::<Vec<_>>())
        });
        let kinds = kinds.unwrap().concat();
        assert!(kinds.len() > 20);
        for (step, read, kind) in kinds {
            assert_eq!(read, Some(kind), "{step}");
        }
    }
}
