//! A `responseMapping` for an operation: from the schema of the reply where there is one, else a guess.

use serde_json::{Map, Value, json};

use super::placeholder::{OPEN, plain};
use crate::config::operations::OperationName;

/// The keys of an operation's mapping, whether it cannot be without them, and names of members that they are
/// found under.
type Fields = &'static [(&'static str, bool, &'static [&'static str])];

const ID: (&str, bool, &[&str]) = ("idPath", true, &["id", "uid", "uuid", "guid", "key", "recordid"]);
const NAME: (&str, bool, &[&str]) = ("namePath", true, &["name", "fullname", "displayname", "label"]);
const PERSON: Fields = &[ID, NAME, ("timezoneNamePath", false, &["timezone", "timezonename", "timezoneid"])];
const CONTACT: Fields = &[
    ID,
    NAME,
    ("phonePath", false, &["phone", "phonenumber", "mobile", "mobilephone", "phones", "phonenumbers"]),
    ("typePath", false, &["type", "objecttype"]),
    ("titlePath", false, &["jobtitle", "title"]),
    ("companyPath", false, &["company", "companyname", "organization", "organizationname"]),
    ("createdDatePath", false, &["createdat", "created", "createddate", "createdtime"]),
];
const CREATED: Fields = &[ID, ("namePath", false, NAME.2)];
const CALL: Fields = &[
    ("subjectPath", true, &["subject", "title"]),
    ("fullBodyPath", false, &["description", "body", "text", "content", "note"]),
];
const USER: Fields = &[ID, NAME, ("emailPath", false, &["email", "emailaddress", "mail"])];
const LICENSE: Fields = &[
    ("isLicenseValidPath", true, &["isvalid", "valid", "active", "isactive"]),
    ("licenseStatusPath", false, &["status", "state"]),
    ("licenseStatusDescriptionPath", false, &["description", "plan"]),
];
const APPOINTMENT: Fields = &[
    ID,
    ("titlePath", true, &["title", "subject", "summary", "name"]),
    ("descriptionPath", false, &["description", "body", "agenda"]),
    ("startTimeUtcPath", false, &["start", "starttime", "startsat", "startdate", "startedat"]),
    ("durationMinutesPath", false, &["durationminutes", "duration"]),
    ("statusPath", false, &["status", "state"]),
    ("contactIdPath", false, &["contactid", "personid"]),
];

/// What an operation reads of a reply.
fn shape(operation: OperationName) -> Option<(Fields, Option<&'static str>)> {
    // The second part: below which key the fields of a list's items stand; empty for the mapping itself.
    match &*operation.mapping_type() {
        "UserInfoMapping" => Some((PERSON, None)),
        "ContactListMapping" => Some((CONTACT, Some("item"))),
        "ContactMapping" => Some((CREATED, None)),
        "LogIdMapping" => Some((&[ID], None)),
        "CallLogMapping" => Some((CALL, None)),
        "UserListMapping" => Some((USER, Some(""))),
        "LicenseMapping" => Some((LICENSE, None)),
        "AppointmentListMapping" => Some((APPOINTMENT, Some("item"))),
        "AppointmentItemMapping" => Some((APPOINTMENT, None)),
        _ => None,
    }
}

/// The mapping, made from a sample of the reply's body (see [`super::schema::sample`]), or from nothing: then
/// every path that is needed is open.
pub(super) fn mapping(operation: OperationName, body: Option<&Value>) -> Option<Value> {
    if operation == OperationName::GET_SERVER_LOGGING_SETTINGS {
        return Some(json!({"settingsPath": "body"}));
    }
    let (fields, list) = shape(operation)?;
    let mut mapping = Map::new();
    let (sample, prefix) = match list {
        None => body.map_or((None, "body.".to_owned()), record),
        Some(_) => match body.and_then(|body| list_in(body, "body", 0)) {
            Some((path, item)) => {
                mapping.insert("listPath".to_owned(), path.into());
                (Some(item), String::new())
            }
            None => {
                mapping.insert("listPath".to_owned(), format!("body.{OPEN}").into());
                (None, String::new())
            }
        },
    };
    let mut members = Map::new();
    for (key, is_needed, names) in fields {
        match sample.and_then(|sample| member(sample, names)) {
            Some(path) => drop(members.insert((*key).to_owned(), format!("{prefix}{path}").into())),
            None if *is_needed => drop(members.insert((*key).to_owned(), format!("{prefix}{OPEN}").into())),
            None => {}
        }
    }
    match list {
        Some("item") => drop(mapping.insert("item".to_owned(), Value::Object(members))),
        _ => mapping.extend(members),
    }
    Some(Value::Object(mapping))
}

/// The object that holds the record: the body, or the one object in it where the body has no id of its own.
fn record(body: &Value) -> (Option<&Value>, String) {
    let Value::Object(members) = body else { return (None, "body.".to_owned()) };
    if member(body, ID.2).is_none() {
        let objects: Vec<_> = members.iter().filter(|(_, member)| member.is_object()).collect();
        if let [(key, inner)] = objects[..]
            && member(inner, ID.2).is_some()
        {
            return (Some(inner), format!("body.{key}."));
        }
    }
    (Some(body), "body.".to_owned())
}

/// The first list of objects, and one of its items.
fn list_in<'v>(value: &'v Value, at: &str, depth: usize) -> Option<(String, &'v Value)> {
    match value {
        Value::Array(items) => {
            items.first().filter(|item| item.is_object()).map(|item| (at.to_owned(), item))
        }
        Value::Object(members) if depth < 3 => {
            let lists = members.iter().filter(|(_, member)| member.is_array());
            let objects = members.iter().filter(|(_, member)| member.is_object());
            lists.chain(objects).find_map(|(key, member)| list_in(member, &format!("{at}.{key}"), depth + 1))
        }
        _ => None,
    }
}

/// The path of the first member that has one of the names; into the first item of a list.
fn member(sample: &Value, names: &[&str]) -> Option<String> {
    let members = sample.as_object()?;
    let (key, value) = names.iter().find_map(|name| members.iter().find(|(key, _)| plain(key) == *name))?;
    // A key with a dot or bracket in it is no step of a dot path.
    if key.contains(['.', '[', ' ']) {
        return None;
    }
    match value {
        Value::Array(items) => match items.first()? {
            Value::Object(_) => member(&items[0], &["number", "value", "phone", "phonenumber"])
                .map(|inner| format!("{key}.0.{inner}")),
            _ => Some(format!("{key}.0")),
        },
        Value::Object(_) => None,
        _ => Some(key.clone()),
    }
}
