//! The same work on many files, on all processors: definitions do not depend on each other.

use std::num::NonZero;
use std::panic;
use std::thread;

/// The results, in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(threads).max(1);
    let work = &work;
    thread::scope(|scope| {
        let shares = items.chunks(share);
        let running: Vec<_> = shares
            .map(|share| scope.spawn(move || share.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let mut results = Vec::new();
        for thread in running {
            match thread.join() {
                Ok(share) => results.extend(share),
                Err(panicked) => panic::resume_unwind(panicked),
            }
        }
        results
    })
}
