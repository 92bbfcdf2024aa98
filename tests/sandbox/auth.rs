//! Signing in to the sandbox CRM: API keys and OAuth 2.

use crate::sandbox::client::{Client, Reply};
use app_connect::sandbox::{OAuthRules, SandboxOptions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::Url;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const CLIENT: &str = "client_id=sandbox-client&client_secret=sandbox-secret";
const BACK: &str = "https://app.example.com/back?x=1";

async fn me(crm: &Client, authorization: &str) -> Reply {
    crm.send("GET", "/api/v1/me", &[("Authorization", authorization)], "").await
}

#[tokio::test]
async fn api_keys_work_as_basic_and_bearer() {
    let crm = Client::start(SandboxOptions::default()).await;
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let cases = [
        (basic("sandbox-key:"), Ok("usr-1")),
        (basic("sandbox-key-3:x"), Ok("usr-3")),
        ("Bearer sandbox-key".to_owned(), Ok("usr-1")),
        ("bearer  sandbox-key-2".to_owned(), Ok("usr-2")),
        (String::new(), Err("missing_credential")),
        (basic("another-key:"), Err("invalid_credential")),
        (basic("sandbox-key"), Err("malformed_credential")),
        ("Basic sandbox-key".to_owned(), Err("malformed_credential")),
        ("Bearer another-key".to_owned(), Err("invalid_credential")),
        ("Bearer ".to_owned(), Err("invalid_credential")),
        ("Digest sandbox-key".to_owned(), Err("malformed_credential")),
        ("sandbox-key".to_owned(), Err("malformed_credential")),
    ];
    for (authorization, expected) in cases {
        let reply = me(&crm, &authorization).await;
        match expected {
            Ok(user) => assert_eq!(reply.body["id"], user, "{authorization}"),
            Err(code) => {
                assert_eq!((reply.status, reply.code()), (401, code), "{authorization}");
                let challenge = reply.header("www-authenticate").unwrap();
                assert!(challenge.starts_with("Basic realm="), "{challenge}");
            }
        }
    }
    let paths = ["users", "contacts", "activities", "messages", "appointments", "license"];
    for path in paths.iter().chain(&["settings/logging"]) {
        let path = format!("/api/v1/{path}");
        let reply = crm.send("GET", &path, &[("Authorization", "")], "").await;
        assert_eq!(reply.status, 401, "{path}");
    }
}

/// The redirect of `/oauth/authorize`: its address and parameters.
async fn authorize(crm: &Client, query: &str) -> (String, Value) {
    let path = format!("/oauth/authorize?{query}");
    let reply = crm.send("GET", &path, &[("Authorization", "")], "").await;
    assert_eq!(reply.status, 302, "{}", reply.text);
    let url = Url::parse(reply.header("location").unwrap()).unwrap();
    let parameters = url.query_pairs().map(|(name, value)| (name.into(), value.into()));
    let address = url[..url::Position::AfterPath].to_owned();
    (address, Value::Object(parameters.collect()))
}

fn back() -> String {
    url::form_urlencoded::byte_serialize(BACK.as_bytes()).collect()
}

async fn code(crm: &Client, more: &str) -> String {
    let query =
        format!("response_type=code&client_id=sandbox-client&state=a%26b&redirect_uri={}{more}", back());
    let (address, parameters) = authorize(crm, &query).await;
    assert_eq!(address, "https://app.example.com/back");
    assert_eq!(parameters["x"], "1");
    assert_eq!(parameters["state"], "a&b");
    parameters["code"].as_str().unwrap().to_owned()
}

async fn token(crm: &Client, body: &str) -> Reply {
    crm.send("POST", "/oauth/token", &[("Authorization", ""), FORM], body).await
}

async fn tokens(crm: &Client, more: &str) -> Value {
    let code = code(crm, more).await;
    let back = back();
    let body = format!("grant_type=authorization_code&code={code}&redirect_uri={back}&{CLIENT}");
    let reply = token(crm, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    reply.body
}

fn bearer(tokens: &Value) -> String {
    format!("Bearer {}", tokens["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_code_becomes_tokens_and_refresh_tokens_rotate() {
    let crm = Client::start(SandboxOptions::default()).await;
    let first = tokens(&crm, "").await;
    assert_eq!(first["token_type"], "Bearer");
    assert_eq!(first["expires_in"], 3600);
    assert_eq!(me(&crm, &bearer(&first)).await.body["id"], "usr-1");
    let billie = tokens(&crm, "&login_hint=billie@example.com").await;
    assert_eq!(me(&crm, &bearer(&billie)).await.body["id"], "usr-2");

    let refresh = json!({
        "grant_type": "refresh_token", "refresh_token": billie["refresh_token"],
        "client_id": "sandbox-client", "client_secret": "sandbox-secret",
    });
    let refresh = refresh.to_string();
    let second = crm.send("POST", "/oauth/token", &[("Authorization", ""), JSON], &refresh).await;
    assert_eq!(second.status, 200, "{}", second.text);
    assert_ne!(second.body["refresh_token"], billie["refresh_token"]);
    assert_eq!(me(&crm, &bearer(&second.body)).await.body["id"], "usr-2");
    let again = crm.send("POST", "/oauth/token", &[("Authorization", ""), JSON], &refresh).await;
    assert_eq!((again.status, &again.body["error"]), (400, &json!("invalid_grant")));

    let authorization = bearer(&second.body);
    let out = crm.send("POST", "/api/v1/logout", &[("Authorization", &authorization)], "").await;
    assert_eq!(out.status, 204);
    assert_eq!(me(&crm, &authorization).await.status, 401);
    assert_eq!(me(&crm, &bearer(&billie)).await.status, 401, "the whole sign-in ends");
    assert_eq!(me(&crm, &bearer(&first)).await.status, 200, "another one goes on");
    let out = crm.send("POST", "/api/v1/logout", &[], "").await;
    assert_eq!((out.status, crm.get("/api/v1/me").await.status), (204, 200));
}

#[tokio::test]
async fn access_tokens_expire_and_can_be_refreshed() {
    let oauth = OAuthRules { access_token_lifetime_seconds: 0, ..OAuthRules::default() };
    let options = SandboxOptions { oauth, ..SandboxOptions::default() };
    let crm = Client::start(options).await;
    let tokens = tokens(&crm, "").await;
    assert_eq!(tokens["expires_in"], 0);
    let reply = me(&crm, &bearer(&tokens)).await;
    assert_eq!((reply.status, reply.code()), (401, "expired_token"));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let body = format!("grant_type=refresh_token&refresh_token={refresh}&{CLIENT}");
    assert_eq!(token(&crm, &body).await.status, 200);
}

#[tokio::test]
async fn the_client_may_sign_in_with_a_header() {
    let crm = Client::start(SandboxOptions::default()).await;
    let (code, back) = (code(&crm, "").await, back());
    let body = format!("grant_type=authorization_code&code={code}&redirect_uri={back}");
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let wrong = basic("sandbox-client:wrong");
    let refused = crm.send("POST", "/oauth/token", &[("Authorization", &wrong), FORM], &body).await;
    assert_eq!((refused.status, &refused.body["error"]), (401, &json!("invalid_client")));
    assert!(refused.header("www-authenticate").is_some());
    let right = basic("sandbox-client:sandbox-secret");
    let granted = crm.send("POST", "/oauth/token", &[("Authorization", &right), FORM], &body).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
}

#[tokio::test]
async fn wrong_grants_are_refused_as_rfc_6749_says() {
    let crm = Client::start(SandboxOptions::default()).await;
    let cases = [
        (format!("grant_type=implicit&{CLIENT}"), 400, "unsupported_grant_type"),
        (format!("grant_type=password&{CLIENT}"), 400, "invalid_request"),
        ("grant_type=client_credentials&client_id=sandbox-public".to_owned(), 400, "unauthorized_client"),
        (CLIENT.to_owned(), 400, "invalid_request"),
        (format!("grant_type=authorization_code&{CLIENT}"), 400, "invalid_request"),
        (format!("grant_type=authorization_code&code=no&{CLIENT}"), 400, "invalid_grant"),
        (format!("grant_type=refresh_token&{CLIENT}"), 400, "invalid_request"),
        (format!("grant_type=refresh_token&refresh_token=no&{CLIENT}"), 400, "invalid_grant"),
        ("grant_type=refresh_token&client_id=sandbox-client".to_owned(), 401, "invalid_client"),
    ];
    for (body, status, error) in cases {
        let reply = token(&crm, &body).await;
        assert_eq!((reply.status, &reply.body["error"]), (status, &json!(error)), "{body}");
        assert!(reply.body["error_description"].is_string(), "{body}");
    }
    for (content_type, body) in [("text/plain", CLIENT), ("application/json", "{"), JSON] {
        let headers = [("Authorization", ""), ("Content-Type", content_type)];
        let reply = crm.send("POST", "/oauth/token", &headers, body).await;
        assert_eq!((reply.status, &reply.body["error"]), (400, &json!("invalid_request")));
    }
    let code = code(&crm, "").await;
    let moved = format!("grant_type=authorization_code&code={code}&redirect_uri=https://b.example&{CLIENT}");
    assert_eq!(token(&crm, &moved).await.body["error"], "invalid_grant");
    let right = format!("grant_type=authorization_code&code={code}&redirect_uri={}&{CLIENT}", back());
    assert_eq!(token(&crm, &right).await.body["error"], "invalid_grant", "a code works once");
}

#[tokio::test]
async fn authorize_redirects_only_where_it_may() {
    let crm = Client::start(SandboxOptions::default()).await;
    let back = back();
    for query in [
        String::new(),
        format!("response_type=code&client_id=other&redirect_uri={back}"),
        "response_type=code&client_id=sandbox-client".to_owned(),
        "response_type=code&client_id=sandbox-client&redirect_uri=/back".to_owned(),
        "response_type=code&client_id=sandbox-client&redirect_uri=javascript:alert(1)".to_owned(),
    ] {
        let reply = crm.get(&format!("/oauth/authorize?{query}")).await;
        assert_eq!((reply.status, reply.code()), (400, "invalid_request"), "{query}");
    }
    let base = format!("client_id=sandbox-client&redirect_uri={back}");
    let (_, wrong_type) = authorize(&crm, &format!("{base}&response_type=token")).await;
    assert_eq!(wrong_type["error"], "unsupported_response_type");
    let hint = "response_type=code&login_hint=nobody@example.com&state=s";
    let (_, denied) = authorize(&crm, &format!("{base}&{hint}")).await;
    assert_eq!((&denied["error"], &denied["state"]), (&json!("access_denied"), &json!("s")));
}
