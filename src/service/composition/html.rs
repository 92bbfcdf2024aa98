//! `text/html`: `<li>` lines, `<div>` sections, and the note between two headings. Values are
//! escaped (Q45), so a tag always ends them.

use super::escape;
use super::fields::{Entry, Field, PENDING, Shape, without_line_ends};

pub(super) const NOTE: &str = "<b>Agent notes</b>";
const DETAILS: &str = "Call details</b>";

pub(super) fn upsert(existing: &str, entries: &[Entry]) -> String {
    let mut body = existing.to_owned();
    for entry in entries {
        match entry.field.shape() {
            Shape::Note => put_note(&mut body, entry),
            Shape::Line => put_line(&mut body, entry),
            Shape::Section => put_section(&mut body, entry),
        }
    }
    body
}

/// Whether a text has a field as it is written here.
pub(super) fn holds(body: &str, field: Field) -> bool {
    match field.shape() {
        Shape::Note => place_of_note(body).is_some(),
        Shape::Line => labels_of(field, false).iter().any(|label| find_line(body, label).is_some()),
        Shape::Section => body.contains(&section_head(field)),
    }
}

/// A field with its value as it is. The contact's number keeps the label that it has.
pub(super) fn written(field: Field, found: &str, value: &str) -> String {
    match field.shape() {
        Shape::Note => format!("{NOTE}<br>{value}<br><br>{}<br>", details()),
        Shape::Section => format!("{}{value}</div>", section_head(field)),
        Shape::Line => {
            let labels = labels_of(field, false);
            let label = if labels.contains(&found) { found } else { labels[0] };
            format!("<li><b>{label}</b>: {value}</li>")
        }
    }
}

/// The heading that ends a note.
pub(super) fn details() -> String {
    format!("<b>{DETAILS}")
}

fn place_of_note(body: &str) -> Option<std::ops::Range<usize>> {
    let start = body.find(NOTE)?;
    let after = start + NOTE.len();
    Some(start..after + body.get(after..)?.find(DETAILS)? + DETAILS.len())
}

fn section_head(field: Field) -> String {
    format!("<div><b>{}</b><br>", field.label())
}

/// What a line may be labelled with, the label that is written first.
fn labels_of(field: Field, outbound: bool) -> [&'static str; 2] {
    match (field, outbound) {
        (Field::ContactNumber, true) => ["Recipient phone number", "Caller phone number"],
        (Field::ContactNumber, false) => ["Caller phone number", "Recipient phone number"],
        (Field::DateTime, _) => ["Date/time"; 2],
        (field, _) => [field.label(); 2],
    }
}

fn put_note(body: &mut String, entry: &Entry) {
    let note = format!("{NOTE}<br>{}<br><br><b>{DETAILS}", escape::text(&entry.value));
    match place_of_note(body) {
        Some(place) => body.replace_range(place, &note),
        None => body.insert_str(0, &format!("{note}<br>")),
    }
}

fn put_line(body: &mut String, entry: &Entry) {
    let labels = labels_of(entry.field, entry.outbound);
    let [label, _] = labels;
    let line = format!("<li><b>{label}</b>: {}</li>", line_value(entry));
    match labels.iter().find_map(|label| find_line(body, label)) {
        Some(found) => {
            if !entry.keeps(&body[found.value]) {
                body.replace_range(found.whole, &line);
            }
        }
        None => {
            let list_end = matches!(entry.field, Field::Recording | Field::Voicemail)
                .then(|| body.find("</ul>"))
                .flatten();
            body.insert_str(list_end.unwrap_or(body.len()), &line);
        }
    }
}

fn line_value(entry: &Entry) -> String {
    let value = entry.one_line();
    if !entry.field.is_link() {
        return escape::text(&value);
    }
    let is_url = ["http://", "https://"].iter().any(|scheme| value.starts_with(scheme));
    match entry.field {
        _ if is_url => format!("<a target=\"_blank\" href=\"{}\">open</a>", escape::url(&value)),
        Field::AceLink => escape::text(&value),
        _ => PENDING.to_owned(),
    }
}

struct Line {
    whole: std::ops::Range<usize>,
    value: std::ops::Range<usize>,
}

/// The first line with a label, with or without its `<li>`.
fn find_line(body: &str, label: &str) -> Option<Line> {
    let head = format!("<b>{label}</b>:");
    let head_start = find_ignoring_case(body, &head)?;
    let value_start = head_start + head.len();
    let item = "<li>";
    let start = match head_start.checked_sub(item.len()) {
        Some(before) if starts_ignoring_case(&body.as_bytes()[before..], item) => before,
        _ => head_start,
    };
    let (value_end, end) = line_end(body, value_start);
    Some(Line { whole: start..end, value: value_start..value_end })
}

/// Where the value and the line end: at `</li>`, else in front of the first tag that is no link.
fn line_end(body: &str, from: usize) -> (usize, usize) {
    let text = &body[from..];
    let mut first_tag = None;
    for (at, _) in text.match_indices('<') {
        let tag = text.as_bytes().get(at..).unwrap_or_default();
        if starts_ignoring_case(tag, "</li>") {
            return (from + at, from + at + "</li>".len());
        }
        let ends_line = ["<li", "</ul", "<ul", "<div", "</div", "<br", "<p", "</p", "<hr", "<b>Agent notes"]
            .iter()
            .any(|other| starts_ignoring_case(tag, other))
            || is_label(&text[at..]);
        let is_link = ["<a ", "</a>"].iter().any(|link| starts_ignoring_case(tag, link));
        if !is_link || ends_line {
            first_tag.get_or_insert(at);
        }
        if ends_line {
            break;
        }
    }
    let tag = first_tag.unwrap_or(text.len());
    let end = text[..tag].find('\n').unwrap_or(tag);
    (from + end, from + end)
}

/// `<b>…</b>:`
fn is_label(text: &str) -> bool {
    let label = text.strip_prefix("<b>").and_then(|text| text.split_once('<'));
    label.is_some_and(|(_, rest)| rest.starts_with("/b>:"))
}

fn put_section(body: &mut String, entry: &Entry) {
    let head = section_head(entry.field);
    let section = format!("{head}{}</div>", section_value(entry));
    let place = body.find(&head).map(|start| {
        let from = start + head.len();
        start..from + section_end(&body[from..])
    });
    match place {
        Some(place) => body.replace_range(place, &section),
        None => {
            body.push_str(&section);
            if matches!(entry.field, Field::AiNote | Field::Transcript) {
                body.push_str("<br>");
            }
        }
    }
}

fn section_value(entry: &Entry) -> String {
    let value = match entry.field {
        Field::Transcript => entry.value.as_str(),
        _ => without_line_ends(&entry.value),
    };
    line_breaks(&escape::text(value))
}

/// A text with its line ends as tags.
pub(super) fn line_breaks(text: &str) -> String {
    text.replace("\r\n", "<br>").replace(['\r', '\n'], "<br>")
}

/// Up to `</div>`; where that is missing or another field is in between, up to the first tag that
/// is no `<br>`.
fn section_end(text: &str) -> usize {
    let close = "</div>";
    let holds_field =
        |text: &str| text.contains("<div") || text.match_indices("<b>").any(|(at, _)| is_label(&text[at..]));
    if let Some(end) = text.find(close).filter(|end| !holds_field(&text[..*end])) {
        return end + close.len();
    }
    text.match_indices('<')
        .map(|(at, _)| at)
        .find(|at| !starts_ignoring_case(&text.as_bytes()[*at..], "<br"))
        .unwrap_or(text.len())
}

fn starts_ignoring_case(text: &[u8], start: &str) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start.as_bytes()))
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    // Both start with an ASCII character: a hit is at a character boundary.
    text.as_bytes().windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}
