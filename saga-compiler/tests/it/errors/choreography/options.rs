//! Messages about what stands in `#[command(..)]` and `#[on(..)]`.

use expect_test::expect;

use crate::choreography::support::{check, check_each, order};

#[test]
fn events_and_options() {
    check_each(
        "#[on(CardCharged, retriable)]",
        &[
            "#[on(CardCharged, retrieble)]",
            "#[on(retriable)]",
            "#[on]",
            "#[on = CardCharged]",
            "#[on(CardCharged, \"ParcelSent\")]",
            "#[on(CardCharged, CardCharged, retriable)]",
            "#[on(CardCharged = 1, retriable)]",
            "#[on(CardCharged retriable)]",
            "#[on(CardCharged, retriable = true)]",
            "#[on(CardCharged, retriable, once, each)]",
            "#[on(CardCharged, retriable, after)]",
            "#[on(CardCharged, retriable, early = park)]",
            "#[on(CardCharged, retriable, after = ship, early = wait)]",
            "#[on(CardCharged, retriable, early)]",
            "#[on(CardCharged, retriable, publishes)]",
            "#[on(CardCharged, retriable, publishes())]",
            "#[on(CardCharged, retriable, publishes = ParcelSent)]",
            "#[on(CardCharged, compensate)]",
        ],
        expect![[r##"
            #[on(CardCharged, retrieble)]
            53:27 `retrieble`: unknown `#[on]` option `retrieble`; did you mean `retriable`? the options are `compensate`, `pivot`, `retriable`, `observer`, `publishes`, `once`, `each`, `after` and `early`
            #[on(retriable)]
            53:11 `on`: `ship` does not say what it reacts to; write the event's type: `#[on(OrderPlaced, ..)]`
            #[on]
            53:11 `on`: `ship` does not say what it reacts to; write the event's type: `#[on(OrderPlaced, ..)]`
            53:11 `on`: `ship` does not say what becomes of its effect when the saga fails; write one of `compensate = <method>`, `pivot`, `retriable` and `observer`, or `compensate = ship` at the action that it undoes
            #[on = CardCharged]
            53:14 `=`: options stand in parentheses; write `(…)`
            #[on(CardCharged, "ParcelSent")]
            53:27 `"ParcelSent"`: `#[on]` takes options by name; write one of `compensate`, `pivot`, `retriable`, `observer`, `publishes`, `once`, `each`, `after` and `early`
            #[on(CardCharged, CardCharged, retriable)]
            53:27 `CardCharged`: `CardCharged` stands twice in `#[on]`; remove one
            #[on(CardCharged = 1, retriable)]
            53:26 `=`: `CardCharged` takes no value; write `CardCharged` alone
            #[on(CardCharged retriable)]
            53:26 `retriable`: write `,` after the option `CardCharged`
            #[on(CardCharged, retriable = true)]
            53:37 `=`: `retriable` takes no value; write `retriable` alone
            #[on(CardCharged, retriable, once, each)]
            53:44 `each`: `once` and `each` say what becomes of a second event; keep one
            #[on(CardCharged, retriable, after)]
            53:38 `after`: write the name of a method of this trait: `after = note`
            #[on(CardCharged, retriable, early = park)]
            53:38 `early`: `early` says what becomes of an event that comes before another took effect; write `after = <method>` beside it, or remove it
            #[on(CardCharged, retriable, after = ship, early = wait)]
            53:60 `wait`: unknown `early` value `wait`; write `park` or `refuse`
            #[on(CardCharged, retriable, early)]
            53:38 `early`: write `early = park` or `early = refuse`
            #[on(CardCharged, retriable, publishes)]
            53:38 `publishes`: name the events that it publishes through `tx`; write `publishes(A, B)`
            #[on(CardCharged, retriable, publishes())]
            53:47 `(`: name the events that it publishes through `tx`; write `publishes(A, B)`
            #[on(CardCharged, retriable, publishes = ParcelSent)]
            53:48 `=`: name the events that it publishes through `tx`; write `publishes(A, B)`
            #[on(CardCharged, compensate)]
            53:27 `compensate`: write the compensation's name: `compensate = release`
        "##]],
    );
}

#[test]
fn kinds() {
    check_each(
        "#[on(CardCharged, retriable)]",
        &[
            "#[on(CardCharged)]",
            "#[on(CardCharged, retriable, pivot)]",
            "#[on(CardCharged, retriable, pivot, compensate = ship, observer)]",
        ],
        expect![[r#"
            #[on(CardCharged)]
            53:11 `on`: `ship` does not say what becomes of its effect when the saga fails; write one of `compensate = <method>`, `pivot`, `retriable` and `observer`, or `compensate = ship` at the action that it undoes
            #[on(CardCharged, retriable, pivot)]
            53:38 `pivot`: `ship` is `retriable` and `pivot`; keep one of `compensate`, `pivot`, `retriable` and `observer`
            #[on(CardCharged, retriable, pivot, compensate = ship, observer)]
            53:38 `pivot`: `ship` is `retriable` and `pivot`; keep one of `compensate`, `pivot`, `retriable` and `observer`
            53:45 `compensate`: `ship` is `retriable` and `compensate`; keep one of `compensate`, `pivot`, `retriable` and `observer`
            53:64 `observer`: `ship` is `retriable` and `observer`; keep one of `compensate`, `pivot`, `retriable` and `observer`
        "#]],
    );
    check(
        &order("#[command(compensate = cancel)]", "#[command]"),
        expect![[r#"
            34:11 `command`: `place` does not say what becomes of its effect when the saga fails; write one of `compensate = <method>`, `pivot`, `retriable` and `observer`
            36:11 `on`: `cancel` does not say what becomes of its effect when the saga fails; write one of `compensate = <method>`, `pivot`, `retriable` and `observer`, or `compensate = cancel` at the action that it undoes
        "#]],
    );
    check(
        &order("#[command(compensate = cancel)]", "#[command(once)]"),
        expect![[r#"
            34:19 `once`: unknown `#[command]` option `once`; the options are `compensate`, `pivot`, `retriable`, `observer` and `publishes`
        "#]],
    );
}
