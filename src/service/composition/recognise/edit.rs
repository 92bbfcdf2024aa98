//! Edits of a text by place.

use std::ops::Range;

/// A part of the source and what takes its place.
pub(super) struct Edit {
    pub source: Range<usize>,
    pub text: String,
}

pub(super) fn applied(source: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.source.start, edit.source.end));
    let mut text = String::with_capacity(source.len());
    let mut at = 0;
    for edit in edits {
        if edit.source.start < at {
            continue;
        }
        text.push_str(&source[at..edit.source.start]);
        text.push_str(&edit.text);
        at = edit.source.end;
    }
    text.push_str(&source[at..]);
    text
}
