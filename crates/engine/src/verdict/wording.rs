//! What sentences of CRMs say, as far as something depends on it. English: where a CRM speaks another
//! language, its statuses, codes and flags decide.

use serde_json::Value;

use crate::text::is_named;

/// Sentences longer than this are somebody's text, not a word about how it went.
const LONGEST: usize = 200;

const FAILURES: &[&str] = &[
    "aborted",
    "access denied",
    "already exists",
    "bad request",
    "blocked",
    "can't",
    "cannot",
    "could not",
    "couldn't",
    "denied",
    "does not exist",
    "duplicate",
    "error",
    "exceeded",
    "exception",
    "expired",
    "failed",
    "failure",
    "forbidden",
    "not have access",
    "don't have access",
    "doesn't have access",
    "not have permission",
    "don't have permission",
    "doesn't have permission",
    "incorrect",
    "insufficient",
    "invalid",
    "is required",
    "missing",
    "must be",
    "must log in",
    "must not",
    "no access",
    "no permission",
    "not allowed",
    "not authenticated",
    "not authorized",
    "not found",
    "not logged in",
    "not permitted",
    "not saved",
    "not supported",
    "not valid",
    "please log in",
    "please login",
    "please sign in",
    "rate limit",
    "rejected",
    "suspended",
    "timed out",
    "too large",
    "too long",
    "too many requests",
    "too short",
    "try again",
    "unable to",
    "unauthenticated",
    "unauthorized",
    "unavailable",
    "unknown",
    "unsupported",
    "wrong",
];

const SUCCESSES: &[&str] = &[
    "success",
    "successful",
    "successfully",
    "succeeded",
    "ok",
    "okay",
    "done",
    "updated",
    "saved",
    "created",
    "deleted",
    "removed",
    "added",
    "accepted",
    "complete",
    "completed",
    "queued",
    "received",
];

const NEGATIONS: &[&str] = &["not", "no", "never", "cannot", "can't", "couldn't", "wasn't", "unsuccessful"];

/// Whether a short sentence says that something failed.
pub(super) fn sounds_like_failure(text: &str) -> bool {
    let text = text.trim();
    if text.len() > LONGEST || text.lines().count() > 1 || sounds_like_success(text) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    FAILURES.iter().any(|failure| has_words(&lower, failure))
}

/// Whether a sentence says that something was done.
pub(super) fn sounds_like_success(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let words = || lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '\''));
    words().any(|word| SUCCESSES.contains(&word)) && !words().any(|word| NEGATIONS.contains(&word))
}

/// Whether the words stand there as words.
fn has_words(text: &str, wanted: &str) -> bool {
    text.match_indices(wanted).any(|(at, _)| {
        let is_letter = |c: char| c.is_ascii_alphanumeric();
        !text[..at].ends_with(is_letter) && {
            let rest = &text[at + wanted.len()..];
            !rest.starts_with(is_letter) || rest.starts_with('s')
        }
    })
}

/// Names of what searches look for.
const SOUGHT: &[&str] = &[
    "contact",
    "record",
    "result",
    "match",
    "matche",
    "data",
    "lead",
    "customer",
    "person",
    "people",
    "entry",
    "entrie",
    "entitie",
    "item",
    "row",
    "hit",
    "client",
    "candidate",
];

/// Whether a sentence says that a search found nothing, and nothing else.
pub(super) fn finds_nothing(text: &str) -> bool {
    let lower = text.trim().to_ascii_lowercase();
    if lower.len() > 80 || asks_in_words(&lower) {
        return false;
    }
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let is_sought = |word: &&str| SOUGHT.contains(&word.strip_suffix('s').unwrap_or(word));
    let sought = words.iter().any(is_sought);
    sought && (matches!(words.first(), Some(&"no" | &"zero" | &"0")) || lower.contains("not found"))
}

/// Codes that ask to sign in again, as letters and digits.
const SIGN_IN_CODES: &[&str] = &[
    "accesstokenexpired",
    "accountinactive",
    "authenticationerror",
    "authenticationfailed",
    "authenticationfailure",
    "authenticationrequired",
    "authorizationrequired",
    "authrequired",
    "expiredaccesstoken",
    "expiredtoken",
    "invalidaccesstoken",
    "invalidapikey",
    "invalidauth",
    "invalidauthentication",
    "invalidauthtoken",
    "invalidcredentials",
    "invalidgrant",
    "invalidlogin",
    "invalidoauthtoken",
    "invalidsession",
    "invalidsessionid",
    "invalidtoken",
    "loginrequired",
    "noauthfound",
    "notauthed",
    "notauthenticated",
    "notloggedin",
    "oauthtokenexpired",
    "oauthtokeninvalid",
    "sessionexpired",
    "tokenexpired",
    "tokenrevoked",
    "unauthenticated",
    "unauthorized",
    "userauthenticationfailed",
    "wrongcredentials",
    "wrongtoken",
];

const SIGN_IN_WORDS: &[&str] = &[
    "access token",
    "api key is invalid",
    "api key not valid",
    "authentication credentials",
    "authentication failed",
    "authentication is required",
    "authentication required",
    "bad credentials",
    "credentials are invalid",
    "expired token",
    "invalid api key",
    "invalid authentication",
    "invalid credentials",
    "invalid oauth",
    "invalid session",
    "invalid token",
    "log in again",
    "log in to continue",
    "login again",
    "login required",
    "must be logged in",
    "must be signed in",
    "must log in",
    "must login",
    "must sign in",
    "need to log in",
    "need to sign in",
    "not authenticated",
    "not logged in",
    "not signed in",
    "oauth token",
    "please log in",
    "please login",
    "please sign in",
    "session expired",
    "session has ended",
    "session has expired",
    "session has timed out",
    "session id is invalid",
    "session is invalid",
    "session timed out",
    "session timeout",
    "sign in again",
    "sign in to continue",
    "token expired",
    "token has expired",
    "token is expired",
    "token is invalid",
    "token revoked",
    "unauthenticated",
    "you have been logged out",
];

/// Flags that say whether anybody is signed in, as letters and digits, and what says that nobody is.
const SIGN_IN_FLAGS: &[(&str, bool)] = &[
    ("authenticated", false),
    ("authenticationrequired", true),
    ("authrequired", true),
    ("isauthenticated", false),
    ("isloggedin", false),
    ("loggedin", false),
    ("loginrequired", true),
    ("reauthrequired", true),
];

/// Whether a refusal is about who is signed in, or whether anybody is.
pub fn asks_to_sign_in(body: &Value) -> bool {
    let asks = |(key, value): (&String, &Value)| {
        SIGN_IN_FLAGS.iter().any(|(name, asks)| is_named(key, name) && *value == *asks)
    };
    body.as_object().is_some_and(|members| members.iter().any(asks))
        || texts(body, 3, &mut |text| {
            let code: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
            SIGN_IN_CODES.contains(&code.to_ascii_lowercase().as_str())
                || asks_in_words(&text.to_ascii_lowercase())
        })
}

fn asks_in_words(lower: &str) -> bool {
    // A missing right is none of the session's.
    !lower.contains("scope") && SIGN_IN_WORDS.iter().any(|words| lower.contains(words))
}

/// Codes of a limit that is over in a moment, as letters and digits.
const LIMITS: &[&str] =
    &["ratelimited", "ratelimit", "ratelimitexceeded", "querylimitexceeded", "toomanyrequests", "throttled"];

/// Whether a refusal is about too many requests at once.
pub(super) fn asks_to_wait(body: &Value) -> bool {
    texts(body, 3, &mut |text| {
        let code: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        LIMITS.contains(&code.to_ascii_lowercase().as_str())
            || (text.len() <= LONGEST && text.to_ascii_lowercase().contains("too many requests"))
    })
}

/// Whether one of the texts at the top of a body is meant.
fn texts(body: &Value, depth: usize, meant: &mut impl FnMut(&str) -> bool) -> bool {
    match body {
        Value::String(text) => text.len() <= 2 * LONGEST && meant(text),
        Value::Array(items) if depth > 0 => items.iter().take(3).any(|item| texts(item, depth - 1, meant)),
        Value::Object(members) if depth > 0 => {
            members.values().take(32).any(|member| texts(member, depth - 1, meant))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_told_apart() {
        for text in [
            "Too many requests, try again",
            "Unauthorized",
            "The record could not be updated",
            "Not saved: the record is not found",
            "Fatal error",
            "Internal errors",
        ] {
            assert!(sounds_like_failure(text) && !sounds_like_success(text), "{text}");
        }
        for text in ["Updated 1 record, 0 failed", "Call updated successfully", "OK", "Saved", "", "Call 5"] {
            assert!(!sounds_like_failure(text), "{text}");
        }
        assert!(!sounds_like_failure("first line\nan error was heard"), "a text of several lines");
        assert!(!sounds_like_failure("invalidate the terrorized"), "parts of words");
        for text in ["No contacts found", "no records", "Contact not found.", "No matches", "0 results"] {
            assert!(finds_nothing(text), "{text}");
        }
        for text in
            ["Session not found", "No access token", "Account not found", "No permission", "not found"]
        {
            assert!(!finds_nothing(text), "{text}");
        }
    }
}
