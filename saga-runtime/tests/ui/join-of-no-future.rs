use saga_runtime::prelude::*;

async fn number() -> Result<u64, Retry> {
    Ok(1)
}

fn main() {
    let _ = join!(number(), 2);
    let _ = join!(number(), async { 2 });
    let _ = join!(number());
    let _ = join!(number(), number(););
}
