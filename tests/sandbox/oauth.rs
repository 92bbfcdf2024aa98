//! OAuth at the sandbox, as CRMs have it: PKCE, rules, other grants, expiry and revocation on demand.

use app_connect::sandbox::{Effect, Fault, Faults, SandboxOptions};
use serde_json::{Value, json};

use crate::sandbox::client::{Client, Reply, client};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const SECRET: &str = "client_id=sandbox-client&client_secret=sandbox-secret";
const PUBLIC: &str = "client_id=sandbox-public";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str =
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// The parameters with which `/oauth/authorize` redirects.
async fn authorize(crm: &Client, more: &str) -> Value {
    let path = format!("/oauth/authorize?response_type=code&redirect_uri=http://127.0.0.1/back&{more}");
    let reply = crm.send("GET", &path, &[("Authorization", "")], "").await;
    assert_eq!(reply.status, 302, "{}", reply.text);
    let url = url::Url::parse(reply.header("location").unwrap()).unwrap();
    Value::Object(url.query_pairs().map(|(name, value)| (name.into(), value.into())).collect())
}

async fn token(crm: &Client, body: &str) -> Reply {
    crm.send("POST", "/oauth/token", &[("Authorization", ""), FORM], body).await
}

/// Redeems a code of an authorization request.
async fn redeemed(crm: &Client, asked: &str, client: &str, more: &str) -> Reply {
    let code = authorize(crm, asked).await["code"].as_str().unwrap().to_owned();
    let body = format!(
        "grant_type=authorization_code&code={code}&redirect_uri=http://127.0.0.1/back&{client}{more}"
    );
    token(crm, &body).await
}

async fn signed_in(crm: &Client) -> Value {
    let reply = redeemed(crm, "client_id=sandbox-client", SECRET, "").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

async fn refreshed(crm: &Client, tokens: &Value) -> Reply {
    let refresh = text(tokens, "refresh_token");
    token(crm, &format!("grant_type=refresh_token&refresh_token={refresh}&{SECRET}")).await
}

async fn me(crm: &Client, tokens: &Value) -> Reply {
    let bearer = format!("Bearer {}", text(tokens, "access_token"));
    crm.send("GET", "/api/v1/me", &[("Authorization", &bearer)], "").await
}

async fn rules(crm: &Client, rules: &Value) {
    let reply = crm.put("/_sandbox/oauth", rules).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn a_code_with_a_challenge_needs_its_verifier() {
    let crm = client().await;
    let asked = format!("client_id=sandbox-client&scope=crm&state=s{CHALLENGE}");
    let right = format!("&code_verifier={VERIFIER}");
    let granted = redeemed(&crm, &asked, SECRET, &right).await;
    assert_eq!((granted.status, &granted.body["scope"]), (200, &json!("crm")), "{}", granted.text);
    for wrong in ["".to_owned(), format!("&code_verifier={}", VERIFIER.replace('d', "e"))] {
        let refused = redeemed(&crm, &asked, SECRET, &wrong).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_grant")), "{wrong}");
    }
    let downgraded = redeemed(&crm, "client_id=sandbox-client", SECRET, &right).await;
    assert_eq!(downgraded.body["error"], "invalid_grant", "no challenge, but a verifier");
    let plain = authorize(&crm, "client_id=sandbox-client&state=s&code_challenge=abc").await;
    assert_eq!((&plain["error"], &plain["state"]), (&json!("invalid_request"), &json!("s")));
}

#[tokio::test]
async fn a_public_client_needs_pkce_and_no_secret() {
    let crm = client().await;
    let bare = authorize(&crm, PUBLIC).await;
    assert_eq!(bare["error"], "invalid_request", "{bare}");
    let asked = format!("{PUBLIC}{CHALLENGE}");
    let verifier = format!("&code_verifier={VERIFIER}");
    let granted = redeemed(&crm, &asked, PUBLIC, &verifier).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
    let refresh = text(&granted.body, "refresh_token");
    let others = token(&crm, &format!("grant_type=refresh_token&refresh_token={refresh}&{SECRET}")).await;
    assert_eq!(others.body["error"], "invalid_grant", "another client's token");
    let own = token(&crm, &format!("grant_type=refresh_token&refresh_token={refresh}&{PUBLIC}")).await;
    assert_eq!(own.status, 200, "{}", own.text);
    let others = redeemed(&crm, &asked, SECRET, &verifier).await;
    assert_eq!(others.body["error"], "invalid_grant", "another client's code");
    let secret = redeemed(&crm, &asked, &format!("{PUBLIC}&client_secret=x"), &verifier).await;
    assert_eq!(secret.status, 401, "a secret that it does not have");
}

#[tokio::test]
async fn rules_change_what_the_server_wants_and_tells() {
    let crm = client().await;
    rules(&crm, &json!({"requires_pkce": true})).await;
    assert_eq!(authorize(&crm, "client_id=sandbox-client").await["error"], "invalid_request");

    rules(&crm, &json!({"rotates_refresh_tokens": false, "expires_in": "text"})).await;
    let tokens = signed_in(&crm).await;
    assert_eq!(tokens["expires_in"], "3600");
    for _ in 0..2 {
        let renewed = refreshed(&crm, &tokens).await;
        assert_eq!((renewed.status, renewed.body.get("refresh_token")), (200, None), "{}", renewed.text);
        assert_eq!(me(&crm, &renewed.body).await.status, 200);
    }

    rules(&crm, &json!({"expires_in": "absent", "token_reply": "form"})).await;
    let reply = redeemed(&crm, "client_id=sandbox-client", SECRET, "").await;
    assert_eq!(reply.header("content-type"), Some("application/x-www-form-urlencoded"));
    let pairs: Vec<_> = url::form_urlencoded::parse(reply.text.as_bytes()).map(|(name, _)| name).collect();
    assert_eq!(pairs, ["access_token", "token_type", "refresh_token"]);

    rules(&crm, &json!({"required_fields": {"app_key": "k-1"}})).await;
    let without = redeemed(&crm, "client_id=sandbox-client", SECRET, "").await;
    assert_eq!(without.body["error"], "invalid_request");
    let with = redeemed(&crm, "client_id=sandbox-client", SECRET, "&app_key=k-1").await;
    assert_eq!(with.status, 200, "{}", with.text);

    for (body, status) in [("{", 400), (r#"{"rotates": true}"#, 422), (r#"{"expires_in": 5}"#, 422)] {
        let refused = crm.send("PUT", "/_sandbox/oauth", &[], body).await;
        assert_eq!(refused.status, status, "{body}");
    }
    assert_eq!(crm.get("/_sandbox/oauth").await.body["required_fields"], json!({"app_key": "k-1"}));
    crm.sandbox.reset();
    let first = crm.get("/_sandbox/oauth").await.body;
    assert_eq!((&first["required_fields"], &first["requires_pkce"]), (&json!({}), &json!(false)));
}

#[tokio::test]
async fn the_way_in_which_a_client_proves_itself_can_be_fixed() {
    let crm = client().await;
    let basic = ("Authorization", "Basic c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ=");
    let grant = "grant_type=client_credentials";
    let headers = [basic, FORM];
    let by_header = || crm.send("POST", "/oauth/token", &headers, grant);
    let both = format!("{grant}&{SECRET}");
    let by_form = || token(&crm, &both);
    for (how, header, form) in [("any", 200, 200), ("basic", 200, 401), ("form", 401, 200)] {
        rules(&crm, &json!({"client_authentication": how})).await;
        let statuses = (by_header().await.status, by_form().await.status);
        assert_eq!(statuses, (header, form), "{how}");
    }
    // As some CRMs do: any header is too much, also beside a right form.
    let with_both = crm.send("POST", "/oauth/token", &headers, &both).await;
    assert_eq!((with_both.status, &with_both.body["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn passwords_and_the_client_itself_get_tokens() {
    let crm = client().await;
    let password = |name: &str, password: &str| {
        format!("grant_type=password&username={name}&password={password}&{SECRET}")
    };
    let billie = token(&crm, &password("Billie@example.com", "sandbox-key-2")).await;
    assert_eq!(billie.status, 200, "{}", billie.text);
    assert_eq!(me(&crm, &billie.body).await.body["id"], "usr-2");
    assert_eq!(refreshed(&crm, &billie.body).await.status, 200);
    for (name, word) in [("billie@example.com", "sandbox-key"), ("nobody@example.com", "sandbox-key")] {
        let refused = token(&crm, &password(name, word)).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_grant")), "{name}");
    }
    let service = token(&crm, &format!("grant_type=client_credentials&{SECRET}")).await;
    assert_eq!((service.status, service.body.get("refresh_token")), (200, None), "{}", service.text);
    assert_eq!(me(&crm, &service.body).await.body["id"], "usr-1");
}

#[tokio::test]
async fn tokens_expire_and_sign_ins_end_on_demand() {
    let crm = client().await;
    let alex = signed_in(&crm).await;
    let billie = redeemed(&crm, "client_id=sandbox-client&login_hint=billie@example.com", SECRET, "").await;
    let only_billie = json!({"user_id": "usr-2"});
    assert_eq!(crm.post("/_sandbox/oauth/expire", &only_billie).await.body, json!({"expired": 1}));
    let expired = me(&crm, &billie.body).await;
    assert_eq!((expired.status, expired.code()), (401, "expired_token"));
    assert_eq!(me(&crm, &alex).await.status, 200);
    let renewed = refreshed(&crm, &billie.body).await;
    assert_eq!(me(&crm, &renewed.body).await.status, 200, "a refresh token outlives the access token");
    assert_eq!(crm.sandbox.expire_access_tokens(), 2);

    assert_eq!(crm.post("/_sandbox/oauth/revoke", &only_billie).await.body, json!({"revoked": 1}));
    assert_eq!(refreshed(&crm, &renewed.body).await.body["error"], "invalid_grant");
    assert_eq!(me(&crm, &renewed.body).await.code(), "invalid_credential");
    assert_eq!(crm.send("POST", "/_sandbox/oauth/revoke", &[], "").await.body, json!({"revoked": 1}));
    assert_eq!(refreshed(&crm, &alex).await.body["error"], "invalid_grant");
    assert_eq!(crm.sandbox.revoke_sign_ins(), 0);
    let refused = crm.post("/_sandbox/oauth/expire", &json!({"user": "usr-2"})).await;
    assert_eq!(refused.status, 422, "a misspelt field must not mean everybody");
}

#[tokio::test]
async fn a_client_can_revoke_a_token() {
    let crm = client().await;
    for kind in ["access_token", "refresh_token"] {
        let tokens = signed_in(&crm).await;
        let body = format!("token={}&{SECRET}", text(&tokens, kind));
        let crm = &crm;
        let others = format!("token={}&{PUBLIC}", text(&tokens, kind));
        let send = |body: String| async move {
            crm.send("POST", "/oauth/revoke", &[("Authorization", ""), FORM], &body).await.status
        };
        assert_eq!(send(others).await, 200);
        assert_eq!(me(crm, &tokens).await.status, 200, "another client ends nothing");
        assert_eq!(send(body.clone()).await, 200);
        assert_eq!(me(crm, &tokens).await.status, 401);
        assert_eq!(refreshed(crm, &tokens).await.body["error"], "invalid_grant");
        assert_eq!(send(body).await, 200, "an unknown token is no error");
        assert_eq!(send(SECRET.to_owned()).await, 400);
    }
}

#[tokio::test]
async fn the_token_endpoint_can_be_slow_or_fail() {
    let fault = |effect| Fault {
        path_prefix: Some("/oauth/token".to_owned()),
        times: Some(1),
        ..Fault::from(effect)
    };
    let faults = [
        fault(Effect::Status { code: 503, retry_after_seconds: None }),
        fault(Effect::HtmlPage),
        fault(Effect::LatencyMs(30)),
    ];
    let crm =
        Client::start(SandboxOptions { faults: Faults { faults: faults.to_vec() }, ..Default::default() })
            .await;
    let start = std::time::Instant::now();
    assert_eq!(crm.get("/api/v1/me").await.status, 200, "the CRM itself works");
    let grant = format!("grant_type=client_credentials&{SECRET}");
    assert_eq!(token(&crm, &grant).await.status, 503);
    assert!(start.elapsed().as_millis() >= 30, "{:?}", start.elapsed());
    assert_eq!(token(&crm, &grant).await.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(token(&crm, &grant).await.status, 200);
}
