//! The text of a shared SMS conversation: who took part, who was responsible, what was said.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::escape;
use super::limit::{SHORTENED, cut};
use super::settings::Settings;
use crate::engine::date_format::DateFormat;
use crate::engine::operation::{LogFormat, TextLimit};
use crate::engine::text::to_text;
use crate::engine::time::parse_client_time;

/// What templates see as `sharedSMSLogContent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharedSms {
    /// The record's subject.
    pub subject: String,
    /// The record's text.
    pub body: String,
}

/// Whether the `logInfo` of a message request is a shared conversation: it has an owner with a
/// name.
pub fn is_shared_sms(log_info: &Value) -> bool {
    log_info.pointer("/owner/name").and_then(name_of).is_some()
}

/// Which entry of a conversation stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As in the text of a shared conversation, which grows at its beginning.
    NewestFirst,
    /// As people read what they selected.
    OldestFirst,
}

/// The text of a shared conversation, the `logInfo` of a message request. Times are in the user's
/// zone. Any format but HTML and Markdown is plain text.
pub fn compose(
    conversation: &Value,
    contact_name: &str,
    settings: &Settings<'_>,
    format: LogFormat,
) -> SharedSms {
    compose_in(Order::NewestFirst, conversation, contact_name, settings, format)
}

/// As [`compose`], in this order.
pub fn compose_in(
    order: Order,
    conversation: &Value,
    contact_name: &str,
    settings: &Settings<'_>,
    format: LogFormat,
) -> SharedSms {
    let title = format!("SMS conversation with {contact_name}");
    let style = Style { format };
    let subject = if format == LogFormat::Markdown { format!("**{title}**") } else { title };
    let entities = conversation.get("entities").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut body = String::new();
    style.summary(&mut body, &times(conversation, entities), settings);
    style.participants(&mut body, contact_name, &agents(entities));
    if let Some(owner) = conversation.get("owner").filter(|owner| owner.is_object()) {
        style.owner(&mut body, owner);
    }
    style.conversation(&mut body, entities, contact_name, settings, order);
    SharedSms { subject, body }
}

/// The text of a conversation within a limit: the entries that stand last, most often the oldest, are left out, and
/// the text says so. `None` where what stands around the entries is too long by itself.
pub fn shortened(body: &str, format: LogFormat, limit: TextLimit) -> Option<String> {
    if limit.unit.length(body) <= limit.length {
        return Some(body.to_owned());
    }
    let (begin, end, entry_end) = match format {
        LogFormat::Html => ("<div>BEGIN</div><hr>", "<hr><div>END</div>", "</p>"),
        LogFormat::Markdown => ("BEGIN\n---\n", "---\nEND", "\n\n"),
        _ => ("BEGIN\n------------\n", "------------\nEND", "\n\n"),
    };
    let from = body.find(begin)? + begin.len();
    let entries = body.get(from..)?.strip_suffix(end)?;
    let mark = match format {
        LogFormat::Html => format!("<p>{SHORTENED}</p>"),
        _ => format!("{SHORTENED}\n\n"),
    };
    let around = limit.unit.length(&body[..from]) + limit.unit.length(end) + limit.unit.length(&mark);
    let mut room = limit.length.checked_sub(around)?;
    let mut kept = String::new();
    for entry in entries.split_inclusive(entry_end) {
        let Some(left) = room.checked_sub(limit.unit.length(entry)) else {
            // The newest one says at least something. Its end has the room of the mark.
            if kept.is_empty() {
                let begun = cut(entry, room, limit.unit);
                let begun = begun.strip_suffix(SHORTENED).unwrap_or_default();
                let is_cut = format == LogFormat::Html && begun.contains("<br>");
                kept = if is_cut { format!("{begun}</p>") } else { String::new() };
                if format != LogFormat::Html {
                    kept = begun.to_owned();
                }
            }
            break;
        };
        room = left;
        kept.push_str(entry);
    }
    let short = format!("{}{kept}{mark}{end}", &body[..from]);
    (limit.unit.length(&short) <= limit.length).then_some(short)
}

/// When a conversation started and when it last changed, as far as it says.
struct Times {
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
}

fn times(conversation: &Value, entities: &[Value]) -> Times {
    let time = |value: &Value, name| value.get(name).and_then(parse_client_time);
    let messages = conversation.get("messages").and_then(Value::as_array).into_iter().flatten();
    let spoken = || entities.iter().filter_map(|entity| time(entity, "creationTime"));
    Times {
        started: time(conversation, "creationTime").or_else(|| spoken().min()),
        ended: messages
            .filter_map(|message| time(message, "lastModifiedTime"))
            .max()
            .or_else(|| spoken().max()),
    }
}

/// Everyone who wrote, assigned or was assigned, each once.
fn agents(entities: &[Value]) -> Vec<String> {
    let mut names = Vec::new();
    let roles = ["/author/name", "/from/name", "/initiator/name", "/assignee/name"];
    let found = entities
        .iter()
        .flat_map(|entity| roles.map(|role| entity.pointer(role)))
        .flatten()
        .filter_map(name_of);
    let mut seen = std::collections::HashSet::new();
    for name in found {
        if seen.insert(name.clone()) {
            names.push(name);
        }
    }
    names
}

fn name_of(value: &Value) -> Option<String> {
    let name = to_text(value);
    (!name.is_empty()).then(|| name.into_owned())
}

/// The first of an entity's members that says something.
fn first_of(entity: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|pointer| entity.pointer(pointer).and_then(name_of))
}

struct Style {
    format: LogFormat,
}

impl Style {
    fn is_html(&self) -> bool {
        self.format == LogFormat::Html
    }

    fn text(&self, text: &str) -> String {
        if self.is_html() { escape::everything(text) } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        match self.format {
            LogFormat::Html => format!("<b>{}</b>", escape::everything(text)),
            LogFormat::Markdown => format!("**{text}**"),
            _ => text.to_owned(),
        }
    }

    fn line_end(&self) -> &'static str {
        if self.is_html() { "<br>" } else { "\n" }
    }

    fn summary(&self, body: &mut String, times: &Times, settings: &Settings<'_>) {
        let end = self.line_end();
        body.push_str(match self.format {
            LogFormat::Html => "<div><b>Conversation summary</b><br>",
            LogFormat::Markdown => "## Conversation summary\n",
            _ => "Conversation summary\n",
        });
        let day = |instant: Option<Timestamp>, unknown: &str| match instant {
            Some(instant) => {
                DateFormat::moment("dddd, MMMM DD, YYYY [at] hh:mm A").format(instant, settings.zone())
            }
            None => unknown.to_owned(),
        };
        let duration = match (times.started, times.ended) {
            (Some(started), Some(ended)) => {
                let hours = ended.duration_since(started).as_hours();
                format!("{} d {hours} h", hours / 24)
            }
            _ => "On-going".to_owned(),
        };
        let started = day(times.started, "Unknown");
        let ended = day(times.ended, "On-going");
        // Writing to a String cannot fail.
        let _ = write!(body, "Started: {started}{end}Ended: {ended}{end}Duration: {duration}");
        body.push_str(if self.is_html() { "<br></div><br>" } else { " \n\n" });
    }

    fn participants(&self, body: &mut String, contact_name: &str, agents: &[String]) {
        let (head, open, close, end) = match self.format {
            LogFormat::Html => ("<div><b>Participants</b><ul>", "<li>", "</li>", "</ul></div>"),
            LogFormat::Markdown => ("### Participants\n", "* ", "\n", "\n"),
            _ => ("Participants\n", "* ", "\n", "\n"),
        };
        body.push_str(head);
        let _ = write!(body, "{open}{} (customer){close}", self.text(contact_name));
        for agent in agents {
            let _ = write!(body, "{open}{}{close}", self.text(agent));
        }
        body.push_str(end);
    }

    /// The owner, or the call queue that received the conversation.
    fn owner(&self, body: &mut String, owner: &Value) {
        let name = owner.get("name").and_then(name_of).unwrap_or_default();
        let is_queue = owner.get("extensionType").and_then(Value::as_str) == Some("Department")
            || name.to_lowercase().contains("queue");
        let role = if is_queue { "Receiving call queue" } else { "Owner" };
        let name = self.bold(&name);
        let _ = if self.is_html() {
            write!(body, "<div>{role}: {name}</div><br>")
        } else {
            write!(body, "{role}: {name}\n\n")
        };
    }

    fn conversation(
        &self,
        body: &mut String,
        entities: &[Value],
        contact_name: &str,
        settings: &Settings<'_>,
        order: Order,
    ) {
        let counts = counts(entities);
        let _ = match self.format {
            LogFormat::Html => write!(body, "<div><b>Conversation ({counts})</b></div><div>BEGIN</div><hr>"),
            LogFormat::Markdown => write!(body, "### Conversation ({counts})\nBEGIN\n---\n"),
            _ => write!(body, "Conversation ({counts})\nBEGIN\n------------\n"),
        };
        let mut entries: Vec<(Option<Timestamp>, &Value)> = entities
            .iter()
            .map(|entity| (entity.get("creationTime").and_then(parse_client_time), entity))
            .collect();
        // What has no time comes last, in its order.
        match order {
            Order::NewestFirst => entries.sort_by_key(|(time, _)| std::cmp::Reverse(*time)),
            Order::OldestFirst => entries.sort_by_key(|(time, _)| (time.is_none(), *time)),
        }
        for (time, entity) in entries {
            let time =
                time.map(|time| DateFormat::moment("YYYY-MM-DD hh:mm A").format(time, settings.zone()));
            self.entity(body, entity, time.as_deref().unwrap_or("an unknown date"), contact_name);
        }
        body.push_str(match self.format {
            LogFormat::Html => "<hr><div>END</div>",
            LogFormat::Markdown => "---\nEND",
            _ => "------------\nEND",
        });
    }

    fn entity(&self, body: &mut String, entity: &Value, time: &str, contact_name: &str) {
        let unknown = || "Unknown".to_owned();
        let (who, what, text) = match entity.get("recordType").and_then(Value::as_str) {
            Some("AliveMessage") => {
                let inbound = entity.get("direction").and_then(Value::as_str) == Some("Inbound");
                let sender =
                    if inbound { None } else { Some(first_of(entity, &["/author/name", "/from/name"])) };
                let who =
                    sender.map_or_else(|| contact_name.to_owned(), |sender| sender.unwrap_or_else(unknown));
                (who, "said", first_of(entity, &["/text", "/subject"]))
            }
            Some("AliveNote") => {
                let author = first_of(entity, &["/author/name", "/initiator/name"]);
                (author.unwrap_or_else(unknown), "left a note", first_of(entity, &["/text", "/body"]))
            }
            Some("ThreadAssignedHint") => {
                let to = self.bold(&first_of(entity, &["/assignee/name"]).unwrap_or_else(unknown));
                let _ = match self.format {
                    LogFormat::Html => write!(body, "<p><i>Conversation assigned to {to}</i></p>"),
                    LogFormat::Markdown => write!(body, "*Conversation assigned to {to}*\n\n"),
                    _ => write!(body, "Conversation assigned to {to}\n\n"),
                };
                return;
            }
            _ => return,
        };
        let (who, text) = (self.bold(&who), self.text(&text.unwrap_or_default()));
        let _ = if self.is_html() {
            write!(body, "<p>{who} {what} on {time}:<br>{text}</p>")
        } else {
            write!(body, "{who} {what} on {time}:\n{text}\n\n")
        };
    }
}

/// `2 messages, 1 note`.
fn counts(entities: &[Value]) -> String {
    let count = |kind| {
        let is_kind = |entity: &&Value| entity.get("recordType").and_then(Value::as_str) == Some(kind);
        entities.iter().filter(is_kind).count()
    };
    let parts: Vec<String> = [("AliveMessage", "message"), ("AliveNote", "note")]
        .into_iter()
        .map(|(kind, word)| (count(kind), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if parts.is_empty() { "0 messages".to_owned() } else { parts.join(", ") }
}
