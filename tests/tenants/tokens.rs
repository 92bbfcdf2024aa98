//! Session tokens: the claims name one user together, and none of them alone.
use super::{OWNER, SECRET, Tenant, World};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// What a session opens: one request of each kind.
fn requests() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("GET", "/contact?phoneNumber=1", Value::Null),
        ("GET", "/custom/contact/search?name=Ada", Value::Null),
        ("POST", "/contact", json!({"phoneNumber": "1", "newContactName": "Ada"})),
        ("GET", "/callLog?sessionIds=s-1&requireDetails=true", Value::Null),
        ("POST", "/callLog", crate::support::test_server::call("s-2", "c1")),
        ("PATCH", "/callLog", json!({"sessionId": "s-1", "note": "changed"})),
        ("PUT", "/callDisposition", json!({"sessionId": "s-1", "dispositions": {"result": "Busy"}})),
        ("POST", "/callLog/cacheNote", json!({"sessionId": "s-1", "note": "changed"})),
        ("GET", "/appointments", Value::Null),
        ("GET", "/plugin/licenseStatus?rcAccountId=1&pluginId=p", Value::Null),
        ("GET", "/calldown", Value::Null),
        ("GET", "/hostname", Value::Null),
        ("GET", "/user/settings", Value::Null),
        ("POST", "/user/settings", json!({"settingKeysToRemove": ["theme"]})),
        ("GET", "/licenseStatus", Value::Null),
        ("GET", "/authValidation", Value::Null),
        ("POST", "/user/refreshInfo", Value::Null),
        ("POST", "/messageLog/match", json!({"conversationId": "c", "messageIds": ["1"]})),
        ("GET", "/ringcentral/oauth/callback?code=x", Value::Null),
        ("GET", "/ringcentral/admin/report", Value::Null),
        ("GET", "/ringcentral/admin/userReport", Value::Null),
        ("GET", "/debug/report/url", Value::Null),
        ("POST", "/unAuthorize", Value::Null),
    ]
}

#[test]
fn a_token_with_the_claims_of_two_users_names_neither() {
    let world = World::start();
    let owner = world.owner("u", true);
    let settings = json!({"userSettings": {"theme": {"value": owner.say("dark")}}});
    assert_eq!(owner.post("/user/settings", &settings).status, 200);
    let logged = owner.post("/callLog", &crate::support::test_server::call("s-1", "c1"));
    assert!(owner.works(&logged));
    // Somebody else, so that every claim is one of some user.
    let other = Tenant {
        key: "v-of-another".to_owned(),
        proxy_id: "two",
        platform: "otherCrm",
        account: None,
        token: String::new(),
        ..world.owner("v", false)
    };
    let _other = other.signed_in();
    let records = world.vault.records_of(&owner.key);
    world.vault.take_asked();

    let own = json!({"id": "u-testCrm", "platform": "testCrm", "proxyId": "one"});
    let with = |member: &str, value: Value| {
        let mut claims = own.clone();
        claims[member] = value;
        signed(Algorithm::HS256, SECRET, &claims)
    };
    let without = |member: &str| {
        let mut claims = own.clone();
        claims.as_object_mut().unwrap().shift_remove(member);
        signed(Algorithm::HS256, SECRET, &claims)
    };
    let unsigned = {
        use base64::Engine as _;
        let part = |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), part(&own))
    };
    let tokens = [
        ("another proxy id", with("proxyId", json!("two"))),
        ("an unknown proxy id", with("proxyId", json!("three"))),
        ("an empty proxy id", with("proxyId", json!(""))),
        ("no proxy id, said so", with("proxyId", Value::Null)),
        ("another platform", with("platform", json!("otherCrm"))),
        ("an empty platform", with("platform", json!(""))),
        ("no platform", without("platform")),
        ("the id of another platform", with("id", json!("u-otherCrm"))),
        ("the id at the CRM alone", with("id", json!("u"))),
        ("part of the id", with("id", json!("u-test"))),
        ("no id", without("id")),
        ("an expired token", with("exp", json!(1))),
        ("another secret", signed(Algorithm::HS256, "another secret", &own)),
        ("another algorithm", signed(Algorithm::HS512, SECRET, &own)),
        ("no signature", unsigned),
    ];
    for (what, token) in tokens {
        for (method, target, body) in requests() {
            let bearer = format!("Bearer {token}");
            let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
            let body = (method != "GET").then(|| body.to_string().into_bytes());
            let reply = world.server.send(method, target, &headers, body);
            assert!(!reply.text().contains(OWNER), "{what}: {method} {target}: {}", reply.text());
            assert_eq!(world.vault.take_asked(), [], "{what}: {method} {target}");
        }
    }
    assert_eq!(world.vault.records_of(&owner.key), records);
    assert_eq!(owner.get("/user/settings").json(), settings["userSettings"]);
    assert!(owner.works(&owner.get("/callLog?sessionIds=s-1&requireDetails=true")));
    // These claims together are the owner's.
    let whole = Tenant { token: signed(Algorithm::HS256, SECRET, &own), ..owner };
    assert!(whole.works(&whole.get("/custom/contact/search?name=Ada")));
}
