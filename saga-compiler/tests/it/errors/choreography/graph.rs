//! Messages about the shape of the graph.

use expect_test::expect;

use crate::choreography::support::{ORDER, check, order, small};

#[test]
fn every_event_has_a_beginning_and_an_end() {
    // Published by nobody.
    check(
        &order(
            "-> Result<CardCharged, CardDeclined>",
            "-> Result<(), CardDeclined>",
        ),
        expect![[r#"
            53:14 `CardCharged`: `shipping.ship` reacts to `CardCharged`, which nobody publishes; return it from a method, or remove it here
        "#]],
    );
    // Nobody reacts.
    check(
        &order(
            "#[event(terminal)] #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct OrderCompleted",
            "#[event] #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct OrderCompleted",
        ),
        expect![[r#"
            19:16 `OrderCompleted`: nobody reacts to `OrderCompleted`, which `orders.complete` publishes; write `#[on(OrderCompleted, ..)]` on a method, or `#[event(terminal)]` here
        "#]],
    );
    // A failure that nobody hears of.
    check(
        &order("#[on(StockRefused, CardDeclined)]", "#[on(CardDeclined)]"),
        expect![[r#"
            25:14 `StockRefused`: nobody reacts to `StockRefused`, which `stock.reserve` publishes; write `#[on(StockRefused, ..)]` on a method, or `#[event(terminal)]` here
        "#]],
    );
    // Terminal, but somebody reacts.
    check(
        &ORDER.replacen(
            "#[event] #[derive(Clone",
            "#[event(terminal)] #[derive(Clone",
            1,
        ),
        expect![[r#"
            10:13 `terminal`: `OrderPlaced` is terminal, but `stock.reserve` reacts to it; remove `terminal`
        "#]],
    );
    // Neither.
    check(
        &order(
            "    pub trait Orders",
            "    #[event(terminal)] #[derive(Serialize, Deserialize)] pub struct Left;\n    pub trait Orders",
        ),
        expect![[r#"
            33:69 `Left`: nobody publishes `Left`, and nobody reacts to it; return it from a method, or remove it
        "#]],
    );
}

#[test]
fn a_cycle() {
    check(
        &small(
            "Placed, Asked, Answered",
            "pub trait A {
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Placed, Answered, observer, each)] async fn ask(&self, tx: &mut Tx) -> Result<Asked, Retry>;
#[on(Asked, observer, each)] async fn answer(&self, tx: &mut Tx) -> Result<Answered, Retry>;
}",
        ),
        expect![[r#"
            5:6 `Asked`: `Asked -> Answered -> Asked` goes round for ever; publish another event at one of these, or remove one of the reactions
        "#]],
    );
    check(
        &small(
            "Placed",
            "pub trait A {
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Placed, observer, each)] async fn again(&self, tx: &mut Tx) -> Result<Placed, Retry>;
}",
        ),
        expect![[r#"
            4:6 `Placed`: `Placed -> Placed` goes round for ever; publish another event at one of these, or remove one of the reactions
        "#]],
    );
    // Without an event all the way round.
    check(
        &small(
            "Placed, Asked terminal, Answered",
            "pub trait A {
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Placed, observer, after = second)] async fn first(&self, tx: &mut Tx) -> Result<Answered, Retry>;
#[on(Answered, observer)] async fn second(&self, tx: &mut Tx) -> Result<Asked, Retry>;
}",
        ),
        expect![[r#"
            5:36 `second`: `a.second` and `a.first` wait for each other, through events, `after = ..` or a compensation that comes after its action; remove one of these
        "#]],
    );
}

#[test]
fn what_waits_for_its_own_compensation() {
    check(
        &small(
            "Placed, Odd failure, Undone, Kept terminal",
            "pub trait A {
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<(Placed, Odd), Retry>;
#[on(Undone, compensate = undo)] async fn keep(&self, tx: &mut Tx) -> Result<Kept, Retry>;
#[on(Odd)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
}
pub trait B { #[on(Placed, observer)] async fn log(&self, tx: &mut Tx) -> Result<(), Retry>; }",
        ),
        expect![[r#"
            5:21 `undo`: `a.undo` and `a.keep` wait for each other, through events, `after = ..` or a compensation that comes after its action; remove one of these
        "#]],
    );
}

#[test]
fn what_no_command_leads_to() {
    check(
        &small(
            "A terminal, B, C",
            "pub trait P {
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<A, Retry>;
}
pub trait Q {
#[on(B, observer)] async fn lost(&self, tx: &mut Tx) -> Result<C, Retry>;
#[on(C, observer)] async fn found(&self, tx: &mut Tx) -> Result<B, Retry>; }",
        ),
        expect![[r#"
            7:6 `C`: no command leads to `C -> B -> C`, of which each is published because of the one before; let a command publish one, and another event end the round
        "#]],
    );
    check(
        &ORDER.replace("#[command(compensate = cancel)]\n        async fn place(&self, tx: &mut Tx, cmd: PlaceOrder) -> Result<OrderPlaced, OrderError>", "#[on(ParcelSent, compensate = cancel)]\n        async fn place(&self, tx: &mut Tx) -> Result<OrderPlaced, CardDeclined>"),
        expect![[r#"
            3:9 `order_events`: choreography `order_events` has no command, so nothing begins a saga; write `#[command(..)]` on a method of a participant
        "#]],
    );
    check(
        &small("A terminal", "pub trait P { }"),
        expect![[r#"
        1:9 `small`: choreography `small` has no command, so nothing begins a saga; write `#[command(..)]` on a method of a participant
    "#]],
    );
    check(
        "pub mod nothing { pub struct A; }",
        expect![[r#"
        1:9 `nothing`: choreography `nothing` has no command, so nothing begins a saga; write `#[command(..)]` on a method of a participant
    "#]],
    );
    // What only a compensation publishes that never has anything to undo.
    check(
        &small(
            "Placed, Full!, Undone, Sorry terminal",
            "pub trait A {
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Placed, compensate = free)] async fn room(&self, tx: &mut Tx) -> Result<(), Full>;
#[on(Full)] async fn free(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Undone, retriable)] async fn tell(&self, tx: &mut Tx) -> Result<Sorry, Retry>;
}",
        ),
        expect![[r#"
            6:35 `tell`: no saga leads to `a.tell`: `Undone` would come only from what never takes effect; let it react to another event, or remove it
        "#]],
    );
}
