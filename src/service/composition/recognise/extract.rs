//! What a text says of each field, and where.

use std::ops::Range;

use super::super::fields::{Field, Shape};
use super::heads::{Head, Kind, Search};
use super::loose::{self, Begins};
use super::shapes;
use super::view::View;
use crate::engine::operation::LogFormat;

/// A field that was found. All places are in what is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub field: Field,
    pub head: Head,
    pub value: Range<usize>,
    /// Behind the value and what marks its end.
    pub end: usize,
    /// Where the heading of the details ends the note.
    pub details: Option<Head>,
}

/// The fields of a text by their heads, the first of each.
pub(super) fn fields(
    view: &View<'_>,
    heads: &[Head],
    format: LogFormat,
    search: Search,
    values: &[(Field, &str)],
) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut behind = 0;
    for (index, head) in heads.iter().enumerate() {
        let Some(field) = head.field() else { continue };
        if head.start < behind || found.iter().any(|found| found.field == field) {
            continue;
        }
        let new = values.iter().find(|(other, _)| *other == field).map(|(_, value)| *value);
        let reading = Reading { view, format, search, new };
        let one = reading.field(field, *head, &heads[index + 1..]);
        behind = one.end;
        found.push(one);
    }
    found
}

struct Reading<'a> {
    view: &'a View<'a>,
    format: LogFormat,
    search: Search,
    /// What the field is about to become.
    new: Option<&'a str>,
}

impl Reading<'_> {
    fn field(&self, field: Field, head: Head, later: &[Head]) -> Found {
        let text = self.view.text.as_str();
        let next = later.first().map(|head| head.start);
        let (end_of_value, end, details) = match field.shape() {
            Shape::Line => {
                let end = self.line(field, head.value, next);
                (end, end, None)
            }
            Shape::Section if self.format == LogFormat::Plain => {
                let other = later
                    .iter()
                    .find(|head| head.field().is_some_and(|field| field.shape() == Shape::Section));
                let limit = other.map_or(text.len(), |head| head.start);
                // What somebody escaped is no mark.
                let is_escaped =
                    |at: usize| self.view.source[self.view.start(head.value + at)..].starts_with('\\');
                match end_marker(&text[head.value..limit], field, is_escaped) {
                    Some(marker) => (head.value + marker.start, head.value + marker.end, None),
                    None => self.open(head.value, next),
                }
            }
            Shape::Section => self.open(head.value, next),
            Shape::Note if self.format == LogFormat::Plain => self.open(head.value, next),
            Shape::Note => match later.iter().find(|head| head.kind == Kind::Details) {
                Some(details) => (details.start, details.value, Some(*details)),
                None => self.open(head.value, next),
            },
        };
        Found { field, head, value: head.value..end_of_value, end, details }
    }

    /// A value of one line.
    fn line(&self, field: Field, from: usize, next: Option<usize>) -> usize {
        let text = self.view.text.as_str();
        let end = self.view.line_end(from).min(next.unwrap_or(text.len())).max(from);
        if matches!(self.search, Search::Lines | Search::BareLines) {
            return end;
        }
        let line = &text[from..end];
        let known = self.new.and_then(|new| loose::whole(line, new));
        from + known.unwrap_or_else(|| shapes::length(field, line))
    }

    /// A value that nothing but the next field ends. Where none follows, the first paragraph is it: the
    /// rest may be a person's, unless the new value says otherwise.
    fn open(&self, from: usize, next: Option<usize>) -> (usize, usize, Option<Head>) {
        let text = self.view.text.as_str();
        let rest = &text[from..next.unwrap_or(text.len())];
        let end = match self.new.map_or(Begins::Otherwise, |new| loose::begins(rest, new)) {
            Begins::Whole(length) if length > 0 => from + length,
            Begins::Cut => text.len().min(from + rest.len()),
            _ if next.is_some() => from + rest.len(),
            _ => {
                let blank = rest.len() - rest.trim_start_matches(['\n', ' ']).len();
                // Where the tags were taken away, a line may have been a block of its own.
                let is_stripped = self.format == LogFormat::Html && self.view.tags.is_empty();
                let end = if is_stripped { "\n" } else { "\n\n" };
                from + rest[blank..].find(end).map_or(rest.len(), |length| blank + length)
            }
        };
        let value = from + text[from..end].trim_end_matches(['\n', ' ']).len();
        (value, value, None)
    }
}

/// The first line, or part of one, that ends a section of plain text.
fn end_marker(text: &str, field: Field, is_escaped: impl Fn(usize) -> bool) -> Option<Range<usize>> {
    text.match_indices("END").find_map(|(at, word)| {
        let before = text[..at].trim_end_matches(' ');
        let before = match field {
            Field::Journey => before.strip_suffix("JOURNEY")?.trim_end_matches(' '),
            _ => before,
        };
        let start = before.trim_end_matches('-').len();
        let end = at + word.len();
        let is_word = !text[end..].starts_with(|next: char| next.is_alphanumeric());
        // A bullet behind it is the next field's.
        (before.len() > start && is_word && !is_escaped(start)).then_some(start..end)
    })
}
