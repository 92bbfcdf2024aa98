//! The text of a shared SMS conversation.

use serde_json::Value;

use super::Settings;
use crate::engine::operation::LogFormat;

/// Subject and body.
pub struct SharedSms {
    /// The subject.
    pub subject: String,
    /// The body.
    pub body: String,
}

/// Whether the conversation belongs to a shared inbox.
pub fn is_shared_sms(log_info: &Value) -> bool {
    log_info.pointer("/owner/name").and_then(Value::as_str).is_some_and(|name| !name.is_empty())
}

/// The text of a conversation.
pub fn compose(
    conversation: &Value,
    contact_name: &str,
    _settings: &Settings<'_>,
    _format: LogFormat,
) -> SharedSms {
    let texts = conversation.get("messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let texts: Vec<_> = texts.iter().filter_map(|message| message.get("subject")?.as_str()).collect();
    SharedSms { subject: format!("SMS conversation with {contact_name}"), body: texts.join("\n") }
}
