//! Contacts and call-down lists.
use super::{Case, Tenant, assert_refused};
use crate::support::client::Response;
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    Case {
        routes: &["GET /contact"],
        plant: |owner| {
            for number in ["14155550101", "14155550199"] {
                assert_contact(owner, &find(owner, number, ""));
            }
            String::new()
        },
        act: |stranger, _| {
            let reply = find(stranger, "14155550101", "");
            // The CRM knows the other number for owners only: what an owner's account caches for it
            // is not a stranger's stale entry.
            let unknown = find(stranger, "14155550199", "&isForceRefreshAccountData=true");
            if stranger.works(&reply) {
                assert_contact(stranger, &reply);
                assert_eq!(unknown.people(), json!([]), "{}", unknown.text());
            } else {
                assert_refused(&unknown);
            }
        },
        still: |owner, _| {
            for number in ["14155550101", "14155550199"] {
                let reply = find(owner, number, "");
                assert_contact(owner, &reply);
                let is_cached = reply.message().is_null();
                assert_eq!(is_cached, owner.account.is_some(), "{}", reply.text());
            }
        },
    },
    Case {
        routes: &["POST /contact"],
        plant: |owner| {
            assert_created(owner);
            String::new()
        },
        act: |stranger, _| assert_created(stranger),
        still: |owner, _| assert_created(owner),
    },
    Case {
        routes: &["GET /custom/contact/search"],
        plant: |owner| {
            assert_contact(owner, &owner.get("/custom/contact/search?name=Ada"));
            String::new()
        },
        act: |stranger, _| {
            let reply = stranger.get("/custom/contact/search?name=Ada");
            if stranger.works(&reply) {
                assert_contact(stranger, &reply);
            }
        },
        still: |owner, _| assert_contact(owner, &owner.get("/custom/contact/search?name=Ada")),
    },
    Case {
        routes: &["GET /calldown", "POST /calldown"],
        plant: schedule,
        act: |stranger, known| {
            assert_eq!(items(stranger), json!([]));
            // Who signed out keeps a list.
            let own = schedule(stranger);
            assert_ne!(own, known);
            assert_eq!(items(stranger)[0]["id"], own);
        },
        still: only_item,
    },
    Case {
        routes: &["PATCH /calldown/{id}"],
        plant: schedule,
        act: |stranger, known| {
            let change = json!({"note": stranger.say("changed"), "status": "called"});
            assert_not_found(&stranger.send("PATCH", &format!("/calldown/{known}"), &change));
            assert_eq!(items(stranger), json!([]), "nor is it made theirs");
        },
        still: |owner, known| {
            only_item(owner, known);
            let change = json!({"note": owner.say("changed")});
            assert_eq!(owner.send("PATCH", &format!("/calldown/{known}"), &change).status, 200);
            assert_eq!(items(owner)[0]["note"], owner.say("changed"));
        },
    },
    Case {
        routes: &["DELETE /calldown/{id}"],
        plant: schedule,
        act: |stranger, known| {
            assert_not_found(&stranger.send("DELETE", &format!("/calldown/{known}"), &json!({})));
        },
        still: |owner, known| {
            only_item(owner, known);
            assert_eq!(owner.send("DELETE", &format!("/calldown/{known}"), &json!({})).status, 200);
            assert_eq!(items(owner), json!([]));
        },
    },
];

fn find(who: &Tenant, number: &str, more: &str) -> Response {
    who.get(&format!("/contact?phoneNumber=%2B{number}{more}"))
}

/// The answer holds the contact that the CRM has for this one.
#[track_caller]
fn assert_contact(who: &Tenant, reply: &Response) {
    assert_eq!(reply.json()["contact"][0]["name"], format!("Contact of {}", who.key), "{}", reply.text());
}

#[track_caller]
fn assert_created(who: &Tenant) {
    let contact = json!({"phoneNumber": "+14155550101", "newContactName": who.say("Ada")});
    let reply = who.post("/contact", &contact);
    if who.works(&reply) {
        assert_eq!(reply.json()["contact"]["id"], format!("new-{}", who.key), "{}", reply.text());
    }
}

#[track_caller]
fn schedule(who: &Tenant) -> String {
    let item = json!({"contactId": "c1", "contactName": who.say("Ada"), "note": who.say("note")});
    let reply = who.post("/calldown", &item);
    reply.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {}", reply.text())).to_owned()
}

fn items(who: &Tenant) -> Value {
    who.get("/calldown").json()["items"].take()
}

/// The list holds what was scheduled, unchanged.
#[track_caller]
fn only_item(who: &Tenant, id: &str) {
    let items = items(who);
    assert_eq!(items.as_array().map(Vec::len), Some(1), "{items}");
    let item = &items[0];
    assert_eq!(
        (&item["id"], &item["note"], &item["status"]),
        (&json!(id), &json!(who.say("note")), &json!("scheduled"))
    );
}

#[track_caller]
fn assert_not_found(reply: &Response) {
    assert_eq!((reply.status, reply.json()["error"].clone()), (400, json!("Not found")), "{}", reply.text());
}
