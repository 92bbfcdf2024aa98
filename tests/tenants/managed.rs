//! What admins fill in for the users of their account: sign-in fields and OAuth clients.
use super::{Case, Tenant};
use crate::support::client::Response;
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    Case {
        routes: &[
            "GET /admin/managedAuth",
            "POST /admin/managedAuth",
            "GET /apiKeyManagedAuthState",
            "POST /admin/managedAuth/options",
        ],
        plant: |owner| {
            assert_eq!(left(owner), json!(["desk"]));
            assert_eq!(fill_in(owner, &json!({"values": {"desk": owner.say("d")}})).status, 200);
            assert_eq!(left(owner), json!([]));
            String::new()
        },
        act: |stranger, _| {
            let (seen, options) = (fields(stranger), options(stranger));
            let removal = json!({"fieldsToRemove": ["desk"]});
            if !stranger.is_colleague {
                assert_eq!((seen.status, options.status), (200, 400), "{}", seen.text());
                assert_eq!(seen.json()["orgValues"]["desk"]["hasValue"], false);
                assert_eq!(left(stranger), json!(["desk"]));
                assert_eq!(fill_in(stranger, &json!({"values": {"desk": stranger.say("d")}})).status, 200);
                assert_eq!(fill_in(stranger, &removal).status, 200);
                assert_eq!(left(stranger), json!(["desk"]));
            } else {
                // Of the account, and no admin of it.
                let changed = fill_in(stranger, &removal);
                assert_eq!((seen.status, options.status, changed.status), (403, 403, 403));
            }
        },
        still: |owner, _| {
            assert_eq!(left(owner), json!([]));
            let seen = fields(owner);
            assert_eq!(seen.json()["orgValues"]["desk"]["hasValue"], true, "{}", seen.text());
        },
    },
    Case {
        routes: &[
            "GET /oauthManagedAuthState",
            "POST /admin/managedOAuth/cache",
            "DELETE /admin/managedOAuth/cache",
            "DELETE /admin/managedOAuth/account",
        ],
        plant: |owner| {
            assert_eq!(client(owner), Value::Null);
            assert_eq!(enter(owner).status, 200);
            assert_eq!(client(owner), json!(owner.say("client")));
            String::new()
        },
        act: |stranger, _| {
            assert_eq!(client(stranger), Value::Null);
            let expected = if stranger.is_colleague { 403 } else { 200 };
            assert_eq!(enter(stranger).status, expected);
            for target in ["/admin/managedOAuth/cache", "/admin/managedOAuth/account?platform=testCrm"] {
                assert_eq!(with_token(stranger, "DELETE", target, &json!({})).status, expected);
            }
            assert_eq!(client(stranger), Value::Null);
        },
        still: |owner, _| assert_eq!(client(owner), json!(owner.say("client"))),
    },
];

fn with_token(who: &Tenant, method: &str, target: &str, body: &Value) -> Response {
    let token = who.ringcentral_token();
    who.send_with(method, target, &[("X-RC-Access-Token", &token)], body)
}

fn fields(who: &Tenant) -> Response {
    with_token(who, "GET", "/admin/managedAuth?connectorId=managed", &Value::Null)
}

fn fill_in(who: &Tenant, body: &Value) -> Response {
    with_token(who, "POST", "/admin/managedAuth?connectorId=managed", body)
}

fn options(who: &Tenant) -> Response {
    let target = format!("/admin/managedAuth/options?platform={}&connectorId=managed", who.platform);
    with_token(who, "POST", &target, &json!({"fieldConst": "desk"}))
}

/// The fields that are left to fill in.
fn left(who: &Tenant) -> Value {
    let target = format!(
        "/apiKeyManagedAuthState?platform={}&connectorId=managed&proxyId={}",
        who.platform, who.proxy_id
    );
    let reply = with_token(who, "GET", &target, &Value::Null);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["visibleFieldConsts"].take()
}

fn enter(who: &Tenant) -> Response {
    let body = json!({"platform": who.platform, "values": {"clientId": who.say("client")}});
    with_token(who, "POST", "/admin/managedOAuth/cache", &body)
}

/// The id of the client that is pending.
fn client(who: &Tenant) -> Value {
    let target = format!("/oauthManagedAuthState?platform={}", who.platform);
    let reply = with_token(who, "GET", &target, &Value::Null);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["pendingValues"]["clientId"].take()
}
