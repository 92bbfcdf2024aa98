//! Text whose lines are lines: only what marks its fields is written again.

use super::super::fields::Shape;
use super::super::{markdown, plain};
use super::Reading;
use super::edit::{Edit, applied};
use super::extract;
use super::heads::{Head, Kind};
use super::markup;
use super::view::View;
use crate::engine::operation::LogFormat;

/// Plain text or Markdown whose lines are lines: only what marks the fields is written again. `None`
/// where all of it is as it was written.
pub(super) fn labels(reading: &Reading<'_, '_>) -> Option<String> {
    let Reading { view, heads, format, values, .. } = *reading;
    let source = view.source;
    let found = extract::fields(view, heads, format, reading.search, values);
    let mut edits = Vec::new();
    for one in &found {
        label(view, format, &one.head, &mut edits);
        if let Some(details) = &one.details {
            label(view, format, details, &mut edits);
        }
        let marker = view.slice(one.value.end..one.end);
        let wanted = plain::end_marker(one.field);
        if format == LogFormat::Plain
            && one.field.shape() == Shape::Section
            && !marker.is_empty()
            && marker != wanted
        {
            let source = view.start(one.value.end)..view.end(one.end);
            edits.push(Edit { source, text: wanted.to_owned() });
        }
    }
    if is_escaped(source) {
        for one in &found {
            let place = view.end(one.head.value)..view.end(one.value.end).max(view.end(one.head.value));
            let value = markup::wholly_unescaped(&source[place.clone()]);
            edits.push(Edit { source: place, text: value });
        }
    }
    // A note's heading alone says where a note belongs.
    let is_open = !found.iter().any(|one| one.details.is_some());
    for head in heads.iter().filter(|head| head.kind == Kind::Details && is_open) {
        if found.iter().all(|one| head.start >= one.end || head.value <= one.head.start) {
            label(view, format, head, &mut edits);
        }
    }
    (!edits.is_empty()).then(|| applied(source, edits))
}

/// Whether a CRM escaped a text that has no markup: what it would have escaped is in it as entities
/// alone.
fn is_escaped(text: &str) -> bool {
    let entities = |names: &[&str]| names.iter().any(|name| text.contains(name));
    let (quotes, apostrophes) = (["&quot;", "&#34;"], ["&#39;", "&#039;", "&#x27;", "&apos;"]);
    let is_bare = |at: usize| markup::entity(&text[at..]).is_none();
    let both = |raw: char, names: &[&str]| text.contains(raw) && entities(names);
    let has = entities(&["&amp;", "&lt;", "&gt;"]) || entities(&quotes) || entities(&apostrophes);
    let is_raw = text.contains(['<', '>']) || both('"', &quotes) || both('\'', &apostrophes);
    has && !is_raw && !text.match_indices('&').any(|(at, _)| is_bare(at))
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() && !matches!(character, '\r' | '\n')
}

/// A label with the marks of the format, where it has others.
fn label(view: &View<'_>, format: LogFormat, head: &Head, edits: &mut Vec<Edit>) {
    let source = view.start(head.start)..view.end(head.value);
    let written = &view.source[source.clone()];
    let text = match format {
        LogFormat::Plain => plain::label(head.field(), head.label),
        _ => markdown::label(head.field()),
    };
    let is_section = head.field().is_none_or(|field| field.shape() != Shape::Line);
    let is_same = match format {
        LogFormat::Plain => written.trim_end() == text.trim_end(),
        // Other blanks may be the value's own.
        _ => written.trim_end_matches(is_blank) == text.trim_end(),
    };
    if is_same {
        return;
    }
    let ends = view.source[source.end..].is_empty() || view.source[source.end..].starts_with(['\r', '\n']);
    let text = if ends || (is_section && format == LogFormat::Markdown) {
        text.trim_end().to_owned()
    } else {
        format!("{} ", text.trim_end())
    };
    edits.push(Edit { source, text });
}
