//! User mapping: which extension is which user of the CRM, and what it does to what is logged.

mod admins;
mod assigned;
mod lists;
mod matching;
mod pages;
mod requests;

use std::sync::{Arc, Mutex};

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, TestServer, document};
use serde_json::{Value, json};

/// The CRM's list of users; a member of the name of an API key is the list for this key.
type Users = Arc<Mutex<Value>>;

/// A server with two documents, a CRM with users, and a RingCentral platform.
pub(crate) struct World {
    app: TestServer,
    crm: Crm,
    ringcentral: Crm,
    users: Users,
}

/// A RingCentral token is `account/extension`, followed by `/admin` for admins; `refused` is none.
pub(crate) fn ringcentral(request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
    if token == "refused" {
        return Answer::json(&json!({})).status(401);
    }
    let mut parts = token.split('/');
    let (account, extension) = (parts.next(), parts.next());
    Answer::json(&json!({
        "id": extension, "account": {"id": account}, "permissions": {"admin": {"enabled": parts.next().is_some()}}
    }))
}

fn crm(request: &Request, users: &Users) -> Answer {
    if request.path() != "/v1/users" {
        return test_server::ordinary(request);
    }
    let users = users.lock().unwrap();
    if let Some(pages) = users.get("pages") {
        return page(request, pages);
    }
    let own = users.get(test_server::api_key(request)).unwrap_or(&users);
    match own.get("status").and_then(Value::as_u64) {
        Some(status) => Answer::json(&json!({})).status(u16::try_from(status).unwrap()),
        None => Answer::json(&json!({"users": own})),
    }
}

/// A page of users: a list, or the status of a failure. The cursor is the number of the page.
fn page(request: &Request, pages: &Value) -> Answer {
    let at: usize = request.query("cursor").map_or(0, |cursor| cursor.parse().expect("a cursor"));
    match &pages[at] {
        Value::Number(status) => {
            Answer::json(&json!({})).status(u16::try_from(status.as_u64().unwrap()).unwrap())
        }
        users if at + 1 < pages.as_array().unwrap().len() => {
            Answer::json(&json!({"users": users, "next": (at + 1).to_string()}))
        }
        users => Answer::json(&json!({"users": users, "next": null})),
    }
}

impl World {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    fn start_with(adjust: impl FnOnce(&mut Value)) -> Self {
        let users = Users::default();
        let listed = Arc::clone(&users);
        let crm = Crm::start(move |request: &Request| crm(request, &listed));
        let platform = Crm::start(ringcentral);
        let mut document = document(&crm.origin());
        let operations = &mut document["operations"];
        operations["getUserList"] = json!({
            "url": "/users",
            "responseMapping": {"listPath": "body.users", "idPath": "id", "namePath": "name", "emailPath": "email"}
        });
        for operation in ["createCallLog", "updateCallLog"] {
            operations[operation]["body"]["owner"] = "{{assignedUser.id}}".into();
            operations[operation]["body"]["account"] = "{{hashedAccountId}}".into();
        }
        operations["createMessageLog"] = json!({
            "method": "POST", "url": "/activities",
            "body": {"contact_id": "{{contactInfo.id}}", "text": "{{message.subject}}", "owner": "{{assignedUser.id}}"},
            "responseMapping": {"idPath": "body.id"}
        });
        adjust(&mut document);
        let documents = [("one", &document), ("two", &document)];
        let app = TestServer::start_with(&documents, |options| {
            options.env("RINGCENTRAL_SERVER", platform.origin())
        });
        Self { app, crm, ringcentral: platform, users }
    }

    /// Sets the CRM's users.
    fn set_users(&self, users: Value) {
        *self.users.lock().unwrap() = users;
    }

    /// A session behind a document; with the RingCentral token that proves the account.
    fn sign_in(&self, proxy_id: &str, platform: &str, key: &str, token: Option<&str>) -> String {
        let mut login = json!({"platform": platform, "proxyId": proxy_id, "apiKey": key});
        if let Some(token) = token {
            login["rcAccessToken"] = token.into();
        }
        let reply = self.app.send_login(&login);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["jwtToken"].as_str().expect("a token").to_owned()
    }

    /// An admin of account 1, behind the first document.
    fn admin(&self) -> String {
        self.sign_in("one", "testCrm", "1-admin", Some(ADMIN))
    }

    /// `POST` with a session, if there is one, and a RingCentral token.
    fn post(&self, target: &str, session: &str, token: &str, body: &Value) -> Response {
        let bearer = format!("Bearer {session}");
        let mut headers = vec![("Content-Type", "application/json"), ("X-RC-Access-Token", token)];
        if !session.is_empty() {
            headers.push(("Authorization", &bearer));
        }
        self.app.send("POST", target, &headers, Some(body.to_string().into_bytes()))
    }

    fn map(&self, session: &str, token: &str, extensions: &Value) -> Response {
        self.post("/admin/userMapping", session, token, &json!({"rcExtensionList": extensions}))
    }

    /// Saves mappings as the client does.
    fn save(&self, session: &str, token: &str, mappings: &Value) -> Response {
        self.post("/admin/settings", session, token, &json!({"adminSettings": {"userMappings": mappings}}))
    }

    /// The mappings as an admin reads them.
    fn kept(&self, session: &str, token: &str) -> Value {
        let headers = [("Authorization", &*format!("Bearer {session}")), ("X-RC-Access-Token", token)];
        let reply = self.app.send("GET", "/admin/settings", &headers, None);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["userMappings"].take()
    }

    /// The bodies of what was logged at the CRM.
    fn logged(&self) -> Vec<Value> {
        let received = self.crm.received();
        let writes = received
            .iter()
            .filter(|request| request.path().starts_with("/v1/activities") && request.method != "GET");
        writes.map(|request| serde_json::from_slice(&request.body).expect("JSON")).collect()
    }
}

/// The token of an admin of account 1.
const ADMIN: &str = "1/900/admin";

/// Two extensions of account 1.
fn extensions() -> Value {
    json!([
        {"id": "201", "name": "Ada Lovelace", "extensionNumber": "101", "email": "ada@example.com"},
        {"id": 202, "firstName": "Grace", "lastName": "Hopper", "extensionNumber": 102}
    ])
}

/// For each user of the CRM the ids of the extensions.
#[track_caller]
fn shown(reply: &Response) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let users = reply.json();
    let users = users.as_array().expect("a list").iter().map(|row| {
        let extensions = row["rcUser"].as_array().expect("a list");
        json!([
            row["crmUser"]["id"],
            extensions.iter().map(|one| one["extensionId"].clone()).collect::<Vec<_>>()
        ])
    });
    users.collect()
}
