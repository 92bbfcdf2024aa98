//! Reports of an account, and of errors.
use super::{Case, Tenant};
use crate::support::client::Response;
use serde_json::json;

pub const CASES: &[Case] = &[
    Case {
        routes: &[
            "GET /ringcentral/oauth/callback",
            "GET /ringcentral/admin/report",
            "GET /ringcentral/admin/userReport",
        ],
        plant: |owner| {
            if owner.account.is_some() {
                brings(owner);
            }
            assert_reports(owner);
            String::new()
        },
        act: |stranger, _| {
            if stranger.is_colleague || stranger.signed_out {
                for reply in [report(stranger, REPORT), report(stranger, USER_REPORT), bring(stranger)] {
                    assert!(matches!(reply.status, 400 | 403), "{}", reply.text());
                }
                return;
            }
            // None of them has what the owner brought.
            let reply = report(stranger, REPORT);
            assert!(!reply.text().contains("itemKeys"), "{}", reply.text());
            brings(stranger);
            assert_reports(stranger);
        },
        still: |owner, _| assert_reports(owner),
    },
    Case {
        routes: &["GET /admin/extensionAdoptionStats"],
        plant: |_| String::new(),
        act: |stranger, _| {
            let reply = adoption(stranger);
            if stranger.is_colleague {
                assert_eq!((reply.status, reply.text().as_str()), (403, "Admin validation failed"));
            } else {
                assert_eq!(reply.status, 200, "{}", reply.text());
            }
        },
        still: |owner, _| {
            let reply = adoption(owner);
            assert_eq!(reply.status, 200, "{}", reply.text());
        },
    },
    Case {
        routes: &["GET /debug/report/url", "PUT /debug/report/{signed}"],
        plant: |owner| {
            let link = link(owner).expect("a link");
            assert_eq!(upload(owner, &link), 200);
            link
        },
        act: |stranger, known| {
            assert_eq!(upload(stranger, known), 409, "what the owner uploaded is not replaced");
            match link(stranger) {
                Some(link) => assert_eq!(upload(stranger, &link), 200),
                None => assert!(stranger.signed_out),
            }
        },
        still: |owner, known| {
            assert_eq!(upload(owner, known), 409);
            assert!(link(owner).is_some());
        },
    },
];

const RANGE: &str = "timeFrom=2024-01-01T00:00:00Z&timeTo=2024-01-31T00:00:00Z";
const REPORT: &str = "report";
const USER_REPORT: &str = "userReport";

fn report(who: &Tenant, which: &str) -> Response {
    who.get(&format!("/ringcentral/admin/{which}?rcExtensionId=1&{RANGE}"))
}

/// Brings the code of an admin, or a colleague's own, who is none.
fn bring(who: &Tenant) -> Response {
    let code: String = url::form_urlencoded::byte_serialize(who.ringcentral_token().as_bytes()).collect();
    who.get(&format!("/ringcentral/oauth/callback?code={code}"))
}

/// Somebody whom the sign-in showed to be no admin becomes one in a minute at the latest: the request that asks
/// RingCentral by a token of an admin tells the server at once.
#[track_caller]
fn brings(who: &Tenant) {
    let token = who.ringcentral_token();
    who.send_with("GET", "/admin/settings", &[("X-RC-Access-Token", &token)], &json!(null));
    let reply = bring(who);
    assert_eq!(reply.text(), r#"{"successful":true}"#, "{}: {}", who.key, reply.status);
}

/// Both reports are of the account that the user brought a token of.
#[track_caller]
fn assert_reports(who: &Tenant) {
    let [account, extension] = [REPORT, USER_REPORT].map(|which| report(who, which));
    if who.account.is_none() && account.status == 403 {
        assert!(
            account.text().contains("It is not known to which RingCentral account"),
            "{}",
            account.text()
        );
        return;
    }
    let own = who.account.clone().unwrap_or_else(|| format!("account of {}", who.key));
    assert_eq!(account.json()["itemKeys"], json!([format!("Report of {own}")]), "{}", account.text());
    assert_eq!(extension.json()["callLogStats"]["inboundCallCount"], 1, "{}", extension.text());
}

fn adoption(who: &Tenant) -> Response {
    let token = who.ringcentral_token();
    who.send_with("GET", "/admin/extensionAdoptionStats", &[("X-RC-Access-Token", &token)], &json!(null))
}

fn link(who: &Tenant) -> Option<String> {
    let reply = who.get("/debug/report/url");
    if reply.status != 200 {
        return None;
    }
    let link: url::Url = reply.json()["presignedUrl"].as_str()?.parse().unwrap();
    Some(link.path().to_owned())
}

fn upload(who: &Tenant, link: &str) -> u16 {
    who.send("PUT", link, &json!({"said": who.say("it broke")})).status
}
