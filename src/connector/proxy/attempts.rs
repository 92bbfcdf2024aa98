//! Sends a request as often as the document allows: each attempt waits for its turn and is judged by
//! the document's rules, and all of them share one deadline.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::limits::Limits;
use crate::engine::budget;
use crate::engine::error_mapping::{Judged, judge};
use crate::engine::exchange::{RequestSpec, UpstreamResponse};
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::off_worker::off_worker;
use crate::engine::operation::{CompiledDocument, Operation};
use crate::engine::retry::{AskedWait, LIMITED, asked_wait};
use crate::engine::send::{self, Client, send_by};
use crate::random_id::random_bytes;

/// Credentials shorter than this are not masked in a CRM's words.
const SHORTEST: usize = 6;

/// Who sends, for whom.
pub(super) struct Sender<'a> {
    pub(super) client: &'a Client,
    pub(super) operation: &'a Operation,
    /// The document of the operation, so that much can be judged off the worker. Absent where one request is
    /// sent by hand.
    pub(super) document: Option<&'a Arc<CompiledDocument>>,
    pub(super) platform: &'a str,
    /// Absent on the command line, where there is one request.
    pub(super) limits: Option<&'a Limits>,
    /// What a CRM may echo and nobody else is to read; asked for only where words of it are shown.
    pub(super) credentials: &'a (dyn Fn() -> Vec<&'a str> + Sync),
}

/// What came of all attempts, and how many reached for the CRM.
pub(super) struct Attempted {
    pub(super) judged: Judged,
    pub(super) attempts: u32,
}

impl Sender<'_> {
    /// Sends until there is an answer that counts, or the last failure. Never waits beyond the
    /// deadline: where the next attempt would come too late, the failure stands at once.
    pub(super) async fn send(&self, request: &RequestSpec) -> Attempted {
        let deadline = send::deadline(request);
        // A key that rendered to nothing is not sent, and what has no key is not repeated.
        let has_key =
            self.operation.idempotency_header.as_ref().is_some_and(|name| request.headers.contains_key(name));
        let may_repeat = has_key || self.operation.is_repeatable();
        let policy = self.operation.retry.as_ref();
        let mut before: Option<Attempted> = None;
        let mut in_doubt = false;
        loop {
            let answered = self.attempt(request, deadline).await;
            let is_limited = matches!(&answered, Err(failure) if failure.kind == FailureKind::Limited);
            let attempts = match before {
                // What the CRM said before says more than that there is no further turn.
                Some(before) if is_limited => return before,
                Some(before) => before.attempts,
                None => 0,
            };
            let mut attempted = Attempted {
                judged: self.judge(request, answered).await,
                attempts: attempts + u32::from(!is_limited),
            };
            if let Judged::Failed(failure) = &mut attempted.judged {
                failure.in_doubt |= in_doubt;
                in_doubt = failure.in_doubt;
            }
            let wait = match (policy, &mut attempted.judged) {
                (Some(policy), Judged::Failed(failure)) => {
                    let now = Timestamp::now();
                    self.note_wait(policy.asked(failure, now), failure);
                    // That the CRM did nothing is all that lets a request be sent twice that writes.
                    let did_nothing = failure.kind == FailureKind::Status(LIMITED) && !failure.in_doubt;
                    let wait = policy.wait(attempted.attempts, failure, chance(), now);
                    wait.filter(|_| may_repeat || did_nothing)
                }
                (None, Judged::Failed(failure)) => {
                    let asked = failure.response.as_ref().map_or(AskedWait::Nothing, |response| {
                        asked_wait(response, failure.kind, Timestamp::now(), None)
                    });
                    self.note_wait(asked, failure);
                    None
                }
                _ => None,
            };
            let wake = wait.and_then(|wait| Instant::now().checked_add(wait));
            match wake.filter(|wake| *wake < deadline) {
                Some(wake) => sleep_until(wake).await,
                None => return attempted,
            }
            before = Some(attempted);
        }
    }

    /// Keeps how long the CRM asks to wait, for those who tell people of it, and tells of a wait that
    /// cannot be read.
    fn note_wait(&self, asked: AskedWait, failure: &mut Failure) {
        match asked {
            AskedWait::Wait(wait) => failure.wait = Some(wait),
            AskedWait::Unreadable(name) => {
                tracing::warn!(
                    operation = self.operation.name.as_str(),
                    at = name,
                    "the wait cannot be read"
                );
                failure.message.push_str(&format!("; how long it asks to wait ({name}) cannot be read"));
            }
            AskedWait::Nothing => {}
        }
    }

    async fn attempt(&self, request: &RequestSpec, deadline: Instant) -> Result<UpstreamResponse, Failure> {
        // Held until the answer is read, and not while waiting for another attempt.
        let _place = match self.limits {
            Some(limits) => Some(limits.turn(deadline).await?),
            None => None,
        };
        send_by(self.client, request, deadline).await
    }

    async fn judge(&self, request: &RequestSpec, answered: Result<UpstreamResponse, Failure>) -> Judged {
        let credentials = match &answered {
            Ok(_) if self.operation.errors.is_empty() => Vec::new(),
            _ => self.credentials_of(request),
        };
        let document = self.document.filter(|_| answered.as_ref().is_ok_and(takes_long));
        let mut judged = match document {
            None => judge(self.operation, answered, self.platform, &credentials),
            Some(document) => self.judge_off_worker(document, answered, &credentials).await,
        };
        if let Judged::Failed(failure) = &mut judged {
            self.mask(request, failure);
        }
        judged
    }

    async fn judge_off_worker(
        &self,
        document: &Arc<CompiledDocument>,
        answered: Result<UpstreamResponse, Failure>,
        credentials: &[&str],
    ) -> Judged {
        let (document, name) = (Arc::clone(document), self.operation.name);
        let platform = self.platform.to_owned();
        let credentials: Vec<String> = credentials.iter().map(|&credential| credential.to_owned()).collect();
        let judging = off_worker(move || {
            let credentials: Vec<&str> = credentials.iter().map(String::as_str).collect();
            Some(judge(document.operation(name)?, answered, &platform, &credentials))
        });
        judging.await.flatten().unwrap_or_else(|| {
            let message = format!("The answer of {} could not be judged", self.platform);
            Judged::Failed(Failure::new(FailureKind::Unconfirmed, message))
        })
    }

    /// Masks what went into the request in the CRM's answer, whose words are shown to users.
    pub(super) fn mask(&self, request: &RequestSpec, failure: &mut Failure) {
        if let Some(response) = &mut failure.response {
            without(&mut response.body, &self.credentials_of(request));
        }
    }

    /// What went into the request, in the form of its headers as well.
    fn credentials_of<'r>(&'r self, request: &'r RequestSpec) -> Vec<&'r str> {
        let mut credentials = (self.credentials)();
        let headers = request.headers.values().filter(|value| value.is_sensitive());
        let values = headers.filter_map(|value| value.to_str().ok());
        credentials.extend(values.map(|value| value.rsplit(' ').next().unwrap_or(value)));
        // A short text stands in many words by chance.
        credentials.retain(|credential| credential.len() >= SHORTEST);
        // What is left of a longer one would show that it was there.
        credentials.sort_by_key(|credential| std::cmp::Reverse(credential.len()));
        credentials
    }
}

/// A reply of more values and texts is judged and mapped off the worker: it may take more than some
/// milliseconds.
const LONG: u64 = 20_000;

/// Whether judging or mapping a reply may take longer than a moment.
pub(super) fn takes_long(reply: &UpstreamResponse) -> bool {
    budget::weight(reply.document()) > LONG
}

/// A number from 0 to 1. Where the system has no chance to give, waits are the shortest.
fn chance() -> f64 {
    random_bytes().map_or(0.0, |bytes| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

/// Masks credentials in a CRM's own words, which are shown to users.
fn without(words: &mut Value, credentials: &[&str]) {
    match words {
        Value::String(text) => mask_in(text, credentials),
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, credentials)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| without(member, credentials));
            if members.keys().any(|key| credentials.iter().any(|credential| key.contains(credential))) {
                let masked = std::mem::take(members).into_iter().map(|(mut key, member)| {
                    mask_in(&mut key, credentials);
                    (key, member)
                });
                *members = masked.collect();
            }
        }
        _ => {}
    }
}

fn mask_in(text: &mut String, credentials: &[&str]) {
    for credential in credentials {
        if text.contains(credential) {
            *text = text.replace(credential, "***");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_masked_in_values_and_in_keys() {
        let mut words = json!({
            "errors": {"key s3cr3tkey": ["s3cr3tkey is unknown", {"s3cr3tkey": 1}]},
            "message": "no"
        });
        without(&mut words, &["s3cr3tkey"]);
        let masked = json!({"errors": {"key ***": ["*** is unknown", {"***": 1}]}, "message": "no"});
        assert_eq!(words, masked);
    }
}
