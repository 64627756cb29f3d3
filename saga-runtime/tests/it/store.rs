//! The store in memory beyond what every store does: its words, its snapshots, and the faults that tests ask for.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use saga_runtime::store::{
    BARRIER_TABLE, Change, Key, Operation, Reason, StoreError, Transacted, Written,
};
use saga_runtime::{MemoryStore, Store, field};
use serde_json::json;

use crate::conformance::{add, key, object, only_if, put, set, update, write};

/// The store in memory answers at the first poll.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the store waits"),
    }
}

#[test]
fn a_refused_update_makes_no_item() {
    let store = MemoryStore::new();
    let refused = only_if(update(vec![add("n", 1)]), field("n").at_least(1));
    assert_eq!(now(store.write(&refused)).unwrap(), Written::Refused(None));
    assert!(store.tables().is_empty());
}

/// As in DynamoDB. The emulator makes one, so that this is no case for every store.
#[test]
fn an_update_that_only_removes_makes_no_item() {
    let store = MemoryStore::new();
    let removal = update(vec![Change::Remove("n".to_owned())]);
    assert_eq!(now(store.write(&removal)).unwrap(), Written::Done(None));
    assert_eq!(now(store.transact(&[removal])).unwrap(), Transacted::Done);
    assert_eq!(now(store.get(&key("a"))).unwrap(), None);
}

#[test]
fn a_transaction_says_of_each_write_why_it_cannot_be() {
    let store = MemoryStore::new();
    now(store.write(&put(json!({ "id": "a", "n": "text" })))).unwrap();
    let writes = [put(json!({ "id": "b" })), update(vec![add("n", 1)])];
    let reason = Reason::Invalid("`n` is not a number, so nothing can be added to it".to_owned());
    assert_eq!(
        now(store.transact(&writes)).unwrap(),
        Transacted::Refused(vec![Reason::None, reason])
    );
}

#[test]
fn a_snapshot_is_in_the_order_of_keys_and_leaves_the_barrier_out() {
    let store = MemoryStore::new();
    for id in [json!("b"), json!(10), json!("a"), json!(9), json!(-1)] {
        let mut item = put(json!({ "id": id }));
        item.key.table = "t".to_owned();
        now(store.write(&item)).unwrap();
    }
    let mut record = put(json!({ "id": "r" }));
    record.key.table = BARRIER_TABLE.to_owned();
    now(store.write(&record)).unwrap();
    let text = serde_json::to_string(&store.clone().tables()).unwrap();
    assert_eq!(
        text,
        r#"{"t":[{"id":-1},{"id":9},{"id":10},{"id":"a"},{"id":"b"}]}"#
    );
    assert_eq!(store.barrier_records(), [object(json!({ "id": "r" }))]);
}

#[test]
fn only_records_whose_time_is_over_expire() {
    let store = MemoryStore::new();
    let items = [
        json!({ "id": "over", "ttl": 99 }),
        json!({ "id": "due", "ttl": 100 }),
        json!({ "id": "without" }),
    ];
    for item in &items {
        let mut record = put(item.clone());
        now(store.write(&record)).unwrap();
        record.key.table = BARRIER_TABLE.to_owned();
        now(store.write(&record)).unwrap();
    }
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
    assert_eq!((store.expire(time), store.expire(time)), (1, 0));
    let left = [object(items[1].clone()), object(items[2].clone())];
    assert_eq!(store.barrier_records(), left);
    assert_eq!(store.tables()["t"].len(), 3);
}

#[test]
fn faults_come_when_asked_for() {
    let store = MemoryStore::new();
    store.fail_next(2, &StoreError::throttled("slow down"));
    store.lose_replies(1);
    let item = put(json!({ "id": "a" }));
    assert!(now(store.get(&key("a"))).unwrap_err().is_throttled());
    assert!(now(store.write(&item)).unwrap_err().is_throttled());
    assert_eq!(now(store.get(&key("a"))).unwrap(), None);
    assert!(now(store.write(&item)).unwrap_err().is_unavailable());
    assert!(now(store.get(&key("a"))).unwrap().is_some());
}

#[test]
fn an_error_of_a_store_tells_its_kind_and_its_cause() {
    let error = StoreError::conflict("busy").with_source(std::io::Error::other("the cause"));
    assert!(error.is_conflict() && error.is_worth_retrying());
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the cause"
    );
}

#[test]
fn what_an_update_cannot_come_to_is_said() {
    let store = MemoryStore::new();
    let item = put(json!({ "id": "a", "n": 1, "max": u64::MAX, "s": "x" }));
    now(store.write(&item)).unwrap();
    let mut other_key = write(key("a"), Operation::Delete);
    other_key.key = Key {
        partition: ("name".to_owned(), json!("a")),
        ..key("a")
    };
    let cases = [
        (
            update(vec![add("s", 1)]),
            "`s` is not a number, so nothing can be added to it",
        ),
        // DynamoDB has 38 digits, and would take it.
        (
            update(vec![add("max", 1)]),
            "`max` would leave the range of 64 bits",
        ),
        (
            update(vec![set("text", json!("x".repeat(400 * 1024)))]),
            "an item of table `t` has 409627 bytes; DynamoDB allows 409600",
        ),
        (
            other_key,
            "table `t` was first used with other key attributes; declare it once, as a constant",
        ),
    ];
    for (write, expected) in cases {
        let error = now(store.write(&write)).unwrap_err();
        assert!(error.is_invalid() && !error.is_worth_retrying());
        assert_eq!(error.to_string(), expected);
    }
}
