//! Pauses between two looks at an execution: growing, with jitter. Asks nothing.

use std::time::Duration;

/// Pauses that double from the least to the most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pauses {
    next: Duration,
    most: Duration,
}

impl Pauses {
    pub(super) fn new(least: Duration, most: Duration) -> Self {
        Self {
            next: least.min(most),
            most,
        }
    }

    /// Waits for between half of the pause and the whole of it, so that many who wait do not ask at once.
    pub(super) async fn wait(&mut self) {
        let pause = self.next.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.next = self.next.saturating_mul(2).min(self.most);
        tokio::time::sleep(pause).await;
    }
}

impl Default for Pauses {
    fn default() -> Self {
        Self::new(Duration::from_millis(200), Duration::from_secs(5))
    }
}
