//! Fields that were found, written again as their format has them.

use super::super::fields::Shape;
use super::super::{html as html_format, markdown, plain};
use super::Reading;
use super::blocks::{around, block_of, extended, is_beside};
use super::edit::{Edit, applied};
use super::extract::{self, Found};
use super::html_lines::lines_of;
use super::markup::{self, Kind};
use super::values::value;
use super::view::{BOLD, ITEM, Markup, TagAt, View};
use crate::engine::operation::LogFormat;

/// Plain text or Markdown that came back as HTML, on one line, or without marks: every field is taken
/// out of what is around it and gets lines of its own.
pub(super) fn lines(reading: &Reading<'_, '_>) -> String {
    let Reading { view, heads, format, values, .. } = *reading;
    let source = view.source;
    let mut text = String::with_capacity(source.len());
    let mut at = 0;
    let mut behind_field = false;
    let found = extract::fields(view, heads, format, reading.search, values);
    for one in &found {
        let whole = around(reading, one);
        if whole.start < at {
            continue;
        }
        let part = trimmed(reading, &source[at..whole.start], behind_field, true);
        other(&mut text, part, behind_field);
        if !text.is_empty() && !text.ends_with(['\r', '\n']) {
            text.push('\n');
        }
        let value = value(reading, one);
        let field = match format {
            LogFormat::Plain => plain::written(one.field, one.head.label, &value),
            _ => markdown::written(one.field, &value),
        };
        text.push_str(&field);
        text.push('\n');
        behind_field = true;
        at = whole.end;
    }
    other(&mut text, trimmed(reading, &source[at..], behind_field, false), behind_field);
    text
}

/// A part of a text that came back as HTML: nothing where nobody sees anything in it, and without the line
/// ends that were a field's.
fn trimmed<'t>(reading: &Reading<'_, '_>, part: &'t str, behind: bool, in_front: bool) -> &'t str {
    if reading.layer.is_none() {
        return part;
    }
    let view = View::new(part, Markup { tags: reading.layer, marks: false });
    if view.text.trim_matches([' ', '\n', BOLD, ITEM]).is_empty() {
        return "";
    }
    let is_break = |tag: &TagAt| tag.tag.kind == Kind::Break;
    let (mut start, mut end) = (0, part.len());
    if behind {
        for tag in view.tags.iter().take_while(|tag| is_break(tag)) {
            if !is_beside(&view, start, tag.start) {
                break;
            }
            start = tag.end();
        }
    }
    if in_front {
        for tag in view.tags.iter().rev().take_while(|tag| is_break(tag) && tag.start >= start) {
            if !is_beside(&view, tag.end(), end) {
                break;
            }
            end = tag.start;
        }
    }
    let part = &part[start..end];
    if behind { part.trim_start_matches(['\r', '\n', ' ']) } else { part }
}

/// What is not ours. Behind a field it begins with a blank line, because only that ends an open one.
fn other(text: &mut String, other: &str, behind_field: bool) {
    if behind_field && other.trim().is_empty() {
        return;
    }
    if behind_field && !other.starts_with("\n") {
        text.push('\n');
    }
    text.push_str(if behind_field { other.trim_start_matches(' ') } else { other });
}

/// HTML, or what became of it.
pub(super) fn html(reading: &Reading<'_, '_>) -> String {
    let Reading { view, heads, format, values, layer, .. } = *reading;
    let source = view.source;
    let mut edits = Vec::new();
    for one in &extract::fields(view, heads, format, reading.search, values) {
        let is_raw = layer == Some(0);
        if is_raw && html_format::holds(source, one.field) {
            continue;
        }
        match one.field.shape() {
            Shape::Note if is_raw => note_heads(view, one, &mut edits),
            Shape::Section if layer.is_some() => {
                let block = block_of(view, &one.head);
                let inner = block.as_ref().map(|block| view.end(one.head.value)..block.inner_end);
                let raw = inner.map_or_else(|| view.slice(one.value.clone()), |inner| &source[inner]);
                let plain = (0..layer.unwrap_or(0)).fold(raw.to_owned(), |text, _| markup::unescaped(&text));
                let source = block.map_or_else(|| around(reading, one), |block| block.whole);
                let text = html_format::written(one.field, one.head.label, &lines_of(&plain));
                edits.push(Edit { source, text });
            }
            _ => {
                let text = html_format::written(one.field, one.head.label, &value(reading, one));
                edits.push(Edit { source: around(reading, one), text });
            }
        }
    }
    if layer != Some(0) {
        without_gaps(reading, &mut edits);
    }
    applied(source, edits)
}

/// Takes what nobody sees between fields away: the line ends that a CRM made of tags.
fn without_gaps(reading: &Reading<'_, '_>, edits: &mut [Edit]) {
    let source = reading.view.source;
    edits.sort_by_key(|edit| edit.source.start);
    for index in 1..edits.len() {
        let next = edits[index].source.start;
        let edit = &mut edits[index - 1];
        if let Some(gap) = source.get(edit.source.end..next)
            && (gap.trim().is_empty()
                || reading.layer.is_some() && trimmed(reading, gap, false, false).is_empty())
        {
            edit.source.end = next;
        }
    }
}

/// A note in HTML keeps what is in it: its two headings are written again.
fn note_heads(view: &View<'_>, note: &Found, edits: &mut Vec<Edit>) {
    let source = view.source;
    let head = extended(view, view.start(note.head.start)..view.end(note.head.value), false);
    let breaks = |at: usize| {
        let next = view.tags.partition_point(|tag| tag.start < at);
        view.tags.get(next).is_some_and(|tag| tag.start == at && tag.tag.kind.ends_line())
    };
    let mut text = html_format::NOTE.to_owned();
    if !breaks(head.end) {
        text.push_str("<br>");
    }
    let end = head.end;
    edits.push(Edit { source: head, text });
    let details = html_format::details();
    match &note.details {
        Some(head) => {
            let place = extended(view, view.start(head.start)..view.end(head.value), false);
            let text =
                if breaks(place.end) || source[place.end..].is_empty() { details } else { details + "<br>" };
            edits.push(Edit { source: place, text });
        }
        None => {
            let end = view.end(note.value.end).max(end);
            edits.push(Edit { source: end..end, text: format!("<br><br>{details}<br>") });
        }
    }
}
