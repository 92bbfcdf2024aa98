//! Reports for an account's admins: whose token they are made with, who has them, what they count, and what is told
//! where they cannot be made.

mod access;
mod bad_input;
mod callback;
mod failures;
mod figures;
mod renewal;

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{ADMIN_TOKEN, TestServer, document, ordinary};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const RANGE: &str = "timeFrom=2024-01-01T00:00:00Z&timeTo=2024-01-31T00:00:00Z&timezone=UTC";

/// What a test changes of RingCentral while it runs.
struct Changing {
    /// Answers to paths that begin with this, before anything else is looked at.
    instead: Vec<(&'static str, Answer)>,
    expires_in: Value,
    /// Whether a renewal gives a new refresh token.
    rotates: bool,
    /// Refresh tokens that were used.
    used: Vec<String>,
    granted: usize,
    /// Extensions that are no admins any more.
    demoted: Vec<String>,
}

/// RingCentral: a code is `account/extension/role`, and so is a token up to its `#`.
#[derive(Clone)]
struct RingCentral(Arc<Mutex<Changing>>);

impl RingCentral {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Changing {
            instead: Vec::new(),
            expires_in: json!(3600),
            rotates: true,
            used: Vec::new(),
            granted: 0,
            demoted: Vec::new(),
        })))
    }

    fn change(&self, change: impl FnOnce(&mut Changing)) {
        change(&mut self.0.lock().unwrap());
    }

    /// Answers otherwise on a path, from now on.
    fn answer_instead(&self, path: &'static str, answer: Answer) {
        self.change(|changing| changing.instead.insert(0, (path, answer)));
    }

    fn answer(&self, request: &Request) -> Answer {
        let mut changing = self.0.lock().unwrap();
        if let Some((_, answer)) = changing.instead.iter().find(|(path, _)| request.path().starts_with(path))
        {
            return answer.clone();
        }
        let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
        match request.path() {
            "/restapi/oauth/token" => changing.grant(request),
            "/restapi/v1.0/account/~/extension/~" => match whose(token) {
                Some((account, extension, role)) => {
                    let is_admin = role == "admin" && !changing.demoted.iter().any(|it| it == extension);
                    Answer::json(&json!({
                        "id": extension, "account": {"id": account}, "permissions": {"admin": {"enabled": is_admin}}
                    }))
                }
                None => Answer::json(&json!({"errorCode": "TokenInvalid"})).status(401),
            },
            "/analytics/calls/v1/accounts/~/aggregation/fetch" => {
                aggregation(&[record("Ada", 4, 2, 3, json!(60))])
            }
            path if path.ends_with("/call-log") => page(&[call("Inbound", "Accepted", 60)], false),
            path if path.ends_with("/message-store") => page(&[text("Outbound", "SMS")], false),
            _ => Answer::json(&json!({})).status(404),
        }
    }
}

impl Changing {
    fn grant(&mut self, request: &Request) -> Answer {
        let form = url::form_urlencoded::parse(&request.body);
        let form: std::collections::HashMap<_, _> = form.into_owned().collect();
        self.granted += 1;
        let n = self.granted;
        let (who, refresh) = match form.get("refresh_token") {
            Some(used) if self.used.contains(used) => {
                return Answer::json(&json!({"error": "invalid_grant"})).status(400);
            }
            Some(used) => {
                if self.rotates {
                    self.used.push(used.clone());
                }
                let who = used.trim_start_matches("rt ").split('#').next().unwrap().to_owned();
                (who, self.rotates.then_some(n))
            }
            None => (form["code"].clone(), Some(n)),
        };
        let mut reply = json!({
            "access_token": format!("{who}#at{n}"), "expires_in": self.expires_in, "refresh_token_expires_in": 604_800,
            "owner_id": who.split('/').nth(1)
        });
        if let Some(n) = refresh {
            reply["refresh_token"] = format!("rt {who}#{n}").into();
        }
        Answer::json(&reply)
    }
}

fn whose(token: &str) -> Option<(&str, &str, &str)> {
    let mut parts = token.split('#').next()?.split('/');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

fn record(name: &str, inbound: u32, outbound: u32, answered: u32, seconds: Value) -> Value {
    json!({
        "info": {"name": name},
        "counters": {
            "callsByDirection": {"values": {"inbound": inbound, "outbound": outbound}},
            "callsByResponse": {"values": {"answered": answered}}
        },
        "timers": {"allCallsDuration": {"values": seconds}}
    })
}

fn aggregation(records: &[Value]) -> Answer {
    Answer::json(&json!({"paging": {"page": 1}, "data": {"groupedBy": "Users", "records": records}}))
}

fn call(direction: &str, result: &str, seconds: u32) -> Value {
    json!({"direction": direction, "result": result, "duration": seconds})
}

fn text(direction: &str, kind: &str) -> Value {
    json!({"direction": direction, "type": kind})
}

fn page(records: &[Value], has_more: bool) -> Answer {
    let navigation = if has_more { json!({"nextPage": {"uri": "u"}}) } else { json!({}) };
    Answer::json(&json!({"records": records, "navigation": navigation}))
}

/// A server, its CRM and RingCentral.
struct Scene {
    app: TestServer,
    ringcentral: RingCentral,
    platform: Crm,
    _crm: Crm,
}

impl Scene {
    fn start() -> Self {
        let ringcentral = RingCentral::new();
        let platform = Crm::start({
            let ringcentral = ringcentral.clone();
            move |request: &Request| ringcentral.answer(request)
        });
        let crm = Crm::start(ordinary);
        let app = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
            options
                .env("ADMIN_TOKEN", ADMIN_TOKEN)
                .env("APP_SERVER", "https://app.example/")
                .env("RINGCENTRAL_SERVER", platform.origin())
                .env("RINGCENTRAL_CLIENT_ID", "the-client")
                .env("RINGCENTRAL_CLIENT_SECRET", "the-secret-of-the-client")
        });
        Self { app, ringcentral, platform, _crm: crm }
    }

    /// Signs in to the CRM, with a RingCentral token or without one.
    fn sign_in(&self, key: &str, ringcentral: Option<&str>) -> String {
        let mut login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": format!("{key}-key")});
        if let Some(token) = ringcentral {
            login["rcAccessToken"] = token.into();
        }
        let reply = self.app.send_login(&login);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["jwtToken"].as_str().unwrap().to_owned()
    }

    /// An admin of account 1001 who has brought a token.
    fn admin(&self) -> String {
        let session = self.sign_in("1", Some("1001/31/admin"));
        assert_done(&self.bring(&session, "1001/31/admin"));
        session
    }

    fn bring(&self, session: &str, code: &str) -> Response {
        let code: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        self.app.get(&format!("/ringcentral/oauth/callback?code={code}"), session)
    }

    fn report(&self, session: &str) -> Response {
        self.app.get(&format!("/ringcentral/admin/report?{RANGE}&groupBy=Users"), session)
    }

    fn user_report(&self, session: &str) -> Response {
        self.app.get(&format!("/ringcentral/admin/userReport?rcExtensionId=5001&{RANGE}"), session)
    }

    /// Forgets what RingCentral said within the last minute, as a minute does.
    fn forget_standings(&mut self) {
        self.app.kill_and_restart();
    }

    /// The paths that RingCentral was asked since the last time, the token's among them.
    fn asked(&self) -> Vec<String> {
        self.platform.received().iter().map(|request| request.path().to_owned()).collect()
    }

    fn count(&self, path: &str) -> usize {
        self.platform.count(path)
    }
}

const TOKEN: &str = "/restapi/oauth/token";
const EXTENSION: &str = "/restapi/v1.0/account/~/extension/~";
const AGGREGATION: &str = "/analytics/";

#[track_caller]
fn assert_done(reply: &Response) {
    assert_eq!((reply.status, reply.text().as_str()), (200, r#"{"successful":true}"#));
}

#[track_caller]
fn assert_report(reply: &Response) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["itemKeys"], json!(["Ada"]), "{}", reply.text());
}

#[track_caller]
fn assert_refused(reply: &Response, status: u16, words: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert!(reply.text().contains(words), "{words}: {}", reply.text());
}

/// The report could not be made, and says why in a form that clients can show.
#[track_caller]
fn assert_told(reply: &Response, words: &str) {
    let body = reply.json();
    assert_eq!(
        (reply.status, &body["successful"], &body["callLogStats"]),
        (200, &json!(false), &json!({})),
        "{body}"
    );
    assert_eq!(reply.message()["messageType"], "warning", "{body}");
    let message = reply.message()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(words), "{words}: {message}");
}
