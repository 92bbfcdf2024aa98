//! The rules of `errorMapping`.

use std::sync::Arc;

use http::HeaderName;
use serde_json::Value;

use super::super::error_rule::{Effect, ErrorRule, Test};
use super::super::failure::Presentation;
use super::super::operation::Operation;
use super::super::path::Path;
use super::super::pattern::Pattern;
use super::super::status::{StatusSet, parse_range};
use super::super::template::MessageTemplate;
use super::field::Compiler;
use super::{header, number};
use crate::config::diagnostic::Code;
use crate::config::error_mapping::{BodyTest, ErrorRule as Written, HeaderTest, Outcome, When};
use crate::config::operations::OperationName;
use crate::config::problem::{Part, Problem, Problems};

/// Compiles the rules at a pointer.
pub(super) fn compile(rules: &[Written], at: &str, problems: &mut Problems) -> Vec<Arc<ErrorRule>> {
    let mut compiled = Vec::with_capacity(rules.len());
    let mut takes_all: Option<usize> = None;
    for (index, rule) in rules.iter().enumerate() {
        if problems.is_cancelled() {
            break;
        }
        let pointer = format!("{at}/{index}");
        if let Some(earlier) = takes_all {
            problems.push(
                without_effect(&pointer, format!("rule {} before it takes every failure", earlier + 1))
                    .help("put the rule without conditions last"),
            );
        }
        let known = problems.found();
        if let Some(rule) = one(rule, &pointer, problems) {
            let unconditional = rule.statuses.is_none() && rule.header.is_none() && rule.body.is_none();
            if unconditional && problems.found() == known {
                takes_all = takes_all.or(Some(index));
            }
            compiled.push(Arc::new(rule));
        }
    }
    compiled
}

/// Says where an operation's own rules find nothing for an operation that does not search.
pub(super) fn check_no_match(operation: &Operation, own: usize, problems: &mut Problems) {
    if operation.nothing_found().is_some() {
        return;
    }
    for rule in operation.errors.iter().take(own).filter(|rule| rule.effect == Effect::NoMatch) {
        let pointer = format!("{}/outcome/noMatch", rule.pointer);
        problems.push(
            without_effect(
                &pointer,
                format!("`{}` does not search, so it cannot find nothing", operation.name),
            )
            .part(Part::Key)
            .help("remove the rule, or give it a `message`"),
        );
    }
}

fn without_effect(pointer: &str, why: String) -> Problem {
    Problem::new(Code::RuleWithoutEffect, pointer, format!("the rule has no effect: {why}"))
}

fn one(rule: &Written, at: &str, problems: &mut Problems) -> Option<ErrorRule> {
    let default = When::default();
    let when = rule.when.as_ref().unwrap_or(&default);
    let statuses =
        when.status.as_ref().and_then(|value| statuses(value, &format!("{at}/when/status"), problems));
    let header = match &when.header {
        Some(header) => Some(header_test(header, &format!("{at}/when/header"), problems)?),
        None => None,
    };
    let body = match &when.body {
        Some(body) => Some(body_test(body, &format!("{at}/when/body"), problems)?),
        None => None,
    };
    let Some(outcome) = rule.outcome.as_ref().filter(|outcome| !is_empty(outcome)) else {
        problems.push(
            without_effect(at, "it has no `outcome`".to_owned())
                .help("add `\"outcome\": { \"message\": \"…\" }`, or `\"noMatch\": true`"),
        );
        return None;
    };
    let at = format!("{at}/outcome");
    let effect = effect(outcome, &at, problems);
    let message = |text: &String, pointer: String, problems: &mut Problems| {
        MessageTemplate::compile(text, &pointer, problems)
    };
    Some(ErrorRule {
        pointer: at.trim_end_matches("/outcome").into(),
        statuses,
        header,
        body,
        effect,
        message: outcome.message.as_ref().map(|text| message(text, format!("{at}/message"), problems)),
        presentation: presentation(outcome, effect, &at, problems),
        // The schema reports what is out of range.
        ttl: outcome.ttl.map(|ttl| number(ttl, 500.0, 60_000.0) as u32),
        details: outcome.details.as_ref().map(|details| {
            let details = details.iter().enumerate();
            details.map(|(index, text)| message(text, format!("{at}/details/{index}"), problems)).collect()
        }),
    })
}

fn is_empty(outcome: &Outcome) -> bool {
    let Outcome { no_match, accept, treat_as, message, message_type, ttl, details } = outcome;
    no_match != &Some(true)
        && accept != &Some(true)
        && treat_as.is_none()
        && message.is_none()
        && message_type.is_none()
        && ttl.is_none()
        && details.is_none()
}

fn effect(outcome: &Outcome, at: &str, problems: &mut Problems) -> Effect {
    if outcome.accept == Some(true) {
        return accepts(outcome, at, problems);
    }
    match (outcome.no_match, outcome.treat_as) {
        (Some(true), Some(_)) => {
            problems.push(
                Problem::new(
                    Code::RuleWithoutEffect,
                    format!("{at}/treatAs"),
                    "`treatAs` has no effect beside `noMatch`: a reply is a failure or finds nothing",
                )
                .part(Part::Key)
                .help("keep one of them"),
            );
            Effect::NoMatch
        }
        (Some(true), None) => Effect::NoMatch,
        (_, Some(status)) => Effect::TreatAs(number(status, 400.0, 599.0) as u16),
        (_, None) => Effect::Fail,
    }
}

/// A reply that is accepted is mapped as any other: nothing else of an outcome has an effect.
fn accepts(outcome: &Outcome, at: &str, problems: &mut Problems) -> Effect {
    let Outcome { no_match, accept: _, treat_as, message, message_type, ttl, details } = outcome;
    let others = [
        ("noMatch", no_match == &Some(true)),
        ("treatAs", treat_as.is_some()),
        ("message", message.is_some()),
        ("messageType", message_type.is_some()),
        ("ttl", ttl.is_some()),
        ("details", details.is_some()),
    ];
    for (name, _) in others.iter().filter(|(_, is_there)| *is_there) {
        problems.push(
            Problem::new(
                Code::RuleWithoutEffect,
                format!("{at}/{name}"),
                format!("`{name}` has no effect beside `accept`: the reply is mapped as any other"),
            )
            .part(Part::Key)
            .help("keep one of them"),
        );
    }
    Effect::Accept
}

fn presentation(outcome: &Outcome, effect: Effect, at: &str, problems: &mut Problems) -> Presentation {
    match outcome.message_type.as_deref() {
        Some("success") if effect != Effect::NoMatch => {
            problems.push(
                Problem::new(
                    Code::RuleWithoutEffect,
                    format!("{at}/messageType"),
                    "a failure is not shown as a success; `warning` is used",
                )
                .help("write \"warning\" or \"error\", or add `\"noMatch\": true`"),
            );
            Presentation::Usual
        }
        Some("success") => Presentation::Success,
        Some("warning") => Presentation::Warning,
        Some("error") => Presentation::Error,
        // The schema reports other words.
        _ => Presentation::Usual,
    }
}

/// Reads the statuses of `when.status`; none if nothing usable is named.
fn statuses(value: &Value, at: &str, problems: &mut Problems) -> Option<StatusSet> {
    let mut set = StatusSet::default();
    for (pointer, item) in items(value, at) {
        match range(item) {
            Some(range) => set.add(range),
            None if item.is_number() || item.is_string() => problems.push(status_problem(pointer, item, "")),
            // The schema reports other types.
            None => {}
        }
    }
    (!value.is_null()).then_some(set)
}

/// A value and its pointer, or each item of a list with its own.
pub(super) fn items<'v>(value: &'v Value, at: &str) -> Vec<(String, &'v Value)> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (format!("{at}/{index}"), item)).collect()
        }
        Value::Null => Vec::new(),
        one => vec![(at.to_owned(), one)],
    }
}

/// A number or a text as a range of statuses.
pub(super) fn range(value: &Value) -> Option<(u16, u16)> {
    match value {
        Value::String(text) => parse_range(text),
        number => parse_range(&number.as_u64()?.to_string()),
    }
}

/// What is wrong with a status.
pub(super) fn status_problem(pointer: String, value: &Value, besides: &str) -> Problem {
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Problem::new(Code::StatusPattern, pointer, format!("`{shown}` is no status")).help(format!(
        "write a number such as `404`, a class such as `\"4xx\"`, or a range such as `\"500-599\"`{besides}"
    ))
}

fn header_test(header: &HeaderTest, at: &str, problems: &mut Problems) -> Option<(HeaderName, Test)> {
    let Some(text) = header.name.as_deref().filter(|name| !name.is_empty()) else {
        problems.push(
            without_effect(at, "its header has no `name`".to_owned())
                .help("add `\"name\": \"X-Error-Code\"`"),
        );
        return None;
    };
    let Ok(name) = HeaderName::from_bytes(text.as_bytes()) else {
        problems.push(header::name_problem(text, format!("{at}/name")));
        return None;
    };
    let equals = header.equals.clone().map(Value::String);
    test(header.exists, equals, header.matches.as_deref(), at, problems).map(|test| (name, test))
}

fn body_test(body: &BodyTest, at: &str, problems: &mut Problems) -> Option<(Box<str>, Path, Test)> {
    let Some(text) = body.path.as_deref().filter(|path| !path.is_empty()) else {
        problems.push(
            without_effect(at, "its body test has no `path`".to_owned())
                .help("add `\"path\": \"body.error.code\"`"),
        );
        return None;
    };
    let mut compiler = Compiler { operation: OperationName::DOCUMENT, root: "", problems };
    let path = compiler.reply_path(text, &format!("{at}/path"));
    test(body.exists, body.equals.clone(), body.matches.as_deref(), at, problems)
        .map(|test| (Box::from(text), path, test))
}

/// The one condition of a test; none is that the value is there.
fn test(
    exists: Option<bool>,
    equals: Option<Value>,
    matches: Option<&str>,
    at: &str,
    problems: &mut Problems,
) -> Option<Test> {
    let equals = equals.filter(|value| !value.is_null());
    let named = [exists.map(|_| "exists"), equals.as_ref().map(|_| "equals"), matches.map(|_| "matches")];
    let named: Vec<&str> = named.into_iter().flatten().collect();
    if let [first, second, ..] = named.as_slice() {
        problems.push(
            Problem::new(
                Code::RuleWithoutEffect,
                format!("{at}/{first}"),
                format!("`{first}` has no effect beside `{second}`"),
            )
            .part(Part::Key)
            .help("keep one condition; `matches` can say most of them at once"),
        );
    }
    match (matches, equals) {
        (Some(pattern), _) => {
            if !problems.takes_patterns(1) {
                problems.push_many_patterns(format!("{at}/matches"));
                return None;
            }
            match Pattern::new(pattern) {
                Ok(pattern) => Some(Test::Matches(pattern)),
                Err(reason) => {
                    problems.push(pattern_problem(format!("{at}/matches"), &reason));
                    None
                }
            }
        }
        (None, Some(value)) => Some(Test::Equals(value)),
        (None, None) => Some(Test::Exists(exists.unwrap_or(true))),
    }
}

fn pattern_problem(pointer: String, reason: &str) -> Problem {
    Problem::new(Code::Pattern, pointer, format!("the pattern cannot be used: {reason}"))
        .help("write a regular expression such as `(?i)not found`; a backslash is written twice in JSON")
}
