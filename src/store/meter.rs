//! What a store counts.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use crate::durations::durations;

/// What a store counts.
#[derive(Debug, Clone)]
pub struct StoreMeter {
    pub(crate) writes: Histogram,
    pub(crate) failures: Counter,
}

impl Default for StoreMeter {
    fn default() -> Self {
        Self { writes: durations(), failures: Counter::default() }
    }
}

impl StoreMeter {
    /// A write was made durable, or failed.
    pub(crate) fn written(&self, worked: bool, duration: std::time::Duration) {
        self.writes.observe(duration.as_secs_f64());
        if !worked {
            self.failures.inc();
        }
    }
}
