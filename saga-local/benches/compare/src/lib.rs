//! How the other engines are timed: as `throughput.rs` times ours, on one thread, with the same line for a result.

use std::future::Future;
use std::time::{Duration, Instant};

/// As in `throughput.rs`: all of them have the same allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs `run` so many times, one after the other, and prints how many a second.
pub fn measure<F: Future<Output = ()>>(name: &str, count: u32, mut run: impl FnMut(u32) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        // Caches and allocators have settled after these.
        for number in 0..count / 10 {
            run(number).await;
        }
        let (wall, cpu) = (Instant::now(), cpu_time());
        for number in 0..count {
            run(count + number).await;
        }
        let wall = rate(count, wall.elapsed());
        let cpu = cpu_time().zip(cpu).map(|(now, then)| rate(count, now - then));
        println!("{name}\t{count}\t{wall:.0}\t{:.0}", cpu.unwrap_or(f64::NAN));
    });
}

fn rate(count: u32, time: Duration) -> f64 {
    f64::from(count) / time.as_secs_f64()
}

/// What this thread has had of a processor. Linux only.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// How many runs the command line asks for.
pub fn count() -> u32 {
    let asked = std::env::args().nth(1).and_then(|text| text.parse().ok());
    asked.unwrap_or(5_000)
}
