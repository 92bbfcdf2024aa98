//! `text/markdown`: `**Label**: value` lines; sections under `### Label`; the note between two
//! headings.

use super::fields::{Entry, Field, Shape};
use super::line_ends::{line_ends, line_feeds, line_length, lines, starts_with_lines};
use super::lines::{self, Next, Piece, Syntax, labelled, own_paragraphs, rendered_as};
use super::notes::Notes;

const NOTE: &str = "## Agent notes";
const DETAILS: &str = "## Call details";

pub(super) fn upsert(existing: &str, entries: &[Entry]) -> String {
    lines::upsert::<Markdown>(existing, entries)
}

/// The label of a field, or that of the details.
pub(super) fn label(field: Option<Field>) -> String {
    match field {
        None => DETAILS.to_owned(),
        Some(Field::Note) => NOTE.to_owned(),
        Some(field) if field.shape() == Shape::Section => format!("### {}", field.label()),
        Some(field) => format!("**{}**: ", field.label()),
    }
}

/// A field with its value as it is.
pub(super) fn written(field: Field, value: &str) -> String {
    let label = label(Some(field));
    match field.shape() {
        Shape::Note => format!("{label}\n{value}\n\n{DETAILS}"),
        Shape::Line => format!("{label}{value}"),
        Shape::Section => format!("{label}\n{value}"),
    }
}

struct Markdown;

impl Syntax for Markdown {
    fn render(entry: &Entry) -> String {
        let label = entry.field.label();
        match entry.field.shape() {
            Shape::Note => format!("{NOTE}\n{}\n\n{DETAILS}", entry.value),
            Shape::Line => format!("**{label}**: {}", entry.one_line()),
            Shape::Section => format!("### {label}\n{}", entry.value),
        }
    }

    fn field_at(text: &str, rendered: &[(Field, &str)], notes: &mut Notes<'_>) -> Option<(Field, usize)> {
        let first_line = lines(text).next().map_or("", |(_, line)| line);
        if let Some(field) = line_field(first_line) {
            return Some((field, line_length(text)));
        }
        let field = block_of_line(first_line)?;
        let new = rendered_as(rendered, field);
        let new = new.filter(|new| field != Field::Note || notes.compares(new));
        if let Some(length) = new.and_then(|new| starts_with_lines(text, new)) {
            return Some((field, length));
        }
        match field {
            // The details without a note: where one belongs.
            Field::Note if first_line.trim_end() == DETAILS => Some((field, first_line.len())),
            // Without the details' heading nothing says where the note ends; behind a section it
            // belongs to that.
            Field::Note if text.len() > notes.within => None,
            Field::Note => {
                let mut headings = lines(text).skip(1).filter(|(_, line)| block_of_line(line).is_some());
                let next = headings.find(|(_, line)| line.trim_end() != NOTE);
                if let Some((start, line)) = next.filter(|(_, line)| line.trim_end() == DETAILS) {
                    return Some((field, start + line.len()));
                }
                // Not for the next such heading either.
                notes.within = next.map_or(0, |(start, _)| text.len() - start);
                None
            }
            section => Some((section, section_length(text, section, rendered_as(rendered, section)))),
        }
    }

    fn is_open(field: Field) -> bool {
        field.shape() == Shape::Section
    }

    fn end_of_replaced(field: Field, end: &str, next: Next) -> String {
        match field.shape() {
            Shape::Note => line_feeds(end),
            Shape::Section if next != Next::Nothing => "\n\n".to_owned(),
            // One line (Q46).
            Shape::Line if field == Field::AceLink => line_feeds(end),
            // The reference drops the blank lines behind these.
            Shape::Line | Shape::Section => "\n".to_owned(),
        }
    }

    /// A blank line ends the last section.
    fn end_of_inserted(field: Field, end: String) -> String {
        let is_blank_line = end.matches('\n').count() > 1;
        if field.shape() == Shape::Section && !is_blank_line { end + "\n" } else { end }
    }

    fn before(_: Field) -> &'static str {
        ""
    }

    fn place_of_note(_: &[Piece<'_>]) -> usize {
        0
    }
}

fn line_field(line: &str) -> Option<Field> {
    let line = line.strip_prefix("**")?;
    labelled(Shape::Line, |label| line.strip_prefix(label).is_some_and(|rest| rest.starts_with("**:")))
}

/// The note or the section whose heading the line is.
fn block_of_line(line: &str) -> Option<Field> {
    let line = line.trim_end();
    if line == NOTE || line == DETAILS {
        return Some(Field::Note);
    }
    let heading = line.strip_prefix("### ")?;
    labelled(Shape::Section, |label| label == heading)
}

/// A section ends at the next field of ours. Where another heading or nothing follows, the rest
/// may be a person's: then it ends with its paragraph, and a journey with its last leg.
fn section_length(text: &str, field: Field, new: Option<&str>) -> usize {
    let mut end = text.len();
    for (start, line) in lines(text).skip(1) {
        if line_field(line).is_some() || block_of_line(line).is_some() {
            return start;
        }
        if line.starts_with("### ") || line.starts_with("## ") {
            end = start;
            break;
        }
    }
    // A CRM may set blank lines behind a heading.
    let heading = line_length(text);
    let (heading, body) = text[..end].split_at(heading + line_ends(&text[heading..end]));
    heading.len()
        + match lines(body).next() {
            // An empty value.
            Some((_, first)) if first.trim().is_empty() => first.len(),
            _ if field == Field::Journey => {
                let is_leg = |line: &str| line.starts_with("Transferred to ");
                let legs = lines(body).enumerate();
                let own = legs.take_while(|(index, (_, line))| *index == 0 || is_leg(line)).last();
                own.map_or(body.len(), |(_, (start, line))| start + line.len())
            }
            _ => own_paragraphs(body, new.map(|new| new.split_once('\n').map_or("", |(_, value)| value))),
        }
}
