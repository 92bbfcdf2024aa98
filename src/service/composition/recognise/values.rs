//! What fields say, as their format writes it.

use std::ops::Range;

use super::super::fields::{Field, Shape};
use super::super::{escape, html};
use super::Reading;
use super::blocks::block_of;
use super::extract::{self, Found};
use super::html_lines::{balanced, lines_of};
use super::markup::{self};
use super::view::View;
use crate::engine::operation::LogFormat;

/// What a field says, as its format writes it.
pub(super) fn value(reading: &Reading<'_, '_>, one: &Found) -> String {
    let Reading { view, format, layer, .. } = *reading;
    // Tags that nobody sees are part of a value, such as that of a link.
    let place = view.end(one.value.start)..view.boundary(one.value.end).max(view.end(one.value.start));
    let raw = view.source.get(place).unwrap_or_default();
    let is_line = one.field.shape() == Shape::Line;
    match (format, layer) {
        (LogFormat::Html, Some(0)) => balanced(raw.trim()),
        (LogFormat::Html, Some(layer)) => {
            let plain = (0..layer).fold(raw.to_owned(), |text, _| markup::unescaped(&text));
            let plain = plain.trim().to_owned();
            if is_line { balanced(&plain) } else { lines_of(&plain) }
        }
        (LogFormat::Html, None) => {
            let text = escape::text(raw.trim());
            if one.field.shape() == Shape::Section { html::line_breaks(&text) } else { text }
        }
        (_, Some(layer)) => {
            let lines = seen_lines(view, one.value.clone());
            let plain = (0..=layer).fold(lines, |text, _| markup::unescaped(&text));
            plain.trim().to_owned()
        }
        (_, None) => raw.trim_matches([' ', '\r', '\n', '\t']).replace("\r\n", "\n").replace('\r', "\n"),
    }
}

/// The source of some lines without its tags.
fn seen_lines(view: &View<'_>, seen: Range<usize>) -> String {
    let mut text = String::new();
    let mut start = seen.start;
    for line in view.text[seen.clone()].split('\n') {
        if start > seen.start {
            text.push('\n');
        }
        let mut at = view.start(start);
        let end = view.end(start + line.len()).max(at);
        start += line.len() + 1;
        if line.is_empty() {
            continue;
        }
        let first = view.tags.partition_point(|tag| tag.start < at);
        for tag in view.tags[first..].iter().take_while(|tag| tag.start < end) {
            text.push_str(&view.source[at..tag.start]);
            at = tag.end();
        }
        text.push_str(&view.source[at.min(end)..end]);
    }
    text
}

/// Where the values of sections and of the note stand in the source.
pub(super) fn long_values(reading: &Reading<'_, '_>) -> Vec<(Field, Range<usize>)> {
    let view = reading.view;
    let found = extract::fields(view, reading.heads, reading.format, reading.search, reading.values);
    let long = found.iter().filter(|one| one.field.shape() != Shape::Line);
    long.map(|one| {
        let start = view.end(one.head.value);
        let block = block_of(view, &one.head).filter(|_| reading.format == LogFormat::Html);
        let end = block.map_or_else(|| view.end(one.value.end), |block| block.inner_end).max(start);
        let raw = &view.source[start..end];
        let mut value = raw.trim();
        // The line ends of HTML around a value are not part of it.
        while let Some(inner) = value.strip_prefix("<br>") {
            value = inner.trim_start();
        }
        while let Some(inner) = value.strip_suffix("<br>") {
            value = inner.trim_end();
        }
        let offset = raw.find(value).unwrap_or(0);
        (one.field, start + offset..start + offset + value.len())
    })
    .collect()
}
