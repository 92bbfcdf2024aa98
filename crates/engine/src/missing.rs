//! What a value that is missing does to a request: where it would make a request mean other records,
//! nothing is sent.
//!
//! A CRM that is asked without a filter answers with everybody. So a value that the document writes
//! into a search, or by which a record is addressed, must be there, unless the document says that it
//! may be missing: by `default` with a fallback of its own, `if`, `omit`, or `optional` on a query
//! parameter.

use std::fmt;

use serde_json::Value;

use super::variables::Variable;

/// What must be there in one part of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: what is missing is left out.
    #[default]
    Nothing,
    /// The id of the record that is meant.
    Record,
    /// Every value that says which records are meant.
    Search,
    /// The same of a search by session: the record's id is what it is to find.
    LookUp,
    /// Every value that can say which records are changed: all but what they are changed to.
    Change,
    /// Every value.
    Everything,
}

/// What must be there in each part of an operation's request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Demands {
    /// In the URL's host and path.
    pub(super) path: Demand,
    /// In the query, wherever it stands.
    pub(super) query: Demand,
    /// In the body.
    pub(super) body: Demand,
}

/// What says how a search is done, or on whose behalf, rather than what is meant: a client that sends no
/// range asks for all days.
const OPTIONS: &[Variable] = &[
    Variable::OverridingFormat,
    Variable::IsExtension,
    Variable::Range,
    Variable::UserTimezoneName,
    Variable::UserTimezoneOffset,
    Variable::UserRegion,
    Variable::UserRefreshToken,
    Variable::UserTokenExpiry,
];

/// What a record of a call or conversation is changed to.
const CONTENTS: &[Variable] = &[
    Variable::RecordingLink,
    Variable::RecordingDownloadLink,
    Variable::VoicemailLink,
    Variable::VoicemailMessageId,
    Variable::Subject,
    Variable::Note,
    Variable::StartTime,
    Variable::EndTime,
    Variable::Duration,
    Variable::CallResult,
    Variable::AiNote,
    Variable::Transcript,
    Variable::Legs,
    Variable::ComposedLogDetails,
    Variable::ExistingCallLogDetails,
    Variable::IsFromSscl,
    Variable::RingSenseTranscript,
    Variable::RingSenseSummary,
    Variable::RingSenseAiScore,
    Variable::RingSenseBulletedSummary,
    Variable::RingSenseLink,
    Variable::Message,
    Variable::PatchBody,
    Variable::CreationTime,
    Variable::ImageLink,
    Variable::ImageLinks,
    Variable::VideoLink,
    Variable::VideoLinks,
    Variable::SharedSmsLogContent,
];

impl Demand {
    /// Whether an expression that can be missing is worth a word to the document's author.
    pub(super) fn is_of_search(self) -> bool {
        matches!(self, Self::Search | Self::LookUp | Self::Change)
    }

    /// Whether an expression must have a value that reads these dotted names.
    pub(super) fn covers<'n>(self, mut reads: impl Iterator<Item = &'n str> + Clone) -> bool {
        match self {
            Self::Nothing => false,
            Self::Record => reads.any(names_record),
            Self::Search => reads.clone().next().is_none() || !reads.all(is_option),
            Self::LookUp => {
                let is_found = |name| is_one_of(&[Variable::ThirdPartyLogId], name);
                reads.clone().next().is_none() || !reads.all(|name| is_option(name) || is_found(name))
            }
            Self::Change => {
                let is_content = |name| is_one_of(CONTENTS, name);
                reads.clone().next().is_none() || !reads.all(|name| is_option(name) || is_content(name))
            }
            Self::Everything => true,
        }
    }
}

fn is_option(name: &str) -> bool {
    is_one_of(OPTIONS, name)
}

/// Whether a dotted name is one of the variables, or a member of one.
fn is_one_of(variables: &[Variable], name: &str) -> bool {
    variables.iter().any(|variable| {
        name.strip_prefix(variable.name()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn names_record(name: &str) -> bool {
    let id = [Variable::ThirdPartyLogId, Variable::AppointmentId];
    id.iter().any(|id| name == id.name())
        || name.ends_with(".thirdPartyLogId") && name.starts_with("existing")
}

/// Whether a value asks for nothing: null, blank text, and what consists of nothing else.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(members) => members.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// An expression that has no value where one must be. Holds what the document says, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The expression, as the document writes it.
    pub expression: Box<str>,
    /// The variables that it reads, dotted.
    pub reads: Box<[Box<str>]>,
    /// The part of the request, below the operation: `query/phone`; empty if it is not known yet.
    pub place: Box<str>,
}

impl Missing {
    pub(super) fn new(expression: &str, reads: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self {
            expression: expression.into(),
            reads: reads.into_iter().map(Into::into).collect(),
            place: Box::default(),
        }
    }

    /// Whether it was made of the phone number.
    pub fn is_of_phone_number(&self) -> bool {
        let number = [Variable::PhoneNumber.name(), Variable::ParsedPhoneNumber.name()];
        self.reads.iter().any(|name| name.split('.').next().is_some_and(|root| number.contains(&root)))
    }
}

impl fmt::Display for Missing {
    /// For the person on the phone, and for who wrote the document.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_of_phone_number() {
            write!(f, "this phone number has no form that the CRM is asked by: `{}`", self.expression)?;
        } else {
            write!(f, "a value that the CRM is asked by is missing: `{}`", self.expression)?;
        }
        if !self.place.is_empty() {
            write!(f, " in {}", self.place)?;
        }
        f.write_str(" gives nothing, and without it other records would be meant too")
    }
}

impl std::error::Error for Missing {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_what_narrows_no_search() {
        for value in [json!(null), json!(""), json!(" \n"), json!([]), json!([null, ""]), json!({"a": null})]
        {
            assert!(is_nothing(&value), "{value}");
        }
        for value in [json!(0), json!(false), json!("x"), json!([null, 1]), json!({"a": {"b": "x"}})] {
            assert!(!is_nothing(&value), "{value}");
        }
    }

    #[test]
    fn demands_depend_on_what_an_expression_reads() {
        let covers = |demand: Demand, reads: &[&str]| demand.covers(reads.iter().copied());
        assert!(covers(Demand::Search, &["phoneNumber"]));
        assert!(covers(Demand::Search, &[]), "an expression of an element");
        assert!(covers(Demand::Search, &["phoneNumber", "overridingFormat"]));
        assert!(!covers(Demand::Search, &["overridingFormat"]));
        assert!(!covers(Demand::Search, &["range.startDate"]));
        assert!(covers(Demand::Search, &["ranges", "user.hostname"]));
        assert!(covers(Demand::Everything, &["user.refreshToken"]), "a path names one thing");
        assert!(covers(Demand::Record, &["existingCallLog.thirdPartyLogId"]));
        assert!(covers(Demand::Record, &["note", "thirdPartyLogId"]));
        assert!(!covers(Demand::Record, &["note"]));
        assert!(!covers(Demand::Nothing, &["thirdPartyLogId"]));
        assert!(!covers(Demand::LookUp, &["thirdPartyLogId"]), "it is what is looked for");
        assert!(covers(Demand::LookUp, &["sessionId"]));
        assert!(covers(Demand::LookUp, &["thirdPartyLogId", "contactId"]));
        for filter in
            ["dispositions.dealId", "existingCallLog.contactId", "contactInfo.id", "thirdPartyLogId"]
        {
            assert!(covers(Demand::Change, &[filter]), "{filter}");
        }
        assert!(covers(Demand::Change, &["note", "dispositions.dealId"]));
        assert!(covers(Demand::Change, &[]), "an expression of an element");
        for content in ["note", "recordingLink", "message.subject", "user.timezoneName"] {
            assert!(!covers(Demand::Change, &[content]), "{content}");
        }
    }

    #[test]
    fn the_words_name_the_variable_and_no_value() {
        let mut missing = Missing::new("{{phone phoneNumber \"e164\"}}", ["phoneNumber"]);
        missing.place = "query/phone".into();
        assert_eq!(
            missing.to_string(),
            "this phone number has no form that the CRM is asked by: `{{phone phoneNumber \"e164\"}}` in \
             query/phone gives nothing, and without it other records would be meant too"
        );
    }
}
