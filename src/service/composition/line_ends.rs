//! Lines, whatever ends them: a line feed, a carriage return, or both.

use super::fields::without_line_ends;

/// The line's length with its line end: a line feed, a carriage return, or both.
pub(super) fn line_length(text: &str) -> usize {
    match text.find(['\r', '\n']) {
        None => text.len(),
        Some(end) if text[end..].starts_with("\r\n") => end + 2,
        Some(end) => end + 1,
    }
}

/// How many bytes of line ends the text starts with.
pub(super) fn line_ends(text: &str) -> usize {
    text.len() - text.trim_start_matches(['\r', '\n']).len()
}

/// Line ends as line feeds alone, as many as there were lines.
pub(super) fn line_feeds(ends: &str) -> String {
    ends.replace("\r\n", "\n").replace('\r', "\n")
}

/// The lines of a text: where each starts, and the line without its end.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let (start, length) = (at, line_length(rest));
        at += length;
        Some((start, without_line_ends(&rest[..length])))
    })
}

/// How much of a text another one is that it starts with, where that ends with a line. A CRM may have
/// line ends of its own.
pub(super) fn starts_with_lines(text: &str, start: &str) -> Option<usize> {
    let (mut at, mut rest) = (0, start);
    loop {
        let (line, here) = (&rest[..line_length(rest)], &text[at..]);
        let own = &here[..line_length(here)];
        if without_line_ends(own) != without_line_ends(line) {
            return None;
        }
        rest = &rest[line.len()..];
        if rest.is_empty() && without_line_ends(line) == line {
            return Some(at + without_line_ends(own).len());
        }
        if without_line_ends(own) == own {
            return None;
        }
        at += own.len();
    }
}
