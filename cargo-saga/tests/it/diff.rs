//! `cargo saga diff`: one saga, changed in one way after the other.

use std::fs;

use expect_test::{Expect, expect};

use crate::support::{check as run, emit, folder};

pub(crate) const SHOP: &str = r#"
    pub mod shop {
        use saga_runtime::prelude::*;

        #[derive(Serialize, Deserialize)] pub struct Cmd { pub order: String, pub quantity: u32, pub gift: bool }
        #[derive(Debug, thiserror::Error)]
        pub enum StockError {
            #[error("sold out")] OutOfStock,
            #[transient] #[error("busy")] Busy,
        }
        #[derive(Debug, thiserror::Error)]
        pub enum PayError { #[error("declined")] Declined }

        pub trait Stock {
            #[step(compensate = release, timeout = "10s")]
            async fn reserve(&self, tx: &mut Tx, order: &str, quantity: u32) -> Result<u64, StockError>;
            #[compensation]
            async fn release(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
            #[step(read_only)]
            async fn count(&self, tx: &mut Tx, order: &str) -> Result<(), StockError>;
        }
        pub trait Payments {
            #[step(pivot)]
            async fn charge(&self, cx: &Context, order: &str) -> Result<(), PayError>;
        }
        pub trait Mail {
            #[step(retriable)]
            async fn send(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        }

        pub async fn shop(
            stock: &impl Stock, payments: &impl Payments, mail: &impl Mail, cmd: Cmd,
        ) -> Result<(), Rejection> {
            stock.count(&cmd.order).await?;
            stock.reserve(&cmd.order, cmd.quantity).await?;
            payments.charge(&cmd.order).await?;
            mail.send(&cmd.order).await?;
            Ok(())
        }
    }
"#;

/// The shop with each of these texts replaced by the one beside it.
pub(crate) fn changed(edits: &[(&str, &str)]) -> String {
    let mut source = SHOP.to_owned();
    for (from, to) in edits {
        assert!(source.contains(from), "{from}");
        source = source.replace(from, to);
    }
    source
}

fn check(test: &str, edits: &[(&str, &str)], expected: Expect) {
    let folder = folder(test);
    fs::create_dir_all(folder.join("old/out")).unwrap();
    emit(&folder.join("old"), SHOP);
    emit(&folder, &changed(edits));
    run(&folder, &["diff", "old/out", "out"], expected);
}

#[test]
fn nothing() {
    check(
        "diff_nothing",
        &[],
        expect![[r#"
            nothing has changed in 1 saga
            exit 0
        "#]],
    );
}

#[test]
fn a_step_that_is_added_moved_or_only_not_called_any_more() {
    check(
        "diff_steps",
        &[
            (
                "async fn charge(&self, cx: &Context, order: &str) -> Result<(), PayError>;",
                "async fn charge(&self, cx: &Context, order: &str) -> Result<(), PayError>;
                 #[step(read_only)] async fn limit(&self, cx: &Context) -> Result<(), PayError>;",
            ),
            (
                "stock.count(&cmd.order).await?;",
                "payments.limit().await?;",
            ),
        ],
        expect![[r#"
            shop
              safe  payments.limit: added, as the first
                running sagas do not call it
                -> deploy the participant before the definition
              safe  stock.count: removed from the flow
                the participant still has the step, for running sagas

            2 changes: 0 breaking sagas in flight, 0 to look at, 2 safe
            exit 0
        "#]],
    );
    check(
        "diff_moved",
        &[
            ("stock.count(&cmd.order).await?;", ""),
            (
                "stock.reserve(&cmd.order, cmd.quantity).await?;",
                "stock.reserve(&cmd.order, cmd.quantity).await?; stock.count(&cmd.order).await?;",
            ),
        ],
        expect![[r#"
            shop
              safe  stock.count: moved, stands after `stock.reserve` now
                an execution keeps its definition to the end, and a record's key says nothing of the order
              safe  stock.reserve: gets `order`, `quantity` from elsewhere
                an execution keeps its definition to the end, and repeats what it sent
              safe  stock.count: gets `order` from elsewhere
                an execution keeps its definition to the end, and repeats what it sent

            3 changes: 0 breaking sagas in flight, 0 to look at, 3 safe
            exit 0
        "#]],
    );
}

#[test]
fn a_step_that_is_gone() {
    check(
        "diff_renamed",
        &[
            ("reserve", "hold"),
            ("fn send", "fn post"),
            ("mail.send", "mail.post"),
        ],
        expect![[r#"
            shop
              breaks in-flight  stock.reserve: removed
                running sagas still call it; a participant without it answers `Saga.Unknown`, and the saga is compensated; where the step took effect before, nothing can undo it, and the saga waits for an operator
                -> keep the method, and its compensation, in the trait until no saga runs on the old definition
              breaks in-flight  mail.send: removed
                running sagas still call it; a participant without it answers `Saga.Unknown`, and is called again without end
                -> keep the method, and its compensation, in the trait until no saga runs on the old definition
              safe  stock.hold: added, after `stock.count`
                running sagas do not call it
                -> deploy the participant before the definition
              safe  mail.post: added, after `payments.charge`
                running sagas do not call it
                -> deploy the participant before the definition

            4 changes: 2 breaking sagas in flight, 0 to look at, 2 safe
            exit 1
        "#]],
    );
}

#[test]
fn a_participant_of_another_name() {
    check(
        "diff_participant",
        &[
            ("Stock {", "Inventory {"),
            ("stock: &impl Stock", "inventory: &impl Inventory"),
            ("stock.", "inventory."),
        ],
        expect![[r#"
            shop
              breaks in-flight  stock: the participant is called `inventory` now
                running sagas call it `stock`, which the new code does not answer to (`Saga.Unknown`); and a function of another name has another barrier table as a rule, where a compensation finds no record and undoes nothing
                -> deploy `inventory` as a function of its own, and leave that of `stock`, with its table, as it is until no saga runs on the old definition

            1 change: 1 breaking sagas in flight, 0 to look at, 0 safe
            exit 1
        "#]],
    );
}

#[test]
fn another_kind() {
    check(
        "diff_kind",
        &[
            (
                "#[step(compensate = release, timeout = \"10s\")]",
                "#[step(read_only, timeout = \"10s\")]",
            ),
            (
                "#[compensation]\n            async fn release(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;",
                "",
            ),
            ("#[step(pivot)]", "#[step(read_only)]"),
        ],
        expect![[r#"
            shop
              breaks in-flight  stock.reserve: read_only instead of compensatable
                running sagas call its compensation, which is gone: where the step took effect, they wait for an operator
                -> give the changed step a new name, and keep the old one until no saga runs on the old definition
              safe  payments.charge: read_only instead of pivot
                running sagas go on to treat it as they did, and its records are the same
              safe  payments.charge: is tried again at another pace
                running sagas keep the pace of their definition
              safe  mail.send: is tried again at another pace
                running sagas keep the pace of their definition

            4 changes: 1 breaking sagas in flight, 0 to look at, 3 safe
            exit 1
        "#]],
    );
}

#[test]
fn another_mode() {
    check(
        "diff_mode",
        &[
            (
                "fn reserve(&self, tx: &mut Tx",
                "fn reserve(&self, cx: &Context",
            ),
            (
                "fn release(&self, tx: &mut Tx",
                "fn release(&self, cx: &Context",
            ),
            (
                "fn count(&self, tx: &mut Tx",
                "fn count(&self, cx: &Context",
            ),
            (
                "fn charge(&self, cx: &Context",
                "fn charge(&self, tx: &mut Tx",
            ),
        ],
        expect![[r#"
            shop
              breaks in-flight  stock.reserve: `cx: &Context` instead of `tx: &mut Tx` (mode X instead of T)
                the compensation undoes an outside effect now, and would be asked to undo writes of the database
                -> give the changed step a new name, and keep the old one until no saga runs on the old definition
              breaks in-flight  payments.charge: `tx: &mut Tx` instead of `cx: &Context` (mode T instead of X)
                an action that was cut off has left a claim, which no transaction can settle or undo: its saga waits for an operator
                -> give the changed step a new name, and keep the old one until no saga runs on the old definition
              safe  stock.reserve: is tried again at another pace
                running sagas keep the pace of their definition
              safe  compensate payments.charge: is tried again at another pace
                running sagas keep the pace of their definition
              safe  compensate stock.reserve: is tried again at another pace
                running sagas keep the pace of their definition

            5 changes: 2 breaking sagas in flight, 0 to look at, 3 safe
            exit 1
        "#]],
    );
}

#[test]
fn other_parameters() {
    check(
        "diff_params",
        &[
            (
                "order: &str, quantity: u32)",
                "order: &str, quantity: u64, gift: bool)",
            ),
            (
                "(&cmd.order, cmd.quantity)",
                "(&cmd.order, cmd.quantity, cmd.gift)",
            ),
            ("quantity: u32, pub gift", "quantity: u64, pub gift"),
            (
                "fn release(&self, tx: &mut Tx, order: &str)",
                "fn release(&self, tx: &mut Tx, order: &str, quantity: u64)",
            ),
            (
                "fn send(&self, tx: &mut Tx, order: &str)",
                "fn send(&self, tx: &mut Tx, quantity: Option<u64>)",
            ),
            ("mail.send(&cmd.order)", "mail.send(cmd.quantity)"),
        ],
        expect![[r#"
            shop
              breaks in-flight  stock.reserve: takes `gift: bool` as well
                running sagas do not send it: the call is refused (`Saga.Refused`), and the saga compensated
                -> make it an `Option` until no saga runs on the old definition, or give the changed step a new name
              breaks in-flight  stock.reserve: its compensation takes `quantity` as well
                records that the old code wrote do not have it: their compensation fails, and the saga waits for an operator
                -> make it an `Option` until no saga runs on the old definition, or give the changed step a new name
              safe  saga: takes `Cmd`, where `quantity` of `Cmd` is `u64` instead of `u32`
                JSON of the old type is read as the new one
              safe  stock.reserve: takes `quantity: u64` instead of `u32`
                JSON of the old type is read as the new one
              safe  mail.send: takes `quantity: Option<u64>` as well
                running sagas do not send it, and it is read as `None`
              safe  mail.send: takes no `order` any more
                the new code leaves out what it does not know

            6 changes: 2 breaking sagas in flight, 0 to look at, 4 safe
            exit 1
        "#]],
    );
}

#[test]
fn other_types() {
    check(
        "diff_types",
        &[
            ("Result<u64, StockError>", "Result<String, StockError>"),
            (
                "fn count(&self, tx: &mut Tx, order: &str)",
                "fn count(&self, tx: &mut Tx, order: &u32)",
            ),
            ("stock.count(&cmd.order)", "stock.count(&cmd.quantity)"),
            ("cmd: Cmd", "cmd: Order"),
            ("struct Cmd", "struct Order"),
            ("Result<(), Rejection>", "Result<u32, Rejection>"),
            ("Ok(())\n", "Ok(7)\n"),
        ],
        expect![[r#"
            shop
              breaks in-flight  stock.count: takes `order: u32` instead of `String`
                running sagas send the old type: the call is refused (`Saga.Refused`), and the saga compensated
                -> let the new type read either JSON until no saga runs on the old definition, or give the changed step a new name
              breaks in-flight  stock.reserve: answers with `String` instead of `u64`
                records have the old answer, which its compensation cannot read: the saga waits for an operator
                -> let the new type read either JSON until no saga runs on the old definition, or give the changed step a new name
              look  saga: results in `u32` instead of `()`
                running sagas result in the old type; clients, and sagas that started them, have to read both
                -> let clients read both until no saga runs on the old definition
              safe  saga: takes `Order` instead of `Cmd`
                JSON of the old type is read as the new one
              safe  stock.count: gets `order` from elsewhere
                an execution keeps its definition to the end, and repeats what it sent

            5 changes: 2 breaking sagas in flight, 1 to look at, 2 safe
            exit 1
        "#]],
    );
}

/// A client that knows the old result reads the new one, and not the other way round.
#[test]
fn another_result() {
    let with_result = |result: &str| {
        changed(&[
            (
                "pub struct Cmd {",
                &format!(
                    "#[derive(Serialize, Deserialize)] pub struct Done {{ {result} }} #[derive(Serialize, Deserialize)] pub struct Cmd {{"
                ),
            ),
            ("Result<(), Rejection>", "Result<Done, Rejection>"),
            ("Ok(())\n", "Ok(Done { order: cmd.order })\n"),
        ])
    };
    let folder = folder("diff_result");
    fs::create_dir_all(folder.join("old/out")).unwrap();
    emit(&folder.join("old"), &with_result("pub order: String"));
    let more = with_result("pub order: String, pub gift: bool")
        .replace("order: cmd.order }", "order: cmd.order, gift: cmd.gift }");
    emit(&folder, &more);
    run(
        &folder,
        &["diff", "old/out", "out"],
        expect![[r#"
        shop
          safe  saga: results in `Done`, where `Done` has `gift: bool` as well
            JSON of the new type is read as the old one

        1 change: 0 breaking sagas in flight, 0 to look at, 1 safe
        exit 0
    "#]],
    );
    run(
        &folder,
        &["diff", "out", "old/out"],
        expect![[r#"
        shop
          look  saga: results in `Done`, where `Done` has no `gift` any more
            running sagas result in the old type; clients, and sagas that started them, have to read both
            -> let clients read both until no saga runs on the old definition

        1 change: 0 breaking sagas in flight, 1 to look at, 0 safe
        exit 0
    "#]],
    );
}

/// `Parcel` is in what a step takes, in its record, and in what another gives.
#[test]
fn other_declarations() {
    let with_parcel = |parcel: &str| {
        changed(&[
            (
                "pub struct Cmd {",
                &format!(
                    "{parcel} #[derive(Serialize, Deserialize)] pub struct Cmd {{ pub parcel: Parcel,"
                ),
            ),
            (
                "order: &str, quantity: u32) -> Result<u64,",
                "parcel: &Parcel) -> Result<Parcel,",
            ),
            (
                "fn release(&self, tx: &mut Tx, order: &str)",
                "fn release(&self, tx: &mut Tx, parcel: &Parcel)",
            ),
            (
                "stock.reserve(&cmd.order, cmd.quantity)",
                "stock.reserve(&cmd.parcel)",
            ),
        ])
    };
    let check = |test: &str, parcel: &str, expected: Expect| {
        let folder = folder(test);
        fs::create_dir_all(folder.join("old/out")).unwrap();
        emit(
            &folder.join("old"),
            &with_parcel(
                "#[derive(Serialize, Deserialize)] pub struct Parcel { pub weight: u32, pub to: String }",
            ),
        );
        emit(&folder, &with_parcel(parcel));
        run(&folder, &["diff", "old/out", "out"], expected);
    };
    check(
        "diff_field_added",
        "#[derive(Serialize, Deserialize)] pub struct Parcel { pub weight: u32, pub to: String, pub fragile: bool }",
        expect![[r#"
            shop
              breaks in-flight  stock.reserve: takes `parcel: Parcel`, where `Parcel` has `fragile: bool` as well
                running sagas send the old type: the call is refused (`Saga.Refused`), and the saga compensated
                -> let the new type read either JSON until no saga runs on the old definition, or give the changed step a new name
              breaks in-flight  stock.reserve: answers with `Parcel`, where `Parcel` has `fragile: bool` as well
                records have the old answer, which its compensation cannot read: the saga waits for an operator
                -> let the new type read either JSON until no saga runs on the old definition, or give the changed step a new name
              look  saga: takes `Cmd`, where `Parcel` has `fragile: bool` as well
                its first step checks the input: clients, and sagas that start this one, are refused before any effect if they send the old type
                -> change those that start it together with it

            3 changes: 2 breaking sagas in flight, 1 to look at, 0 safe
            exit 1
        "#]],
    );
    check(
        "diff_field_gone",
        "#[derive(Serialize, Deserialize)] pub struct Parcel { pub weight: u32, /// The door.\n pub note: Option<String> }",
        expect![[r#"
            shop
              look  stock.reserve: answers with `Parcel`, where `Parcel` has `note: Option<String>` as well, `Parcel` has no `to` any more
                running sagas hand the new answer on as the old one, and compensations read the old one in records
              safe  saga: takes `Cmd`, where `Parcel` has `note: Option<String>` as well, `Parcel` has no `to` any more
                JSON of the old type is read as the new one
              safe  stock.reserve: takes `parcel: Parcel`, where `Parcel` has `note: Option<String>` as well, `Parcel` has no `to` any more
                JSON of the old type is read as the new one

            3 changes: 0 breaking sagas in flight, 1 to look at, 2 safe
            exit 0
        "#]],
    );
    check(
        "diff_field_comment",
        "/// A box.\n#[derive(Serialize, Deserialize)] pub struct Parcel { pub weight: u32, /// Where.\n pub to: String }",
        expect![[r#"
            nothing has changed in 1 saga
            exit 0
        "#]],
    );
}

#[test]
fn other_errors() {
    check(
        "diff_errors",
        &[
            (
                "#[error(\"sold out\")] OutOfStock",
                "#[transient] #[error(\"sold out\")] OutOfStock, #[error(\"no\")] Closed",
            ),
            (
                "#[error(\"declined\")] Declined",
                "#[error(\"declined\")] Declined, #[error(\"expired\")] Expired",
            ),
        ],
        expect![[r#"
            shop
              breaks in-flight  stock.reserve: `StockError.OutOfStock` is worth another try
                the old definition takes it for a definite no, and does not undo the step, which may have taken effect, or may yet
                -> give the error a new name
              breaks in-flight  payments.charge: may be rejected with `PayError.Expired` as well
                the old definition does not know it for a no, and calls a pivot again without end
                -> deploy the definition first, and the participant when no saga runs on the old one
              safe  stock.count: may be rejected with `StockError.Closed` as well
                running sagas compensate the step too, which finds that there is nothing to undo
              safe  stock.count: is not rejected with `StockError.OutOfStock` any more
                running sagas wait for it in vain, which harms nothing
              safe  stock.count: `StockError.OutOfStock` is worth another try
                running sagas do not try again on it; they are compensated
              safe  stock.reserve: may be rejected with `StockError.Closed` as well
                running sagas compensate the step too, which finds that there is nothing to undo
              safe  stock.reserve: is not rejected with `StockError.OutOfStock` any more
                running sagas wait for it in vain, which harms nothing

            7 changes: 2 breaking sagas in flight, 0 to look at, 5 safe
            exit 1
        "#]],
    );
}

#[test]
fn other_times() {
    check(
        "diff_times",
        &[(
            "timeout = \"10s\"",
            "timeout = \"20s\", retry(max_attempts = 9)",
        )],
        expect![[r#"
            shop
              look  stock.reserve: times out after 20 s instead of 10 s
                running sagas give a delivery up after 10 s, and try again while it may still be at work; the barrier lets one of them take effect
                -> raise the function's own timeout only when no saga runs on the old definition
              safe  stock.reserve: is tried again at another pace
                running sagas keep the pace of their definition

            2 changes: 0 breaking sagas in flight, 1 to look at, 1 safe
            exit 0
        "#]],
    );
}
