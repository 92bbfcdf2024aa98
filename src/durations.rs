//! Histograms of times.

use prometheus_client::metrics::histogram::Histogram;

/// Upper bounds of the buckets, in seconds: from a local reply to the longest time-out of a document.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0];

/// An empty histogram of seconds.
pub fn durations() -> Histogram {
    Histogram::new(SECONDS)
}
