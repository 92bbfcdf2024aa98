//! Token replies of every kind.

use std::time::Duration;

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::decode::decode;
use crate::exchange::UpstreamResponse;
use crate::failure::{FailedResponse, Failure, FailureKind};

fn grant() -> Grant<'static> {
    Grant::Code { code: "the-very-code", redirect_uri: "https://app.test/r", verifier: None }
}

fn answer(status: u16, text: &str) -> Result<UpstreamResponse, Failure> {
    let decoded = decode(text.as_bytes(), None);
    if (200..300).contains(&status) {
        return Ok(UpstreamResponse::new(status, HeaderMap::new(), decoded.body, decoded.kind));
    }
    let mut failure = Failure::new(FailureKind::Status(status), format!("the CRM answered {status}"));
    failure.response = Some(Box::new(FailedResponse { headers: HeaderMap::new(), body: decoded.body }));
    Err(failure)
}

fn read(status: u16, text: &str) -> Result<Granted, TokenRefusal> {
    granted(answer(status, text), &OAuth::default(), &grant())
}

#[test]
fn tokens_are_read_from_json_forms_and_json_in_a_text() {
    for text in [
        r#"{"access_token":"at","refresh_token":"rt","expires_in":3600,"token_type":"bearer"}"#,
        r#"{"access_token":"at","refresh_token":"rt","expires_in":"3600"}"#,
        "access_token=at&refresh_token=rt&expires_in=3600",
        "token_type=bearer&access_token=at&expires_in=3600&refresh_token=rt",
        r#""{\"access_token\":\"at\",\"refresh_token\":\"rt\",\"expires_in\":3600}""#,
    ] {
        let granted = read(200, text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        assert_eq!(granted.access_token.expose(), "at", "{text}");
        assert_eq!(granted.refresh_token.as_ref().map(Secret::expose), Some("rt"), "{text}");
        assert_eq!(granted.expires_in, Some(Duration::from_secs(3600)), "{text}");
        assert_eq!(granted.warning, None);
        assert_eq!(granted.reply["access_token"], "at");
    }
    let encoded = read(200, "access_token=a%2Fb+c&scope=x%20y").unwrap();
    assert_eq!(encoded.access_token.expose(), "a/b c");
    assert_eq!(encoded.reply["scope"], "x y");
}

/// `expires_in`, and what is made of it.
#[test]
fn lifetimes() {
    let long = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    for (written, expected, warns) in [
        ("3600", Some(Duration::from_secs(3600)), false),
        ("\" 3600 \"", Some(Duration::from_secs(3600)), false),
        ("0.5", Some(Duration::from_millis(500)), false),
        ("0", Some(Duration::ZERO), false),
        ("-1", Some(Duration::ZERO), false),
        ("\"-1\"", Some(Duration::ZERO), false),
        ("1e308", Some(long), false),
        ("\"1e308\"", Some(long), false),
        ("\"inf\"", Some(long), false),
        ("\"NaN\"", None, true),
        ("\"soon\"", None, true),
        ("\"\"", None, true),
        ("true", None, true),
        ("[3600]", None, true),
        ("{}", None, true),
        ("null", None, false),
    ] {
        let granted = read(200, &format!(r#"{{"access_token":"at","expires_in":{written}}}"#)).unwrap();
        assert_eq!(granted.expires_in, expected, "{written}");
        assert_eq!(granted.warning.is_some(), warns, "{written}");
    }
    let oauth = OAuth { lifetime: Some(Duration::from_secs(1800)), ..OAuth::default() };
    for (text, expected) in [
        (r#"{"access_token":"at"}"#, 1800),
        (r#"{"access_token":"at","expires_in":"soon"}"#, 1800),
        (r#"{"access_token":"at","expires_in":60}"#, 60),
    ] {
        let granted = granted(answer(200, text), &oauth, &grant()).unwrap();
        assert_eq!(granted.expires_in, Some(Duration::from_secs(expected)), "{text}");
    }
}

#[test]
fn without_rotation_the_first_refresh_token_stays() {
    let oauth = OAuth { keeps_refresh_token: true, ..OAuth::default() };
    let reply = r#"{"access_token":"at","refresh_token":"rt-2"}"#;
    let token = Secret::new("rt-1");
    let renewed = granted(answer(200, reply), &oauth, &Grant::Refresh { token: &token }).unwrap();
    assert_eq!(renewed.refresh_token, None);
    let first = granted(answer(200, reply), &oauth, &grant()).unwrap();
    assert_eq!(first.refresh_token, Some(Secret::new("rt-2")));
}

/// Only `invalid_grant` ends a session, wherever it stands.
#[test]
fn invalid_grant_is_known_in_every_form() {
    for (status, text) in [
        (400, r#"{"error":"invalid_grant","error_description":"expired"}"#),
        (400, r#"{"error":"INVALID_GRANT"}"#),
        (401, r#"{"error":" invalid_grant "}"#),
        (200, r#"{"error":"invalid_grant","access_token":"at"}"#),
        (400, "error=invalid_grant&error_description=expired"),
        (400, r#""{\"error\":\"invalid_grant\"}""#),
        (400, r#"{"error":{"code":"invalid_grant","message":"expired"}}"#),
    ] {
        let refusal = read(status, text).unwrap_err();
        assert_eq!(refusal, TokenRefusal::InvalidGrant, "{status} {text}");
        assert!(refusal.ends_session());
    }
    assert!(
        TokenRefusal::InvalidGrant
            .to_string()
            .starts_with("The provided authorization grant (e.g., authorization code")
    );
    for (status, text) in [
        (503, ""),
        (503, "<html>invalid_grant</html>"),
        (500, r#"{"error":"server_error"}"#),
        (401, r#"{"error":"invalid_client"}"#),
        (400, r#"{"error":"invalid_grants"}"#),
        (400, r#"["invalid_grant"]"#),
        (400, "invalid_grant"),
        (200, "<html>invalid_grant</html>"),
    ] {
        let refusal = read(status, text).unwrap_err();
        assert!(!refusal.ends_session(), "{status} {text}: {refusal:?}");
    }
}

/// The words of recordings 20 and 24, and those where the reference has none.
#[test]
fn refusals_are_put_into_words() {
    for (status, text, expected) in [
        (
            400,
            r#"{"error":"access_denied"}"#,
            "The resource owner or authorization server denied the request.",
        ),
        (400, r#"{"error":"odd","error_description":"Go\n away"}"#, "Go away"),
        (400, r#"{"error":"odd"}"#, "odd"),
        (400, r#"{"error_description":"No such client"}"#, "No such client"),
        (400, r#"{"error":{"message":"Bad app"}}"#, "Bad app"),
        (400, r#"{"error":true}"#, "true"),
        (200, r#"{"error":"odd","access_token":"at"}"#, "odd"),
        (503, "{}", "HTTP status 503"),
        (400, "<html>", "HTTP status 400"),
        (404, r#"{"error":"","error_description":""}"#, "HTTP status 404"),
        (
            200,
            "{}",
            "The CRM's token endpoint gave no access token. Check `tokenUrl` and the app that is registered at the CRM.",
        ),
        (
            200,
            r#"{"access_token":""}"#,
            "The CRM's token endpoint gave no access token. Check `tokenUrl` and the app that is registered at the CRM.",
        ),
        (
            200,
            r#"{"access_token":7}"#,
            "The CRM's token endpoint gave no access token. Check `tokenUrl` and the app that is registered at the CRM.",
        ),
        (
            200,
            r#"[{"access_token":"at"}]"#,
            "The CRM's token endpoint answered with a list instead of tokens. Check `tokenUrl`.",
        ),
        (
            200,
            " <!DOCTYPE html><p>access_token=1",
            "The CRM's token endpoint answered with a page instead of tokens. Check `tokenUrl`.",
        ),
        (200, "hello", "The CRM's token endpoint answered with a text instead of tokens. Check `tokenUrl`."),
        (200, "", "The CRM's token endpoint answered with nothing instead of tokens. Check `tokenUrl`."),
        (
            200,
            "7",
            "The CRM's token endpoint answered with a single value instead of tokens. Check `tokenUrl`.",
        ),
    ] {
        assert_eq!(read(status, text).unwrap_err().to_string(), expected, "{status} {text}");
    }
    let silent = Failure::new(FailureKind::Timeout, "login.example.com did not answer in time");
    let refusal = granted(Err(silent.clone()), &OAuth::default(), &grant()).unwrap_err();
    assert_eq!(refusal.to_string(), silent.message);
    assert_eq!(Failure::from(refusal).kind, FailureKind::Timeout);
}

#[test]
fn no_secret_is_in_what_a_token_endpoint_says() {
    let oauth = OAuth { client_secret: Some(Secret::new("client secret")), ..OAuth::default() };
    let reply = json!({"error": "odd", "error_description": "the-very-code, client secret and client%20secret are wrong"});
    let refusal = granted(answer(400, &reply.to_string()), &oauth, &grant()).unwrap_err();
    assert_eq!(refusal.to_string(), "***, *** and *** are wrong");
    let long = json!({"error": "x".repeat(100_000)});
    assert!(
        granted(answer(400, &long.to_string()), &oauth, &grant()).unwrap_err().to_string().chars().count()
            <= 301
    );
    let tokens = read(200, r#"{"access_token":"at-secret","refresh_token":"rt-secret"}"#).unwrap();
    let shown = format!("{:?}", (&tokens.access_token, &tokens.refresh_token));
    assert!(!shown.contains("secret"), "{shown}");
}

proptest! {
    /// Whatever it answers: tokens that are no empty texts, or words on one line; and only `invalid_grant` ends a
    /// session.
    #[test]
    fn any_reply_is_read(status in prop_oneof![Just(200_u16), 201_u16..600], text in "(\\PC|[{}\\[\\]\":,&=%\n]){0,60}") {
        check(status, &text)?;
    }

    #[test]
    fn any_json_is_read(
        status in prop_oneof![Just(200_u16), Just(400), Just(503)],
        token in value(), refresh in value(), life in value(), error in value(), description in value(),
    ) {
        let reply = json!({
            "access_token": token, "refresh_token": refresh, "expires_in": life, "error": error,
            "error_description": description,
        });
        check(status, &reply.to_string())?;
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "(\\PC){0,12}".prop_map(Value::from),
        Just(json!("invalid_grant")),
        Just(json!([1, "a"])),
        Just(json!({"code": "invalid_grant"})),
        Just(json!({"message": "m"})),
    ]
}

fn check(status: u16, text: &str) -> Result<(), TestCaseError> {
    match read(status, text) {
        Ok(granted) => {
            prop_assert!((200..300).contains(&status));
            prop_assert!(!granted.access_token.expose().trim().is_empty());
            prop_assert!(granted.refresh_token.is_none_or(|token| !token.expose().trim().is_empty()));
            prop_assert!(granted.reply.is_object());
        }
        Err(refusal) => {
            let words = refusal.to_string();
            prop_assert!(!words.trim().is_empty());
            prop_assert!(!words.contains(['\n', '\r']), "{words:?}");
            let says_so = text.to_ascii_lowercase().contains("invalid_grant");
            prop_assert!(!refusal.ends_session() || says_so, "{text}");
        }
    }
    Ok(())
}
