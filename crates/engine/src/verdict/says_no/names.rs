//! The names and words of which refusals are made, as letters and digits: see
//! [`is_named`](crate::text::is_named).

/// Flags of success.
pub(super) const FLAGS: &[&str] =
    &["success", "ok", "successful", "succeeded", "issuccess", "issuccessful", "isok", "issucceeded"];

/// Flags that say so only where they are not a record's own.
pub(super) const WEAK_FLAGS: &[&str] = &[
    "ack",
    "acknowledged",
    "authenticated",
    "isauthenticated",
    "loggedin",
    "isloggedin",
    "valid",
    "isvalid",
    "saved",
    "issaved",
];

/// Members that are there, or not empty, only where something failed.
pub(super) const ERRORS: &[&str] = &[
    "error",
    "errors",
    "fault",
    "faults",
    "faultstring",
    "exception",
    "exceptions",
    "errorcode",
    "errcode",
    "errno",
    "errormessage",
    "errormessages",
    "errormsg",
    "errmsg",
    "errorinfo",
    "errordetails",
    "errordescription",
    "errortext",
    "errorlist",
    "fielderrors",
    "validationerrors",
    "usererrors",
    "modelstate",
    "iserror",
    "haserror",
    "haserrors",
    "err",
    "exc",
    "exctype",
    "loginrequired",
    "authrequired",
    "authenticationrequired",
    "reauthrequired",
];

/// Members whose word says how it went.
pub(super) const STATES: &[&str] = &["status", "result", "stat", "outcome", "resultstatus", "requeststatus"];

/// Words of such members.
pub(super) const BAD_STATES: &[&str] = &[
    "err",
    "fail",
    "failed",
    "failure",
    "nok",
    "notok",
    "ko",
    "exception",
    "unauthorized",
    "unauthenticated",
    "forbidden",
    "badrequest",
];

/// Words that are a record's state as often as a refusal's: they need a sentence beside them.
pub(super) const WEAK_STATES: &[&str] =
    &["rejected", "denied", "declined", "refused", "invalid", "expired", "incorrect", "notfound"];

/// Members that name a status of HTTP.
pub(super) const STATUSES: &[&str] = &[
    "status",
    "code",
    "statuscode",
    "httpstatus",
    "httpstatuscode",
    "httpcode",
    "errorstatus",
    "errorcode",
    "responsecode",
    "resultcode",
];

/// Codes that programs compare.
pub(super) const CODES: &[&str] =
    &["code", "resultcode", "responsecode", "returncode", "statuscode", "ret", "rc"];

/// Sentences for people.
pub(super) const MESSAGES: &[&str] = &[
    "message",
    "msg",
    "detail",
    "description",
    "reason",
    "title",
    "statusmessage",
    "statustext",
    "responsemessage",
    "resultmessage",
    "returnmessage",
    "longmessage",
    "shortmessage",
];

/// Those that stand alone in a refusal; a lone title or description is a record's.
pub(super) const LONE: &[&str] =
    &["message", "msg", "detail", "reason", "statusmessage", "statustext", "responsemessage"];

/// Members around an answer that say nothing about it.
pub(super) const AROUND: &[&str] = &[
    "time",
    "timestamp",
    "requestid",
    "traceid",
    "correlationid",
    "meta",
    "metadata",
    "info",
    "links",
    "version",
    "apiversion",
    "extensions",
    "cost",
    "total",
    "count",
    "jsonrpc",
    "id",
];

/// Members that wrap what was asked for.
pub(super) const PAYLOADS: &[&str] =
    &["data", "result", "results", "record", "records", "response", "items", "d", "body"];

/// Objects that say how it went, beside the payload.
pub(super) const HEADS: &[&str] =
    &["status", "meta", "header", "head", "response", "result", "responsestatus"];

/// Whatever else refusals are made of.
pub(super) const REFUSAL: &[&str] = &[
    "messages",
    "details",
    "type",
    "object",
    "instance",
    "category",
    "subcategory",
    "path",
    "trace",
    "stacktrace",
    "help",
    "helpurl",
    "moreinfo",
    "documentation",
    "documentationurl",
    "hint",
    "subcode",
    "debugid",
    "exceptiontype",
    "context",
    "field",
    "fields",
    "property",
    "severity",
    "level",
    "logref",
    "locale",
    "localizedmessage",
    "usermessage",
    "developermessage",
    "internalmessage",
    "innererror",
    "target",
    "needed",
    "provided",
    "retryafter",
    "method",
    "oerrordetails",
    "failed",
    "failure",
    "servermessages",
    "resource",
];

/// What a record is known by.
pub(super) const IDS: &[&str] = &["id", "uuid", "guid", "recordid", "sid", "gid", "objectid"];
