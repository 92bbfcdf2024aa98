//! One place that turns a failure into what the user reads.

use schemars::JsonSchema;
use serde::Serialize;

use crate::connector::{CallError, Interface, ReturnMessage};
use crate::engine::failure::{Failure, FailureKind};
use crate::store::StoreError;

/// A refusal, as every interface of the contract words it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Always false.
    pub successful: bool,
    /// Why, and what to do.
    pub return_message: ReturnMessage,
}

impl Refusal {
    /// A refusal with a message.
    pub fn new(return_message: ReturnMessage) -> Self {
        Self { successful: false, return_message }
    }
}

/// The message for a failed interface.
pub fn message(error: &CallError, interface: Interface, platform: &str) -> ReturnMessage {
    match error {
        CallError::NotSupported(_) => ReturnMessage::warning("Not supported", 2000),
        CallError::Message(message) => (**message).clone(),
        CallError::Unmapped(error) => {
            general(interface).detail(format!("{}.", capitalised(&error.to_string())))
        }
        CallError::Failed(failure) => failed(failure, interface, platform),
    }
}

fn failed(failure: &Failure, interface: Interface, platform: &str) -> ReturnMessage {
    match failure.kind {
        FailureKind::Status(429) => {
            let message = ReturnMessage::warning("Rate limit exceeded", 5000).detail_with_text_id(format!(
                "You have exceeded the maximum number of requests allowed by {platform}. Please try again in the next minute. If the problem persists please contact support."
            ));
            match retry_after(failure) {
                Some(wait) => message.detail_with_text_id(format!("{platform} asks to wait {wait}.")),
                None => message,
            }
        }
        FailureKind::Status(401 | 403) => ReturnMessage::warning("Authorization error", 5000).detail_with_text_id(format!(
            "It seems like there's something wrong with your authorization of {platform}. Please Logout and then Connect your {platform} account within this extension."
        )),
        FailureKind::Status(404 | 410) => general(interface).detail(format!(
            "{platform} has no such record, or no longer has it (HTTP {}).",
            failure.status().unwrap_or_default()
        )),
        FailureKind::Status(status @ (400 | 409 | 422)) => general(interface).detail(match own_words(failure) {
            Some(words) => format!("{platform} refused the request (HTTP {status}): {words}"),
            None => format!("{platform} refused the request (HTTP {status}) without saying why."),
        }),
        FailureKind::Status(status @ 500..) => {
            general(interface).detail(format!("{platform} failed (HTTP {status}). Please try again later."))
        }
        FailureKind::Timeout => general(interface).detail(format!("{platform} did not answer in time. Please try again.")),
        FailureKind::Status(_)
        | FailureKind::Dns
        | FailureKind::Refused
        | FailureKind::Tls
        | FailureKind::Reset
        | FailureKind::TooLarge
        | FailureKind::NotJson
        | FailureKind::Blocked => general(interface).detail(format!("{}.", capitalised(failure.message.trim_end_matches('.')))),
    }
}

/// The reference's headline for each interface.
fn general(interface: Interface) -> ReturnMessage {
    let headline = match interface {
        Interface::FindContact => "Error finding contact",
        Interface::FindContactWithName => "Error searching contacts",
        Interface::CreateContact => "Error creating contact",
        Interface::CreateCallLog => "Error creating call log",
        Interface::UpdateCallLog => "Error updating call log",
        Interface::GetCallLog => "Error getting call log",
        Interface::CreateMessageLog => "Error creating message log",
        Interface::UpdateMessageLog => "Error updating message log",
        Interface::CreateAppointment => "Error creating appointment",
        Interface::UpdateAppointment => "Error updating appointment",
        other => return ReturnMessage::warning(format!("Error performing {other}"), 5000),
    };
    ReturnMessage::warning(headline, 5000)
}

fn retry_after(failure: &Failure) -> Option<String> {
    let header = failure.response.as_ref()?.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    match header.trim().parse::<u64>() {
        Ok(1) => Some("1 second".to_owned()),
        Ok(seconds) => Some(format!("{seconds} seconds")),
        // Anything but a date would be words that nobody meant for the user.
        Err(_) => {
            jiff::fmt::rfc2822::parse(header.trim()).is_ok().then(|| format!("until {}", header.trim()))
        }
    }
}

/// The CRM's own explanation, where its answer has one: bounded, one line.
fn own_words(failure: &Failure) -> Option<String> {
    const KEYS: &[&str] =
        &["message", "error_description", "detail", "description", "error", "title", "errors", "reason"];
    fn find(value: &serde_json::Value, depth: usize) -> Option<&str> {
        match value {
            serde_json::Value::String(text) if !text.trim().is_empty() => Some(text),
            serde_json::Value::Array(items) if depth > 0 => {
                items.iter().find_map(|item| find(item, depth - 1))
            }
            serde_json::Value::Object(members) if depth > 0 => {
                KEYS.iter().find_map(|key| find(members.get(*key)?, depth - 1))
            }
            _ => None,
        }
    }
    let body = &failure.response.as_ref()?.body;
    if !body.is_object() && !body.is_array() {
        return None;
    }
    let words = find(body, 4)?;
    let line: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(300).collect();
    Some(if short.len() < line.len() { format!("{short}…") } else { short })
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
    ReturnMessage::warning("Database operation failed", 5000)
}
