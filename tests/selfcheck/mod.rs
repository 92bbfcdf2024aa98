//! Checks of the replay itself: it must agree with a server that does what was recorded, and
//! must see whatever is changed in it.
mod comparing;
mod lists;

use crate::support::compare::Difference;
use crate::support::deviations::Deviations;
use crate::support::expected::Expected;
use crate::support::mirror::Mirror;
use crate::support::pending::Pending;
use crate::support::placeholders::Bindings;
use crate::support::player::{self, GroupReport, Rules, Verdict};
use crate::support::recording::{self, Recording};
use crate::support::scripted_crm::ScriptedCrm;
use serde_json::{Value, json};

/// Two steps: a login, and a contact search with what it gave.
pub fn tiny() -> Recording {
    let outbound = |path: &str| {
        json!({
            "target": "crm", "method": "GET", "path": path,
            "headers": {"Accept": "application/json", "User-Agent": "axios/1.21.1",
                "Host": "@@CRM_HOST@@", "Connection": "keep-alive", "Content-Length": "13"},
            "body": {"kind": "json", "json": null, "text": "{\"a\":1,\"b\":2}"},
        })
    };
    let reply = |text: &str| {
        json!({
            "status": 200,
            "headers": {"content-type": "application/json; charset=utf-8",
                "access-control-allow-origin": "*"},
            "body": {"kind": "json", "json": null, "text": text},
        })
    };
    let token = "<jwt id=ada-crm platform=crm>";
    serde_json::from_value(json!({
        "group": "00-tiny", "description": "", "source": "", "configs": {}, "tokens": {},
        "environment": {"APP_SERVER_SECRET_KEY": "a secret of sixteen bytes or more"},
        "steps": [
            {
                "name": "login",
                "request": {"method": "POST", "path": "/apiKeyLogin", "headers": {}, "body": {}},
                "crmReplies": [{"status": 200, "json": {"id": "ada"}}],
                "crmReceived": [outbound("/v1/me")],
                "response": reply(&json!({"jwtToken": token, "name": "Ada"}).to_string()),
                "capture": {"ada": "jwtToken"},
            },
            {
                "name": "find",
                "request": {"method": "GET", "path": "/contact?phoneNumber=1",
                    "headers": {"Authorization": "Bearer ${ada}"}},
                "crmReplies": [{"status": 200, "json": []}],
                "crmReceived": [outbound("/v1/contacts?phone=1")],
                "response": reply(r#"{"successful":true,"contact":[],"at":"<now>"}"#),
            },
        ],
    }))
    .unwrap()
}

/// Rules under which everything is played and nothing deviates.
pub fn plain_rules() -> Rules {
    Rules {
        deviations: Deviations::default(),
        pending: Pending { served: vec!["* *".to_owned()], ..Pending::default() },
    }
}

pub fn rules_with(entries: Value) -> Rules {
    let deviations = serde_json::from_value(json!({ "entries": entries })).unwrap();
    Rules { deviations, ..plain_rules() }
}

pub fn entry(step: &str, expect: Value) -> Value {
    json!({
        "id": "D1", "title": "", "reference": "", "here": "", "why": "", "test": "",
        "steps": [{"group": "00-tiny", "step": step, "expect": expect}],
    })
}

/// Plays a recording against a server that does what `acts` makes of each step.
pub fn play_mirrored(
    recording: &Recording,
    rules: &Rules,
    acts: impl Fn(&recording::Step) -> Expected,
) -> GroupReport {
    let crm = ScriptedCrm::start();
    let bindings = Bindings::new(recording, &crm);
    let mirror = Mirror::start(&crm, &bindings);
    player::play(recording, mirror.address(), &crm, bindings, rules, None, &|step| {
        mirror.act(acts(step));
    })
}

/// The differences of the step `find` where the server does what `change` makes of it.
pub fn found(change: impl Fn(&mut Expected)) -> Vec<Difference> {
    let acts = |step: &recording::Step| {
        let mut expected = Expected::recorded(step);
        if step.name == "find" {
            change(&mut expected);
        }
        expected
    };
    let report = play_mirrored(&tiny(), &plain_rules(), acts);
    assert_eq!(report.steps[0].verdict, Verdict::Agrees, "{}", report.details());
    report.steps[1].differences.clone()
}

pub fn fields(differences: &[Difference]) -> Vec<&str> {
    differences.iter().map(|difference| difference.field.as_str()).collect()
}
