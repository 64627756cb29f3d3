//! `cargo saga list`.

use std::fs;

use expect_test::expect;

use crate::support::{check, folder_with};

#[test]
fn every_saga_is_a_row() {
    let names = [
        "book_trip",
        "close_account",
        "fulfil_order",
        "onboard_customer",
        "open_account",
        "place_order",
    ];
    check(
        &folder_with("list_all", &names),
        &["list"],
        expect![[r#"
            saga              steps  participants                               pivot              bytes  of the limit
            book_trip             3  Hotel, Flight, Car                         –                 11,458         1.0 %
            close_account         2  Ibans, Accounts                            –                  1,958         0.1 %
            fulfil_order         10  Warehouse, Fraud, Payments, Carrier, Mail  payments.capture  37,877         3.6 %
            onboard_customer      5  Customers, Credit, Deposits, Cards, Calls  cards.issue       18,274         1.7 %
            open_account          2  Accounts, Ibans                            –                  8,403         0.8 %
            place_order           4  Orders, Stock, Payments, Shipping          payments.charge   12,063         1.1 %

            6 sagas, at most 1,048,576 bytes each
            exit 0
        "#]],
    );
}

#[test]
fn as_json() {
    let folder = folder_with("list_json", &["onboard_customer"]);
    check(
        &folder,
        &["list", "--format", "json"],
        expect![[r#"
            [
              {
                "name": "onboard_customer",
                "comment": "Takes a customer on: account and card, with a deposit where nobody knows them yet.",
                "input": "Application",
                "output": "Welcome",
                "steps": 5,
                "states": 17,
                "participants": [
                  "Customers",
                  "Credit",
                  "Deposits",
                  "Cards",
                  "Calls"
                ],
                "pivots": [
                  "cards.issue"
                ],
                "flows": [
                  "open_account"
                ],
                "bytes": 18274,
                "max_bytes": 1048576
              }
            ]
            exit 0
        "#]],
    );
}

/// Somebody else's definition says less.
#[test]
fn a_definition_without_a_contract() {
    let folder = folder_with("list_foreign", &["place_order"]);
    fs::remove_file(folder.join("out/place_order.saga.json")).unwrap();
    check(
        &folder,
        &["list"],
        expect![[r#"
            saga         steps  participants  pivot   bytes  of the limit
            place_order      4  –             –      12,063         1.1 %

            1 saga, at most 1,048,576 bytes each
            exit 0
        "#]],
    );
}
