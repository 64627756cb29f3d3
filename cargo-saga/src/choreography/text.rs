//! An explanation of a choreography as text: tables for people.

use std::fmt;

use saga_compiler::choreography::Early;

use super::explain::{Act, Explanation, Failure, TooEarly, Wrong};
use super::kind;
use crate::print;

/// What every reaction may say.
const RETRY: &str = "Saga.Retry";

/// What the runtime does whatever the choreography is, as it stands in `docs/choreographies.md` at length.
const WHATEVER: [[&str; 2]; 6] = [
    [
        "a message comes twice",
        "its record answers: nothing is done twice, and what it published keeps its ids",
    ],
    [
        "a crash before the transaction",
        "nothing has happened; the message comes back",
    ],
    [
        "a crash after it",
        "the message comes back and its record answers; its events leave by the relay, crash or not",
    ],
    [
        "an event cannot be published",
        "it stands in the record; the relay tries again while the stream keeps it, a day, and `redrive` does after that",
    ],
    [
        "an action comes after its compensation",
        "it is acknowledged and has no effect",
    ],
    [
        "a transient error, or a message that nobody can read",
        "the message comes back; when it has come too often, it goes to the dead-letter queue with the reason",
    ],
];

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for way in &self.ways {
            let started = if self.ways.len() > 1 {
                format!(" after {}", way.command)
            } else {
                String::new()
            };
            writeln!(f, "\nwhen all goes well{started}")?;
            let rows: Vec<[String; 4]> = way.acts.iter().map(act).collect();
            f.write_str(&print::table(&rows, [false; 4]))?;
            writeln!(f, "  the saga ends with {}", names(&way.ends))?;
        }
        self.failures(f)?;
        self.dead_letters(f)?;
        writeln!(f, "\nwhatever it is")?;
        let whatever = WHATEVER.map(|[what, then]| [format!("  {what}"), then.to_owned()]);
        let early = self.reactions.iter().filter_map(early);
        let rows: Vec<[String; 2]> = whatever.into_iter().chain(early).collect();
        f.write_str(&print::table(&rows, [false; 2]))
    }
}

impl Explanation {
    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = ["if it says", "then compensated", "and the saga ends with"];
        let mut rows = vec![heading.map(str::to_owned)];
        for wrong in &self.reactions {
            let cases = cases(wrong, self.ways.len());
            if !cases.is_empty() {
                rows.push(row(&wrong.reaction, "", ""));
                rows.extend(cases);
            }
        }
        if rows.len() == 1 {
            return writeln!(f, "\nnothing in it says no");
        }
        write!(f, "\n{}", print::table(&rows, [false; 3]))
    }

    fn dead_letters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = [
            "if its message ends in the dead-letter queue",
            "then until it is sent again this stays in effect",
        ];
        let mut rows = vec![heading.map(str::to_owned)];
        for wrong in &self.reactions {
            if let Some(in_effect) = &wrong.in_effect {
                rows.push([format!("  {}", wrong.reaction), names(in_effect)]);
            }
        }
        write!(f, "\n{}", print::table(&rows, [false; 2]))
    }
}

/// What becomes of an event that comes before what its reaction waits for.
fn early(wrong: &Wrong) -> Option<[String; 2]> {
    let TooEarly { before, then } = wrong.early.as_ref()?;
    let then = match then {
        Early::Park => {
            "the message comes back until then; where that is rejected or undone, it has no effect"
        }
        Early::Refuse => "it is acknowledged and has no effect for good",
    };
    let what = format!("  {} would act before {before} did", wrong.reaction);
    Some([what, then.to_owned()])
}

/// A row for each failure and what is besides, and one for what is no event.
fn cases(wrong: &Wrong, commands: usize) -> Vec<[String; 3]> {
    let mut rows = Vec::new();
    for failure in &wrong.failures {
        rows.push(case(failure, commands));
        rows.extend(besides(failure));
    }
    if !wrong.refusals.is_empty() {
        let errors = format!("  {}", wrong.refusals.join(", "));
        rows.push(row(
            &errors,
            "nothing",
            "its caller is told, and no saga begins",
        ));
    }
    let transients = wrong.transients.iter().filter(|error| *error != RETRY);
    let transients: Vec<&str> = transients.map(String::as_str).collect();
    if !transients.is_empty() {
        let errors = format!("  {}", transients.join(", "));
        rows.push(row(&errors, "nothing: it is tried again", ""));
    }
    rows
}

fn act(act: &Act) -> [String; 4] {
    let on = match &act.input {
        Some(input) => format!("command {input}"),
        None if act.on.is_empty() => "command".to_owned(),
        None => format!("on {}", act.on.join(", ")),
    };
    let on = match &act.after {
        Some(after) => format!("{on}, after {after}"),
        None => on,
    };
    let publishes = act.publishes.iter().map(|event| {
        if act.optional.contains(event) {
            format!("perhaps {event}")
        } else {
            event.clone()
        }
    });
    let publishes: Vec<String> = publishes.collect();
    let publishes = match publishes.as_slice() {
        [] => String::new(),
        events => format!("publishes {}", events.join(", ")),
    };
    let kind = kind(act.kind).to_owned();
    [format!("  {}", act.reaction), on, kind, publishes]
}

fn case(failure: &Failure, commands: usize) -> [String; 3] {
    let mut event = format!("  {}", failure.event);
    if failure.commands.len() < commands {
        event = format!("{event}, after {}", failure.commands.join(", "));
    }
    let undone = failure.compensated.iter();
    let undone: Vec<String> = undone
        .map(|undone| format!("{} by {}", undone.action, undone.by))
        .collect();
    let undone = names(&undone);
    row(&event, &undone, &names(&failure.ends))
}

/// What happens beside the compensations, a row each.
fn besides(failure: &Failure) -> Vec<[String; 3]> {
    let says = [
        ("besides acts", &failure.follows),
        ("stays in effect", &failure.stays),
    ];
    let says = says.into_iter().filter(|(_, acts)| !acts.is_empty());
    says.map(|(what, acts)| row(&format!("    {what}"), &names(acts), ""))
        .collect()
}

fn row(first: &str, second: &str, third: &str) -> [String; 3] {
    [first, second, third].map(str::to_owned)
}

fn names(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    }
}
