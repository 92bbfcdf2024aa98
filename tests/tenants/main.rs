//! Who sees what, route by route: a user of one account, platform or document can neither see, block
//! nor change what belongs to another. Messages are in `tests/messages` (Q5).
//!
//! A route's test plants something as the owner and looks as every stranger of the [`World`]. The
//! owner's CRM id is shared with the strangers behind another document and on another platform.

#[path = "../support/mod.rs"]
mod support;

mod account;
mod logs;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use support::client::Response;
use support::crm::{Answer, Crm, Request};
use support::site::{self, Site, document};

/// One server with two documents, and its users.
struct World {
    site: Site,
    /// The CRM of both documents.
    crm: Crm,
    /// While it is set, the CRM answers 503 for licences.
    outage: Arc<AtomicBool>,
    /// User 7 of account A, document `one`, platform `testCrm`.
    owner: String,
    /// User 8 of the same account, document and platform.
    colleague: String,
    /// Everybody else, by what sets them apart.
    strangers: Vec<(&'static str, String)>,
    _ringcentral: Crm,
}

fn world() -> World {
    let outage = Arc::new(AtomicBool::new(false));
    let crm = Crm::start({
        let outage = Arc::clone(&outage);
        move |request: &Request| match request.path() {
            "/v1/license" if outage.load(Ordering::Acquire) => Answer::json(&json!({})).status(503),
            "/v1/license" => {
                Answer::json(&json!({"isLicenseValid": true, "licenseStatus": site::api_key(request)}))
            }
            path if path.ends_with("/disposition") => Answer::json(&json!({})),
            _ if request.method == "PATCH" => Answer::json(&json!({})),
            _ => site::ordinary(request),
        }
    });
    // The token is the account's id, with a dash and `admin` after it for admins.
    let ringcentral = Crm::start(|request: &Request| {
        let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
        let (account, is_admin) = match token.strip_suffix("-admin") {
            Some(account) => (account, true),
            None => (token, false),
        };
        let permissions = json!({"admin": {"enabled": is_admin}});
        Answer::json(&json!({"id": 1, "account": {"id": account}, "permissions": permissions}))
    });
    let mut one = document(&crm.origin());
    one["operations"]["getLicenseStatus"] = json!({"method": "GET", "url": "/license"});
    one["operations"]["upsertCallDisposition"] = json!({
        "method": "PUT", "url": "/activities/{{thirdPartyLogId}}/disposition",
        "body": {"disposition": "{{dispositions.result}}"}
    });
    let site = Site::start_with(&[("one", &one), ("two", &one)], |options| {
        options.env("RINGCENTRAL_SERVER", ringcentral.origin())
    });
    let sign_in = |proxy_id: &str, platform: &str, key: &str, account: Option<&str>| {
        let mut login = json!({"platform": platform, "proxyId": proxy_id, "apiKey": key});
        if let Some(account) = account {
            login["rcAccessToken"] = account.into();
        }
        let reply = site.send_login(&login);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["jwtToken"].as_str().expect("a token").to_owned()
    };
    let owner = sign_in("one", "testCrm", "7-owner", Some("A"));
    let colleague = sign_in("one", "testCrm", "8-colleague", Some("A"));
    let strangers = vec![
        ("another account", sign_in("one", "testCrm", "9-b", Some("B"))),
        ("another document", sign_in("two", "testCrm", "7-two", Some("A"))),
        ("another platform", sign_in("one", "otherCrm", "7-other", Some("A"))),
        ("no account", sign_in("one", "testCrm", "10-alone", None)),
    ];
    World { site, crm, outage, owner, colleague, strangers, _ringcentral: ringcentral }
}

impl World {
    /// The strangers, and the colleague where what is looked at belongs to the user alone.
    fn outsiders(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let strangers = self.strangers.iter().map(|(name, token)| (*name, token.as_str()));
        strangers.chain(std::iter::once(("a colleague", self.colleague.as_str())))
    }

    /// Sends JSON with any method.
    fn send(&self, method: &str, target: &str, token: &str, body: &Value) -> Response {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        self.site.send(method, target, &headers, Some(body.to_string().into_bytes()))
    }
}
