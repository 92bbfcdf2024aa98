//! Measures two servers in turns, so that a machine that slows down for a while slows down both.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::client::{self, Latencies, Load};
use crate::process::Measured;

/// What came of one side.
pub struct Side {
    /// Requests per second: the median of the rounds.
    pub throughput: f64,
    /// Half of the requests took no longer.
    pub p50: Duration,
    /// One in a hundred took longer.
    pub p99: Duration,
    /// Time on the processor for one request.
    pub cpu: Duration,
    /// The part of its core that was busy: below 1, something else was the limit.
    pub busy: f64,
}

/// Sends to every server in turns, so many rounds of `time` each; one more round, uncounted,
/// comes first.
///
/// # Errors
/// Where a request fails.
pub async fn measure(
    sides: &[(&Measured, Rc<dyn Load>)],
    numbers: &Rc<Cell<u64>>,
    rounds: usize,
    time: Duration,
) -> Result<Vec<Side>, String> {
    let mut runs: Vec<Vec<Run>> = sides.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (at, (server, load)) in sides.iter().enumerate() {
            let (cpu, started) = (server.cpu(), Instant::now());
            let run = client::run(server.address, Rc::clone(load), Rc::clone(numbers), time).await?;
            let (cpu, elapsed) = (server.cpu() - cpu, started.elapsed());
            if round > 0 {
                runs[at].push(Run { latencies: run, cpu, elapsed });
            }
        }
    }
    Ok(runs.into_iter().map(Side::of).collect())
}

struct Run {
    latencies: Latencies,
    cpu: Duration,
    elapsed: Duration,
}

impl Side {
    fn of(runs: Vec<Run>) -> Self {
        let total = |of: fn(&Run) -> f64| runs.iter().map(of).sum::<f64>();
        let requests = total(|run| run.latencies.0.len() as f64).max(1.0);
        let (cpu, elapsed) = (total(|run| run.cpu.as_secs_f64()), total(|run| run.elapsed.as_secs_f64()));
        let mut rates: Vec<f64> =
            runs.iter().map(|run| run.latencies.0.len() as f64 / run.elapsed.as_secs_f64()).collect();
        rates.sort_by(f64::total_cmp);
        let mut all = Latencies(runs.into_iter().flat_map(|run| run.latencies.0).collect());
        Self {
            throughput: rates.get(rates.len() / 2).copied().unwrap_or_default(),
            p50: all.quantile(0.5),
            p99: all.quantile(0.99),
            cpu: Duration::from_secs_f64(cpu / requests),
            busy: cpu / elapsed.max(f64::MIN_POSITIVE),
        }
    }
}
