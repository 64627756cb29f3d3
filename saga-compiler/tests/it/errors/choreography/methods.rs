//! Messages about the methods of a participant, and what they are to each other.

use expect_test::expect;

use crate::choreography::support::{ORDER, check, check_each, order, small};

const SHIP: &str =
    "async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, Retry>;";

#[test]
fn what_stands_in_a_participant() {
    check(
        &order(
            "pub trait Shipping {",
            "pub trait Shipping<T> { const N: u8; fn helper();",
        ),
        expect![[r#"
            52:24 `T`: a participant takes no parameters: it is one service; remove them
            52:29 `const`: a participant has commands and reactions only; move this out of the trait
            52:45 `helper`: method `helper` is neither a command nor a reaction; write `#[command(..)]` where a saga begins, or `#[on(Event, ..)]`
        "#]],
    );
    check(
        &order("pub trait Shipping {", "#[cfg(test)] pub trait Shipping {"),
        expect![[r#"
            52:7 `cfg`: the graph is checked as a whole, so it is the same in every configuration; remove `cfg`
        "#]],
    );
    check(
        &order(
            "#[on(CardCharged, retriable)]",
            "#[cfg(test)] #[on(CardCharged, retriable)] #[on(OrderPlaced)]",
        ),
        expect![[r#"
            53:11 `cfg`: the graph is checked as a whole, so it is the same in every configuration; remove `cfg`
            53:54 `on`: `#[on]` stands twice on `ship`; write all of it in one
        "#]],
    );
    check(
        &order(
            "#[on(CardCharged, retriable)]",
            "#[on(CardCharged, retriable)] #[command(retriable)]",
        ),
        expect![[r#"
            53:11 `on`: `ship` is a command or a reaction, not both; remove one attribute, and write a method each
        "#]],
    );
}

#[test]
fn a_signature() {
    check_each(
        SHIP,
        &[
            "fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self, charged: &CardCharged) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self, cx: &Context, charged: &CardCharged) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self, tx: &Tx, charged: &CardCharged) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self, tx: &mut Tx, _: &CardCharged) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self, tx: &mut Tx, charged: &mut CardCharged) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self, tx: &mut Tx, charged: &CardCharged);",
            "async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> ParcelSent;",
            "async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent>;",
            "async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<Vec<ParcelSent>, Retry>;",
            "async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<(ParcelSent,), Retry>;",
            "async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, String>;",
            "async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, other::Error>;",
        ],
        expect![[r#"
            fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, Retry>;
            54:9 `fn`: `ship` must be async; write `async fn ship`
            async fn ship(&self, charged: &CardCharged) -> Result<ParcelSent, Retry>;
            54:30 `charged: &CardCharged`: `ship` publishes from its own transaction; write `tx: &mut Tx` as its second parameter
            async fn ship(&self) -> Result<ParcelSent, Retry>;
            54:18 `ship`: `ship` publishes from its own transaction; write `tx: &mut Tx` as its second parameter
            async fn ship(&self, cx: &Context, charged: &CardCharged) -> Result<ParcelSent, Retry>;
            54:30 `cx: &Context`: `ship` publishes with its local transaction, and an effect outside the database has none; write `tx: &mut Tx`, and leave that effect to a step of a `#[saga]`
            async fn ship(&self, tx: &Tx, charged: &CardCharged) -> Result<ParcelSent, Retry>;
            54:30 `tx: &Tx`: `ship` publishes from its own transaction; write `tx: &mut Tx` as its second parameter
            async fn ship(&self, tx: &mut Tx, _: &CardCharged) -> Result<ParcelSent, Retry>;
            54:43 `_`: a parameter has a name; write one identifier
            async fn ship(&self, tx: &mut Tx, charged: &mut CardCharged) -> Result<ParcelSent, Retry>;
            54:53 `mut`: a parameter is a copy of what the saga holds; write `&`
            async fn ship(&self, tx: &mut Tx, charged: &CardCharged);
            54:18 `ship`: `ship` returns the events that it publishes, and how it can fail; write `Result<Event, Retry>`, with `()` for no event
            async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> ParcelSent;
            54:69 `ParcelSent`: `ship` returns the events that it publishes, and how it can fail; write `Result<Event, Retry>`, with `()` for no event
            async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent>;
            54:69 `Result<ParcelSent>`: `ship` returns the events that it publishes, and how it can fail; write `Result<Event, Retry>`, with `()` for no event
            async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<Vec<ParcelSent>, Retry>;
            54:76 `Vec<ParcelSent>`: what is returned is published; write an event of this module, `()`, an `Option` or a tuple of these
            async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<(ParcelSent,), Retry>;
            54:76 `(ParcelSent,)`: a tuple of events has 2 to 4; publish others with `tx.publish(..)`, and name them in `publishes(..)`
            async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, String>;
            54:88 `String`: `String` is no struct of this module, and no enum with variants, so a rejection by it cannot be told to anyone; declare it here, or write `Retry`
            async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, other::Error>;
            54:88 `other::Error`: `other::Error` is no struct of this module, and no enum with variants, so a rejection by it cannot be told to anyone; declare it here, or write `Retry`
        "#]],
    );
}

#[test]
fn what_a_method_takes() {
    check_each(
        SHIP,
        &[
            "async fn ship(&self, tx: &mut Tx, charged: &OrderPlaced) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self, tx: &mut Tx, charged: self::CardCharged) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self, tx: &mut Tx, charged: &CardCharged, more: u8) -> Result<ParcelSent, Retry>;",
            "async fn ship(&self, tx: &mut Tx) -> Result<ParcelSent, Retry>;",
        ],
        expect![[r#"
            async fn ship(&self, tx: &mut Tx, charged: &OrderPlaced) -> Result<ParcelSent, Retry>;
            54:52 `&OrderPlaced`: `ship` reacts to `CardCharged`; write `&CardCharged`
            async fn ship(&self, tx: &mut Tx, charged: self::CardCharged) -> Result<ParcelSent, Retry>;
            ok
            async fn ship(&self, tx: &mut Tx, charged: &CardCharged, more: u8) -> Result<ParcelSent, Retry>;
            54:66 `more`: `ship` takes its event and no more; remove this
            async fn ship(&self, tx: &mut Tx) -> Result<ParcelSent, Retry>;
            ok
        "#]],
    );
    check(
        &order(
            "#[on(ParcelSent, retriable)]",
            "#[on(ParcelSent, CardCharged, retriable)]",
        ),
        expect![[r#"
            39:47 `sent`: several events lead to `complete`, so it takes none of them; remove this, or write a reaction for each
        "#]],
    );
    check(
        &order("tx: &mut Tx, cmd: PlaceOrder)", "tx: &mut Tx)"),
        expect![[r#"
            35:18 `place`: command `place` takes what the saga begins with; write `tx: &mut Tx, cmd: Input`
        "#]],
    );
    check(
        &order(
            "tx: &mut Tx, cmd: PlaceOrder)",
            "tx: &mut Tx, cmd: PlaceOrder, more: u8)",
        ),
        expect![[r#"
            35:61 `more`: command `place` takes one value after `tx`; put both into one struct
        "#]],
    );
}

#[test]
fn what_a_compensation_takes() {
    check_each(
        "tx: &mut Tx, held: StockReserved)",
        &[
            "tx: &mut Tx, declined: &CardDeclined, placed: &OrderPlaced, held: StockReserved)",
            "tx: &mut Tx, held: StockReserved, again: &StockReserved)",
            "tx: &mut Tx, held: Line)",
        ],
        expect![[r#"
            tx: &mut Tx, declined: &CardDeclined, placed: &OrderPlaced, held: StockReserved)
            ok
            tx: &mut Tx, held: StockReserved, again: &StockReserved)
            46:67 `again`: `held` and `again` are both what `reserve` published; remove one
            tx: &mut Tx, held: Line)
            46:52 `Line`: compensation `release` takes `held`, which is nothing that `reserve` took or published, nor the event that leads here; take any of `CardDeclined`, `OrderPlaced` and `StockReserved`
        "#]],
    );
    // Two events lead here, so neither is taken.
    check(
        &order(
            "tx: &mut Tx, placed: &OrderPlaced) -> Result<OrderCancelled",
            "tx: &mut Tx, refused: &StockRefused, cmd: &PlaceOrder) -> Result<OrderCancelled",
        ),
        expect![[r#"
            37:54 `&StockRefused`: compensation `cancel` takes `refused`, which is one of several events that lead here; take any of `PlaceOrder` and `OrderPlaced`
        "#]],
    );
    check(
        &order("#[on(CardDeclined)]", "#[on(OrderPlaced)]")
            .replace("held: StockReserved)", "placed: &OrderPlaced)"),
        expect![[r#"
            46:54 `&OrderPlaced`: `placed` may be the event that leads to it or what `reserve` took, which have one type; give one of them a type of its own, or leave it out
        "#]],
    );
    check(
        &order(
            "-> Result<StockReserved, StockRefused>",
            "-> Result<OrderPlaced, StockRefused>",
        )
        .replace("held: StockReserved)", "held: OrderPlaced)"),
        expect![[r#"
            46:52 `OrderPlaced`: `held` may be what `reserve` took or what `reserve` published, which have one type; give one of them a type of its own, or leave it out
        "#]],
    );
}

#[test]
fn how_a_method_may_fail() {
    check(
        &order(
            "-> Result<ParcelSent, Retry>",
            "-> Result<ParcelSent, CardDeclined>",
        ),
        expect![[r#"
            54:88 `CardDeclined`: `ship` is retriable, so nothing may reject it; write `Retry`, or `#[transient]` on every variant of `CardDeclined`
        "#]],
    );
    check(
        &order(
            "#[on(CardCharged, retriable)]",
            "#[on(CardCharged, observer)]",
        )
        .replace(
            "-> Result<ParcelSent, Retry>",
            "-> Result<ParcelSent, StockRefused>",
        ),
        expect![[r#"
            54:88 `StockRefused`: `ship` is an observer, so nothing may reject it; write `Retry`, or `#[transient]` on every variant of `StockRefused`
        "#]],
    );
    check(
        &order(
            "-> Result<CardCharged, CardDeclined>",
            "-> Result<CardCharged, OrderError>",
        ),
        expect![[r#"
            50:94 `OrderError`: nobody would hear that `charge` was rejected by `OrderError`; write `#[event]` on it, so that it is published
        "#]],
    );
    check(
        &order(
            "-> Result<StockReleased, Retry>",
            "-> Result<StockReleased, StockRefused>",
        ),
        expect![[r#"
            46:92 `StockRefused`: compensation `release` cannot refuse, only ask to be tried again; write `Retry`
        "#]],
    );
    check(
        &order("pub trait Shipping {", "#[derive(Debug, thiserror::Error)] pub enum Slow { #[transient] #[error(\"slow\")] Slow }\n    pub trait Shipping {").replace("-> Result<ParcelSent, Retry>", "-> Result<ParcelSent, Slow>"),
        expect![[r#"
            ok
        "#]],
    );
}

/// It would say yes to one event and no to another, and what it did for the one would stand.
#[test]
fn what_acts_for_each_is_not_rejected() {
    let each = |reaction: &str| {
        small(
            "Placed, Parcel, Held, Booked terminal, Full!, Undone terminal",
            &format!(
                "pub trait A {{
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Full)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Placed, compensate = free)] async fn hold(&self, tx: &mut Tx) -> Result<(Parcel, Held), Retry>;
#[on(Full)] async fn free(&self, tx: &mut Tx) -> Result<(), Retry>;
}}
pub trait B {{ {reaction} }}"
            ),
        )
    };
    check(
        &each(
            "#[on(Parcel, Held, pivot, each)] async fn pay(&self, tx: &mut Tx) -> Result<Booked, Full>;",
        ),
        expect![[r#"
            8:41 `each`: `pay` acts for each event, and may say yes to one and no to another: what it did for the one would stand although the saga fails; write `once`, or a reaction with `compensate = <method>` for each event
        "#]],
    );
    // What the message says to write, and what the documentation adds.
    check(
        &each(
            "#[on(Parcel, Held, pivot, once)] async fn pay(&self, tx: &mut Tx) -> Result<Booked, Full>;",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &each(
            "
#[on(Parcel, compensate = unpay)] async fn pay(&self, tx: &mut Tx) -> Result<Booked, Full>;
#[on(Full)] async fn unpay(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Held, compensate = unkeep)] async fn keep(&self, tx: &mut Tx) -> Result<(), Full>;
#[on(Full)] async fn unkeep(&self, tx: &mut Tx) -> Result<(), Retry>;",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &each(
            "#[on(Parcel, Held, observer, each)] async fn pay(&self, tx: &mut Tx) -> Result<(Booked, Option<Full>), Retry>;",
        )
        .replace("#[event()] #[derive(Debug, thiserror::Error, Serialize, Deserialize)] pub struct Full", "#[event(failure)] #[derive(Debug, Serialize, Deserialize)] pub struct Full"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &each(
            "#[on(Parcel, Held, pivot, each)] async fn pay(&self, tx: &mut Tx) -> Result<Booked, Slow>;",
        )
        .replace("pub trait B", "#[derive(Debug, thiserror::Error)] pub enum Slow { #[transient] Slow }\npub trait B")
        .replace("#[on(Placed, compensate = free)]", "#[on(Placed, pivot)]")
        .replace("#[on(Full)] async fn free(&self, tx: &mut Tx) -> Result<(), Retry>;", "")
        .replace("Held), Retry>", "Held), Full>"),
        expect![[r#"
            ok
        "#]],
    );
}

/// Each of them may be left out with and without each of the others, and every such choice is a run.
#[test]
fn what_may_be_left_out_is_limited() {
    let optional = |returned: &str, publishes: &str| {
        small(
            "Placed, C1 terminal, C2 terminal, C3 terminal, C4 terminal, C5 terminal, C6 terminal, C7 terminal",
            &format!(
                "pub trait A {{
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Placed, observer, publishes(C4, C5, C6, C7))] async fn fill(&self, tx: &mut Tx) -> Result<{returned}, Retry>;
}}"
            ),
        )
        .replace("C4, C5, C6, C7))", publishes)
    };
    check(
        &optional("(Option<C1>, C7, Option<(C2, C3)>)", "C4, C5, C6))"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &optional("(Option<C1>, Option<(C2, C3)>)", "C4, C5, C6, C7))"),
        expect![[r#"
            4:46 `C7`: `fill` may publish or leave out more than 6 events, and every choice of them is looked at; write two methods, or one event with an enum in it
        "#]],
    );
    check(
        &optional("(Option<(C1, C2, C3, C4)>, Option<(C5, C6, C7)>)", "C7))")
            .replace(", publishes(C7)", ""),
        expect![[r#"
            4:112 `C7`: `fill` may publish or leave out more than 6 events, and every choice of them is looked at; write two methods, or one event with an enum in it
        "#]],
    );
}

#[test]
fn what_compensates_what() {
    check_each(
        "#[on(OrderPlaced, compensate = release)]",
        &[
            "#[on(OrderPlaced, compensate = relase)]",
            "#[on(OrderPlaced, compensate = whatever)]",
            "#[on(OrderPlaced, compensate = reserve)]",
            "#[on(OrderPlaced, compensate = release, each)]",
        ],
        expect![[r#"
            #[on(OrderPlaced, compensate = relase)]
            43:40 `relase`: participant `Stock` has no method `relase`; did you mean `release`?
            #[on(OrderPlaced, compensate = whatever)]
            43:40 `whatever`: participant `Stock` has no method `whatever`; write `#[on(Failure)] async fn whatever(..) -> Result<(), Retry>;`
            #[on(OrderPlaced, compensate = reserve)]
            43:40 `reserve`: `reserve` cannot compensate itself; write a method with `#[on(Failure)]` that undoes it
            #[on(OrderPlaced, compensate = release, each)]
            43:49 `each`: `reserve` acts for each event, and `release` would undo one of its effects only; write `once`, or another kind
        "#]],
    );
    check(
        &order(
            "#[on(CardDeclined)]",
            "#[on(CardDeclined, retriable, once)]",
        ),
        expect![[r#"
            45:28 `retriable`: `release` compensates `reserve`, which says what becomes of it; remove this
            45:39 `once`: `release` compensates, which happens once whatever leads to it; remove this
        "#]],
    );
    check(
        &order("#[on(CardDeclined)]", "#[command]")
            .replace("held: StockReserved)", "held: StockReserved, cmd: u8)"),
        expect![[r#"
            43:40 `release`: `release` is a command, which begins a saga, so it cannot compensate `reserve`; write `#[on(Failure)]` on a method that does
        "#]],
    );
    check(
        &order(
            "        #[on(CardDeclined)]",
            "        #[on(OrderPlaced, compensate = release)]
        async fn again(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[on(CardDeclined)]",
        ),
        expect![[r#"
            45:40 `release`: compensation `release` already undoes `reserve`, and works on that one's record; write one for each
        "#]],
    );
    // What could not be read may be the one that is missing.
    check(
        &ORDER.replace("#[on(CardDeclined)]", "#[on(CardDeclined, whatever)]"),
        expect![[r#"
            45:28 `whatever`: unknown `#[on]` option `whatever`; the options are `compensate`, `pivot`, `retriable`, `observer`, `publishes`, `once`, `each`, `after` and `early`
        "#]],
    );
}

#[test]
fn what_comes_after_what() {
    check_each(
        "#[on(ParcelSent, retriable)]",
        &[
            "#[on(ParcelSent, retriable, after = plce)]",
            "#[on(ParcelSent, retriable, after = whatever)]",
            "#[on(ParcelSent, retriable, after = complete)]",
            "#[on(ParcelSent, retriable, after = cancel)]",
        ],
        expect![[r#"
            #[on(ParcelSent, retriable, after = plce)]
            38:45 `plce`: participant `Orders` has no method `plce`; did you mean `place`?
            #[on(ParcelSent, retriable, after = whatever)]
            38:45 `whatever`: participant `Orders` has no method `whatever`; write the name of one of its own methods
            #[on(ParcelSent, retriable, after = complete)]
            38:45 `complete`: `complete` cannot come after itself; name another method
            #[on(ParcelSent, retriable, after = cancel)]
            38:45 `cancel`: `cancel` compensates, so `complete` would wait for a failure; react to what `cancel` publishes instead
        "#]],
    );
    check(
        &order(
            "#[on(CardDeclined)]",
            "#[on(CardDeclined, after = reserve)]",
        ),
        expect![[r#"
            45:36 `reserve`: `release` compensates, and undoes what is there whenever it comes; remove `after = reserve`
        "#]],
    );
    check(
        &order(
            "#[on(ParcelSent, retriable)]",
            "#[on(CardCharged, observer, each)]
        async fn note(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[on(ParcelSent, retriable, after = note)]",
        ),
        expect![[r#"
            40:45 `note`: `note` acts for each event, so when it has taken effect is not known; name a method without `each`
        "#]],
    );
}
