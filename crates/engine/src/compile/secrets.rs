//! Literals that look like secrets: documents are copied, uploaded and committed.

use serde_json::Value;

use crate::config::diagnostic::Code;
use crate::config::document::Document;
use crate::config::pointer;
use crate::config::problem::{Part, Problem, Problems};
use crate::secret::Secret;

/// Beginnings of tokens whose issuers made them recognisable.
const PREFIXES: &[&str] = &[
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "xoxb-",
    "xoxp-",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "AKIA",
    "AIza",
    "ya29.",
    "SG.",
    "eyJ",
    "pat-na1-",
    "pat-eu1-",
    "shpat_",
    "EAACEdEose0cBA",
    "00D",
];

/// Names of headers, parameters and members that hold credentials.
const NAMES: &[&str] = &[
    "authorization",
    "apikey",
    "accesstoken",
    "secret",
    "secretkey",
    "clientsecret",
    "password",
    "token",
    "xapikey",
    "xauthtoken",
    "subscriptionkey",
];

/// Reports secrets that stand in the document itself.
pub(super) fn check(document: &Document, problems: &mut Problems) {
    let is_written = |value: &Option<Secret>| {
        value.as_ref().map(Secret::expose).is_some_and(|value| !value.is_empty() && !value.contains("{{"))
    };
    if is_written(&document.secret_key) {
        problems.push(
            problem("/secretKey", "the connector's secret stands in the document")
                .help("name an environment variable in `secretKeyEnv` instead, and remove `secretKey`"),
        );
    }
    if document.auth.as_ref().is_some_and(|auth| is_written(&auth.client_secret)) {
        problems.push(problem("/auth/clientSecret", "the OAuth client secret stands in the document").help(
            "name an environment variable in `auth.clientSecretEnv` instead, and remove `clientSecret`",
        ));
    }
    let auth = document.auth.as_ref();
    check_name(document.secret_key_env.as_deref(), "/secretKeyEnv", problems);
    check_name(auth.and_then(|auth| auth.client_id_env.as_deref()), "/auth/clientIdEnv", problems);
    check_name(auth.and_then(|auth| auth.client_secret_env.as_deref()), "/auth/clientSecretEnv", problems);
    if let Some(headers) =
        document.request_defaults.as_ref().and_then(|defaults| defaults.default_headers.as_ref())
    {
        for (name, value) in headers {
            check_value(name, value, &pointer::join("/requestDefaults/defaultHeaders", name), problems);
        }
    }
    if let Some(request) = auth.and_then(|auth| auth.token_request.as_ref()) {
        for (part, values) in
            [("headers", &request.headers), ("query", &request.query), ("fields", &request.fields)]
        {
            for (name, value) in values.iter().flatten() {
                let at = pointer::join(&format!("/auth/tokenRequest/{part}"), name);
                check_value(name, value, &at, problems);
            }
        }
    }
    for operation in document.operations.defined() {
        let root = format!("/operations/{}", operation.name);
        for (name, value) in operation.headers.into_iter().flatten() {
            check_value(name, value, &pointer::join(&format!("{root}/headers"), name), problems);
        }
        check_query(operation.url.unwrap_or_default(), &format!("{root}/url"), problems);
        for (part, value) in [("query", operation.query), ("body", operation.body)] {
            if let Some(value) = value {
                check_value("", value, &format!("{root}/{part}"), problems);
            }
        }
        if let Some(template) = operation.auth.and_then(|auth| auth.credential_template.as_deref()) {
            check_value(
                "authorization",
                &Value::from(template),
                &format!("{root}/auth/credentialTemplate"),
                problems,
            );
        }
    }
    if let Some(template) = document.auth.as_ref().and_then(|auth| auth.credential_template.as_deref()) {
        check_value("authorization", &Value::from(template), "/auth/credentialTemplate", problems);
    }
}

/// A name of an environment variable; the message does not repeat it, because it may be the secret.
fn check_name(name: Option<&str>, at: &str, problems: &mut Problems) {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return };
    let is_name = |name: &str| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if is_name(name) {
        return;
    }
    let inner = name.trim_start_matches('$').trim_matches(['{', '}', '%']);
    let problem = Problem::new(Code::InvalidValue, at, "this is not the name of an environment variable");
    problems.push(if is_name(inner) && !inner.is_empty() {
        problem.help("write the name alone, without `$`, `%` and braces")
    } else {
        problem.help("write a name such as `MY_CRM_SECRET`, and put the secret itself into that variable")
    });
}

fn check_value(name: &str, value: &Value, at: &str, problems: &mut Problems) {
    match value {
        Value::String(text) if looks_secret(name, text) => {
            // The word before a token, such as `Bearer`, is no secret.
            let start = text.rfind(' ').map_or(0, |space| space + 1);
            problems.push(literal(at).part(Part::Text(start..text.len())));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_value(name, item, &format!("{at}/{index}"), problems);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                check_value(key, member, &pointer::join(at, key), problems);
            }
        }
        _ => {}
    }
}

/// Parameters that are written into a URL.
fn check_query(url: &str, at: &str, problems: &mut Problems) {
    let Some((path, query)) = url.split_once('?') else { return };
    let mut start = path.len() + 1;
    for parameter in query.split('&') {
        if let Some((name, value)) = parameter.split_once('=')
            && looks_secret(name, value)
        {
            let from = start + name.len() + 1;
            problems.push(literal(at).part(Part::Text(from..from + value.len())));
        }
        start += parameter.len() + 1;
    }
}

fn literal(at: &str) -> Problem {
    problem(at, "this looks like a secret, and documents are copied and committed")
        .help("keep it in an environment variable that `secretKeyEnv` names, and write `{{secretKey}}` here")
}

fn problem(at: &str, message: &str) -> Problem {
    Problem::new(Code::SecretLiteral, at, message)
}

/// Whether a text under a name is a credential, as far as one can see.
pub fn looks_secret(name: &str, text: &str) -> bool {
    if text.contains("{{") {
        return false;
    }
    let token = text.rsplit(' ').next().unwrap_or(text);
    let dense = token.len() >= 16
        && token.bytes().any(|byte| byte.is_ascii_digit())
        && token.bytes().any(|byte| byte.is_ascii_alphabetic())
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+/=~".contains(&byte));
    let known = PREFIXES.iter().any(|prefix| token.starts_with(prefix)) && token.len() >= 16 && dense;
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let named =
        NAMES.contains(&plain.as_str()) && token.len() >= 8 && !token.chars().any(char::is_whitespace);
    known || named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_ordinary_text() {
        for (name, text, expected) in [
            ("Authorization", "Bearer abc12345", true),
            ("X-Api-Key", "0123456789abcdef", true),
            ("x", "pat-na1-0123456789abcdef", true),
            ("x", "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.abc", true),
            ("Authorization", "{{apiKey}}", false),
            ("Authorization", "none", false),
            ("Accept", "application/json", false),
            ("description", "SG.", false),
            ("token", "", false),
            ("code", "00D", false),
        ] {
            assert_eq!(looks_secret(name, text), expected, "{name}: {text}");
        }
    }
}
