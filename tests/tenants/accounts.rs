//! What belongs to a user, and what admins set for an account.
use super::{Case, SignIn, Tenant, World, assert_refused};
use crate::support::client::Response;
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    Case {
        routes: &["POST /apiKeyLogin", "POST /unAuthorize"],
        plant: |_| String::new(),
        act: |stranger, _| {
            // Strangers came after the owner; now they go, and come and go again.
            assert_eq!(stranger.post("/unAuthorize", &json!({})).status, 200);
            if !stranger.signed_out {
                let again = Tenant {
                    token: String::new(),
                    account: stranger.account.clone(),
                    claimed: stranger.claimed.clone(),
                    key: stranger.key.clone(),
                    ..*stranger
                };
                assert_eq!(again.signed_in().post("/unAuthorize", &json!({})).status, 200);
            }
        },
        still: |owner, _| {
            let reply = owner.get("/custom/contact/search?name=Ada");
            assert!(owner.works(&reply) && reply.text().contains(&owner.key), "{}", reply.text());
        },
    },
    Case {
        routes: &["GET /oauth-callback", "GET /oauth/start"],
        plant: |owner| {
            let reply = owner.get("/custom/contact/search?name=Ada");
            assert!(owner.works(&reply), "{}", reply.text());
            owner.account.clone().unwrap_or_default()
        },
        act: |stranger, account| {
            let start = format!("/oauth/start?platform={}&proxyId={}", stranger.platform, stranger.proxy_id);
            // Who begins a sign-in for the owner's account, or comes back from one, learns nothing of it.
            let begun = stranger.send("GET", &format!("{start}&rcAccountId={account}"), &Value::Null);
            let back = stranger.checked(stranger.come_back());
            match stranger.world.sign_in {
                SignIn::OAuth => assert_eq!((begun.status, back.status), (302, 200), "{}", back.text()),
                // A document whose users have API keys.
                SignIn::Key => assert_eq!((begun.status, back.status), (400, 400), "{}", back.text()),
            }
        },
        still: |owner, _| {
            let reply = owner.get("/custom/contact/search?name=Ada");
            assert!(owner.works(&reply) && reply.text().contains(&owner.key), "{}", reply.text());
        },
    },
    Case {
        routes: &["GET /licenseStatus"],
        plant: |owner| {
            assert_eq!(license(owner), json!(format!("License of {}", owner.key)));
            String::new()
        },
        act: |stranger, _| {
            let unknown = if stranger.signed_out { "Invalid (User not found)" } else { "Unknown" };
            stranger.world.vault.set_license_outage(true);
            assert_eq!(license(stranger), unknown, "there is no last known one");
            stranger.world.vault.set_license_outage(false);
            license(stranger);
        },
        still: |owner, _| {
            owner.world.vault.set_license_outage(true);
            assert_eq!(license(owner), json!(format!("License of {}", owner.key)), "the last known one");
            owner.world.vault.set_license_outage(false);
        },
    },
    Case {
        routes: &["GET /authValidation"],
        plant: |_| String::new(),
        act: |stranger, _| {
            stranger.works(&stranger.get("/authValidation"));
        },
        still: |owner, _| assert!(owner.works(&owner.get("/authValidation"))),
    },
    Case {
        routes: &["POST /user/refreshInfo"],
        plant: |_| String::new(),
        act: |stranger, _| {
            stranger.works(&stranger.post("/user/refreshInfo", &json!({})));
        },
        still: |owner, _| {
            assert!(owner.works(&owner.post("/user/refreshInfo", &json!({}))));
            assert!(owner.works(&owner.get("/custom/contact/search?name=Ada")));
        },
    },
    Case {
        routes: &["GET /hostname"],
        plant: |_| String::new(),
        act: |stranger, _| assert_hostname(stranger),
        still: |owner, _| assert_hostname(owner),
    },
    Case {
        routes: &["GET /accountData"],
        plant: |_| String::new(),
        act: |stranger, _| assert_refused(&stranger.get("/accountData?keys=types")),
        still: |owner, _| {
            let reply = owner.get("/accountData?keys=types");
            assert_eq!(reply.message()["message"], "Unknown account data key(s): types", "{}", reply.text());
        },
    },
    Case {
        routes: &["GET /user/settings", "POST /user/settings"],
        plant: |owner| {
            assert_eq!(owner.get("/user/settings").json(), json!({}));
            set(owner, "theme");
            String::new()
        },
        act: |stranger, _| {
            assert_eq!(stranger.get("/user/settings").json(), json!({}));
            set(stranger, "theme");
            let removed = stranger.post("/user/settings", &json!({"settingKeysToRemove": ["theme"]}));
            assert_eq!(removed.json(), json!({"userSettings": {}}));
        },
        still: |owner, _| {
            assert_eq!(owner.get("/user/settings").json(), json!({"theme": {"value": owner.say("dark")}}));
        },
    },
    Case {
        routes: &["GET /admin/settings", "POST /admin/settings"],
        plant: |owner| {
            assert_eq!(manage(owner).status, 200);
            String::new()
        },
        act: |stranger, _| {
            let seen = managed(stranger);
            if stranger.is_colleague {
                // Of the account, and no admin of it.
                assert_eq!((seen.status, manage(stranger).status), (403, 403));
            } else {
                assert_eq!(seen.json(), json!({"customAdapter": null, "userSettings": {}}));
                assert_eq!(manage(stranger).status, 200);
            }
        },
        still: |owner, _| {
            let settings = managed(owner).json()["userSettings"].take();
            assert_eq!(settings, json!({"theme": {"value": owner.say("dark")}}));
        },
    },
];

fn license(who: &Tenant) -> Value {
    who.get("/licenseStatus").json()["licenseStatus"].take()
}

#[track_caller]
fn assert_hostname(who: &Tenant) {
    assert_eq!(who.get("/hostname").text(), format!("{}.example.com", who.key));
}

#[track_caller]
fn set(who: &Tenant, setting: &str) {
    let settings = json!({setting: {"value": who.say("dark")}});
    let reply = who.post("/user/settings", &json!({"userSettings": settings}));
    assert_eq!(reply.json(), json!({"userSettings": settings}), "{}", reply.text());
}

fn managed(admin: &Tenant) -> Response {
    let token = admin.ringcentral_token();
    admin.send_with("GET", "/admin/settings", &[("X-RC-Access-Token", &token)], &Value::Null)
}

fn manage(admin: &Tenant) -> Response {
    let token = admin.ringcentral_token();
    let settings = json!({"adminSettings": {"userSettings": {"theme": {"value": admin.say("dark")}}}});
    admin.send_with("POST", "/admin/settings", &[("X-RC-Access-Token", &token)], &settings)
}

/// Clients name an account by its hashed id, which anybody can compute at `/userInfoHash`. It opens
/// nothing to those who are known to belong elsewhere.
#[test]
fn naming_an_account_does_not_make_one_belong_to_it() {
    let world = World::start();
    let owner = world.owner("u", true);
    assert_eq!(manage(&owner).status, 200);
    let account = owner.account.clone().expect("an account");
    let hashed =
        world.server.get(&format!("/userInfoHash?accountId={account}"), "").json()["accountId"].take();
    let target = format!("/user/settings?rcAccountId={}", hashed.as_str().expect("a hash"));
    let theirs = json!({"theme": {"value": owner.say("dark")}});
    assert_eq!(owner.get(&target).json(), theirs);
    let stranger = world.stranger(&owner, "u", super::Apart::Account);
    assert_eq!(stranger.get(&target).json(), json!({}));
    set(&stranger, "own");
    assert_eq!(stranger.get(&target).json(), json!({"own": {"value": stranger.say("dark")}}));
}
