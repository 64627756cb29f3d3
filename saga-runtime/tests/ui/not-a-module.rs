use saga_runtime::prelude::*;

#[saga]
pub struct Buy;

fn main() {
    let _ = Buy;
}
