//! Document text: to a value, and from a JSON pointer back to the place in the text.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::diagnostic::{Code, Diagnostic};
use super::syntax::{self, Reached, Tree};

/// How many brackets may be open at the same time in a document.
pub const MAX_DEPTH: usize = syntax::MAX_DEPTH;

/// Where every key and value of a document is in its source. All ranges are bytes, lie inside the
/// source and end on character boundaries.
#[derive(Debug, Clone)]
pub struct SourceMap {
    source: Arc<str>,
    tree: Tree,
    duplicates: Vec<Diagnostic>,
}

/// Parses a document. The value is `serde_json`'s own.
///
/// # Errors
/// Everything that keeps the text from being JSON (`AC001`), as far as the text makes sense, or the
/// place where more than [`MAX_DEPTH`] brackets are open (`AC004`); doubled keys (`AC002`) along with
/// them. In source order and never empty.
pub fn parse(source: &str) -> Result<(Value, SourceMap), Vec<Diagnostic>> {
    let syntax::Reading { tree, mut problems, duplicates } = syntax::read(source);
    if problems.is_empty() {
        match serde_json::from_str(source) {
            Ok(value) => return Ok((value, SourceMap { source: source.into(), tree, duplicates })),
            Err(error) => problems.push(refused(source, &error)),
        }
    }
    problems.extend(duplicates);
    problems.sort_by_key(|problem| problem.span.start);
    Err(problems)
}

/// An error that only `serde_json` sees.
fn refused(source: &str, error: &serde_json::Error) -> Diagnostic {
    let line_start =
        source.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let mut at = (line_start + error.column().saturating_sub(1)).min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    let end = at + source[at..].chars().next().map_or(0, char::len_utf8);
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default();
    Diagnostic {
        code: Code::InvalidJson,
        message: format!("not valid JSON: {message}"),
        pointer: String::new(),
        span: at..end,
        label: None,
        help: Some("See https://www.json.org for what JSON allows.".to_owned()),
    }
}

/// Finds places one after the other. Asking for the parts of one text in their order costs as much as
/// reading it once.
pub struct Locator<'m> {
    /// Where everything is.
    pub map: &'m SourceMap,
    /// The text asked for last, and a place in it: in the source, and decoded.
    last: Option<(usize, Reached)>,
}

impl<'m> Locator<'m> {
    /// For the places of one document.
    pub fn new(map: &'m SourceMap) -> Self {
        Self { map, last: None }
    }

    /// As [`SourceMap::string_span`].
    pub fn string_span(&mut self, pointer: &str, decoded: Range<usize>) -> Range<usize> {
        match self.map.tree.nearest(pointer) {
            Some((node, true)) if self.map.source[node.value.clone()].starts_with('"') => {
                let literal = node.value.start;
                let reached = self
                    .last
                    .filter(|(known, reached)| *known == literal && reached.decoded <= decoded.start);
                let from = reached.map_or(Reached::default(), |(_, reached)| reached);
                let content = syntax::inner(node.value.clone());
                let (range, reached) = syntax::decoded_range(&self.map.source, content, decoded, from);
                self.last = Some((literal, reached));
                range
            }
            _ => self.map.value_span(pointer),
        }
    }
}

impl SourceMap {
    /// Keys that occur again in the same object (`AC002`), in source order. Only the last one is in the
    /// value and in this map.
    pub fn duplicate_keys(&self) -> &[Diagnostic] {
        &self.duplicates
    }

    /// The range of the value at a pointer or, where there is none, of its nearest ancestor.
    pub fn value_span(&self, pointer: &str) -> Range<usize> {
        self.tree.nearest(pointer).map_or(0..0, |(node, _)| node.value.clone())
    }

    /// The range of the key (with its quotes) of the member at a pointer or, where there is none, of
    /// its nearest ancestor. An item of a list gives its value; the root gives its opening bracket.
    pub fn key_span(&self, pointer: &str) -> Range<usize> {
        let Some((node, _)) = self.tree.nearest(pointer) else { return 0..0 };
        match &node.key {
            Some(key) => key.clone(),
            None if self.is_container(&node.value) => node.value.start..node.value.start + 1,
            None => node.value.clone(),
        }
    }

    /// The source range of the bytes `decoded` of the string at a pointer, escapes counted (`\n`,
    /// `\u00e9`, surrogate pairs); widened to whole characters and cut at the string's end. Where the
    /// value is no string or does not exist, as [`Self::value_span`].
    pub fn string_span(&self, pointer: &str, decoded: Range<usize>) -> Range<usize> {
        match self.tree.nearest(pointer) {
            Some((node, true)) if self.source[node.value.clone()].starts_with('"') => {
                let content = syntax::inner(node.value.clone());
                syntax::decoded_range(&self.source, content, decoded, Reached::default()).0
            }
            _ => self.value_span(pointer),
        }
    }

    /// As [`Self::string_span`], for the key of the member at a pointer.
    pub fn key_string_span(&self, pointer: &str, decoded: Range<usize>) -> Range<usize> {
        match self.tree.nearest(pointer).and_then(|(node, exact)| node.key.clone().filter(|_| exact)) {
            Some(key) => {
                syntax::decoded_range(&self.source, syntax::inner(key), decoded, Reached::default()).0
            }
            None => self.key_span(pointer),
        }
    }

    fn is_container(&self, value: &Range<usize>) -> bool {
        self.source[value.clone()].starts_with(['{', '['])
    }
}
