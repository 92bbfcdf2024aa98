//! Parts of HTML as lines.

use super::edit::{Edit, applied};
use super::markup::{Edge, Kind};
use super::view::{Markup, View};

/// A part of HTML as lines between `<br>`, its blocks taken away.
pub(super) fn lines_of(html: &str) -> String {
    let view = View::new(html, Markup { tags: Some(0), marks: false });
    let mut text = String::with_capacity(html.len());
    let mut at = 0;
    let mut is_blank = true;
    for tag in view.tags.iter().filter(|tag| tag.tag.kind.ends_line()) {
        text.push_str(html[at..tag.start].trim_matches(['\r', '\n']));
        is_blank = is_blank && html[at..tag.start].trim().is_empty();
        at = tag.end();
        let is_break = tag.tag.kind == Kind::Break;
        if !is_blank || is_break && !text.is_empty() {
            text.push_str("<br>");
            is_blank = true;
        }
    }
    text.push_str(&html[at..]);
    let mut value = text.trim();
    while let Some(shorter) = value.strip_suffix("<br>") {
        value = shorter.trim_end();
    }
    balanced(value)
}

/// A part of HTML without the tags that have no other half in it.
pub(super) fn balanced(html: &str) -> String {
    let view = View::new(html, Markup { tags: Some(0), marks: false });
    let mut open: Vec<usize> = Vec::new();
    let mut alone: Vec<usize> = Vec::new();
    for (index, tag) in view.tags.iter().enumerate() {
        match (tag.tag.kind, tag.tag.edge) {
            (Kind::Break, _) => {}
            (_, Edge::Open) => open.push(index),
            (_, Edge::Close) => match open.last() {
                Some(last) if view.tags[*last].tag.name == tag.tag.name => {
                    open.pop();
                }
                _ => alone.push(index),
            },
        }
    }
    alone.extend(open);
    let edits = alone.iter().map(|index| {
        let tag = &view.tags[*index];
        Edit { source: tag.start..tag.end(), text: String::new() }
    });
    applied(html, edits.collect()).trim().to_owned()
}
