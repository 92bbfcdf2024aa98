//! Call logs, notes, dispositions, messages.
use super::{Case, Tenant, assert_refused};
use crate::support::client::Response;
use crate::support::test_server;
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    Case {
        routes: &["POST /callLog"],
        plant: |owner| log(owner, "s-1"),
        act: |stranger, _| {
            for session_id in ["s-1", "s-2"] {
                let reply = stranger.post("/callLog", &call(stranger, session_id));
                if stranger.works(&reply) {
                    // A record of their own, for the session of the owner's and for one to come.
                    assert!(id(&reply).starts_with(&stranger.key), "{}", reply.text());
                }
            }
        },
        still: |owner, known| {
            assert_eq!(found(owner, "s-1")["logId"], known);
            let again = owner.post("/callLog", &call(owner, "s-1"));
            assert_eq!(again.message()["message"], "Existing log for session s-1");
            log(owner, "s-2");
        },
    },
    Case {
        routes: &["GET /callLog"],
        plant: |owner| log(owner, "s-1"),
        act: |stranger, _| {
            for details in ["false", "true"] {
                let reply = stranger.get(&format!("/callLog?sessionIds=s-1,%20s-1&requireDetails={details}"));
                if stranger.works(&reply) {
                    let none = json!({"sessionId": "s-1", "matched": false});
                    assert_eq!(reply.json()["logs"], json!([none, none]));
                }
            }
        },
        still: |owner, known| {
            let log = found(owner, "s-1");
            assert_eq!(log["logId"], known);
            assert!(log["logData"].to_string().contains(owner.mark), "{log}");
        },
    },
    Case {
        routes: &["PATCH /callLog"],
        plant: |owner| log(owner, "s-1"),
        act: |stranger, _| {
            let change = json!({"sessionId": "s-1", "note": stranger.say("changed"), "duration": 1});
            assert_refused(&stranger.send("PATCH", "/callLog", &change));
        },
        still: |owner, known| {
            let change = json!({"sessionId": "s-1", "note": owner.say("changed")});
            let reply = owner.send("PATCH", "/callLog", &change);
            assert_eq!(reply.json()["logId"], known, "{}", reply.text());
            assert!(record(owner).contains("changed"));
        },
    },
    Case {
        routes: &["PUT /callDisposition"],
        plant: |owner| log(owner, "s-1"),
        act: |stranger, _| {
            let change = json!({"sessionId": "s-1", "dispositions": {"result": stranger.say("Busy")}});
            assert_refused(&stranger.send("PUT", "/callDisposition", &change));
        },
        still: |owner, _| {
            let change = json!({"sessionId": "s-1", "dispositions": {"result": owner.say("Busy")}});
            assert!(owner.works(&owner.send("PUT", "/callDisposition", &change)));
            assert!(record(owner).contains("Busy"));
        },
    },
    Case {
        routes: &["POST /callLog/cacheNote"],
        plant: |owner| {
            assert!(owner.works(&keep_note(owner, "s-1")));
            assert!(owner.works(&keep_note(owner, "s-2")));
            String::new()
        },
        act: |stranger, _| {
            // One note is replaced by the stranger's own, the other is not there.
            stranger.works(&keep_note(stranger, "s-1"));
            for session_id in ["s-1", "s-2"] {
                stranger.works(&log_by_server(stranger, session_id));
            }
        },
        still: |owner, _| {
            for session_id in ["s-1", "s-2"] {
                assert!(owner.works(&log_by_server(owner, session_id)));
            }
            let records = owner.world.vault.records_of(&owner.key);
            assert_eq!(records.len(), 2);
            assert!(records.values().all(|text| text.contains(&owner.say("kept note"))), "{records:?}");
        },
    },
    Case {
        routes: &["POST /messageLog", "POST /messageLog/match"],
        plant: |owner| {
            assert_eq!(send_messages(owner, 1)["logIds"], json!(["1"]));
            String::new()
        },
        act: |stranger, _| {
            // Colleagues' messages are those of another platform or document.
            let known = matched(stranger);
            assert!(known.is_null() == stranger.signed_out && !known.to_string().contains("true"), "{known}");
            let reply = send_messages(stranger, 2);
            let logged = if stranger.signed_out { Value::Null } else { json!(["1", "2"]) };
            assert_eq!(reply["logIds"], logged, "{reply}");
            assert!(stranger.signed_out || matched(stranger) == json!([true, true, false]));
        },
        still: |owner, _| {
            assert_eq!(send_messages(owner, 3)["logIds"], json!(["2", "3"]));
            let text = record(owner);
            assert_eq!(text.matches(owner.mark).count(), 3, "one record with all messages: {text}");
        },
    },
];

fn call(who: &Tenant, session_id: &str) -> Value {
    let mut call = test_server::call(session_id, "c1");
    call["note"] = who.say("note").into();
    call["contactName"] = who.say("contact").into();
    call
}

#[track_caller]
fn id(reply: &Response) -> String {
    reply.json()["logId"].as_str().unwrap_or_else(|| panic!("no id: {}", reply.text())).to_owned()
}

#[track_caller]
fn log(who: &Tenant, session_id: &str) -> String {
    let id = id(&who.post("/callLog", &call(who, session_id)));
    assert!(id.starts_with(&who.key), "{id}");
    id
}

fn found(who: &Tenant, session_id: &str) -> Value {
    who.get(&format!("/callLog?sessionIds={session_id}&requireDetails=true")).json()["logs"][0].take()
}

/// The text of the only record.
#[track_caller]
fn record(who: &Tenant) -> String {
    let records: Vec<String> = who.world.vault.records_of(&who.key).into_values().collect();
    let [record] = &records[..] else { panic!("one record: {records:?}") };
    record.clone()
}

fn keep_note(who: &Tenant, session_id: &str) -> Response {
    who.post("/callLog/cacheNote", &json!({"sessionId": session_id, "note": who.say("kept note")}))
}

/// Logs a call as server-side logging does: with the note that was kept.
fn log_by_server(who: &Tenant, session_id: &str) -> Response {
    let mut call = call(who, session_id);
    call["note"] = "".into();
    who.send_with("POST", "/callLog", &[("User-Agent", "SSCL")], &call)
}

/// Whether the messages 1, 2 and 3 of the conversation are logged; null for one who is refused.
fn matched(who: &Tenant) -> Value {
    let reply =
        who.post("/messageLog/match", &json!({"conversationId": "c", "messageIds": [1, 2, 3]})).json();
    let logs = reply["logs"].as_array().cloned();
    logs.map_or(Value::Null, |logs| logs.iter().map(|log| log["matched"].clone()).collect())
}

/// Logs messages 1 to `last` of a conversation that everybody has.
fn send_messages(who: &Tenant, last: u32) -> Value {
    let message = |n: u32| {
        json!({
            "id": n, "type": "SMS", "subject": who.say("text"), "direction": "Outbound",
            "creationTime": "2024-01-01T10:00:00.000Z", "from": {"phoneNumber": "+14155550100"},
            "to": [{"phoneNumber": "+14155550123"}]
        })
    };
    let body = json!({
        "logInfo": {
            "conversationId": "c", "conversationLogId": "c-day", "type": "SMS",
            "messages": (1..=last).rev().map(message).collect::<Vec<_>>(),
            "correspondents": [{"phoneNumber": "+14155550123", "name": "Ada"}]
        },
        "contactId": "c1", "contactType": "Contact", "contactName": "Ada"
    });
    who.post("/messageLog", &body).json()
}
