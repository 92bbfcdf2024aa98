//! A text as a person sees it: tags as line ends and marks, entities as characters, one kind of blank.
//! Every place in it is a place in the text that the CRM sent.

use super::markup::{self, Edge, Kind, Tag};

/// Where bold text begins or ends.
pub(super) const BOLD: char = '\u{1}';
/// Where an item of a list begins.
pub(super) const ITEM: char = '\u{2}';

/// What counts as markup in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Markup {
    /// How often tags may be escaped; `None` if they are no tags.
    pub tags: Option<u8>,
    /// Whether `**` and `__` are marks.
    pub marks: bool,
}

/// A tag and where it stands in the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct TagAt {
    pub tag: Tag,
    pub start: usize,
}

impl TagAt {
    pub fn end(&self) -> usize {
        self.start + self.tag.length
    }
}

pub(super) struct View<'a> {
    pub source: &'a str,
    /// What is seen.
    pub text: String,
    /// Every tag, in order.
    pub tags: Vec<TagAt>,
    segments: Vec<Segment>,
}

/// A part that reads otherwise than it is written.
struct Segment {
    seen: usize,
    seen_length: usize,
    source: usize,
    source_length: usize,
}

impl<'a> View<'a> {
    pub fn new(source: &'a str, markup: Markup) -> Self {
        let mut view = Self {
            source,
            text: String::with_capacity(source.len()),
            tags: Vec::new(),
            segments: Vec::new(),
        };
        let mut styles = Vec::new();
        let mut at = 0;
        let mut ends_with_break = false;
        while at < source.len() {
            let rest = &source[at..];
            if let Some(layer) = markup.tags
                && matches!(rest.as_bytes()[0], b'<' | b'&')
                && let Some(tag) = markup::tag(rest, layer)
            {
                view.tag(tag, at, &mut styles);
                ends_with_break = !matches!(tag.kind, Kind::Inline | Kind::Bold | Kind::Styled { .. });
                at += tag.length;
                continue;
            }
            let was_break = std::mem::replace(&mut ends_with_break, false);
            let (seen, length) = read(rest, markup);
            match seen {
                // In HTML a line end behind a tag that ends a line ends no further one.
                Seen::Text("\n") if was_break => {
                    view.push("", at, length);
                    ends_with_break = true;
                }
                // It reads as it is written, and a text may be made of nothing else.
                Seen::Text("\n") if rest.starts_with('\n') => view.text.push('\n'),
                Seen::Text(text) => view.push(text, at, length),
                Seen::Char(character) => view.push(character.encode_utf8(&mut [0; 4]), at, length),
                Seen::Same => view.text.push_str(&rest[..length]),
            }
            at += length;
        }
        view
    }

    fn tag(&mut self, tag: Tag, at: usize, styles: &mut Vec<bool>) {
        self.tags.push(TagAt { tag, start: at });
        let (end, length) = (at + tag.length, tag.length);
        match (tag.kind, tag.edge) {
            (Kind::Item, Edge::Open) => {
                self.push("\n", at, 0);
                self.push("\u{2}", at, length);
            }
            (Kind::Heading, Edge::Open) => {
                self.push("\n", at, 0);
                self.push("\u{1}", at, length);
            }
            (Kind::Heading, Edge::Close) => {
                self.push("\u{1}", at, length);
                self.push("\n", end, 0);
            }
            (Kind::Block | Kind::Item | Kind::Break, _) => self.push("\n", at, length),
            (Kind::Bold, _) => self.push("\u{1}", at, length),
            (Kind::Styled { is_bold }, Edge::Open) => {
                styles.push(is_bold);
                self.push(if is_bold { "\u{1}" } else { "" }, at, length);
            }
            (Kind::Styled { .. }, Edge::Close) => {
                let is_bold = styles.pop().unwrap_or(false);
                self.push(if is_bold { "\u{1}" } else { "" }, at, length);
            }
            (Kind::Inline, _) => self.push("", at, length),
        }
    }

    fn push(&mut self, seen: &str, source: usize, source_length: usize) {
        self.segments.push(Segment { seen: self.text.len(), seen_length: seen.len(), source, source_length });
        self.text.push_str(seen);
    }

    /// Where what is seen at a place starts in the source.
    pub fn start(&self, seen: usize) -> usize {
        // Behind everything that is not seen.
        let next = self.segments.partition_point(|segment| segment.seen <= seen);
        let Some(segment) = next.checked_sub(1).and_then(|last| self.segments.get(last)) else { return seen };
        if segment.seen + segment.seen_length > seen {
            segment.source
        } else {
            segment.source + segment.source_length + (seen - segment.seen - segment.seen_length)
        }
    }

    /// Where what is seen in front of a place ends in the source.
    pub fn end(&self, seen: usize) -> usize {
        let Some(last) = self.text.get(..seen).and_then(|text| text.char_indices().next_back()) else {
            return 0;
        };
        let (at, character) = last;
        let next = self.segments.partition_point(|segment| segment.seen <= at);
        match next.checked_sub(1).and_then(|last| self.segments.get(last)) {
            Some(segment) if segment.seen + segment.seen_length > at => {
                segment.source + segment.source_length
            }
            _ => self.start(at) + character.len_utf8(),
        }
    }

    /// Where the line ends that a place is in, its line end not included.
    pub fn line_end(&self, seen: usize) -> usize {
        self.text[seen..].find('\n').map_or(self.text.len(), |length| seen + length)
    }

    /// Where what follows a place begins in the source, unseen tags in front of it not included.
    pub fn boundary(&self, seen: usize) -> usize {
        if seen >= self.text.len() { self.source.len() } else { self.start(seen) }
    }

    /// The source of a part of what is seen.
    pub fn slice(&self, seen: std::ops::Range<usize>) -> &'a str {
        if seen.is_empty() {
            return "";
        }
        self.source.get(self.start(seen.start)..self.end(seen.end)).unwrap_or_default()
    }
}

enum Seen {
    Same,
    Char(char),
    Text(&'static str),
}

fn read(rest: &str, markup: Markup) -> (Seen, usize) {
    let Some(first) = rest.chars().next() else { return (Seen::Same, 0) };
    let length = first.len_utf8();
    match first {
        '\r' => (Seen::Text("\n"), if rest.starts_with("\r\n") { 2 } else { 1 }),
        '\n' => (Seen::Text("\n"), 1),
        '&' => match markup::entity(rest) {
            Some((character, length)) => (Seen::Char(seen(character).unwrap_or(' ')), length),
            None => (Seen::Same, 1),
        },
        '*' | '_' if markup.marks && (rest.starts_with("**") || rest.starts_with("__")) => {
            (Seen::Text("\u{1}"), 2)
        }
        '\\' if markup.marks && (rest.starts_with("\\*\\*") || rest.starts_with("\\_\\_")) => {
            (Seen::Text("\u{1}"), 4)
        }
        '\\' if rest[1..].starts_with(|next: char| next.is_ascii_punctuation()) => {
            let escaped = rest[1..].chars().next().unwrap_or('\\');
            (Seen::Char(escaped), 2)
        }
        _ => match seen(first) {
            Some(character) if character == first => {
                let run = rest.bytes().take_while(|byte| is_as_it_is(*byte)).count();
                (Seen::Same, run.max(length))
            }
            Some(character) => (Seen::Char(character), length),
            None => (Seen::Text(""), length),
        },
    }
}

fn is_as_it_is(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'.' | b',' | b':')
}

/// Whether a character is one that nobody sees.
pub(super) fn is_unseen(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}')
}

/// A character as it is seen; `None` if it is not.
fn seen(character: char) -> Option<char> {
    match character {
        _ if is_unseen(character) => None,
        '\n' => Some(' '),
        // A line separator is no blank.
        '\u{2028}' | '\u{2029}' => Some('\n'),
        _ if character.is_whitespace() || character.is_control() => Some(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => Some('-'),
        '：' => Some(':'),
        _ => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_has_its_place_in_the_source() {
        let source = "<p>a&nbsp;<strong>b</strong>:</p>\r\n<p>– c\u{200b}d</p>";
        let view = View::new(source, Markup { tags: Some(0), marks: false });
        assert_eq!(view.text, "\na \u{1}b\u{1}:\n\n- cd\n");
        assert_eq!(view.slice(1..3), "a&nbsp;");
        assert_eq!(view.slice(3..6), "<strong>b</strong>");
        let dash = view.text.find('-').unwrap();
        assert_eq!(view.slice(dash..dash + 4), "– c\u{200b}d");
        let raw = View::new("- a\r\n**b**", Markup { tags: None, marks: true });
        assert_eq!(raw.text, "- a\n\u{1}b\u{1}");
        assert_eq!(raw.slice(4..7), "**b**");
    }
}
