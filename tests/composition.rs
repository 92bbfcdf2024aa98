//! The composed text of recordings 09 and 11, step by step: the inputs are what the client sent
//! and what the CRM held, the expected text is what the reference sent to the CRM, except for the
//! steps of `fixtures/composition-deviations.json`.
//!
//! `COMPOSITION_REPORT=1` prints every text that differs from the recording as an entry of that
//! file (shown with `--nocapture`) and fails nothing.

mod support;

use std::collections::HashMap;

use app_connect::engine::operation::LogFormat;
use app_connect::engine::text::to_text;
use app_connect::service::composition::{CallLogText, Settings, call_log};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use support::recording::{self, Recording, Step};

const GROUPS: [&str; 2] = ["09-compose-create", "11-calllog-update"];

/// A step whose text differs from the recorded one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    group: String,
    step: String,
    /// Numbers of quirks.
    quirks: Vec<String>,
    /// What differs.
    why: String,
    /// The text that is composed here.
    text: String,
}

fn deviations() -> Vec<Deviation> {
    let path = recording::fixtures().join("composition-deviations.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The member of an operation's body that is the composed text.
fn member_of_text<'a>(recording: &'a Recording, proxy_id: &str, operation: &str) -> Option<&'a str> {
    let body = recording.configs.get(proxy_id)?.pointer(&format!("/operations/{operation}/body"))?;
    let (name, _) = body.as_object()?.iter().find(|(_, value)| *value == "{{composedLogDetails}}")?;
    Some(name)
}

/// What the CRM held: the body or, where it is empty, the note.
fn existing(recording: &Recording, proxy_id: &str, step: &Step) -> String {
    let is_read = step.crm_received.iter().any(|request| request.method == "GET");
    let reply = step.crm_replies.first().and_then(|reply| reply.json.as_ref()).filter(|_| is_read);
    let mapped = |name: &str| {
        let mapping = recording.configs.get(proxy_id)?.pointer("/operations/getCallLog/responseMapping")?;
        let path = mapping.get(name)?.as_str()?.strip_prefix("body.")?;
        let text = to_text(reply?.get(path)?).into_owned();
        (!text.is_empty()).then_some(text)
    };
    mapped("fullBodyPath").or_else(|| mapped("notePath")).unwrap_or_default()
}

/// Group, step, recorded text, composed text.
fn compositions() -> Vec<(String, String, String, String)> {
    let mut all = Vec::new();
    for group in GROUPS {
        let recording = recording::load(group);
        let mut settings: HashMap<String, Value> = HashMap::new();
        for step in &recording.steps {
            let Some(request) = &step.request else { continue };
            let Some(body) = &request.body else { continue };
            let token = request.headers.get("Authorization").map(String::as_str).unwrap_or_default();
            let proxy_id = token.trim_start_matches("Bearer ${").trim_end_matches('}');
            let method = request.method.as_str();
            if request.path == "/user/settings" {
                settings.insert(proxy_id.to_owned(), body["userSettings"].clone());
            }
            if request.path != "/callLog" {
                continue;
            }
            let operation = if method == "POST" { "createCallLog" } else { "updateCallLog" };
            let Some(member) = member_of_text(&recording, proxy_id, operation) else { continue };
            let sent = step.crm_received.iter().rfind(|request| request.method != "GET");
            let Some(recorded) = sent.and_then(|sent| sent.body.json.as_ref()?.get(member)?.as_str()) else {
                continue;
            };
            let format = recording.configs[proxy_id].pointer("/meta/logFormat").and_then(Value::as_str);
            let format = LogFormat::parse(format);
            let settings = Settings::new(settings.get(proxy_id), TimeZone::UTC);
            let composed = if method == "POST" {
                call_log::compose(&CallLogText::of_create(body), &settings, format)
            } else {
                let existing = existing(&recording, proxy_id, step);
                let update = CallLogText::of_update(body);
                let composed = call_log::upsert(&existing, &update, &settings, format);
                let again = call_log::upsert(&composed, &update, &settings, format);
                assert_eq!(again, composed, "{group} {}: the same update again", step.name);
                composed
            };
            all.push((group.to_owned(), step.name.clone(), recorded.to_owned(), composed));
        }
    }
    all
}

#[test]
fn every_recorded_text_is_composed() {
    let deviations = deviations();
    let compositions = compositions();
    let report = std::env::var_os("COMPOSITION_REPORT").is_some();
    let mut wrong = Vec::new();
    for (group, step, recorded, composed) in &compositions {
        let listed = deviations.iter().find(|entry| entry.group == *group && entry.step == *step);
        if report && recorded != composed {
            let entry = Deviation {
                group: group.clone(),
                step: step.clone(),
                quirks: listed.map(|entry| entry.quirks.clone()).unwrap_or_default(),
                why: listed.map(|entry| entry.why.clone()).unwrap_or_default(),
                text: composed.clone(),
            };
            println!("{}", serde_json::to_string(&entry).unwrap());
        }
        let expected = listed.map_or(recorded, |entry| &entry.text);
        if composed != expected {
            wrong.push(format!("{group} {step}\n  expected {expected:?}\n  composed {composed:?}"));
        }
        if let Some(entry) = listed {
            assert_ne!(entry.text, *recorded, "{group} {step} is listed, but agrees with the recording");
            assert!(!entry.quirks.is_empty() && !entry.why.is_empty(), "{group} {step} has no reason");
        }
    }
    for entry in &deviations {
        let exists =
            compositions.iter().any(|(group, step, ..)| entry.group == *group && entry.step == *step);
        assert!(exists, "{} {} is listed, but composes no text", entry.group, entry.step);
    }
    assert!(report || wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(compositions.len(), 213, "texts that the recordings hold");
}
