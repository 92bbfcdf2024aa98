//! From tokens to places and problems: a loop over an explicit stack, one step per token.

use std::ops::Range;

use super::lexer::{Lexer, Token, not_a_number};
use super::tree::{Kind, Tree};
use super::{MAX_PROBLEMS, Problem};
use crate::config::diagnostic::{Code, Diagnostic};
use crate::config::pointer;

/// Brackets that may be open at the same time.
pub(in crate::config) const MAX_DEPTH: usize = 64;

/// Said with the last error that is told.
const MORE: &str = " More errors follow; they are told once these are mended.";

/// What was read.
pub(in crate::config) struct Reading {
    /// Complete when there are no problems.
    pub(in crate::config) tree: Tree,
    /// Why the text is not a document.
    pub(in crate::config) problems: Vec<Diagnostic>,
    /// Keys that occur again in the same object.
    pub(in crate::config) duplicates: Vec<Diagnostic>,
}

/// Reads a text to its end, or to where nothing can be told any more.
pub(in crate::config) fn read(text: &str) -> Reading {
    let mut reader = Reader::new(text);
    if reader.begins_like_json() {
        while reader.reading.problems.len() <= MAX_PROBLEMS && reader.step() {}
    }
    let problems = &mut reader.reading.problems;
    if problems.len() > MAX_PROBLEMS {
        problems.truncate(MAX_PROBLEMS);
        if let Some(help) = problems.last_mut().and_then(|last| last.help.as_mut()) {
            help.push_str(MORE);
        }
    }
    reader.reading
}

/// What may come next inside a bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// A key or the end; after a comma only a key.
    Key {
        after_comma: bool,
    },
    Colon,
    /// The value of a member.
    Value,
    /// An item or the end; after a comma only an item.
    Item {
        after_comma: bool,
    },
    /// A comma or the end; `lenient` where text was skipped that may have held the comma.
    Comma {
        lenient: bool,
    },
}

pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) open: usize,
    pub(super) node: usize,
    pub(super) expect: Expect,
    /// The key, with its place, whose value comes; empty for items.
    pub(super) key: (String, Option<Range<usize>>),
    pub(super) items: usize,
    /// A colon in this list has been reported.
    pub(super) colon_reported: bool,
}

pub(super) struct Reader<'a> {
    pub(super) lexer: Lexer<'a>,
    pub(super) stack: Vec<Frame>,
    pub(super) reading: Reading,
    pub(super) root_seen: bool,
    /// A token that was put back.
    pub(super) pending: Option<(Token, Range<usize>)>,
    /// End of the last token that was part of the document.
    pub(super) last_end: usize,
    pub(super) last_comma: usize,
    pub(super) last_was_string: bool,
    pub(super) line_starts: Vec<usize>,
    /// A bracket whose closing one stands further left than its own line, with that one's place.
    pub(super) misaligned: Option<(usize, usize)>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self {
            lexer: Lexer::new(text),
            stack: Vec::new(),
            reading: Reading { tree: Tree::default(), problems: Vec::new(), duplicates: Vec::new() },
            root_seen: false,
            pending: None,
            last_end: 0,
            last_comma: 0,
            last_was_string: false,
            line_starts,
            misaligned: None,
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.lexer.text
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    pub(super) fn pointer(&self) -> String {
        self.stack.iter().fold(String::new(), |parent, frame| match (frame.kind, frame.expect) {
            (Kind::Array, _) => pointer::join(&parent, &frame.items.to_string()),
            (_, Expect::Colon | Expect::Value) => pointer::join(&parent, &frame.key.0),
            _ => parent,
        })
    }

    pub(super) fn report(&mut self, problem: Problem) {
        let pointer = self.pointer();
        self.reading.problems.push(diagnostic(Code::InvalidJson, pointer, problem));
    }

    /// Takes one token. False at the end.
    fn step(&mut self) -> bool {
        let (token, span) = self.pending.take().unwrap_or_else(|| self.lexer.next());
        for problem in std::mem::take(&mut self.lexer.problems) {
            self.report(problem);
        }
        let go_on = match self.stack.last().map(|frame| frame.expect) {
            None if self.root_seen => self.after_root(token, span.clone()),
            None => self.value(token, span.clone()),
            Some(Expect::Key { after_comma }) => self.key(token, span.clone(), after_comma),
            Some(Expect::Colon) => self.colon(token, span.clone()),
            Some(Expect::Value) => self.value(token, span.clone()),
            Some(Expect::Item { after_comma }) => match token {
                Token::CloseBracket if after_comma => self.trailing_comma(span.clone()),
                Token::CloseBracket => self.close(Kind::Array, span.clone()),
                _ => self.value(token, span.clone()),
            },
            Some(Expect::Comma { lenient }) => self.comma(token, span.clone(), lenient),
        };
        self.last_was_string = token == Token::String;
        go_on
    }

    /// Puts a token back that stands for something left out before it.
    pub(super) fn again(&mut self, token: Token, span: Range<usize>, expect: Expect) -> bool {
        self.pending = Some((token, span));
        self.expect(expect)
    }

    pub(super) fn expect(&mut self, expect: Expect) -> bool {
        if let Some(frame) = self.stack.last_mut() {
            frame.expect = expect;
        }
        true
    }

    /// What comes at the place of a value inside the innermost bracket, once it has one.
    fn next_value(&self) -> Expect {
        match self.stack.last().map(|frame| frame.kind) {
            Some(Kind::Object) => Expect::Key { after_comma: true },
            _ => Expect::Item { after_comma: true },
        }
    }

    /// A value, in an object, a list or as the whole document.
    fn value(&mut self, token: Token, span: Range<usize>) -> bool {
        let in_object = self.stack.last().is_some_and(|frame| frame.kind == Kind::Object);
        match token {
            Token::OpenBrace if self.template(&span).is_some() => {
                let end = self.template(&span).unwrap_or(span.end);
                self.lexer.at = end;
                self.report(
                    Problem::new(span.start..end, "a template outside a string")
                        .label("templates are strings")
                        .help("Put it in double quotes; a string that is one expression keeps the type of its value."),
                );
                self.scalar(span.start..end)
            }
            Token::OpenBrace => self.open(Kind::Object, span),
            Token::OpenBracket => self.open(Kind::Array, span),
            Token::String | Token::Scalar => self.scalar(span),
            Token::Word => {
                let span = self.lexer.bare_value(span.start);
                let (message, help) = unquoted(&self.text()[span.clone()]);
                self.report(Problem::new(span.clone(), message).help(help));
                self.scalar(span)
            }
            Token::End if self.stack.is_empty() => false,
            _ if self.stack.is_empty() => {
                self.report(
                    Problem::new(span, "the document does not begin with a value")
                        .help("A document is one JSON object: `{ … }`."),
                );
                false
            }
            Token::Comma | Token::CloseBrace | Token::CloseBracket | Token::End if in_object => {
                self.without_value(token, span)
            }
            Token::CloseBrace => self.close(Kind::Object, span),
            Token::End => self.unclosed(),
            Token::Comma => {
                self.report(
                    Problem::new(span, "extra comma: there is no item before it")
                        .help("Remove one of the commas."),
                );
                true
            }
            _ => {
                let problem = Problem::new(span.clone(), "this is not a value").help(
                    "A value is a string in double quotes, a number, true, false, null, `{ … }` or `[ … ]`.",
                );
                self.skip_line(span, problem)
            }
        }
    }

    /// The end of a `{{…}}` that begins at an opening brace and ends on the same line.
    fn template(&self, span: &Range<usize>) -> Option<usize> {
        let content = self.text()[span.start..].strip_prefix("{{")?;
        let end = content.find("}}").filter(|end| !content[..*end].contains('\n'))?;
        let expression = content[..end].trim_start();
        (!expression.is_empty() && !expression.starts_with(['"', '{', '\''])).then_some(span.start + end + 4)
    }

    fn scalar(&mut self, span: Range<usize>) -> bool {
        self.last_end = span.end;
        self.add(Kind::Scalar, span);
        self.expect(Expect::Comma { lenient: false })
    }

    pub(super) fn add(&mut self, kind: Kind, span: Range<usize>) -> usize {
        self.root_seen = true;
        let Some(frame) = self.stack.last_mut() else { return self.reading.tree.add(kind, None, span) };
        let key = if frame.kind == Kind::Object { frame.key.1.take() } else { None };
        let node = self.reading.tree.add(kind, key, span);
        self.reading.tree.attach(frame.node, &frame.key.0, node);
        node
    }

    fn comma(&mut self, token: Token, span: Range<usize>, lenient: bool) -> bool {
        let Some(frame) = self.stack.last_mut() else { return false };
        let kind = frame.kind;
        match token {
            Token::Comma | Token::Other(';') => {
                frame.items += 1;
                self.last_comma = span.start;
                self.last_end = span.end;
                if token != Token::Comma {
                    self.report(
                        Problem::new(span, "values are separated by `,`, not by `;`")
                            .help("Replace it with `,`."),
                    );
                }
                self.expect(self.next_value())
            }
            Token::CloseBrace => self.close(Kind::Object, span),
            Token::CloseBracket => self.close(Kind::Array, span),
            Token::End => self.unclosed(),
            Token::Colon if kind == Kind::Array => {
                if !std::mem::replace(&mut frame.colon_reported, true) {
                    self.report(
                        Problem::new(span, "`key: value` inside a list")
                            .label("lists hold values without keys")
                            .help("Write an object in `{` and `}` instead of `[` and `]`, or one inside the list."),
                    );
                }
                self.expect(Expect::Item { after_comma: true })
            }
            Token::Colon => {
                self.report(
                    Problem::new(span, "a colon after a value")
                        .help("A comma is missing before this member, or the value of the key before it."),
                );
                self.expect(Expect::Value)
            }
            _ if self.last_was_string && span.start == self.last_end => {
                let problem = Problem::new(span.clone(), "text right after a string")
                    .label("the string ended before this")
                    .help("Write a quote inside a string as `\\\"`; if the string was meant to end, a comma is missing.");
                self.skip_line(span, problem)
            }
            Token::Other(_) => {
                let problem = Problem::new(span.clone(), "unexpected text after a value")
                    .help("Remove it, or quote it.");
                self.skip_line(span, problem)
            }
            _ => {
                frame.items += 1;
                if !lenient {
                    self.report(
                        Problem::new(self.last_end..self.last_end, "missing comma")
                            .label("`,` belongs here")
                            .help("Members of an object and items of a list are separated by commas."),
                    );
                }
                self.again(token, span, self.next_value())
            }
        }
    }

    /// Reports and goes on behind the line of `span`, unless that line opens or closes brackets: then
    /// nothing true can be said about the rest.
    pub(super) fn skip_line(&mut self, span: Range<usize>, problem: Problem) -> bool {
        self.report(problem);
        let rest = &self.text()[span.start..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        self.lexer.at = self.lexer.at.max(span.start + line.len());
        self.last_end = self.lexer.at;
        let count = |brackets: [char; 2]| line.matches(brackets).count();
        count(['{', '[']) == count(['}', ']']) && self.expect(Expect::Comma { lenient: true })
    }
}

pub(super) fn diagnostic(code: Code, pointer: String, problem: Problem) -> Diagnostic {
    let Problem { span, message, label, help } = problem;
    Diagnostic { code, message, pointer, span, label, help }
}

/// What is wrong with a value without quotes. The value is not repeated: it may be a secret.
fn unquoted(text: &str) -> (&'static str, &'static str) {
    let word = text.trim_start_matches(['+', '-']);
    match word.to_ascii_lowercase().as_str() {
        "true" => ("`true` is written in small letters", "Write `true`."),
        "false" => ("`false` is written in small letters", "Write `false`."),
        "nan" | "infinity" | "inf" => not_a_number(),
        "null" | "none" | "nil" | "undefined" => {
            ("the absent value is called `null` in JSON", "Write `null`.")
        }
        "yes" | "on" | "no" | "off" => {
            ("unquoted text", "Write `true` or `false`, or put the text in double quotes.")
        }
        _ => ("unquoted text", "Put it in double quotes."),
    }
}
