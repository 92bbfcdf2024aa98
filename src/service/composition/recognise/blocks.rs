//! Tags around a field: the block that begins with it, and those that are there for it alone.

use std::ops::Range;

use super::Reading;
use super::extract::Found;
use super::heads::Head;
use super::html_lines::lines_of;
use super::markup::{Edge, Kind};
use super::view::{TagAt, View};

/// The block that begins with a head.
pub(super) struct Block {
    pub whole: Range<usize>,
    pub inner_end: usize,
}

pub(super) fn block_of(view: &View<'_>, head: &Head) -> Option<Block> {
    let start = view.start(head.start);
    let next = view.tags.partition_point(|tag| tag.start < start);
    let opening = view.tags[..next].last().filter(|tag| is_beside(view, tag.end(), start))?;
    if opening.tag.edge != Edge::Open || !matches!(opening.tag.kind, Kind::Block | Kind::Item) {
        return None;
    }
    let mut depth = 1;
    for tag in view.tags[next..].iter().filter(|tag| tag.tag.name == opening.tag.name) {
        match tag.tag.edge {
            Edge::Open => depth += 1,
            Edge::Close => depth -= 1,
        }
        if depth == 0 {
            let rest = view.source.get(view.end(head.value)..tag.start).unwrap_or_default();
            // The head alone: the value is in what follows.
            let is_alone = lines_of(rest).is_empty();
            return (!is_alone).then_some(Block { whole: opening.start..tag.end(), inner_end: tag.start });
        }
    }
    None
}

/// A field in the source, with the tags around it that are there for it alone.
pub(super) fn around(reading: &Reading<'_, '_>, one: &Found) -> Range<usize> {
    let view = reading.view;
    let end_seen = one.details.map_or(one.end, |details| details.value);
    let start = view.start(one.head.start);
    let end = match reading.layer {
        Some(_) if one.details.is_none() => view.boundary(end_seen),
        _ => view.end(end_seen),
    };
    let place = start..end.max(view.end(one.head.value));
    if reading.layer.is_none() { place } else { extended(view, place, true) }
}

/// A place with the other halves of its tags, and those that have nothing else in them: inline ones, and
/// one block or line end where these are wanted.
pub(super) fn extended(view: &View<'_>, place: Range<usize>, with_block: bool) -> Range<usize> {
    let Range { mut start, mut end } = place;
    let tags = view.tags.as_slice();
    let mut left = tags.partition_point(|tag| tag.start < start);
    let mut right = tags.partition_point(|tag| tag.start < end);
    let (closing, opening) = unmatched(&tags[left..right]);
    let mut is_block = false;
    for name in opening.into_iter().rev() {
        let Some(tag) = tags.get(right).filter(|tag| is_half(tag, name, Edge::Close)) else { break };
        if !is_beside(view, end, tag.start) {
            break;
        }
        end = tag.end();
        right += 1;
        is_block = is_block || tag.tag.kind.ends_line();
    }
    for name in closing {
        let Some(tag) = tags[..left].last().filter(|tag| is_half(tag, name, Edge::Open)) else { break };
        if !is_beside(view, tag.end(), start) {
            break;
        }
        start = tag.start;
        left -= 1;
        is_block = is_block || tag.tag.kind.ends_line();
    }
    while !is_block {
        let (Some(open), Some(close)) = (tags[..left].last(), tags.get(right)) else { break };
        let is_pair = is_half(close, open.tag.name, Edge::Close) && is_half(open, open.tag.name, Edge::Open);
        let is_around = is_beside(view, open.end(), start) && is_beside(view, end, close.start);
        if !is_pair || !is_around || is_container(open) || open.tag.kind.ends_line() && !with_block {
            break;
        }
        (start, end) = (open.start, close.end());
        left -= 1;
        right += 1;
        is_block = open.tag.kind.ends_line();
    }
    if !is_block
        && with_block
        && let Some(tag) = tags.get(right)
        && tag.tag.kind == Kind::Break
        && is_beside(view, end, tag.start)
    {
        end = tag.end();
    }
    start..end
}

/// The names of the tags that end in a part and begin in front of it, and of those that begin in it and
/// end behind it.
fn unmatched(tags: &[TagAt]) -> (Vec<&'static str>, Vec<&'static str>) {
    let mut open = Vec::new();
    let mut alone = Vec::new();
    for tag in tags.iter().filter(|tag| tag.tag.kind != Kind::Break) {
        match tag.tag.edge {
            Edge::Open => open.push(tag.tag.name),
            Edge::Close if open.last() == Some(&tag.tag.name) => {
                open.pop();
            }
            Edge::Close => alone.push(tag.tag.name),
        }
    }
    (alone, open)
}

fn is_half(tag: &TagAt, name: &str, edge: Edge) -> bool {
    tag.tag.name == name && tag.tag.edge == edge && tag.tag.kind != Kind::Break
}

fn is_container(tag: &TagAt) -> bool {
    matches!(tag.tag.name, "ul" | "ol" | "dl" | "table" | "tbody" | "thead" | "body" | "html" | "head")
}

pub(super) fn is_beside(view: &View<'_>, from: usize, to: usize) -> bool {
    view.source.get(from..to).is_some_and(|between| between.trim().is_empty())
}
