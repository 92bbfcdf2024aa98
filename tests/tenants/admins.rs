//! What admins of an account do with a session of its CRM.
use super::{Case, STRANGER, Tenant};
use crate::support::client::Response;
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    Case {
        routes: &["POST /admin/userMapping"],
        plant: |owner| {
            assert_eq!(extensions(owner, &map(owner, "userMapping")), json!(["ada"]));
            // By hand, which the stranger's matching must not undo.
            assert_eq!(save(owner, "grace").status, 200);
            String::new()
        },
        act: |stranger, _| mapped_by_stranger(stranger, "userMapping"),
        still: |owner, _| {
            assert_eq!(kept(owner), json!([{"crmUserId": crm_user(owner), "rcExtensionId": ["grace"]}]));
            assert_eq!(extensions(owner, &map(owner, "userMapping")), json!(["grace"]));
        },
    },
    Case {
        routes: &["POST /admin/reinitializeUserMapping"],
        plant: |owner| {
            assert_eq!(save(owner, "grace").status, 200);
            String::new()
        },
        act: |stranger, _| mapped_by_stranger(stranger, "reinitializeUserMapping"),
        still: |owner, _| {
            assert_eq!(kept(owner), json!([{"crmUserId": crm_user(owner), "rcExtensionId": ["grace"]}]));
            assert_eq!(extensions(owner, &map(owner, "reinitializeUserMapping")), json!(["ada"]));
        },
    },
    Case {
        routes: &["GET /admin/serverLoggingSettings", "POST /admin/serverLoggingSettings"],
        plant: |owner| {
            assert_eq!(set_logging(owner, &owner.ringcentral_token()).json()["successful"], true);
            String::new()
        },
        act: |stranger, _| {
            let (token, unknown) = (stranger.ringcentral_token(), (400, "User not found".to_owned()));
            let (seen, set) = (logging(stranger, &token), set_logging(stranger, &token));
            if stranger.signed_out {
                assert_eq!(
                    ((seen.status, seen.text()), (set.status, set.text())),
                    (unknown.clone(), unknown)
                );
            } else if stranger.is_colleague {
                assert_eq!((seen.status, set.status), (403, 403));
            } else {
                assert_eq!(seen.json(), json!({"apiUser": format!("Logger of {}", stranger.key)}));
                assert_eq!(set.json()["successful"], true);
            }
            // The token of another account's admin opens nothing of this one's CRM.
            let other = logging(stranger, "yet-another-account/admin");
            assert_eq!(other.status, if stranger.signed_out { 400 } else { 403 }, "{}", other.text());
        },
        still: |owner, _| {
            let token = owner.ringcentral_token();
            assert_eq!(logging(owner, &token).json(), json!({"apiUser": format!("Logger of {}", owner.key)}));
        },
    },
];

/// A colleague is no admin; who is an admin of something else has mappings there.
#[track_caller]
fn mapped_by_stranger(stranger: &Tenant, route: &str) {
    let reply = map(stranger, route);
    if stranger.signed_out {
        assert_eq!((reply.status, reply.text().as_str()), (400, "User not found"));
    } else if stranger.is_colleague {
        assert_eq!((reply.status, reply.text().as_str()), (403, "Admin validation failed"));
    } else {
        assert_eq!(extensions(stranger, &reply), json!(["ada"]), "as nobody wrote anything by hand");
        assert!(kept(stranger).to_string().contains(STRANGER));
    }
}

fn crm_user(who: &Tenant) -> String {
    format!("u-{}", who.key)
}

fn post(admin: &Tenant, target: &str, token: &str, body: &Value) -> Response {
    admin.send_with("POST", target, &[("X-RC-Access-Token", token)], body)
}

fn map(admin: &Tenant, route: &str) -> Response {
    let extensions =
        json!([{"id": "ada", "email": "ADA@example.com"}, {"id": "grace", "email": "grace@example.com"}]);
    let body = json!({"rcExtensionList": extensions});
    post(admin, &format!("/admin/{route}"), &admin.ringcentral_token(), &body)
}

/// The ids of the extensions of the only user of the CRM.
#[track_caller]
fn extensions(who: &Tenant, reply: &Response) -> Value {
    let rows = reply.json();
    assert_eq!(rows[0]["crmUser"]["id"], crm_user(who), "{}", reply.text());
    let extensions = rows[0]["rcUser"].as_array().expect("a list");
    extensions.iter().map(|extension| extension["extensionId"].clone()).collect()
}

fn save(admin: &Tenant, extension: &str) -> Response {
    let mappings = json!([{"crmUserId": crm_user(admin), "rcExtensionId": [extension]}]);
    let settings = json!({"adminSettings": {"userMappings": mappings}});
    post(admin, "/admin/settings", &admin.ringcentral_token(), &settings)
}

fn kept(admin: &Tenant) -> Value {
    let token = admin.ringcentral_token();
    let reply = admin.send_with("GET", "/admin/settings", &[("X-RC-Access-Token", &token)], &Value::Null);
    reply.json()["userMappings"].take()
}

fn logging(admin: &Tenant, token: &str) -> Response {
    admin.send_with("GET", "/admin/serverLoggingSettings", &[("X-RC-Access-Token", token)], &Value::Null)
}

fn set_logging(admin: &Tenant, token: &str) -> Response {
    let values = json!({"additionalFieldValues": {"text": admin.say("settings")}});
    post(admin, "/admin/serverLoggingSettings", token, &values)
}
