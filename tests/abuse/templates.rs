//! Templates that would work for minutes or build gigabytes.

use crate::support::crm::{Answer, Crm};
use crate::support::pulse::while_others_are_served;
use crate::support::test_server::TestServer;
use serde_json::{Value, json};

const SUBMITTED: &str = "additionalSubmission.tags";

/// A server of one worker whose document makes call logs with this body, and what logging a call with these
/// values is answered.
fn logged(body: &Value, values: &Value) -> (Value, usize) {
    let crm = Crm::start(|request| match request.path() {
        "/me" => Answer::json(&json!({"id": "u1", "name": "Ada"})),
        _ => Answer::json(&json!({"id": "record-1"})),
    });
    let document = json!({
        "auth": {"type": "apiKey", "scheme": "Bearer", "credentialTemplate": "{{apiKey}}", "encode": "none"},
        "requestDefaults": {"baseUrl": crm.origin()},
        "operations": {
            "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}},
            "createCallLog": {"method": "POST", "url": "/log", "body": body, "responseMapping": {"idPath": "body.id"}},
        },
    });
    let server = TestServer::start_with(&[("p", &document)], |options| options.arg("--workers").arg("1"));
    let token = server.sign_in("p", "p", "key");
    let mut call = json!({
        "logInfo": {"sessionId": "s1", "startTime": 1_700_000_000_000_u64, "duration": 5, "direction": "Inbound"},
        "contactId": "c",
    });
    for (name, value) in values.as_object().unwrap() {
        call[name] = value.clone();
    }
    let reply = while_others_are_served(&server, || server.post("/callLog", &token, &call));
    assert!(reply.status < 500, "{}", reply.text());
    (reply.json(), crm.count("/log"))
}

fn tags(count: usize) -> Value {
    json!({"additionalSubmission": {"tags": vec!["a"; count]}, "note": "A,".repeat(10_000)})
}

#[test]
fn looking_up_in_a_long_list_is_linear() {
    let body =
        json!({"x": format!("{{{{#each {SUBMITTED}}}}}{{{{lookup ../{SUBMITTED} @index}}}}{{{{/each}}}}")});
    let (reply, sent) = logged(&body, &tags(12_000));
    assert_eq!((&reply["successful"], sent), (&json!(true), 1), "{reply}");
}

#[test]
fn loops_over_long_lists_and_texts_are_stopped_with_words() {
    for inner in [
        "{{#each ../additionalSubmission.tags}}{{#each @root.additionalSubmission.tags}}{{/each}}{{/each}}",
        "{{#if (eq (lowercase ../note) 'x')}}y{{/if}}",
        "{{#if (gt ../note.length 10)}}{{else}}n{{/if}}",
        "{{#if (eq (lookup (split ../note ',') @index) 'x')}}y{{/if}}",
    ] {
        let body = json!({"x": format!("{{{{#each {SUBMITTED}}}}}{inner}{{{{/each}}}}")});
        let (reply, sent) = logged(&body, &tags(12_000));
        assert_eq!((&reply["successful"], sent), (&json!(false), 0), "{inner}: {reply}");
        assert!(reply.to_string().contains("createCallLog/body/x"), "{inner}: {reply}");
    }
}

#[test]
fn many_slots_share_one_budget_and_one_length() {
    let note = json!({"note": "A".repeat(200_000)});
    let slots = |value: &str| (0..300).map(|at| (format!("k{at}"), json!(value))).collect::<Value>();
    for (value, expected) in [("{{lowercase note}}", "steps"), ("{{note}}", "longer than")] {
        let (reply, sent) = logged(&slots(value), &note);
        assert_eq!((&reply["successful"], sent), (&json!(false), 0), "{value}: {reply}");
        assert!(reply.to_string().contains(expected), "{value}: {reply}");
    }
}
