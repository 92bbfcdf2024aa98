//! `text/plain`: `- Label: value` lines; sections between `- Label:` and `--- END`.

use super::fields::{Entry, Field, Shape};
use super::line_ends::{line_ends, line_feeds, line_length, lines, starts_with_lines};
use super::lines::{self, Next, Piece, Syntax, labelled, own_paragraphs, rendered_as};
use super::notes::Notes;

/// The label of older notes.
const OLD_NOTE: &str = "Agent notes";

pub(super) fn upsert(existing: &str, entries: &[Entry]) -> String {
    lines::upsert::<Plain>(existing, entries)
}

struct Plain;

impl Syntax for Plain {
    fn render(entry: &Entry) -> String {
        let label = entry.field.label();
        match entry.field.shape() {
            Shape::Note => format!("- {label}: {}", entry.value),
            Shape::Line => format!("- {label}: {}", entry.one_line()),
            Shape::Section => format!("- {label}:\n{}\n{}", entry.value, end_marker(entry.field)),
        }
    }

    fn field_at(text: &str, rendered: &[(Field, &str)], notes: &mut Notes<'_>) -> Option<(Field, usize)> {
        let field = field_of_line(text)?;
        let new = rendered_as(rendered, field);
        let length = match field.shape() {
            Shape::Note => note_length(text, new),
            Shape::Line => line_length(text),
            Shape::Section => new.and_then(|new| starts_with_lines(text, new)).unwrap_or_else(|| {
                let note = notes.next_with(end_marker(field), text);
                section_length(text, field, note, new)
            }),
        };
        Some((field, length))
    }

    fn is_open(field: Field) -> bool {
        field == Field::Note
    }

    fn end_of_replaced(field: Field, end: &str, next: Next) -> String {
        match field {
            // The reference drops the blank lines behind these.
            Field::SessionId | Field::UserName | Field::Number | Field::Recording | Field::Voicemail => {
                "\n".to_owned()
            }
            Field::Note if next == Next::Field && !end.is_empty() => "\n".to_owned(),
            _ => line_feeds(end),
        }
    }

    fn end_of_inserted(_: Field, end: String) -> String {
        end
    }

    fn before(field: Field) -> &'static str {
        if field.shape() == Shape::Section && field != Field::Journey { "\n" } else { "" }
    }

    /// In front of the first field: only a field ends a note, and what a person wrote in between
    /// would become part of it.
    fn place_of_note(pieces: &[Piece<'_>]) -> usize {
        pieces.iter().position(|piece| piece.field.is_some()).unwrap_or(pieces.len())
    }
}

/// The label of a field, in front of its value. A note's is the one that it has.
pub(super) fn label(field: Option<Field>, found: &str) -> String {
    match field {
        Some(Field::Note) => format!("- {found}: "),
        Some(field) if field.shape() == Shape::Section => format!("- {}:", field.label()),
        Some(field) => format!("- {}: ", field.label()),
        None => found.to_owned(),
    }
}

/// A field with its value as it is.
pub(super) fn written(field: Field, found: &str, value: &str) -> String {
    let label = label(Some(field), found);
    match field.shape() {
        Shape::Section => format!("{label}\n{value}\n{}", end_marker(field)),
        Shape::Note | Shape::Line => format!("{label}{value}"),
    }
}

pub(super) fn end_marker(field: Field) -> &'static str {
    if field == Field::Journey { "--- JOURNEY END" } else { "--- END" }
}

/// The field whose label the line starts with.
fn field_of_line(text: &str) -> Option<Field> {
    let line = text.strip_prefix("- ")?;
    let has = |label: &str| line.strip_prefix(label).is_some_and(|rest| rest.starts_with(':'));
    if has(Field::Note.label()) || has(OLD_NOTE) {
        return Some(Field::Note);
    }
    labelled(Shape::Line, has).or_else(|| section_of_line(text))
}

fn section_of_line(text: &str) -> Option<Field> {
    let line = text.strip_prefix("- ")?;
    labelled(Shape::Section, |label| line.strip_prefix(label).is_some_and(|rest| rest.starts_with(':')))
}

/// A line such as `- Anything: …`: what ends a note.
fn is_labelled_line(line: &str) -> bool {
    let Some(line) = line.strip_prefix("- ") else { return false };
    let label = line.split(':').next().unwrap_or_default();
    label.len() < line.len()
        && label.starts_with(|first: char| first.is_ascii_uppercase())
        && label.chars().all(|letter| letter.is_ascii_alphabetic() || letter.is_whitespace() || letter == '/')
}

fn note_length(text: &str, new: Option<&str>) -> usize {
    let next_label =
        |text: &str| lines(text).find(|(_, line)| is_labelled_line(line)).map(|(start, _)| start);
    let ends_at_field = |text: &str, at: usize| field_of_line(&text[at..]).is_some();
    if let Some(length) = new.and_then(|new| starts_with_lines(text, new)) {
        let rest = &text[length..];
        let ends = line_ends(rest);
        let blank_line = rest[..ends].matches('\n').count() > 1;
        let is_whole = match next_label(&rest[ends..]) {
            Some(0) => true,
            Some(at) => blank_line && !ends_at_field(&rest[ends..], at),
            None => blank_line || ends == rest.len(),
        };
        if is_whole {
            return length;
        }
    }
    let first_line = line_length(text);
    let end = next_label(&text[first_line..]).map_or(text.len(), |at| first_line + at);
    if end < text.len() && ends_at_field(text, end) {
        return end;
    }
    own_paragraphs(&text[..end], new)
}

/// Up to the end marker. Where it is missing, a section ends at the next field or with its
/// paragraph. A marker in the new note, which begins at `note`, is not the section's.
fn section_length(text: &str, field: Field, note: Option<usize>, new: Option<&str>) -> usize {
    let mut next_field = None;
    for (start, line) in lines(text).skip(1) {
        if line.trim_end() == end_marker(field) {
            return start + line.len();
        }
        if note == Some(start) || section_of_line(line).is_some() {
            next_field.get_or_insert(start);
            break;
        }
        if field_of_line(line).is_some() {
            next_field.get_or_insert(start);
        }
    }
    let end = next_field.unwrap_or(text.len());
    own_paragraphs(&text[..end], new)
}
