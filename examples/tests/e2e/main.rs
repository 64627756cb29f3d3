//! The examples on Step Functions, Lambda and DynamoDB, as an emulator that nobody here wrote plays them: `.ci/e2e`.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "`UPDATE_EXPECT=1` writes them"
)]
#![allow(
    clippy::format_push_string,
    reason = "a transcript is short, and reads better so"
)]
#![allow(
    unreachable_pub,
    reason = "the modules of a test are seen by nobody else"
)]

mod database;
mod emulator;
mod events;
mod http;
mod load;
mod order;
mod process;
mod proxy;
mod races;
mod scenarios;
mod stage;
mod tls;
mod trips;

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Who may use the stage now: most tests share it, and one that needs all of the machine, or the parking queue, does not.
static TURN: RwLock<()> = RwLock::const_new(());

async fn beside() -> RwLockReadGuard<'static, ()> {
    TURN.read().await
}

async fn alone() -> RwLockWriteGuard<'static, ()> {
    TURN.write().await
}
