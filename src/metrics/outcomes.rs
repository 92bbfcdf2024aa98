//! The series of one thing that is counted by its outcome.

use std::sync::OnceLock;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

/// The outcomes that occur; another word is counted as well, only less quickly.
const OUTCOMES: [&str; 20] = [
    "ok",
    "incomplete",
    "unmapped",
    "dns",
    "refused",
    "tls",
    "timeout",
    "reset",
    "too-large",
    "not-json",
    "unconfirmed",
    "status",
    "blocked",
    "missing",
    "limited",
    "message",
    "stopped",
    "not-supported",
    "not-in-service",
    "not-renewed",
];

/// A series: how often, and how long.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) count: Counter,
    pub(super) duration: Histogram,
}

impl Series {
    pub(super) fn observe(&self, duration: Duration) {
        self.count.inc();
        self.duration.observe(duration.as_secs_f64());
    }
}

/// A series for each outcome, held from its first use on.
#[derive(Debug, Default)]
pub(super) struct Outcomes([OnceLock<Series>; OUTCOMES.len()]);

impl Outcomes {
    /// Counts an outcome. `series` makes its series.
    pub(super) fn observe(&self, outcome: &'static str, duration: Duration, series: impl FnOnce() -> Series) {
        match OUTCOMES.iter().position(|known| *known == outcome) {
            Some(at) => self.0[at].get_or_init(series).observe(duration),
            None => series().observe(duration),
        }
    }
}
