//! The fault matrix of every example: each failure path was run, and none leaves anything behind.

use examples::matrices;

/// Every case is consistent, every state was entered, and every loop had no item, one and several.
async fn is_complete(saga: &str, at_least: usize) {
    let report = matrices::run(saga).await.expect("the saga has a matrix");
    assert!(report.cases().len() >= at_least, "{report}");
    report.assert_complete();
}

#[tokio::test]
async fn place_order() {
    is_complete("place_order", 450).await;
}

#[tokio::test]
async fn book_trip() {
    is_complete("book_trip", 300).await;
}

#[tokio::test]
async fn fulfil_order() {
    is_complete("fulfil_order", 1_200).await;
}

#[tokio::test]
async fn onboard_customer() {
    is_complete("onboard_customer", 750).await;
}

#[tokio::test]
async fn order_events() {
    is_complete("order_events", 300).await;
}
