//! The runs of graphs that are built here: how many there are, and what is wrong with them.

use expect_test::{Expect, expect};
use saga_compiler::choreography::runs::{Event, Graph, Outcome, Published, Reaction, Run, Seen};
use saga_compiler::choreography::{Early, Kind, Repeat};

use super::support::{ORDER, compiled};

/// A graph of events by name; those with `!` mean failure.
fn graph(events: &[&str], reactions: Vec<Reaction>) -> Graph {
    let events = events.iter().map(|name| Event {
        name: name.trim_end_matches('!').to_owned(),
        failure: name.ends_with('!'),
    });
    Graph {
        events: events.collect(),
        reactions,
    }
}

fn reaction(name: &str, on: &[usize], kind: Kind, publishes: &[usize]) -> Reaction {
    let publishes = publishes.iter().map(|event| Published {
        event: *event,
        optional: false,
        several: false,
    });
    Reaction {
        name: name.to_owned(),
        on: on.to_vec(),
        kind,
        counterpart: None,
        publishes: publishes.collect(),
        rejects: Vec::new(),
        refuses: false,
        repeat: Repeat::Never,
        after: None,
        early: Early::Park,
    }
}

/// What becomes of each reaction in a run.
fn line(graph: &Graph, run: &Run) -> String {
    let acts = graph.reactions.iter().zip(&run.acts);
    let acts = acts.filter_map(|(reaction, act)| {
        let outcome = act.as_ref()?.outcome;
        Some(match outcome {
            Outcome::Done => reaction.name.clone(),
            other => format!("{} {other:?}", reaction.name),
        })
    });
    let faults = graph.faults(run).len();
    let wrong = if faults == 0 { "" } else { " !" };
    acts.collect::<Vec<_>>().join(", ") + wrong
}

fn check(graph: &Graph, expect: Expect) {
    let mut lines = String::new();
    let seen = graph.each_run(|run| lines += &(line(graph, run) + "\n"));
    assert_eq!(seen, Seen::All);
    expect.assert_eq(&lines);
}

#[test]
fn of_the_order() {
    let compiled = compiled(ORDER);
    check(
        &Graph::of(compiled.contract()),
        expect![[r#"
        orders.place, orders.complete, stock.reserve, payments.charge, shipping.ship
        orders.place, orders.cancel Undone, stock.reserve, stock.release Undone, payments.charge Rejected
        orders.place, orders.cancel Undone, stock.reserve Rejected
        orders.place Rejected
    "#]],
    );
}

/// `begin` publishes 0; `act` reacts and is undone on 1, which `fail` publishes beside it.
fn beside() -> Graph {
    let mut act = reaction("act", &[0], Kind::Compensatable, &[2]);
    act.counterpart = Some(2);
    let mut undo = reaction("undo", &[1], Kind::Compensation, &[3]);
    undo.counterpart = Some(1);
    let mut fail = reaction("fail", &[0], Kind::Pivot, &[]);
    fail.rejects = vec![1];
    graph(
        &["Begun", "Failed!", "Acted", "Undone"],
        vec![
            reaction("begin", &[], Kind::Observer, &[0]),
            act,
            undo,
            fail,
            reaction("watch", &[2], Kind::Observer, &[]),
            reaction("clean", &[3], Kind::Retriable, &[]),
        ],
    )
}

#[test]
fn an_action_may_come_after_its_compensation() {
    check(
        &beside(),
        expect![[r#"
        begin, act, fail, watch
        begin, act, undo Undone, fail Rejected, watch, clean
        begin, act TooLate, undo NothingToUndo, fail Rejected
    "#]],
    );
}

#[test]
fn what_waits() {
    let waiting = |early: Early, is_undone: bool| {
        let mut graph = beside();
        let mut wait = reaction("wait", &[0], Kind::Observer, &[]);
        wait.after = Some(1);
        wait.early = early;
        graph.reactions.push(wait);
        if !is_undone {
            graph.reactions[1].rejects = vec![1];
        }
        graph
    };
    check(
        &waiting(Early::Park, true),
        expect![[r#"
        begin, act, fail, watch, wait
        begin, act, undo Undone, fail Rejected, watch, clean, wait TooEarly
        begin, act, undo Undone, fail Rejected, watch, clean, wait
        begin, act TooLate, undo NothingToUndo, fail Rejected, wait TooEarly
    "#]],
    );
    check(
        &waiting(Early::Refuse, false),
        expect![[r#"
        begin, act, fail, watch, wait TooEarly
        begin, act, fail, watch, wait
        begin, act, undo Undone, fail Rejected, watch, clean, wait TooEarly
        begin, act, undo Undone, fail Rejected, watch, clean, wait
        begin, act Rejected, undo NothingToUndo, fail, wait TooEarly !
        begin, act Rejected, undo NothingToUndo, fail Rejected, wait TooEarly
        begin, act TooLate, undo NothingToUndo, fail Rejected, wait TooEarly
    "#]],
    );
    // By what never comes.
    let mut never = waiting(Early::Park, true);
    never.reactions[1].on = vec![1];
    check(
        &never,
        expect![[r#"
        begin, fail, wait Parked !
        begin, act, undo Undone, fail Rejected, watch, clean, wait TooEarly
        begin, act, undo Undone, fail Rejected, watch, clean, wait
        begin, act TooLate, undo NothingToUndo, fail Rejected, wait TooEarly
    "#]],
    );
}

#[test]
fn beyond_the_bound_few_outcomes_differ() {
    let branches = 13;
    let mut reactions = vec![reaction("begin", &[], Kind::Observer, &[0])];
    for branch in 0..branches {
        let mut fork = reaction(&format!("fork{branch}"), &[0], Kind::Observer, &[1]);
        fork.publishes[0].optional = true;
        reactions.push(fork);
    }
    let graph = graph(&["Begun", "Forked"], reactions);
    let (mut most, mut few) = (0, 0);
    let seen = graph.each_run(|run| {
        most = most.max(run.deviations);
        few += usize::from(run.deviations <= 3);
    });
    assert_eq!(seen, Seen::AtMost(3));
    // Before the bound is reached, those in which the first one publishes: of the other twelve, none to three differ in 299. Behind
    // it, all in which none to three of the thirteen differ.
    assert_eq!((most, few), (12, 299 + 378));
}

#[test]
fn a_path_leads_from_the_command_to_an_event() {
    let compiled = compiled(ORDER);
    let graph = Graph::of(compiled.contract());
    let mut paths = Vec::new();
    graph.each_run(|run| {
        let failures = graph.failures(run).into_iter();
        paths.extend(failures.map(|failure| graph.path(run, failure)));
    });
    expect![[r#"
        [
            "OrderPlaced -> StockReserved -> CardDeclined",
            "OrderPlaced -> StockRefused",
        ]
    "#]]
    .assert_debug_eq(&paths);
}
