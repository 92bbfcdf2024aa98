//! One place that turns a failure into what the user reads: a headline and advice for each interface,
//! a sentence for each kind of failure, the CRM's own words where they help, and what the document's
//! `errorMapping` says instead.

mod own_words;
mod plain_text;
#[cfg(test)]
mod tests;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use self::own_words::own_words;
use crate::config::operations::{Advice, Words};
use crate::connector::{CallError, ErrorCode, Interface, Missing, NotRenewed, ReturnMessage};
use crate::engine::cases::Wording;
use crate::engine::failure::{FailedResponse, Failure, FailureKind};
use crate::engine::retry::asked_wait;
use crate::engine::verdict;
use crate::store::StoreError;

/// A refusal, as every interface of the contract words it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Always false.
    pub successful: bool,
    /// Why, and what to do.
    pub return_message: ReturnMessage,
    /// What clients do about it; absent if nothing but showing the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
}

impl Refusal {
    /// A refusal with a message.
    pub fn new(return_message: ReturnMessage) -> Self {
        Self { successful: false, error_code: return_message.error_code, return_message }
    }

    /// The refusal with what clients do about it.
    #[must_use]
    pub fn with_code(self, error_code: ErrorCode) -> Self {
        Self { error_code: Some(error_code), ..self }
    }

    /// What every route that asks the CRM answers once the session there is over: with status 401 and this code
    /// clients sign out (recordings 20, `refresh-400-invalid-grant`).
    pub fn session_revoked() -> Self {
        Self::new(session_expired()).with_code(ErrorCode::SessionRevoked)
    }
}

/// What fixture cases show of these words. Every operation is an interface of the same name.
pub const CASE_WORDING: Wording = Wording {
    failure: |failure, operation, platform| {
        Some(json!(message(&CallError::Failed(failure), Interface::Operation(operation), platform)))
    },
    no_match: |by| ReturnMessage::of_no_match(by).map(|message| json!(message)),
};

/// The message for a failed interface.
pub fn message(error: &CallError, interface: Interface, platform: &str) -> ReturnMessage {
    match error {
        CallError::NotSupported(_) => ReturnMessage::warning("Not supported", 2000),
        CallError::NotInService(missing) => not_in_service(missing),
        CallError::Message(message) => (**message).clone(),
        CallError::NotRenewed(NotRenewed::Revoked) => session_expired(),
        // As recorded (20, `refresh-500`).
        CallError::NotRenewed(NotRenewed::Failed(_)) => {
            general(interface).detail(advice(interface, platform))
        }
        CallError::Unmapped(error) => {
            general(interface).detail(format!("{}.", capitalised(&error.to_string())))
        }
        CallError::Failed(failure) => failed(failure, interface, platform),
    }
}

/// The words for a session that is over at the CRM (recordings 20, `refresh-400-invalid-grant`).
pub fn session_expired() -> ReturnMessage {
    ReturnMessage::warning("User session expired. Please connect again.", 5000)
}

/// The words for a platform that nothing serves.
pub fn not_in_service(missing: &Missing) -> ReturnMessage {
    let (message, why) = match missing {
        Missing::Document(id) => (
            format!("The connector \"{id}\" is not in service"),
            "Its proxyConfig was retired or removed, has no version that runs, or is not open to your account.",
        ),
        Missing::Connector(platform) => {
            (format!("No connector for {platform} is in service"), "This server has none for it.")
        }
    };
    ReturnMessage::warning(message, 5000).detail(format!(
        "{why} Nothing was asked and nothing was changed. Please tell whoever runs this server."
    ))
}

/// The words for a failure that nothing more is known about.
pub fn general_failure(interface: Interface, platform: &str) -> ReturnMessage {
    general(interface).detail(advice(interface, platform)).details_last()
}

/// What a failure is, as far as users can do something about it.
enum Class {
    /// Sign in again (recordings 14, statuses 401 and 403).
    Authorization,
    /// The CRM, or a firewall before it, does not allow this, and says why: signing in again changes
    /// nothing.
    Forbidden(String),
    /// Wait (recordings 14, status 429), or the same by our own limit.
    RateLimit,
    /// The record is gone.
    Gone(u16),
    /// The CRM does not take what was sent, and may say why.
    Rejected(u16),
    /// The CRM is in trouble.
    Unavailable(u16),
    /// No answer in time.
    Late,
    /// A status that says nothing more: the reference's advice for the interface.
    Other,
    /// Not sent, because it would have meant other records.
    NotAsked,
    /// Explained by the engine: no connection, no sense in the answer.
    Explained,
}

impl Class {
    fn of(failure: &Failure) -> Self {
        match failure.kind {
            FailureKind::Status(401) => Self::Authorization,
            FailureKind::Status(403) => forbidden(failure).map_or(Self::Authorization, Self::Forbidden),
            FailureKind::Status(429) | FailureKind::Limited => Self::RateLimit,
            FailureKind::Status(status @ (404 | 410)) => Self::Gone(status),
            FailureKind::Status(status @ (200..=299 | 400 | 409 | 422)) => Self::Rejected(status),
            FailureKind::Status(status @ (408 | 500..)) => Self::Unavailable(status),
            FailureKind::Status(400..=499) => Self::Other,
            FailureKind::Timeout => Self::Late,
            FailureKind::Missing => Self::NotAsked,
            FailureKind::Status(_)
            | FailureKind::Dns
            | FailureKind::Refused
            | FailureKind::Tls
            | FailureKind::Reset
            | FailureKind::TooLarge
            | FailureKind::NotJson
            | FailureKind::Unconfirmed
            | FailureKind::Blocked => Self::Explained,
        }
    }
}

/// Why a reply with 403 is not about who is signed in: its own words, or a web page such as firewalls
/// send. Absent where it is, or does not say.
fn forbidden(failure: &Failure) -> Option<String> {
    let FailedResponse { headers, body } = failure.response.as_deref()?;
    if verdict::asks_to_sign_in(body, headers) {
        return None;
    }
    let is_page = verdict::is_page(body, headers);
    match own_words(failure) {
        Some(words) if says_why(&words) => Some(words),
        Some(_) | None => is_page.then(|| "it answered with a web page, as firewalls do".to_owned()),
    }
}

/// Whether words are a sentence or a code: a single short one says nothing.
fn says_why(words: &str) -> bool {
    words.split_whitespace().count() > 1 || words.contains('_') || words.len() > 8
}

fn failed(failure: &Failure, interface: Interface, platform: &str) -> ReturnMessage {
    let usual = usual(failure, interface, platform);
    match &failure.message_override {
        Some(by) => usual.overridden_by(by),
        None => usual,
    }
}

/// The words for a failure that the document says nothing about.
fn usual(failure: &Failure, interface: Interface, platform: &str) -> ReturnMessage {
    let general = general(interface);
    match Class::of(failure) {
        Class::Authorization => ReturnMessage::warning("Authorization error", 5000).detail_with_text_id(format!(
            "It seems like there's something wrong with your authorization of {platform}. Please Logout and then Connect your {platform} account within this extension."
        )).with_error_code(ErrorCode::SessionInvalid),
        Class::Forbidden(words) => {
            general.detail(format!("{platform} does not allow this (HTTP 403): {words}"))
        }
        Class::RateLimit => rate_limit(failure, platform),
        Class::Gone(status) => {
            general.detail(format!("{platform} has no such record, or no longer has it (HTTP {status})."))
        }
        Class::Rejected(status) => general.detail(match own_words(failure) {
            Some(words) => format!("{platform} refused the request (HTTP {status}): {words}"),
            None => format!("{platform} refused the request (HTTP {status}) without saying why."),
        }),
        Class::Unavailable(status) => {
            general.detail(format!("{platform} failed (HTTP {status}). Please try again later."))
        }
        Class::Late => general.detail(format!("{platform} did not answer in time. Please try again.")),
        Class::Other => {
            let message = general.detail(advice(interface, platform));
            match (own_words(failure), failure.status()) {
                (Some(words), Some(status)) => {
                    message.detail(format!("{platform} says (HTTP {status}): {words}"))
                }
                _ => message,
            }
        }
        Class::NotAsked => not_asked(interface)
            .unwrap_or(general)
            .detail(format!("Nothing was sent to {platform}: {}.", failure.message.trim_end_matches('.'))),
        Class::Explained => {
            let message =
                general.detail(format!("{}.", capitalised(failure.message.trim_end_matches('.'))));
            match failure.kind {
                FailureKind::Unconfirmed => unconfirmed(message, failure, interface, platform),
                _ => message,
            }
        }
    }
}

/// What may have been done and what an author can do about it.
fn unconfirmed(
    message: ReturnMessage,
    failure: &Failure,
    interface: Interface,
    platform: &str,
) -> ReturnMessage {
    let message = match own_words(failure) {
        Some(words) => message.detail(format!("{platform} says: {words}")),
        None => message,
    };
    if [Interface::CREATE_CALL_LOG, Interface::CREATE_MESSAGE_LOG, Interface::CREATE_CONTACT]
        .contains(&interface)
    {
        message.detail(format!(
            "The proxyConfig has to name where the id is ({interface}.responseMapping.idPath), or say that there is none (noId)."
        ))
    } else {
        message.detail(format!("Please check {platform}: it may have been done."))
    }
}

/// The headline of a search that was not sent: neither that somebody was found nor that nobody was.
fn not_asked(interface: Interface) -> Option<ReturnMessage> {
    let headline = words(interface)?.not_asked?;
    Some(ReturnMessage::warning(headline, 5000))
}

/// What the contract says about a failure of an interface.
fn words(interface: Interface) -> Option<&'static Words> {
    interface.operation().map(|operation| &operation.descriptor().words)
}

fn rate_limit(failure: &Failure, platform: &str) -> ReturnMessage {
    let message = ReturnMessage::warning("Rate limit exceeded", 5000);
    if failure.kind == FailureKind::Limited {
        return message.detail_with_text_id(format!(
            "Too many requests to {platform} at once. {}. Please try again in the next minute.",
            failure.message
        ));
    }
    let message = message.detail_with_text_id(format!(
        "You have exceeded the maximum number of requests allowed by {platform}. Please try again in the next minute. If the problem persists please contact support."
    ));
    match wait(failure) {
        Some(wait) => message.detail_with_text_id(format!("{platform} asks to wait {wait}.")),
        None => message,
    }
}

/// How long the CRM asks to wait, in words.
fn wait(failure: &Failure) -> Option<String> {
    let response = failure.response.as_ref()?;
    let headers = &response.headers;
    let date = headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::trim);
    // Anything but a date would be words that nobody meant for the user.
    if let Some(date) = date.filter(|date| jiff::fmt::rfc2822::parse(date).is_ok()) {
        return Some(format!("until {date}"));
    }
    let usual = || asked_wait(response, FailureKind::Status(429), jiff::Timestamp::now(), None).wait();
    let asked = failure.wait.or_else(usual)?;
    Some(in_words(asked)).filter(|_| !asked.is_zero())
}

fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// The reference's headline for each interface.
fn general(interface: Interface) -> ReturnMessage {
    match words(interface).and_then(|words| words.failed) {
        Some(headline) => ReturnMessage::warning(headline, 5000),
        None => ReturnMessage::warning(format!("Error performing {interface}"), 5000),
    }
}

/// The reference's advice for each interface.
fn advice(interface: Interface, platform: &str) -> String {
    match words(interface).map_or(&Advice::Permissions, |words| &words.advice) {
        Advice::Permissions => "Please check if your account has the necessary permissions.".to_owned(),
        Advice::Permission(right) => format!("Please check if your account has permission to {right}."),
        Advice::Record(right) => format!(
            "Please check if the log entity still exists on {platform} and your account has permission to {right}."
        ),
    }
}

/// As a sentence begins; a host name at the beginning stays as it is written.
fn capitalised(text: &str) -> String {
    if text.split(' ').next().is_some_and(|word| word.contains(['.', ':'])) {
        return text.to_owned();
    }
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// The message for a store that cannot be read or written; the log has the details.
pub fn store_failed(error: &StoreError) -> ReturnMessage {
    tracing::error!(%error, "store");
    let message = ReturnMessage::warning("Database operation failed", 5000);
    match error {
        StoreError::LowSpace { .. } => message.detail(
            "The server's disk is full, so nothing was saved. Please tell whoever runs the server. It goes on by itself when there is space.",
        ),
        StoreError::Full { .. } => message.detail(
            "The server's disk is full, so nothing was saved. Please tell whoever runs the server. It has to be started again when there is space.",
        ),
        StoreError::TooLarge { bytes, limit, .. } => message.detail(format!(
            "What was to be stored is too long: it takes {bytes} bytes, and at most {limit} can be stored. Please send less."
        )),
        StoreError::Unavailable { .. } => {
            message.detail("The server's store does not answer at the moment. Please try again in a moment.")
        }
        _ => message,
    }
}
