//! What a CRM sets around a whole text: marks that nobody sees, tags, a stamp of who wrote it and when.
//! It gets lines of its own, so that the first field and the last one are seen as what they are.

use std::borrow::Cow;

use super::heads;
use super::markup;
use super::view::{self, Markup, View};
use crate::engine::operation::LogFormat;

/// The longest stamp, in bytes.
const LONGEST_STAMP: usize = 120;

/// The text, with line ends between it and what is set around it. As it is where nothing is, or where no
/// field follows.
pub(super) fn unwrapped(text: &str, format: LogFormat) -> Cow<'_, str> {
    // HTML has its tags, and everything else is seen through them.
    if !matches!(format, LogFormat::Plain | LogFormat::Markdown) {
        return text.into();
    }
    let (around, has_tags) = in_front(text);
    let inner = &text[around..];
    let first_line = &inner[..inner.find(['\r', '\n']).unwrap_or(inner.len())];
    let marks = format == LogFormat::Markdown;
    let view = View::new(first_line, Markup { tags: None, marks });
    if around == 0 || !heads::begins(&view, format) {
        return text.into();
    }
    let inner_end = if has_tags { without_closing_tags(inner).len() } else { inner.len() };
    let (inner, behind) = inner.split_at(inner_end);
    let front = text[..around].trim_matches(|c: char| view::is_unseen(c) || c == ' ');
    let mut unwrapped = String::with_capacity(text.len() + 2);
    unwrapped.push_str(front);
    if !front.is_empty() {
        unwrapped.push('\n');
    }
    unwrapped.push_str(inner);
    if !behind.is_empty() {
        unwrapped.push('\n');
        unwrapped.push_str(behind);
    }
    unwrapped.into()
}

/// How long what stands in front of a text is, and whether there are tags in it.
fn in_front(text: &str) -> (usize, bool) {
    let (mut at, mut has_tags) = (0, false);
    loop {
        let rest = &text[at..];
        let unseen = rest.len() - rest.trim_start_matches(|c: char| view::is_unseen(c) || c == ' ').len();
        let length = match rest.as_bytes().get(unseen) {
            Some(b'<') => match markup::tag(&rest[unseen..], 0) {
                Some(tag) => {
                    has_tags = true;
                    unseen + tag.length
                }
                None => unseen,
            },
            Some(b'[') => unseen + stamp(&rest[unseen..]),
            _ => unseen,
        };
        if length == 0 {
            return (at, has_tags);
        }
        at += length;
    }
}

/// The length of a stamp such as `[Ada 10:00] ` or `[2026-05-03]: `; 0 where there is none.
fn stamp(text: &str) -> usize {
    let Some(end) = text.find(']').filter(|end| *end < LONGEST_STAMP && !text[..*end].contains('\n')) else {
        return 0;
    };
    let rest = &text[end + 1..];
    // A link of Markdown is none.
    if rest.starts_with(['(', '[']) {
        return 0;
    }
    end + 1 + (rest.len() - rest.trim_start_matches([':', ' ']).len())
}

fn without_closing_tags(text: &str) -> &str {
    let mut text = text;
    while let Some(start) = text.trim_end().strip_suffix('>').and_then(|inner| inner.rfind("</")) {
        if text[start..].trim_end().len() > 20 {
            break;
        }
        text = &text[..start];
    }
    text
}
