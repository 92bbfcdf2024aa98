//! Refusals because a text is too long: how CRMs word them, and which limit they name.

use serde_json::Value;

use crate::connector::CallError;
use crate::engine::failure::Failure;
use crate::engine::text::to_text;

/// How CRMs and what they are built on say it; in small letters, with blanks for `_` and `-`.
const WORDINGS: &[&str] = &[
    "too long",
    "toolong",
    "too large for column",
    "data value too large",
    "value too large",
    "would be truncated",
    "maximum length",
    "maximum allowed length",
    "maximum number of characters",
    "max length",
    "maxlength",
    "length exceed",
    "exceeds the character limit",
    "character limit",
    "exceeds maximum",
    "exceeds the maximum",
    "exceeds max",
    "exceeded the maximum",
    "more than the maximum number",
    "string exceeds",
    "exceeds the limit of",
    "characters or fewer",
    "characters or less",
    "no more than",
    "not have more than",
    "should be at most",
    "must be at most",
    "greater than",
    "less than or equal to",
    "longer than",
    "size must be between",
    "string too big",
    "payload too large",
    "entity too large",
];

/// Wordings that say so only where they speak of characters.
const OF_CHARACTERS: &[&str] = &[
    "no more than",
    "not have more than",
    "should be at most",
    "must be at most",
    "greater than",
    "less than or equal to",
    "exceeds maximum",
    "exceeds the maximum",
    "exceeds max",
    "exceeded the maximum",
    "exceeds the limit of",
];

/// What stands in front of a limit.
const BEFORE_LIMITS: &[&str] = &[
    "max", "exceed", "than", "limit", "most", "up to", "varying(", "char(", "between", "length", " to ",
    "or equal", "allowed",
];

/// Limits below this one are hardly of a field for texts.
const LEAST: usize = 100;

/// How much of a refusal is read, in bytes. What follows can only repeat what was sent.
const READ: usize = 64 * 1024;

/// That a CRM takes no text of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// The limit that it names.
    pub limit: Option<usize>,
}

/// Whether a failure is the refusal of a text that is too long, and nothing was made.
pub fn of(error: &CallError) -> Option<TooLong> {
    let CallError::Failed(failure) = error else { return None };
    // A status of success is that of a reply which says no.
    let status = failure.status().filter(|status| matches!(status, 200..=299 | 400 | 413 | 422))?;
    if failure.in_doubt {
        return None;
    }
    let words = words(failure);
    (status == 413 || says_so(&words)).then(|| TooLong { limit: limit(&words, status) })
}

/// The words of a refusal, as far as they are read.
fn words(failure: &Failure) -> String {
    let mut words = String::new();
    if let Some(response) = &failure.response {
        add_words(&response.body, &mut words);
    }
    words.to_lowercase().replace(['_', '-'], " ")
}

/// Adds JSON as words: what it says, without quotes that part them.
fn add_words(value: &Value, words: &mut String) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if words.len() >= READ {
                    return;
                }
                add(name, words);
                words.push(' ');
                add_words(value, words);
                words.push_str(". ");
            }
        }
        Value::Array(items) => {
            for item in items {
                if words.len() >= READ {
                    return;
                }
                add_words(item, words);
                words.push_str(". ");
            }
        }
        Value::String(text) => add(text, words),
        value => words.push_str(&to_text(value)),
    }
}

fn add(text: &str, words: &mut String) {
    let most = text.len().min(READ.saturating_sub(words.len()));
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    words.push_str(&text[..end]);
}

fn says_so(words: &str) -> bool {
    let of_characters = words.contains("character") || words.contains("length") || words.contains("long");
    WORDINGS
        .iter()
        .any(|wording| words.contains(wording) && (of_characters || !OF_CHARACTERS.contains(wording)))
}

/// The largest number that stands where limits stand.
fn limit(words: &str, status: u16) -> Option<usize> {
    let bytes = words.as_bytes();
    let mut found = None;
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit()
            || at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'.')
        {
            at += 1;
            continue;
        }
        let start = at;
        let mut digits = String::new();
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => digits.push(char::from(*byte)),
                b',' if bytes
                    .get(at + 1..at + 4)
                    .is_some_and(|group| group.iter().all(u8::is_ascii_digit)) => {}
                _ => break,
            }
            at += 1;
        }
        let from =
            (start.saturating_sub(28)..=start).find(|from| words.is_char_boundary(*from)).unwrap_or(start);
        let before = &words[from..start];
        let is_limit = BEFORE_LIMITS.iter().any(|word| before.contains(word));
        let number =
            digits.parse::<usize>().ok().filter(|number| *number >= LEAST && *number != usize::from(status));
        if is_limit && let Some(number) = number {
            found = found.max(Some(number));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::failure::{FailedResponse, FailureKind};
    use serde_json::json;

    fn refused(status: u16, body: Value) -> Option<TooLong> {
        let mut failure = Failure::new(FailureKind::Status(status), "");
        failure.response = Some(Box::new(FailedResponse { headers: http::HeaderMap::new(), body }));
        of(&CallError::Failed(failure))
    }

    /// Shapes from public documentation and bug reports of the products named.
    #[test]
    fn crms_say_it_in_many_words() {
        for (name, status, body, limit) in [
            (
                "Salesforce",
                400,
                json!([{"errorCode": "STRING_TOO_LONG", "message": "Description: data value too large: xxx (max length=32000)"}]),
                Some(32000),
            ),
            (
                "Salesforce, bare",
                400,
                json!([{"errorCode": "STRING_TOO_LONG", "message": "data value too large"}]),
                None,
            ),
            (
                "NetSuite",
                400,
                json!({"o:errorDetails": [{"detail": "The field message contained more than the maximum number ( 4000 ) of characters allowed."}]}),
                Some(4000),
            ),
            (
                "Dynamics 365",
                400,
                json!({"error": {"code": "0x80044331", "message": "The length of the 'description' attribute of the 'phonecall' entity exceeded the maximum allowed length of '2000'."}}),
                Some(2000),
            ),
            (
                "Zoho",
                400,
                json!({"data": [{"code": "INVALID_DATA", "details": {"maximum_length": 32000, "api_name": "Description"}, "message": "invalid data"}]}),
                Some(32000),
            ),
            (
                "HubSpot",
                400,
                json!({"message": "Property values were not valid: hs_call_body exceeds the maximum length of 65,536 characters"}),
                Some(65536),
            ),
            (
                "Rails",
                422,
                json!({"errors": {"body": ["is too long (maximum is 255 characters)"]}}),
                Some(255),
            ),
            (
                "Laravel",
                422,
                json!({"errors": {"notes": ["The notes field must not be greater than 5000 characters."]}}),
                Some(5000),
            ),
            (
                "Django REST framework",
                400,
                json!({"text": ["Ensure this field has no more than 1000 characters."]}),
                Some(1000),
            ),
            (
                "pydantic",
                422,
                json!({"detail": [{"type": "string_too_long", "ctx": {"max_length": 500}, "msg": "String should have at most 500 characters"}]}),
                Some(500),
            ),
            (
                "Joi",
                400,
                json!({"message": "\"text\" length must be less than or equal to 4000 characters long"}),
                Some(4000),
            ),
            ("Ajv", 400, json!([{"message": "must NOT have more than 2048 characters"}]), Some(2048)),
            (
                "PostgreSQL",
                400,
                json!({"error": "value too long for type character varying(255)"}),
                Some(255),
            ),
            ("MySQL", 400, json!("Data too long for column 'description' at row 1"), None),
            ("SQL Server", 400, json!({"Message": "String or binary data would be truncated."}), None),
            (
                "Oracle",
                400,
                json!("ORA-12899: value too large for column \"CRM\".\"NOTE\" (actual: 6000, maximum: 4000)"),
                Some(4000),
            ),
            (
                "Bean Validation",
                400,
                json!({"errors": [{"defaultMessage": "size must be between 0 and 1024"}]}),
                Some(1024),
            ),
            (
                "Pipedrive",
                400,
                json!({"success": false, "error": "Note is too long. Max length is 100000"}),
                Some(100_000),
            ),
            (
                "a reply that says no",
                200,
                json!({"success": false, "message": "text exceeds max length 4000"}),
                Some(4000),
            ),
            ("a proxy", 413, json!("<html><h1>413 Request Entity Too Large</h1></html>"), None),
        ] {
            assert_eq!(refused(status, body), Some(TooLong { limit }), "{name}");
        }
    }

    #[test]
    fn other_refusals_are_none() {
        for (status, body) in [
            (400, json!({"message": "Phone number is invalid"})),
            (422, json!({"message": "duration must be greater than 0"})),
            (409, json!({"message": "text too long"})),
            (500, json!({"message": "value too long for type character varying(255)"})),
            (429, json!({"message": "Limit of 100 requests exceeded"})),
            (400, json!(null)),
        ] {
            assert_eq!(refused(status, body.clone()), None, "{status} {body}");
        }
    }
}
