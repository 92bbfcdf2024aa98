//! When a failed request is sent again, and when not: `retry`, compiled.

use std::fmt;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;

use super::failure::{Failure, FailureKind};
use super::status::StatusSet;

mod wait;

pub use self::wait::{AskedWait, WaitSource, WaitUnit, asked_wait};

/// The status by which a CRM says that it did nothing, because it was asked too often.
pub const LIMITED: u16 = 429;

/// What a request does at the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    None,
    /// Sent twice, it does what it does once.
    Idempotent,
    /// Sent twice, it may write twice.
    Write,
}

impl Effect {
    /// Whether sending the request twice does no harm.
    pub fn is_repeatable(self) -> bool {
        self != Self::Write
    }
}

/// A compiled `retry`.
#[derive(Debug, Clone)]
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
    /// Where this CRM says how long to wait.
    pub wait: WaitSource,
}

/// The longest wait where the CRM asks for none.
const MOMENT: Duration = Duration::from_secs(1);

impl RetryPolicy {
    /// How long to wait before another attempt; `None` if the failure is final. `attempts` were
    /// made so far, `chance` is between 0 and 1, `now` is the time of the answer.
    pub fn wait(&self, attempts: u32, failure: &Failure, chance: f64, now: Timestamp) -> Option<Duration> {
        if attempts >= self.max_attempts || !self.covers(failure.kind) {
            return None;
        }
        // 2^n would overflow long before the bound on attempts is this large.
        let doubled = self.base_delay.saturating_mul(1u32 << attempts.saturating_sub(1).min(16));
        let delay = doubled.min(self.max_delay);
        let backoff = delay.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
        let asked = self.asked(failure, now).wait();
        // Those who were all told the same time should not all come at it.
        Some(match asked {
            // A time that is over asks for no wait. All who were told it would come at once.
            Some(Duration::ZERO) => backoff.min(MOMENT),
            Some(asked) => asked + delay.min(asked).mul_f64(chance.clamp(0.0, 1.0) / 10.0),
            None => backoff,
        })
    }

    /// How long the CRM asks to wait with this failure.
    pub fn asked(&self, failure: &Failure, now: Timestamp) -> AskedWait {
        failure
            .response
            .as_ref()
            .map_or(AskedWait::Nothing, |response| asked_wait(response, failure.kind, now, Some(&self.wait)))
    }

    /// Leaves of what is retried only what says that nothing was done.
    pub fn only_limited(&mut self) {
        self.connection = false;
        self.statuses = StatusSet::default();
        self.statuses.add((LIMITED, LIMITED));
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
    use crate::failure::FailedResponse;
    use http::{HeaderName, HeaderValue};
    use serde_json::Value;

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
            wait: WaitSource::default(),
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

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
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
    fn what_the_crm_asks_for_is_kept() {
        let both = failed(429, Some(("retry-after", "2")));
        assert!(seconds(policy().wait(1, &both, 1.0, now())).is_some_and(|wait| (2.0..2.3).contains(&wait)));
        for past in ["0", "Tue, 14 Nov 2023 22:13:10 GMT"] {
            let waited = policy().wait(1, &failed(503, Some(("retry-after", past))), 0.0, now());
            assert_eq!(seconds(waited), Some(0.5), "{past}");
        }
        // Words that nobody can read leave the usual wait.
        assert_eq!(
            seconds(policy().wait(1, &failed(503, Some(("retry-after", "soon"))), 0.0, now())),
            Some(0.5)
        );
    }

    #[test]
    fn a_request_that_writes_is_repeated_after_429_alone() {
        let mut policy = policy();
        policy.only_limited();
        assert!(policy.wait(1, &failed(429, None), 0.0, now()).is_some());
        assert!(policy.wait(1, &failed(503, Some(("retry-after", "1"))), 0.0, now()).is_none());
        assert!(policy.wait(1, &Failure::new(FailureKind::Refused, ""), 0.0, now()).is_none());
    }
}
