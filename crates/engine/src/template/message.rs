//! Messages for users: templates over one reply, rendered to a single line of plain text.

use serde_json::Value;

use super::compile::is_affordable;
use super::explain;
use super::place::Place;
use crate::blocks::{self, CompiledTemplate, Context, Rendered};
use crate::config::diagnostic::Code;
use crate::config::operations::OperationName;
use crate::config::problem::{Problem, Problems};
use crate::config::suggest::nearest;
use crate::encode::Slot;
use crate::missing::Demand;
use crate::text::one_line;

/// What messages see.
const NAMES: &[&str] = &["status", "platform", "body", "headers"];

/// The longest message or detail, in characters; the client shows a few lines.
const MAX_CHARACTERS: usize = 500;

/// The most that is rendered before it is shortened, in bytes.
const MAX_RENDERED: usize = 64 * 1024;

/// A compiled message.
#[derive(Debug)]
pub struct MessageTemplate {
    source: Box<str>,
    /// Absent for a text without expressions.
    template: Option<CompiledTemplate>,
}

impl MessageTemplate {
    /// Compiles a message that stands at a JSON pointer.
    pub fn compile(text: &str, pointer: &str, problems: &mut Problems) -> Self {
        let source = Box::from(text);
        if !text.contains("{{") {
            return Self { source, template: None };
        }
        // Messages see no variables of an operation.
        let place = Place::own(OperationName::DOCUMENT, pointer);
        if !is_affordable(text, pointer, problems) {
            return Self { source, template: None };
        }
        let template = match blocks::compile(text) {
            Ok(template) => template,
            Err(found) => {
                problems.extend(
                    found.into_iter().map(|problem| explain::block(problem, text, place, Clone::clone)),
                );
                return Self { source, template: None };
            }
        };
        let doubts = template.doubts().iter().cloned();
        problems.extend(doubts.map(|problem| explain::block(problem, text, place, Clone::clone)));
        for path in template.variables() {
            let first = path.segments.first().map_or("", String::as_str);
            if NAMES.contains(&first) {
                continue;
            }
            if !problems.takes(Code::UnknownVariable) {
                continue;
            }
            let whole = path.segments.join(".");
            let rest = &path.segments[1.min(path.segments.len())..];
            let problem = Problem::new(
                Code::UnknownVariable,
                pointer,
                format!("messages about replies have no variable `{whole}`"),
            )
            .part(place.part(path.offset..path.offset + path.length))
            .label("renders as nothing");
            problems.push(match nearest(first, NAMES.iter().copied()) {
                Some(name) => {
                    let meant: Vec<&str> =
                        std::iter::once(name).chain(rest.iter().map(String::as_str)).collect();
                    problem.help(format!("did you mean `{}`?", meant.join(".")))
                }
                None => problem.help("they see `status`, `platform`, `body` and `headers`"),
            });
        }
        Self { source, template: Some(template) }
    }

    /// The text as the document has it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The message for a reply: one line, at most 500 characters, credentials masked. Empty where
    /// nothing is left, or where a helper refuses what the CRM sent.
    pub fn render(&self, reply: &Context, credentials: &[&str]) -> String {
        let rendered = match &self.template {
            None => self.source.to_string(),
            Some(template) => {
                match blocks::render(template, reply, Slot::Json, MAX_RENDERED, Demand::Nothing) {
                    Ok(Rendered::Text(text)) => text,
                    Ok(Rendered::Omitted) | Err(_) => String::new(),
                }
            }
        };
        // Before it is cut, so that no part of a credential is left at the end; and after, because it
        // may have been interrupted by something that is not shown.
        let line = one_line(&masked(rendered, credentials), MAX_CHARACTERS);
        one_line(&masked(line, credentials), MAX_CHARACTERS)
    }
}

fn masked(mut text: String, credentials: &[&str]) -> String {
    for credential in credentials {
        if text.contains(credential) {
            text = text.replace(credential, "***");
        }
    }
    text
}

/// What messages see of a reply: `document` is `{ body, status, headers }`.
pub fn message_context(document: &Value, platform: &str) -> Context {
    let mut members = document.as_object().cloned().unwrap_or_default();
    members.insert("platform".to_owned(), platform.into());
    Context::from(Value::Object(members))
}
