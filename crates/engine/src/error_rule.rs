//! One rule of a document's `errorMapping`, compiled: which replies it fits, and what it makes of them.

use std::fmt;

use http::HeaderName;
use serde_json::Value;

use super::budget;
use super::exchange::{UpstreamResponse, header_text};
use super::failure::{MessageOverride, Presentation};
use super::number;
use super::path::{Listed, Path};
use super::pattern::Pattern;
use super::status::StatusSet;
use super::template::{MessageTemplate, message_context};
use super::text::to_text;
use super::value_ref::ValueRef;

/// A compiled rule.
#[derive(Debug)]
pub struct ErrorRule {
    /// JSON pointer of the rule in its document.
    pub(super) pointer: Box<str>,
    pub(super) statuses: Option<StatusSet>,
    pub(super) header: Option<(HeaderName, Test)>,
    pub(super) body: Option<(Box<str>, Path, Test)>,
    pub(super) effect: Effect,
    pub(super) message: Option<MessageTemplate>,
    pub(super) presentation: Presentation,
    pub(super) ttl: Option<u32>,
    pub(super) details: Option<Box<[MessageTemplate]>>,
}

/// What a rule does with a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It fails, with the status that it has.
    Fail,
    /// It fails, as if it had this status.
    TreatAs(u16),
    /// Nothing was found.
    NoMatch,
    /// It is an answer.
    Accept,
}

/// A test of one value.
#[derive(Debug)]
pub(super) enum Test {
    Exists(bool),
    Equals(Value),
    Matches(Pattern),
}

impl ErrorRule {
    /// JSON pointer of the rule in its document: its name.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    pub(super) fn fits(&self, reply: &UpstreamResponse) -> bool {
        let failed = !(200..300).contains(&reply.status);
        let status = match &self.statuses {
            Some(statuses) => statuses.contains(reply.status),
            None => failed || self.header.is_some() || self.body.is_some(),
        };
        status
            && self.header.as_ref().is_none_or(|(name, test)| {
                let mut values = reply.headers.get_all(name).iter().peekable();
                match test {
                    Test::Exists(wanted) => values.peek().is_some() == *wanted,
                    test => values.any(|value| test.holds(&header_text(value).into())),
                }
            })
            && self.body.as_ref().is_none_or(|(_, path, test)| in_body(path, test, reply.document()))
    }

    /// Absent where the rule leaves the usual words in place.
    pub(super) fn say(
        &self,
        reply: &UpstreamResponse,
        platform: &str,
        credentials: &[&str],
    ) -> Option<MessageOverride> {
        if self.message.is_none()
            && self.details.is_none()
            && self.ttl.is_none()
            && self.presentation == Presentation::Usual
        {
            return None;
        }
        let context = message_context(reply.document(), platform);
        let render = |template: &MessageTemplate| {
            let text = template.render(&context, credentials);
            (!text.is_empty()).then_some(text)
        };
        let details = self.details.as_ref().map(|details| details.iter().filter_map(render).collect());
        Some(MessageOverride {
            message: self.message.as_ref().and_then(render),
            presentation: self.presentation,
            ttl: self.ttl,
            // A message of its own does not stand above sentences that belong to another one.
            details: details.or_else(|| self.message.is_some().then(Vec::new)),
        })
    }
}

/// Whether one of the values that a path names fits.
fn in_body(path: &Path, test: &Test, document: &Value) -> bool {
    let values: Vec<ValueRef<'_>> = match path {
        Path::Steps(_) => path.first(document).into_iter().collect(),
        Path::Query(_) => match path.list(document) {
            Listed::Items(items) => items.into_iter().map(ValueRef::Borrowed).collect(),
            Listed::Missing => Vec::new(),
            Listed::Other(value) => vec![value],
        },
    };
    match test {
        Test::Exists(wanted) => values.iter().any(|value| !value.is_null()) == *wanted,
        test => values.iter().any(|value| test.holds(value)),
    }
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        if budget::spend(budget::weight(value)).is_err() {
            return false;
        }
        match self {
            Self::Exists(wanted) => value.is_null() != *wanted,
            // Numbers as people write them: 1 and 1.0 are the same.
            Self::Equals(Value::Number(wanted)) => {
                value.as_number().is_some_and(|n| number::equal(n, wanted))
            }
            Self::Equals(wanted) => value == wanted,
            Self::Matches(pattern) => {
                !value.is_null() && pattern.is_match(&to_text(value)).unwrap_or_default()
            }
        }
    }
}

/// One line, for `explain`.
impl fmt::Display for ErrorRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut conditions = Vec::new();
        if let Some(statuses) = &self.statuses {
            conditions.push(format!("status {statuses}"));
        }
        if let Some((name, test)) = &self.header {
            conditions.push(format!("header {name} {test}"));
        }
        if let Some((path, _, test)) = &self.body {
            conditions.push(format!("{path} {test}"));
        }
        if conditions.is_empty() {
            conditions.push("any failure".to_owned());
        }
        write!(f, "{}: {} → ", self.pointer.trim_start_matches('/'), conditions.join(" and "))?;
        match self.effect {
            Effect::NoMatch => f.write_str("nothing found")?,
            Effect::Accept => f.write_str("accepted")?,
            Effect::Fail => f.write_str("failure")?,
            Effect::TreatAs(status) => write!(f, "failure as with status {status}")?,
        }
        match &self.message {
            Some(message) => write!(f, ", \"{}\"", message.source()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(true) => f.write_str("is there"),
            Self::Exists(false) => f.write_str("is missing"),
            Self::Equals(value) => write!(f, "is {value}"),
            Self::Matches(pattern) => write!(f, "matches /{pattern}/"),
        }
    }
}
