//! Messages for the user, as the contract shapes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::engine::failure::{MessageOverride, Presentation};

/// How a message is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    /// It worked.
    Success,
    /// It did not, or not quite.
    Warning,
    /// It failed.
    Error,
    /// It failed, as connectors say it that refuse a sign-in.
    Danger,
}

/// A message for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnMessage {
    /// The text.
    pub message: String,
    /// How it is presented.
    pub message_type: MessageType,
    /// How long it is shown, in milliseconds.
    pub ttl: u32,
    /// Sentences below the message.
    pub details: Vec<Detail>,
    /// What clients do about it. It stands beside the message, and not in it.
    pub error_code: Option<ErrorCode>,
    type_first: bool,
    details_last: bool,
}

/// What clients do about a failure, beyond showing its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum ErrorCode {
    /// The session at the CRM is over: sign out, with status 401.
    #[serde(rename = "CRM_SESSION_REVOKED")]
    SessionRevoked,
    /// There is no credential, or the CRM refused it: offer to connect again, and do not repeat the request.
    #[serde(rename = "CRM_SESSION_INVALID")]
    SessionInvalid,
}

/// A sentence below a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The sentence.
    pub text: String,
    /// Whether its id is written as text; the recordings have both.
    pub text_id: bool,
}

impl ReturnMessage {
    /// A message.
    pub fn new(message_type: MessageType, message: impl Into<String>, ttl: u32) -> Self {
        Self {
            message: message.into(),
            message_type,
            ttl,
            details: Vec::new(),
            error_code: None,
            type_first: false,
            details_last: false,
        }
    }

    /// A message that says it worked.
    pub fn success(message: impl Into<String>, ttl: u32) -> Self {
        Self::new(MessageType::Success, message, ttl)
    }

    /// A message that says what did not work.
    pub fn warning(message: impl Into<String>, ttl: u32) -> Self {
        Self::new(MessageType::Warning, message, ttl)
    }

    /// The message with what clients do about it.
    #[must_use]
    pub fn with_error_code(mut self, error_code: ErrorCode) -> Self {
        self.error_code = Some(error_code);
        self
    }

    /// Writes `messageType` before `message`, as the reference does in some replies: clients see
    /// the same bytes.
    #[must_use]
    pub fn type_first(mut self) -> Self {
        self.type_first = true;
        self
    }

    /// Writes `details` after `ttl`, as the reference does in some replies.
    #[must_use]
    pub fn details_last(mut self) -> Self {
        self.details_last = true;
        self
    }

    /// The message with what a document's `errorMapping` says instead.
    #[must_use]
    pub fn overridden_by(mut self, by: &MessageOverride) -> Self {
        if let Some(message) = &by.message {
            self.message.clone_from(message);
        }
        match by.presentation {
            Presentation::Usual => {}
            Presentation::Success => self.message_type = MessageType::Success,
            Presentation::Warning => self.message_type = MessageType::Warning,
            Presentation::Error => self.message_type = MessageType::Error,
        }
        self.ttl = by.ttl.unwrap_or(self.ttl);
        if let Some(details) = &by.details {
            self.details = details.iter().map(|text| Detail { text: text.clone(), text_id: false }).collect();
        }
        self
    }

    /// What an `errorMapping` says about a search that found nothing, where it has a message.
    pub fn of_no_match(by: &MessageOverride) -> Option<Self> {
        by.message.is_some().then(|| Self::success("", 5000).overridden_by(by))
    }

    /// Adds a sentence.
    #[must_use]
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.details.push(Detail { text: text.into(), text_id: false });
        self
    }

    /// Adds a sentence whose id is written as text.
    #[must_use]
    pub fn detail_with_text_id(mut self, text: impl Into<String>) -> Self {
        self.details.push(Detail { text: text.into(), text_id: true });
        self
    }
}

impl JsonSchema for ReturnMessage {
    fn schema_name() -> Cow<'static, str> {
        "ReturnMessage".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A message for the user",
            "type": "object",
            "properties": {
                "message": {"description": "The text", "type": "string"},
                "messageType": {
                    "description": "How it is presented",
                    "type": "string",
                    "enum": ["success", "warning", "error", "danger"],
                },
                "details": {
                    "description": "Sentences below the message",
                    "type": "array",
                    "items": {"type": "object"},
                },
                "ttl": {"description": "How long it is shown, in milliseconds", "type": "integer"},
            },
            "required": ["message", "messageType", "ttl"],
        })
    }
}

impl Serialize for ReturnMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.type_first {
            map.serialize_entry("messageType", &self.message_type)?;
            map.serialize_entry("message", &self.message)?;
        } else {
            map.serialize_entry("message", &self.message)?;
            map.serialize_entry("messageType", &self.message_type)?;
        }
        if self.details_last {
            map.serialize_entry("ttl", &self.ttl)?;
        }
        if !self.details.is_empty() {
            let items: Vec<serde_json::Value> = self
                .details
                .iter()
                .enumerate()
                .map(|(at, detail)| {
                    let id = at + 1;
                    let id = if detail.text_id { id.to_string().into() } else { serde_json::Value::from(id) };
                    serde_json::json!({"id": id, "type": "text", "text": detail.text})
                })
                .collect();
            map.serialize_entry("details", &[serde_json::json!({"title": "Details", "items": items})])?;
        }
        if !self.details_last {
            map.serialize_entry("ttl", &self.ttl)?;
        }
        map.end()
    }
}
