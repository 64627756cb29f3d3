use saga_runtime::prelude::*;

fn main() {
    let _ = sleep_until("2026-11-22T10:00:00Z".to_owned());
}
