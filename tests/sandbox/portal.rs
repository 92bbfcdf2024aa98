//! The developer portal of the sandbox.

use app_connect::sandbox::SandboxOptions;
use serde_json::{Value, json};

use crate::sandbox::client::{Client, ids};

const OWN: &str = "400100200";
const OTHER: &str = "400100300";

async fn portal() -> Client {
    let app_server = "https://app.example.com/".to_owned();
    Client::start(SandboxOptions { app_server, ..SandboxOptions::default() }).await
}

#[tokio::test]
async fn each_account_sees_what_is_published_for_it() {
    let portal = portal().await;
    let public = portal.get("/public-api/connectors").await;
    assert_eq!(ids(&public.body, "connectors"), ["sandbox", "sandbox-oauth"]);
    let plugins = portal.get("/public-api/connectors?type=plugin").await;
    assert_eq!(plugins.body, json!({"connectors": []}));
    for (account, private, shared) in [
        (OWN, &["sandbox-managed"][..], &["sandbox-shared"][..]),
        (OTHER, &["sandbox-shared"], &[]),
        ("1", &[], &["sandbox-shared"]),
    ] {
        let path = format!("/public-api/connectors/internal?accountId={account}");
        let seen = portal.get(&path).await;
        let lists = (ids(&seen.body, "privateConnectors"), ids(&seen.body, "sharedConnectors"));
        assert_eq!(lists, (private.to_vec(), shared.to_vec()), "{account}");
    }
    assert_eq!(portal.get("/public-api/connectors/internal").await.status, 422);
}

#[tokio::test]
async fn manifests_open_for_those_who_may_see_them() {
    let portal = portal().await;
    let internal = |account: &str| format!("?access=internal&type=connector&accountId={account}");
    for (id, query, status) in [
        ("sandbox", String::new(), 200),
        ("sandbox-oauth", String::new(), 200),
        ("sandbox", internal(OWN), 404),
        ("sandbox", "?type=plugin".to_owned(), 404),
        ("sandbox-managed", String::new(), 404),
        ("sandbox-managed", internal(OWN), 200),
        ("sandbox-managed", internal(OTHER), 404),
        ("sandbox-shared", internal(OTHER), 200),
        ("sandbox-shared", internal(OWN), 404),
        ("none", String::new(), 404),
    ] {
        let reply = portal.get(&format!("/public-api/connectors/{id}/manifest{query}")).await;
        assert_eq!(reply.status, status, "{id}{query}");
    }
}

async fn auth(portal: &Client, connector: &str) -> (Value, Value) {
    let manifest = portal.get(&format!("/public-api/connectors/{connector}/manifest")).await.body;
    let auth = manifest["platforms"]["sandbox"]["auth"].clone();
    (manifest, auth)
}

#[tokio::test]
async fn manifests_lead_to_the_sandbox_and_the_server() {
    let portal = portal().await;
    let (manifest, oauth) = auth(&portal, "sandbox-oauth").await;
    let base = portal.sandbox.base_url();
    assert_eq!(manifest["serverUrl"], "https://app.example.com");
    assert_eq!(manifest["platforms"]["sandbox"]["proxyId"], "sandbox-oauth");
    assert_eq!(oauth["type"], "oauth");
    assert_eq!(oauth["oauth"]["authUrl"], format!("{base}/oauth/authorize"));
    assert_eq!(oauth["oauth"]["redirectUri"], "https://app.example.com/oauth-callback");
    assert_eq!(oauth["oauth"]["adminManaged"]["enabled"], true);

    // What the manifest says is enough to get a code.
    let asked = format!(
        "{}?response_type=code&client_id={}&state=platform%3Dsandbox&redirect_uri={}",
        oauth["oauth"]["authUrl"].as_str().unwrap().strip_prefix(&base).unwrap(),
        oauth["oauth"]["clientId"].as_str().unwrap(),
        oauth["oauth"]["redirectUri"].as_str().unwrap(),
    );
    let redirected = portal.send("GET", &asked, &[("Authorization", "")], "").await;
    let location = redirected.header("location").unwrap();
    assert!(location.starts_with("https://app.example.com/oauth-callback?code="), "{location}");

    let path = format!("/public-api/connectors/sandbox-managed/manifest?access=internal&accountId={OWN}");
    let managed = portal.get(&path).await.body;
    let fields = &managed["platforms"]["sandbox"]["auth"]["apiKey"]["page"]["content"];
    let scopes: Vec<_> = fields.as_array().unwrap().iter().map(|field| &field["managedScope"]).collect();
    assert_eq!(scopes, [&json!("account"), &json!("user"), &Value::Null]);
}
