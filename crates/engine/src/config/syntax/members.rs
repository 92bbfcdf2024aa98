//! Keys and colons: what comes before the value of a member.

use std::ops::Range;

use super::Problem;
use super::lexer::Token;
use super::reader::{Expect, Reader, diagnostic};
use super::tree::Kind;
use crate::config::diagnostic::Code;
use crate::config::pointer;

/// More doubled keys than this say nothing new.
const MAX_DUPLICATES: usize = 100;

/// How long the keys that lead to a place are together, in bytes. Each place of a document is named with them,
/// so longer ones would make work that grows with the square of the text.
const MAX_KEYS: usize = 4096;

/// Longest key that a message repeats, in characters.
const LONGEST_QUOTED_KEY: usize = 40;

impl Reader<'_> {
    pub(super) fn key(&mut self, token: Token, span: Range<usize>, after_comma: bool) -> bool {
        match token {
            Token::String => self.take_key(span),
            Token::CloseBrace if after_comma => self.trailing_comma(span),
            Token::CloseBrace => self.close(Kind::Object, span),
            Token::CloseBracket => self.close(Kind::Array, span),
            Token::End => self.unclosed(),
            Token::Comma => {
                self.report(
                    Problem::new(span, "extra comma: there is no member before it")
                        .help("Remove one of the commas."),
                );
                true
            }
            Token::Word | Token::Scalar if self.lexer.rest().trim_start().starts_with([':', '=']) => {
                let key = shorten(&self.text()[span.clone()]);
                self.report(
                    Problem::new(span.clone(), "unquoted key")
                        .label("a key is a string")
                        .help(format!("Put it in double quotes: \"{key}\".")),
                );
                self.take_key(span)
            }
            Token::Colon => {
                self.report(
                    Problem::new(span, "a colon without a key before it")
                        .help("Write a key in double quotes before it."),
                );
                self.expect(Expect::Value)
            }
            _ => {
                let problem = Problem::new(span.clone(), "a member of an object begins with a key")
                    .label("no key in double quotes")
                    .help("Members are `\"key\": value`; a list of values is written in `[` and `]`.");
                self.skip_line(span, problem)
            }
        }
    }

    fn take_key(&mut self, span: Range<usize>) -> bool {
        let literal = &self.text()[span.clone()];
        let name = serde_json::from_str(literal)
            .unwrap_or_else(|_| literal.trim_matches(['"', '\'', '`', '“', '”', '‘', '’']).to_owned());
        self.last_end = span.end;
        let outer = self.stack.len().saturating_sub(1);
        let above: usize = self.stack[..outer].iter().map(|frame| frame.key.0.len()).sum();
        if above + name.len() > MAX_KEYS {
            let problem =
                Problem::new(span, format!("the keys down to here have more than {MAX_KEYS} bytes"))
                    .help("Write shorter keys: every place below one is named with it.");
            let pointer = self.enclosing();
            self.reading.problems.push(diagnostic(Code::TooDeep, pointer, problem));
            return false;
        }
        if let Some(frame) = self.stack.last_mut() {
            frame.key = (name, Some(span));
        }
        self.report_duplicate();
        self.expect(Expect::Colon)
    }

    fn report_duplicate(&mut self) {
        let Some(frame) = self.stack.last() else { return };
        let (name, Some(span)) = &frame.key else { return };
        let Some(earlier) = self.reading.tree.key_of(frame.node, name) else { return };
        if self.reading.duplicates.len() >= MAX_DUPLICATES {
            return;
        }
        let shown = shorten(name);
        let problem = Problem::new(span.clone(), format!("the key `{shown}` occurs twice in this object"))
            .label(format!("replaces the value on line {}", self.line(earlier.start)))
            .help("Only the last one counts. Remove one of them, or rename it.");
        let pointer = pointer::join(&self.enclosing(), name);
        self.reading.duplicates.push(diagnostic(Code::DuplicateKey, pointer, problem));
    }

    /// The pointer of the innermost open bracket.
    fn enclosing(&self) -> String {
        let depth = self.stack.len().saturating_sub(1);
        self.stack[..depth].iter().fold(String::new(), |parent, frame| match frame.kind {
            Kind::Array => pointer::join(&parent, &frame.items.to_string()),
            _ => pointer::join(&parent, &frame.key.0),
        })
    }

    pub(super) fn colon(&mut self, token: Token, span: Range<usize>) -> bool {
        match token {
            Token::Colon => self.expect(Expect::Value),
            Token::Other('=') => {
                self.report(
                    Problem::new(span, "a key is followed by `:`, not by `=`").help("Replace it with `:`."),
                );
                if self.lexer.rest().starts_with('>') {
                    self.lexer.at += 1;
                }
                self.expect(Expect::Value)
            }
            Token::Comma | Token::CloseBrace | Token::CloseBracket | Token::End => {
                self.without_value(token, span)
            }
            _ => {
                let gap = self.last_end..self.last_end;
                self.report(
                    Problem::new(gap, "missing colon after the key")
                        .label("`:` belongs here")
                        .help("Write `\"key\": value`."),
                );
                self.again(token, span, Expect::Value)
            }
        }
    }

    pub(super) fn without_value(&mut self, token: Token, span: Range<usize>) -> bool {
        if let Some((name, Some(key))) = self.stack.last().map(|frame| &frame.key)
            && !self.lexer.ran_out
        {
            let problem = Problem::new(key.clone(), format!("the key `{}` has no value", shorten(name)))
                .label("nothing follows it")
                .help("Write a value after it, for instance \"\" or null, or remove the key.");
            self.report(problem);
        }
        self.again(token, span, Expect::Comma { lenient: false })
    }
}

fn shorten(key: &str) -> String {
    let mut shown: String = key.chars().take(LONGEST_QUOTED_KEY).collect();
    if shown.len() < key.len() {
        shown.push('…');
    }
    shown
}
