//! Where every key and value of a document is.

use std::collections::HashMap;
use std::ops::Range;

use crate::config::pointer;

/// The places of a document; the first node is the root.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
pub(in crate::config) struct Node {
    /// The key with its quotes; `None` for items and the root.
    pub(in crate::config) key: Option<Range<usize>>,
    pub(in crate::config) value: Range<usize>,
    children: Children,
}

#[derive(Debug, Clone)]
enum Children {
    None,
    Members(HashMap<String, usize>),
    Items(Vec<usize>),
}

/// What a node can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Object,
    Array,
}

impl Tree {
    pub(super) fn add(&mut self, kind: Kind, key: Option<Range<usize>>, value: Range<usize>) -> usize {
        let children = match kind {
            Kind::Scalar => Children::None,
            Kind::Object => Children::Members(HashMap::new()),
            Kind::Array => Children::Items(Vec::new()),
        };
        self.nodes.push(Node { key, value, children });
        self.nodes.len() - 1
    }

    /// Makes `child` a member of `parent`, in place of an earlier one of the same name.
    pub(super) fn attach(&mut self, parent: usize, name: &str, child: usize) {
        match &mut self.nodes[parent].children {
            Children::Members(members) => {
                members.insert(name.to_owned(), child);
            }
            Children::Items(items) => items.push(child),
            Children::None => {}
        }
    }

    pub(super) fn end(&mut self, node: usize, end: usize) {
        self.nodes[node].value.end = end;
    }

    /// The key's place of a member that `parent` has already.
    pub(super) fn key_of(&self, parent: usize, name: &str) -> Option<Range<usize>> {
        match &self.nodes[parent].children {
            Children::Members(members) => self.nodes[*members.get(name)?].key.clone(),
            _ => None,
        }
    }

    /// The node at a pointer, or its nearest ancestor that exists; and whether it is the node itself.
    pub(in crate::config) fn nearest(&self, pointer: &str) -> Option<(&Node, bool)> {
        let mut node = self.nodes.first()?;
        for segment in pointer::segments(pointer) {
            let child = match &node.children {
                Children::Members(members) => members.get(segment.as_ref()),
                Children::Items(items) => segment.parse().ok().and_then(|index: usize| items.get(index)),
                Children::None => None,
            };
            match child {
                Some(child) => node = &self.nodes[*child],
                None => return Some((node, false)),
            }
        }
        Some((node, true))
    }
}
