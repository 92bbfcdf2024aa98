//! Replies of a CRM that are large, odd or late.

use crate::support::crm::{Answer, Crm};
use crate::support::pulse::while_others_are_served;
use crate::support::test_server::TestServer;
use serde_json::{Value, json};

/// A CRM that answers searches with a text of JSON.
pub(super) struct Search(Crm);

pub(super) fn search(reply: String) -> Search {
    Search(Crm::start(move |request| match request.path() {
        "/me" => Answer::json(&json!({"id": "u1", "name": "Ada"})),
        _ => Answer::text("application/json", &reply),
    }))
}

impl Search {
    /// A server of one worker that searches there with this mapping, and a user who is signed in.
    pub(super) fn server(&self, mapping: &Value) -> (TestServer, String) {
        let document = json!({
            "auth": {"type": "apiKey", "scheme": "Bearer", "credentialTemplate": "{{apiKey}}", "encode": "none"},
            "requestDefaults": {"baseUrl": self.0.origin()},
            "operations": {
                "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}},
                "findContact": {"url": "/c", "responseMapping": mapping},
            },
        });
        let server = TestServer::start_with(&[("p", &document)], |options| options.arg("--workers").arg("1"));
        let token = server.sign_in("p", "p", "key");
        (server, token)
    }
}

/// What a search is answered.
pub(super) fn found(server: &TestServer, token: &str) -> Value {
    let reply = server.get("/contact?phoneNumber=%2B14155550101", token);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

#[test]
fn only_some_hundred_contacts_of_a_long_list_are_taken() {
    let list: Vec<Value> = (0..50_000).map(|id| json!({"id": id, "name": "Ada"})).collect();
    let crm = search(json!({"list": list}).to_string());
    let (server, token) = crm.server(&json!({"listPath": "body.list", "item": {"idPath": "id"}}));
    for _ in 0..2 {
        let reply = while_others_are_served(&server, || found(&server, &token));
        assert_eq!(reply["contact"].as_array().map(Vec::len), Some(200), "{}", reply["returnMessage"]);
        let said = reply["returnMessage"].to_string();
        assert!(said.contains("Found 200 contacts") && said.contains("50000"), "{said}");
    }
}

#[test]
fn a_reply_of_millions_of_values_is_refused_with_words() {
    let crm = search(format!("{{\"list\":[{}]}}", vec!["{}"; 2_600_000].join(",")));
    let (server, token) = crm.server(&json!({"listPath": "body.list"}));
    let reply = while_others_are_served(&server, || found(&server, &token));
    assert_eq!(reply["successful"], false, "{reply}");
    assert!(server.server.log().contains("too-large"), "{}", server.server.log());
}
