//! What a run has to do, in the units that are billed or limited. Finds no way and prices nothing.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Mul};

use saga_compiler::{Kind, Mode, Step};
use serde::Serialize;

/// Numbers of a run. They need not be whole: an average has halves.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Work {
    /// States entered, and retries.
    pub(super) transitions: f64,
    /// Calls of functions.
    pub(super) deliveries: f64,
    pub(super) read_units: f64,
    /// By participant, whose tables they are of.
    pub(super) write_units: BTreeMap<String, f64>,
    /// Records of the barrier that stay behind.
    pub(super) records: f64,
    /// Executions beside the saga's own: started flows, and items of a distributed loop.
    pub(super) executions: f64,
    /// From the start to the end.
    pub(super) seconds: f64,
}

/// What is taken for granted of every delivery.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Assumed {
    pub(super) items: f64,
    pub(super) step_milliseconds: f64,
    pub(super) memory_megabytes: f64,
    /// Items of at most 1 KB that a step writes beside its record.
    pub(super) writes: f64,
    pub(super) record_bytes: f64,
    pub(super) log_bytes: f64,
}

/// What comes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It takes effect.
    Done,
    /// It is answered with a definite no.
    Rejected,
    /// It took effect before, and is told so.
    Repeated,
    /// It undoes what took effect.
    Undone,
}

impl Work {
    pub(super) fn state() -> Self {
        Self {
            transitions: 1.0,
            ..Self::default()
        }
    }

    pub(super) fn all_write_units(&self) -> f64 {
        self.write_units.values().sum()
    }

    /// One after the other.
    pub(super) fn add(&mut self, other: &Self) {
        self.add_counts(other);
        self.seconds += other.seconds;
    }

    /// At the same time: whichever lasts longer.
    pub(super) fn add_beside(&mut self, other: &Self) {
        self.add_counts(other);
        self.seconds = self.seconds.max(other.seconds);
    }

    fn add_counts(&mut self, other: &Self) {
        self.transitions += other.transitions;
        self.deliveries += other.deliveries;
        self.read_units += other.read_units;
        self.records += other.records;
        self.executions += other.executions;
        for (participant, units) in &other.write_units {
            *self.write_units.entry(participant.clone()).or_default() += units;
        }
    }

    /// One delivery of a step: what the barrier asks of DynamoDB, as `saga-runtime`'s barrier does it.
    ///
    /// A transactional write takes two units for each KB and a plain one takes one; a condition that fails takes as many as
    /// the write would have; a consistent read takes one unit for 4 KB.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>
    pub(super) fn deliver(&mut self, step: &Step, delivery: Delivery, assumed: &Assumed) {
        self.deliveries += 1.0;
        self.seconds += assumed.step_milliseconds / 1_000.0;
        if step.kind == Kind::ReadOnly {
            return;
        }
        // A record of more than 1 KB takes more; TTL deletes it for nothing.
        let record = (assumed.record_bytes / 1_024.0).ceil().max(1.0);
        let transaction = 2.0 * (record + assumed.writes);
        let units = match (step.mode, delivery) {
            (Mode::Transactional, Delivery::Done | Delivery::Repeated) => transaction,
            // The condition that says no fails the transaction, and then a plain write records it.
            (Mode::Transactional, Delivery::Rejected) => transaction + record,
            (Mode::Transactional, Delivery::Undone) => {
                self.read_units += (assumed.record_bytes / 4_096.0).ceil().max(1.0);
                transaction
            }
            // A claim, and what came of it.
            (Mode::External, Delivery::Done | Delivery::Rejected | Delivery::Undone) => {
                2.0 * record
            }
            (Mode::External, Delivery::Repeated) => record,
        };
        let participant = step.name.split('.').next().unwrap_or_default();
        *self.write_units.entry(participant.to_owned()).or_default() += units;
        if matches!(delivery, Delivery::Done | Delivery::Rejected) {
            self.records += 1.0;
        }
    }
}

impl AddAssign<Work> for Work {
    fn add_assign(&mut self, other: Work) {
        self.add(&other);
    }
}

impl Mul<f64> for Work {
    type Output = Self;

    fn mul(mut self, times: f64) -> Self {
        let fields = [
            &mut self.transitions,
            &mut self.deliveries,
            &mut self.read_units,
            &mut self.records,
            &mut self.executions,
            &mut self.seconds,
        ];
        for field in fields.into_iter().chain(self.write_units.values_mut()) {
            *field *= times;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use saga_compiler::{Kind, Mode, Step};

    use super::{Assumed, Delivery, Work};

    fn units(kind: Kind, mode: Mode, delivery: Delivery, assumed: &Assumed) -> (f64, f64, f64) {
        let step = Step {
            name: "stock.reserve".to_owned(),
            kind,
            mode,
            params: Vec::new(),
            output: None,
            compensation: None,
            kept: Vec::new(),
            rejections: Vec::new(),
            transients: Vec::new(),
        };
        let mut work = Work::default();
        work.deliver(&step, delivery, assumed);
        (work.all_write_units(), work.read_units, work.records)
    }

    /// The calls of the barrier, as the table of its moves has them; a transaction of two items of 1 KB takes four units.
    #[test]
    fn units_of_each_delivery() {
        use Delivery::{Done, Rejected, Repeated, Undone};
        use Mode::{External, Transactional};
        let mut assumed = Assumed {
            items: 1.0,
            step_milliseconds: 50.0,
            memory_megabytes: 256.0,
            writes: 1.0,
            record_bytes: 500.0,
            log_bytes: 0.0,
        };
        let moves = [
            (Transactional, Done, (4.0, 0.0, 1.0)),
            (Transactional, Repeated, (4.0, 0.0, 0.0)),
            (Transactional, Rejected, (5.0, 0.0, 1.0)),
            (Transactional, Undone, (4.0, 1.0, 0.0)),
            (External, Done, (2.0, 0.0, 1.0)),
            (External, Repeated, (1.0, 0.0, 0.0)),
            (External, Rejected, (2.0, 0.0, 1.0)),
            (External, Undone, (2.0, 0.0, 0.0)),
        ];
        for (mode, delivery, expected) in moves {
            let units = units(Kind::Compensatable, mode, delivery, &assumed);
            assert_eq!(units, expected, "{mode:?} {delivery:?}");
        }
        let none = units(Kind::ReadOnly, External, Done, &assumed);
        assert_eq!(none, (0.0, 0.0, 0.0));
        assumed.record_bytes = 5_000.0;
        let large = units(Kind::Compensatable, Transactional, Undone, &assumed);
        assert_eq!(large, (12.0, 2.0, 0.0));
    }
}
