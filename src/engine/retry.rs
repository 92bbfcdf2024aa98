//! When a failed request is sent again, and when not: `retry`, compiled.

use std::fmt;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::Value;

use super::failure::{Failure, FailureKind};
use super::status::StatusSet;
use super::time::parse_instant;

/// A compiled `retry`.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all, the first one included.
    pub max_attempts: u32,
    /// Wait before the second attempt, before chance.
    pub base_delay: Duration,
    /// Longest wait that is not asked for by the CRM.
    pub max_delay: Duration,
    /// Whether lost and refused connections are retried.
    pub connection: bool,
    /// The statuses that are retried.
    pub statuses: StatusSet,
}

impl RetryPolicy {
    /// How long to wait before another attempt; `None` where the failure is final. `attempts` were
    /// made so far, `chance` is between 0 and 1, `now` is the time of the answer.
    pub fn wait(&self, attempts: u32, failure: &Failure, chance: f64, now: Timestamp) -> Option<Duration> {
        if attempts >= self.max_attempts || !self.covers(failure.kind) {
            return None;
        }
        // 2^n would overflow long before the bound on attempts is this large.
        let doubled = self.base_delay.saturating_mul(1u32 << attempts.saturating_sub(1).min(16));
        let delay = doubled.min(self.max_delay);
        let backoff = delay.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
        let asked =
            failure.response.as_ref().and_then(|response| asked_wait(&response.headers, failure.kind, now));
        // Those who were all told the same time should not all come at it.
        Some(match asked {
            Some(asked) => asked + delay.min(asked).mul_f64(chance.clamp(0.0, 1.0) / 10.0),
            None => backoff,
        })
    }

    fn covers(&self, kind: FailureKind) -> bool {
        match kind {
            FailureKind::Status(status) => self.statuses.contains(status),
            FailureKind::Dns | FailureKind::Refused | FailureKind::Reset => self.connection,
            // The time is used up, or the same would happen again.
            FailureKind::Timeout
            | FailureKind::Tls
            | FailureKind::TooLarge
            | FailureKind::NotJson
            | FailureKind::Unconfirmed
            | FailureKind::Blocked
            | FailureKind::Missing
            | FailureKind::Limited => false,
        }
    }
}

/// Whether sending a request of this method twice does what sending it once does (RFC 9110, 9.2.2).
pub fn is_idempotent(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS | Method::TRACE
    )
}

/// Headers in which vendors say when their limit is lifted.
const RESETS: &[&str] = &["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"];

/// How long the CRM asks to wait. `Retry-After` counts with every status; the headers about limits
/// come with ordinary answers too and say something only with 429.
pub fn asked_wait(headers: &HeaderMap, kind: FailureKind, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let after = text(RETRY_AFTER.as_str()).and_then(|text| wait_of(text, now));
    if after.is_some() || kind != FailureKind::Status(429) {
        return after;
    }
    RESETS.iter().find_map(|name| wait_of(text(name)?, now))
}

/// From this on a number is an instant (seconds since 1970), and no wait: 1e9 seconds are 31 years.
const EPOCH_FROM: f64 = 1e9;

/// Reads a number of seconds from now, an instant since 1970, or a date. What is past is no wait.
fn wait_of(text: &str, now: Timestamp) -> Option<Duration> {
    let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    match number {
        Some(seconds) if seconds < EPOCH_FROM => Some(Duration::from_secs_f64(seconds)),
        Some(_) => until(parse_instant(&Value::from(text))?, now),
        None if text.starts_with(|first: char| first.is_ascii_alphanumeric()) => {
            until(parse_instant(&Value::from(text))?, now)
        }
        None => None,
    }
}

fn until(instant: Timestamp, now: Timestamp) -> Option<Duration> {
    Some(Duration::try_from(instant.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// One line, for `explain`.
impl fmt::Display for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connection = self.connection.then(|| "lost connections".to_owned());
        let statuses = Some(self.statuses.to_string()).filter(|text| !text.is_empty());
        let causes: Vec<String> = connection.into_iter().chain(statuses).collect();
        write!(
            f,
            "up to {} attempts, after {} s and at most {} s, on {}",
            self.max_attempts,
            self.base_delay.as_secs_f64(),
            self.max_delay.as_secs_f64(),
            causes.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::failure::FailedResponse;
    use http::{HeaderName, HeaderValue};

    fn policy() -> RetryPolicy {
        let mut statuses = StatusSet::default();
        statuses.add((429, 429));
        statuses.add((503, 503));
        RetryPolicy {
            max_attempts: 4,
            base_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(3),
            connection: true,
            statuses,
        }
    }

    fn failed(status: u16, header: Option<(&'static str, &str)>) -> Failure {
        let headers = header
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .into_iter()
            .collect();
        Failure {
            response: Some(Box::new(FailedResponse { headers, body: Value::Null })),
            ..Failure::new(FailureKind::Status(status), "")
        }
    }

    const NOW: i64 = 1_700_000_000;

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }

    fn seconds(wait: Option<Duration>) -> Option<f64> {
        wait.map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let failure = failed(503, None);
        let waits = |chance| -> Vec<Option<f64>> {
            (1..=4).map(|attempts| seconds(policy().wait(attempts, &failure, chance, now()))).collect()
        };
        assert_eq!(waits(1.0), [Some(1.0), Some(2.0), Some(3.0), None]);
        assert_eq!(waits(0.0), [Some(0.5), Some(1.0), Some(1.5), None]);
    }

    #[test]
    fn only_what_may_pass_is_retried() {
        use FailureKind::*;
        for (kind, expected) in [
            (Status(429), true),
            (Status(500), false),
            (Status(200), false),
            (Dns, true),
            (Refused, true),
            (Reset, true),
            (Tls, false),
            (Timeout, false),
            (TooLarge, false),
            (NotJson, false),
            (Blocked, false),
            (Limited, false),
        ] {
            let wait = policy().wait(1, &Failure::new(kind, ""), 0.0, now());
            assert_eq!(wait.is_some(), expected, "{kind:?}");
            let without = RetryPolicy { connection: false, ..policy() };
            assert_eq!(without.wait(1, &Failure::new(kind, ""), 0.0, now()).is_some(), kind == Status(429));
        }
    }

    #[test]
    fn the_crm_says_how_long() {
        let epoch = |ahead: i64| (NOW + ahead).to_string();
        let milliseconds = format!("{}", (NOW + 9) * 1000);
        let table: &[(u16, &'static str, &str, f64)] = &[
            (503, "retry-after", "7", 7.0),
            (503, "retry-after", " 0.5 ", 0.5),
            (503, "retry-after", "Tue, 14 Nov 2023 22:13:30 GMT", 10.0),
            (503, "retry-after", "Tue, 14 Nov 2023 22:13:10 GMT", 0.0),
            (503, "retry-after", "soon", 0.5),
            (503, "retry-after", "-5", 0.5),
            (429, "ratelimit-reset", "12", 12.0),
            (429, "x-ratelimit-reset", &epoch(20), 20.0),
            (429, "x-ratelimit-reset", &epoch(-20), 0.0),
            (429, "x-rate-limit-reset", &milliseconds, 9.0),
            (429, "x-rate-limit-reset", "2023-11-14T22:13:50Z", 30.0),
            (503, "x-ratelimit-reset", "20", 0.5),
        ];
        for (status, name, value, expected) in table {
            let wait = policy().wait(1, &failed(*status, Some((name, value))), 0.0, now());
            assert_eq!(seconds(wait), Some(*expected), "{name}: {value}");
        }
        let both = failed(429, Some(("retry-after", "2")));
        assert!(seconds(policy().wait(1, &both, 1.0, now())).is_some_and(|wait| (2.0..2.3).contains(&wait)));
    }
}
