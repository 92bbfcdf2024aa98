//! What a step should cause: as recorded, before deviations change it.
use super::recording::{Body, Outbound, Reply, Step};
use indexmap::IndexMap;
use serde_json::Value;

/// What a step should cause, as recorded or as a deviation says. Texts hold placeholders.
#[derive(Debug, Clone)]
pub struct Expected {
    pub received: Vec<ExpectedOutbound>,
    pub replies: Vec<ExpectedReply>,
    pub elapsed_ms_at_least: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct ExpectedOutbound {
    pub target: String,
    pub method: String,
    pub path: String,
    /// Names in any case; every header that arrives must be listed.
    pub headers: Vec<ExpectedHeader>,
    pub body: ExpectedBody,
}

#[derive(Debug, Clone)]
pub struct ExpectedHeader {
    pub name: String,
    pub value: String,
    /// May be absent.
    pub optional: bool,
}

#[derive(Debug, Clone)]
pub struct ExpectedReply {
    /// `None`: no response within the time that the recording waited.
    pub status: Option<u16>,
    pub headers: IndexMap<String, String>,
    pub body: ExpectedBody,
}

#[derive(Debug, Clone)]
pub enum ExpectedBody {
    /// Byte for byte, key order included; the empty text is no body.
    Exact(String),
    /// JSON that has at least `subset`: the object fields that are named, arrays at full length
    /// (`"<absent>"` as the value of a field says that the field must not be there); and text
    /// that has everything of `contains` in it and nothing of `lacks`.
    AtLeast { subset: Option<Value>, contains: Vec<String>, lacks: Vec<String> },
}

impl Expected {
    /// What the recording says of a step.
    pub fn recorded(step: &Step) -> Self {
        Self {
            received: step.crm_received.iter().map(expected_outbound).collect(),
            replies: step.replies().into_iter().map(expected_reply).collect(),
            elapsed_ms_at_least: step.elapsed_ms_at_least,
        }
    }
}

fn expected_outbound(recorded: &Outbound) -> ExpectedOutbound {
    let header = |(name, value): (&String, &String)| ExpectedHeader {
        name: name.clone(),
        value: value.clone(),
        optional: false,
    };
    ExpectedOutbound {
        target: recorded.target.clone(),
        method: recorded.method.clone(),
        path: recorded.path.clone(),
        headers: recorded.headers.iter().map(header).collect(),
        body: expected_body(Some(&recorded.body)),
    }
}

fn expected_reply(recorded: &Reply) -> ExpectedReply {
    ExpectedReply {
        status: recorded.status.filter(|_| !recorded.no_response),
        headers: recorded.headers.clone(),
        body: expected_body(recorded.body.as_ref()),
    }
}

fn expected_body(recorded: Option<&Body>) -> ExpectedBody {
    ExpectedBody::Exact(recorded.map(|body| body.text.clone()).unwrap_or_default())
}
