//! What is wrong with a template: the place, the problem in words, and how to mend it.

use std::fmt;
use std::ops::Range;

/// The kind of a problem, stable for diagnostics codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The text is not a template.
    Syntax,
    /// A helper or block that does not exist.
    UnknownHelper,
    /// A helper called with the wrong number of arguments, an unknown option, or as a block.
    Arguments,
    /// A literal that its helper cannot understand: a date or phone format, a zone, a region.
    Literal,
    /// A literal that stands for a time and is none: the call gives null, or, for `'now'`, the present
    /// time. The template runs all the same.
    Time,
    /// Handlebars' partials and decorators.
    Unsupported,
    /// Too long or nested too deep.
    TooComplex,
}

/// One problem of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// Its kind.
    pub kind: ProblemKind,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// The bytes of the template that it is about.
    pub span: Range<usize>,
    /// Line of its start, from 1.
    pub line: usize,
    /// Column of its start in characters, from 1.
    pub column: usize,
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TemplateProblem {}

impl TemplateProblem {
    pub(super) fn at(source: &str, kind: ProblemKind, span: Range<usize>, message: String) -> Self {
        let before = source.get(..span.start).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            kind,
            message,
            help: None,
            span,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    pub(super) fn whole(source: &str, message: String) -> Self {
        Self::at(source, ProblemKind::TooComplex, 0..source.len(), message)
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Ends the span where the tag ends in which it starts.
    pub(super) fn cut_to_tag(mut self, source: &str) -> Self {
        let rest = source.get(self.span.clone()).unwrap_or("");
        if let Some(end) = rest.find("}}") {
            self.span.end = self.span.start + end + 2;
        }
        self
    }
}

/// Turns lines and columns into byte offsets; asking in the order of the text costs little.
pub(super) struct Places<'s> {
    source: &'s str,
    line: usize,
    column: usize,
    offset: usize,
}

impl<'s> Places<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, line: 1, column: 1, offset: 0 }
    }

    /// The byte offset of a line and column (characters), both from 1; at most the text's length.
    pub(super) fn offset(&mut self, line: usize, column: usize) -> usize {
        if (line, column) < (self.line, self.column) {
            *self = Self::new(self.source);
        }
        for character in self.source[self.offset..].chars() {
            if (self.line, self.column) >= (line, column) {
                break;
            }
            self.offset += character.len_utf8();
            if character == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.offset
    }
}

/// Puts a syntax error into words, given the place up to which the parser understood the text.
pub(super) fn explain_syntax(source: &str, position: usize) -> TemplateProblem {
    let problem = |span, message| TemplateProblem::at(source, ProblemKind::Syntax, span, message);
    let understood = source.get(..position).unwrap_or(source);
    // The parser stops before a tag that it refuses, or within it.
    let tag_start = match source[understood.len()..].starts_with("{{") {
        true => understood.len(),
        false => understood.rfind("{{").unwrap_or(0),
    };
    let tag_length = source[tag_start..].find("}}").map(|end| end + 2);
    let open = unclosed_block(source);
    if let (true, Some((start, name))) = (understood.len() == source.len(), &open) {
        return problem(*start..source.len(), format!("the block \"{name}\" is not closed"))
            .cut_to_tag(source)
            .with_help(format!("add {{{{/{name}}}}}"));
    }
    let Some(tag_length) = tag_length else {
        return problem(tag_start..source.len(), "\"{{\" is not closed by \"}}\"".to_owned());
    };
    let span = tag_start..tag_start + tag_length;
    let tag = &source[span.clone()];
    if tag.starts_with("{{/") || tag.starts_with("{{~/") {
        return problem(span, format!("\"{tag}\" closes a block that was not opened"));
    }
    if tag.starts_with("{{else") || tag.starts_with("{{^") {
        return problem(span, format!("\"{tag}\" stands outside of a block"));
    }
    let inside = tag.trim_matches(['{', '}', '~', '#']);
    let help = if inside.contains('|') || inside.contains(['?', '+', '=', '&']) {
        "there are no operators: write {{default a b}}, {{uppercase a}}, {{#if (eq a b)}}…"
    } else if inside.contains('[') {
        "an element of a list is written a.0 or a.[0]"
    } else {
        "a path is written a.b.0, a name with other characters a.[b c], a call {{helper a \"text\"}}"
    };
    problem(span, format!("\"{tag}\" is not a path or a helper call")).with_help(help)
}

/// The innermost block that is still open at the end, and where it starts.
fn unclosed_block(source: &str) -> Option<(usize, &str)> {
    let mut open = Vec::new();
    for (start, _) in source.match_indices("{{") {
        let tag = source[start + 2..].trim_start_matches('~');
        if let Some(block) = tag.strip_prefix('#') {
            let name = block.split(|c: char| c.is_whitespace() || matches!(c, '}' | '~'));
            open.push((start, name.into_iter().next().unwrap_or("")));
        } else if tag.starts_with('/') {
            open.pop();
        }
    }
    open.pop()
}
