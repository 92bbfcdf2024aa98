//! Tokens of RingCentral: a code or a refresh token is exchanged for an access token (RFC 6749). And the requests
//! that such a token is good for.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde_json::Value;
use url::Url;

use crate::engine::exchange::RequestSpec;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::render::VERSION_HEADER;
use crate::engine::send::send;
use crate::engine::text::id_text;
use crate::secret::Secret;
use crate::service::Services;

/// How long RingCentral may take to grant a token.
const EXCHANGE: Duration = Duration::from_secs(20);

/// The longest lifetime that is believed, in milliseconds: ten years.
const LONGEST_LIFE: f64 = 10.0 * 366.0 * 24.0 * 3600.0 * 1000.0;

/// This server as RingCentral knows it.
#[derive(Debug, Clone)]
pub struct RingCentralApp {
    /// The client id (`RINGCENTRAL_CLIENT_ID`).
    pub client_id: String,
    /// Its secret (`RINGCENTRAL_CLIENT_SECRET`).
    pub client_secret: Secret,
    /// Where RingCentral sends people back to: `APP_SERVER` and the path of the callback.
    pub redirect_uri: String,
}

/// What a token is asked for with.
#[derive(Debug)]
pub(in crate::service) enum Grant<'a> {
    /// An authorization code.
    Code(&'a str),
    /// A refresh token.
    Refresh(&'a Secret),
}

/// What RingCentral granted.
#[derive(Debug)]
pub(in crate::service) struct Granted {
    pub(in crate::service) access_token: Secret,
    pub(in crate::service) refresh_token: Option<Secret>,
    /// In milliseconds; absent if RingCentral did not say it.
    pub(in crate::service) lifetime: Option<i64>,
    /// The same of the refresh token.
    pub(in crate::service) refresh_lifetime: Option<i64>,
    /// The id of the extension that the token belongs to.
    pub(in crate::service) owner_id: Option<String>,
}

/// Exchanges a code or a refresh token. The requests have the form of recordings 26; lifetimes are not asked for
/// (Q109).
///
/// # Errors
/// If RingCentral refuses, cannot be asked, or grants nothing.
pub(in crate::service) async fn granted(
    services: &Services,
    app: &RingCentralApp,
    grant: Grant<'_>,
) -> Result<Granted, Failure> {
    let client = STANDARD.encode(format!("{}:{}", app.client_id, app.client_secret.expose()));
    let mut spec = plain(Method::POST, services, "/restapi/oauth/token", None)
        .timeout(EXCHANGE)
        .header("content-type", "application/x-www-form-urlencoded")?
        .authorization(&format!("Basic {client}"))?;
    spec.body = Some(form(app, &grant).into_bytes());
    spec.sensitive_body = true;
    let response = send(services.client(), &spec).await?;
    let text = |name: &str| response.body().get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let access_token = text("access_token").map(Secret::new).ok_or_else(|| {
        Failure::new(
            FailureKind::NotJson,
            "RingCentral's answer to the request for a token has no access_token",
        )
    })?;
    let lifetime = |name: &str| milliseconds(response.body().get(name)?);
    Ok(Granted {
        access_token,
        refresh_token: text("refresh_token").map(Secret::new),
        lifetime: lifetime("expires_in"),
        refresh_lifetime: lifetime("refresh_token_expires_in"),
        owner_id: response.body().get("owner_id").and_then(id_text),
    })
}

fn form(app: &RingCentralApp, grant: &Grant<'_>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    match grant {
        Grant::Code(code) => form
            .append_pair("code", code)
            .append_pair("grant_type", "authorization_code")
            .append_pair("redirect_uri", &app.redirect_uri),
        Grant::Refresh(token) => {
            form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.expose())
        }
    };
    form.finish()
}

/// Seconds, a number or a text, as milliseconds.
fn milliseconds(seconds: &Value) -> Option<i64> {
    let seconds = match seconds {
        Value::String(text) => text.trim().parse::<f64>().ok()?,
        other => other.as_f64()?,
    };
    #[allow(clippy::cast_possible_truncation, reason = "within ten years")]
    seconds.is_finite().then(|| (seconds * 1000.0).clamp(-LONGEST_LIFE, LONGEST_LIFE) as i64)
}

/// A request to the platform with an account's token. `query` is written as it is.
///
/// # Errors
/// If HTTP cannot carry the token.
pub(in crate::service) fn request(
    method: Method,
    services: &Services,
    path: &str,
    query: Option<&str>,
    token: &Secret,
) -> Result<RequestSpec, Failure> {
    let mut spec = plain(method, services, path, query).bearer(token.expose())?;
    spec.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(spec)
}

/// With the headers of the reference's own RingCentral client (recordings 26): it sends no version.
fn plain(method: Method, services: &Services, path: &str, query: Option<&str>) -> RequestSpec {
    let mut url: Url = services.ringcentral_server.clone();
    url.set_path(path);
    url.set_query(query);
    let mut spec = RequestSpec::new(method, url);
    spec.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    spec.headers.remove(VERSION_HEADER);
    spec
}

/// What a failure means, as the end of a sentence that begins with "RingCentral". It names no value that RingCentral
/// or a client sent, except for an error code.
pub(in crate::service) fn told(failure: &Failure) -> String {
    let code = failure.response.as_ref().and_then(|response| {
        let of = |name: &str| response.body.get(name).and_then(Value::as_str);
        let code = of("errorCode").or_else(|| of("error"))?;
        let is_code =
            code.len() <= 40 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        is_code.then(|| format!(", {code}"))
    });
    let code = code.unwrap_or_default();
    match failure.kind {
        FailureKind::Status(401) => format!("no longer accepts the token of the report (HTTP 401{code})"),
        FailureKind::Status(403) => {
            format!("does not let the admin's token do this (HTTP 403{code})")
        }
        FailureKind::Status(429) => format!("has had too many requests (HTTP 429{code})"),
        FailureKind::Status(status @ 500..) => format!("is in trouble (HTTP {status}{code})"),
        FailureKind::Status(status) => format!("refused the request (HTTP {status}{code})"),
        FailureKind::Timeout => "did not answer in time".to_owned(),
        FailureKind::Dns | FailureKind::Refused | FailureKind::Tls | FailureKind::Reset => {
            "could not be reached".to_owned()
        }
        FailureKind::TooLarge => "answered more than is read at a time".to_owned(),
        FailureKind::NotJson | FailureKind::Unconfirmed => "answered something that is no report".to_owned(),
        FailureKind::Blocked | FailureKind::Missing | FailureKind::Limited => "was not asked".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::failure::FailedResponse;

    #[test]
    fn lifetimes_are_read_in_every_spelling() {
        for (seconds, expected) in [
            (json!(3600), Some(3_600_000)),
            (json!("60"), Some(60_000)),
            (json!(-120), Some(-120_000)),
            (json!(0.5), Some(500)),
            (json!(1e308), Some(316_224_000_000)),
            (json!(-1e308), Some(-316_224_000_000)),
            (json!("soon"), None),
            (json!(null), None),
            (json!([60]), None),
        ] {
            assert_eq!(milliseconds(&seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn words_tell_a_code_and_nothing_else_of_an_answer() {
        let failure = |status, body: Value| Failure {
            response: Some(Box::new(FailedResponse { headers: http::HeaderMap::new(), body })),
            ..Failure::new(FailureKind::Status(status), "")
        };
        let refused = told(&failure(400, json!({"error": "invalid_grant", "error_description": "rt-1"})));
        assert_eq!(refused, "refused the request (HTTP 400, invalid_grant)");
        let odd = told(&failure(400, json!({"error": "the code abc/def is <b>"})));
        assert_eq!(odd, "refused the request (HTTP 400)");
        assert!(told(&failure(429, json!({}))).contains("too many"));
    }
}
