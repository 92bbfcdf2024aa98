//! What plain text and Markdown share: a text is taken apart into pieces, fields of ours and
//! everything else, some are replaced or added, and it is put together again.

use std::borrow::Cow;

use super::fields::{Entry, Field, Shape, without_line_ends};
use super::limit::SHORTENED;
use super::line_ends::{line_ends, line_feeds, line_length, lines};
use super::notes::Notes;

/// A part of a text. All pieces together are the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// The field that it is; none if it is not ours.
    pub field: Option<Field>,
    /// Without the line ends behind it.
    pub text: Cow<'a, str>,
    /// The line ends behind it, blank lines included.
    pub end: Cow<'a, str>,
}

/// The syntax of a format.
pub(super) trait Syntax {
    /// A field as it is written, line ends of its value included, its own not.
    fn render(entry: &Entry) -> String;

    /// The field that starts here, at the start of a line, and how long it is. A field of which
    /// `rendered` says what it is about to become may be recognised by that.
    fn field_at(text: &str, rendered: &[(Field, &str)], notes: &mut Notes<'_>) -> Option<(Field, usize)>;

    /// Whether nothing but the next field says where this one ends. What is added goes right behind
    /// such a field, or it would take in what is between; in front of it where another text follows
    /// it, which may be the rest of it.
    fn is_open(field: Field) -> bool;

    /// The line ends behind a field that has been replaced. `next` is what follows: nothing, a
    /// field, or another text.
    fn end_of_replaced(field: Field, end: &str, next: Next) -> String;

    /// The line ends behind a field that is added in front of another text.
    fn end_of_inserted(field: Field, end: String) -> String;

    /// What stands in front of an added field.
    fn before(field: Field) -> &'static str;

    /// Where a note is added: an index of a piece.
    fn place_of_note(pieces: &[Piece<'_>]) -> usize;
}

/// The shortest beginning of a paragraph that is taken for one which was cut.
const CUT_AT_LEAST: usize = 8;

/// What follows a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Nothing,
    Field,
    Other,
}

/// The text with the entries in it.
pub(super) fn upsert<S: Syntax>(existing: &str, entries: &[Entry]) -> String {
    let rendered: Vec<(Field, String)> =
        entries.iter().map(|entry| (entry.field, S::render(entry))).collect();
    let mut pieces = pieces::<S>(existing, &rendered);
    let mut beside_open = None;
    for (entry, (_, text)) in entries.iter().zip(&rendered) {
        match place_of(&pieces, entry.field) {
            Some(at) => replace::<S>(&mut pieces, at, entry, text),
            None => {
                let place = match entry.field {
                    Field::Note => None,
                    _ => beside_open
                        .map(|last| last + 1)
                        .or_else(|| beside_open_field::<S>(&pieces, &rendered)),
                };
                insert::<S>(&mut pieces, entry, text, place);
                beside_open = place;
            }
        }
    }
    pieces.iter().flat_map(|piece| [&*piece.text, &*piece.end]).collect()
}

/// The piece that is a field. A person may have written lines that look like one, most often into the note
/// in front of them all: of several lines that one counts which stands, as logs are written, on its side of
/// the time of the call.
fn place_of(pieces: &[Piece<'_>], field: Field) -> Option<usize> {
    let all = |field: Field| {
        let is_it = move |(at, piece): (usize, &Piece<'_>)| (piece.field == Some(field)).then_some(at);
        pieces.iter().enumerate().filter_map(is_it)
    };
    let first = all(field).next()?;
    if field.shape() != Shape::Line || field == Field::DateTime {
        return Some(first);
    }
    let time = all(Field::DateTime).next_back();
    let is_behind_time = field > Field::DateTime;
    let beside = match time {
        Some(time) if is_behind_time => all(field).find(|at| *at > time),
        Some(time) => all(field).take_while(|at| *at < time).last(),
        None if is_behind_time => None,
        None => all(field).next_back(),
    };
    beside.or(Some(first))
}

fn pieces<'a, S: Syntax>(text: &'a str, rendered: &[(Field, String)]) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    let (mut at, mut other_from) = (0, 0);
    let mut rendered: Vec<(Field, &str)> =
        rendered.iter().map(|(field, text)| (*field, text.as_str())).collect();
    let mut notes = Notes::of(text, rendered_as(&rendered, Field::Note));
    let other = |from: usize, to: usize| {
        let whole = &text[from..to];
        let (text, end) = whole.split_at(without_line_ends(whole).len());
        (from < to).then_some(Piece { field: None, text: text.into(), end: end.into() })
    };
    while at < text.len() {
        let rest = &text[at..];
        let Some((field, length)) = S::field_at(rest, &rendered, &mut notes) else {
            at += line_length(rest);
            continue;
        };
        // Only the first is replaced; another one is not what it becomes.
        rendered.retain(|(other, _)| *other != field);
        if field == Field::Note {
            notes.found();
        }
        pieces.extend(other(other_from, at));
        let (whole, rest) = rest.split_at(length);
        let own = without_line_ends(whole);
        let length = whole.len() + line_ends(rest);
        pieces.push(Piece {
            field: Some(field),
            text: own.into(),
            end: text[at + own.len()..at + length].into(),
        });
        at += length;
        other_from = at;
    }
    pieces.extend(other(other_from, text.len()));
    pieces
}

fn replace<S: Syntax>(pieces: &mut [Piece<'_>], at: usize, entry: &Entry, rendered: &str) {
    let next = match pieces.get(at + 1).map(|piece| piece.field) {
        None => Next::Nothing,
        Some(Some(_)) => Next::Field,
        Some(None) => Next::Other,
    };
    let Some(piece) = pieces.get_mut(at) else { return };
    let text = without_line_ends(rendered);
    if line_feeds(&piece.text) == line_feeds(text) || entry.keeps(after_label(&piece.text)) {
        return;
    }
    let end = S::end_of_replaced(entry.field, &piece.end, next);
    piece.end = format!("{}{end}", &rendered[text.len()..]).into();
    piece.text = text.to_owned().into();
}

/// Adds a field: at a place, or where such a field belongs.
fn insert<S: Syntax>(pieces: &mut Vec<Piece<'_>>, entry: &Entry, rendered: &str, place: Option<usize>) {
    let at = place.unwrap_or_else(|| match entry.field {
        Field::Note => S::place_of_note(pieces),
        _ => pieces.len(),
    });
    let text = without_line_ends(rendered);
    let mut end = format!("{}\n", &rendered[text.len()..]);
    let before_other = pieces.get(at).is_some_and(|piece| piece.field.is_none());
    if let Some(previous) = at.checked_sub(1).and_then(|previous| pieces.get_mut(previous)) {
        if before_other && previous.field.is_some() {
            // The blank lines between a field and what is not ours stay in front of that.
            let behind = std::mem::replace(&mut previous.end, "\n".into());
            if behind.len() > end.len() {
                end = behind.into_owned();
            }
        } else if !previous.end.ends_with('\n') {
            previous.end.to_mut().push('\n');
        }
    }
    if before_other {
        end = S::end_of_inserted(entry.field, end);
    }
    let before = if entry.field == Field::Note { "" } else { S::before(entry.field) };
    let piece = Piece { field: Some(entry.field), text: format!("{before}{text}").into(), end: end.into() };
    pieces.insert(at, piece);
}

/// Where a field is added so that the open field behind all others, if there is one (see
/// [`Syntax::is_open`]), neither takes it in nor is torn by it. One that is written anew is whole.
fn beside_open_field<S: Syntax>(pieces: &[Piece<'_>], rendered: &[(Field, String)]) -> Option<usize> {
    let last = pieces.iter().rposition(|piece| piece.field.is_some())?;
    let field = pieces[last].field.filter(|field| S::is_open(*field))?;
    let is_whole = last + 1 == pieces.len() || rendered.iter().any(|(other, _)| *other == field);
    Some(if is_whole { last + 1 } else { last })
}

fn after_label(line: &str) -> &str {
    line.split_once(": ").or_else(|| line.split_once(':')).map_or(line, |(_, value)| value)
}

/// The field of a label from the given fields.
pub(super) fn labelled(shape: Shape, is_labelled: impl Fn(&str) -> bool) -> Option<Field> {
    Field::ALL.into_iter().find(|field| field.shape() == shape && is_labelled(field.label()))
}

/// What a field is about to become.
pub(super) fn rendered_as<'r>(rendered: &[(Field, &'r str)], field: Field) -> Option<&'r str> {
    let (_, text) = rendered.iter().find(|(other, _)| *other == field)?;
    Some(without_line_ends(text))
}

/// How much of a text that nothing ends belongs to a field: its first paragraph, and those behind
/// it that the new value has as well. The rest may be a person's.
pub(super) fn own_paragraphs(text: &str, new: Option<&str>) -> usize {
    // What was shortened says itself where it ends.
    if let Some(at) = text.find(SHORTENED) {
        return at + SHORTENED.len();
    }
    let mut ends = paragraphs(text);
    let mut length = ends.next().unwrap_or(0);
    let Some(new) = new else { return length };
    // The same value once more: lines behind it are a person's.
    if let Some(own) = same_lines(&text[..length], new.trim()) {
        return own;
    }
    let whole = |text: &str| line_feeds(text.trim());
    let mut from = 0;
    let mut new = paragraphs(new).map(move |end| {
        let paragraph = whole(&new[from..end]);
        from = end;
        paragraph
    });
    for end in ends {
        let paragraph = whole(&text[length..end]);
        // A CRM may have cut the last one.
        let may_be_cut = paragraph.len() >= CUT_AT_LEAST && text[end..].trim().is_empty();
        let is_cut = |new: &str| may_be_cut && new.starts_with(&*paragraph);
        if !new.any(|new| new == paragraph || is_cut(&new)) {
            break;
        }
        length = end;
    }
    length
}

/// How much of a text the lines of a value are that it begins with, whatever blanks end them.
fn same_lines(text: &str, value: &str) -> Option<usize> {
    let mut own = lines(text);
    let mut end = None;
    for (_, line) in lines(value) {
        let (start, found) = own.next()?;
        if found.trim() != line.trim() {
            return None;
        }
        end = Some(start + found.len());
    }
    end
}

/// Where each paragraph of a text ends, its line ends not included.
fn paragraphs(text: &str) -> impl Iterator<Item = usize> {
    let mut all = Vec::new();
    let mut is_blank = true;
    for (start, line) in lines(text) {
        let blank = line.trim().is_empty();
        match all.last_mut() {
            Some(end) if !blank && !is_blank => *end = start + line.len(),
            _ if !blank => all.push(start + line.len()),
            _ => {}
        }
        is_blank = blank;
    }
    all.into_iter()
}
