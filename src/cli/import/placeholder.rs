//! What stands where a value of the source stood: a variable of the operation where its name says which, else a
//! placeholder that `validate` refuses in a request, so that none is forgotten.

use crate::config::operations::OperationName;
use crate::engine::variables::{Variable, visible};

/// In every placeholder.
pub(super) const OPEN: &str = "fillIn";

/// Names that stand for a variable, in lower case without separators; the first that fits counts.
const NAMES: &[(Variable, &str, &[&str])] = &[
    (
        Variable::PhoneNumber,
        "{{phoneNumber}}",
        &["phone", "phonenumber", "phones", "mobile", "mobilephone", "telephone", "tel", "number", "msisdn"],
    ),
    (Variable::PhoneNumber, "{{phoneNumber}}", &["q", "query", "search", "term", "searchterm"]),
    (
        Variable::Name,
        "{{name}}",
        &["name", "fullname", "displayname", "q", "query", "search", "term", "searchterm"],
    ),
    (Variable::NewContactName, "{{newContactName}}", &["name", "fullname", "displayname"]),
    (
        Variable::ContactInfo,
        "{{contactInfo.id}}",
        &["contactid", "personid", "contact", "whoid", "customerid", "leadid", "relatedto"],
    ),
    (Variable::Subject, "{{subject}}", &["subject", "title"]),
    (
        Variable::ComposedLogDetails,
        "{{composedLogDetails}}",
        &["description", "body", "content", "text", "details", "comments"],
    ),
    (Variable::Note, "{{note}}", &["note", "notes"]),
    (
        Variable::StartTime,
        "{{startTime}}",
        &["start", "startedat", "starttime", "startsat", "startdatetime", "timestamp"],
    ),
    (Variable::EndTime, "{{endTime}}", &["end", "endedat", "endtime", "endsat", "enddatetime"]),
    (
        Variable::CallLog,
        "{{callLog.duration}}",
        &["duration", "durationseconds", "durationinseconds", "callduration"],
    ),
    (Variable::CallLog, "{{callLog.direction}}", &["direction", "calldirection"]),
    (Variable::CallLog, "{{callLog.result}}", &["result", "outcome", "calloutcome"]),
    (Variable::CallLog, "{{callLog.sessionId}}", &["sessionid", "externalid"]),
    (Variable::Duration, "{{duration}}", &["duration", "durationseconds", "durationinseconds"]),
    (Variable::RecordingLink, "{{recordingLink}}", &["recording", "recordingurl", "recordinglink"]),
    (Variable::Message, "{{message.subject}}", &["text", "body", "content", "message", "description"]),
    (Variable::CreationTime, "{{creationTime}}", &["sentat", "date", "createdat", "timestamp", "startedat"]),
    (Variable::Range, "{{range.startDate}}", &["from", "start", "startdate", "timemin", "after"]),
    (Variable::Range, "{{range.endDate}}", &["to", "end", "enddate", "timemax", "before"]),
];

/// The template for a member or parameter of this name, where the operation has a variable for it.
pub(super) fn variable(operation: Option<OperationName>, name: &str) -> Option<&'static str> {
    let operation = operation?;
    let plain = plain(name);
    let fits = |(variable, _, names): &&(Variable, &str, &[&str])| {
        names.contains(&plain.as_str()) && visible(operation.variables()).any(|visible| visible == *variable)
    };
    NAMES.iter().find(fits).map(|(_, template, _)| *template)
}

/// The template for what names a record in a path.
pub(super) fn record(operation: Option<OperationName>) -> Option<&'static str> {
    let operation = operation?;
    [
        (Variable::ThirdPartyLogId, "{{thirdPartyLogId}}"),
        (Variable::AppointmentId, "{{appointmentId}}"),
        (Variable::ContactInfo, "{{contactInfo.id}}"),
    ]
    .into_iter()
    .find(|(variable, _)| visible(operation.variables()).any(|visible| visible == *variable))
    .map(|(_, template)| template)
    .or((operation == OperationName::REFRESH_USER_INFO).then_some("{{user.id}}"))
}

/// A placeholder for people to replace: `{{fillIn.ownerId}}`.
pub(super) fn open(name: &str) -> String {
    let word: String =
        name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    let word = if word.is_empty() { "value" } else { word.as_str() };
    format!("{{{{{OPEN}.{word}}}}}")
}

pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase()
}
