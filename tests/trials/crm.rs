//! The CRM of a case: answers by its rules.
use super::case::{Reply, Rule};
use crate::support::crm::{Answer, Crm, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

struct State {
    /// How often each rule answered.
    used: Vec<usize>,
    kept: HashMap<String, String>,
}

/// Starts the CRM of a case.
pub fn start(rules: &[Rule]) -> Crm {
    let state = Mutex::new(State { used: vec![0; rules.len()], kept: HashMap::new() });
    let rules = rules.to_vec();
    Crm::start(move |request| {
        let mut state = state.lock().unwrap();
        let found = rules.iter().enumerate().find(|(index, rule)| {
            rule.times.is_none_or(|times| state.used[*index] < times) && matches(rule, request)
        });
        let Some((index, rule)) = found else {
            return Answer::text("text/plain", "no rule of the case matches this request").status(599);
        };
        state.used[index] += 1;
        keep(rule, request, &mut state.kept);
        let answer = answer(&rule.reply, &state.kept);
        drop(state);
        std::thread::sleep(Duration::from_millis(rule.reply.delay_ms));
        answer
    })
}

fn matches(rule: &Rule, request: &Request) -> bool {
    let (method, path) = rule.on.split_once(' ').expect("a method and a path");
    let path_fits = match path.strip_suffix('*') {
        Some(beginning) => request.path().starts_with(beginning),
        None => request.path() == path,
    };
    let body = || String::from_utf8_lossy(&request.body).into_owned();
    (method == "*" || method == request.method)
        && path_fits
        && rule.query.iter().all(|(name, value)| request.query(name) == *value)
        && rule.body_has.as_ref().is_none_or(|text| body().contains(text))
}

fn keep(rule: &Rule, request: &Request, kept: &mut HashMap<String, String>) {
    if let Some(host) = request.header("host") {
        kept.insert("crm".to_owned(), format!("http://{host}"));
        kept.insert("crm.host".to_owned(), host.to_owned());
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    for (name, pointer) in &rule.keep {
        let Some(text) = body.pointer(pointer).and_then(Value::as_str) else { continue };
        let text = rule.rewrite.iter().fold(text.to_owned(), |text, (pattern, replacement)| {
            let pattern = Regex::new(pattern).expect("a regular expression");
            pattern.replace_all(&text, replacement).into_owned()
        });
        kept.insert(name.clone(), text);
    }
}

fn answer(reply: &Reply, kept: &HashMap<String, String>) -> Answer {
    if reply.drop {
        return Answer::reset();
    }
    let mut answer = Answer::text("", "").status(reply.status.unwrap_or(200));
    answer.headers = reply.headers.iter().map(|(name, value)| (name.clone(), fill(value, kept))).collect();
    if let Some(bytes) = &reply.base64 {
        answer.body = STANDARD.decode(bytes).expect("base64");
    } else if let Some(text) = &reply.text {
        answer.body = fill(text, kept).into_bytes();
    } else if let Some(json) = &reply.json {
        answer.body = fill_json(json, kept).to_string().into_bytes();
        if !reply.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            answer.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
    }
    answer
}

fn fill(text: &str, kept: &HashMap<String, String>) -> String {
    kept.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

fn fill_json(value: &Value, kept: &HashMap<String, String>) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, kept)),
        Value::Array(items) => items.iter().map(|item| fill_json(item, kept)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), fill_json(member, kept))).collect()
        }
        other => other.clone(),
    }
}
