//! Brackets that open, close, close the wrong thing or do not close at all.

use std::ops::Range;

use super::Problem;
use super::lexer::Token;
use super::reader::{Expect, Frame, MAX_DEPTH, Reader, diagnostic};
use super::tree::Kind;
use crate::config::diagnostic::Code;

impl Reader<'_> {
    pub(super) fn open(&mut self, kind: Kind, span: Range<usize>) -> bool {
        if self.stack.len() >= MAX_DEPTH {
            let problem = Problem::new(span, format!("more than {MAX_DEPTH} brackets are open"))
                .label(format!("level {}", MAX_DEPTH + 1))
                .help("No connector nests so deeply: look for a bracket that was not closed, or generated text.");
            let pointer = self.pointer();
            self.reading.problems.push(diagnostic(Code::TooDeep, pointer, problem));
            return false;
        }
        let open = span.start;
        self.last_end = span.end;
        let node = self.add(kind, span);
        let expect = match kind {
            Kind::Object => Expect::Key { after_comma: false },
            _ => Expect::Item { after_comma: false },
        };
        let key = (String::new(), None);
        self.stack.push(Frame { kind, open, node, expect, key, items: 0, colon_reported: false });
        true
    }

    pub(super) fn trailing_comma(&mut self, closing: Range<usize>) -> bool {
        self.report(
            Problem::new(
                self.last_comma..self.last_comma + 1,
                format!("trailing comma before `{}`", &self.text()[closing.clone()]),
            )
            .label("nothing follows this comma")
            .help("Remove it: JSON takes no comma after the last member or item."),
        );
        let kind = if self.text()[closing.clone()] == *"}" { Kind::Object } else { Kind::Array };
        self.close(kind, closing)
    }

    /// A closing bracket of a kind.
    pub(super) fn close(&mut self, kind: Kind, span: Range<usize>) -> bool {
        let Some(frame) = self.stack.last() else { return false };
        if frame.kind != kind {
            return self.close_other(span);
        }
        let line_start = self.line_starts[self.line(span.start) - 1];
        let begins_line = self.last_end <= line_start;
        if begins_line && self.misaligned.is_none() && span.start - line_start < self.indent(frame.open) {
            self.misaligned = Some((frame.open, span.start));
        }
        self.pop(span.end)
    }

    pub(super) fn pop(&mut self, end: usize) -> bool {
        if let Some(frame) = self.stack.pop() {
            self.reading.tree.end(frame.node, end);
        }
        self.last_end = end;
        self.expect(Expect::Comma { lenient: false })
    }

    /// Bytes of white space that begin the line of an offset.
    pub(super) fn indent(&self, offset: usize) -> usize {
        let line = &self.text()[self.line_starts[self.line(offset) - 1]..offset];
        line.len() - line.trim_start().len()
    }

    /// A closing bracket of the other kind: one was forgotten, or this one is too many or wrong.
    pub(super) fn close_other(&mut self, span: Range<usize>) -> bool {
        let Some(frame) = self.stack.last() else { return false };
        let (open, node) = (frame.open, frame.node);
        let (opener, wanted) = brackets(frame.kind);
        let found = &self.text()[span.clone()];
        let token = if found == "}" { Token::CloseBrace } else { Token::CloseBracket };
        let line = self.line(span.start);
        let one_was_forgotten = self.stack.len() > 1;
        if one_was_forgotten {
            self.report(
                Problem::new(open..open + 1, format!("unclosed `{opener}`"))
                    .label("opened here")
                    .help(format!("Add `{wanted}` before the `{found}` on line {line}.")),
            );
            self.stack.pop();
            self.reading.tree.end(node, span.start);
            return self.again(token, span, Expect::Comma { lenient: false });
        }
        self.report(
            Problem::new(span.clone(), format!("`{found}` cannot close `{opener}`"))
                .label(format!("`{opener}` was opened on line {}", self.line(open)))
                .help(format!("Write `{wanted}`, or remove it.")),
        );
        if self.lexer.rest().trim_start().starts_with(wanted) {
            return true;
        }
        self.pop(span.end)
    }

    /// The text ends while brackets are open.
    pub(super) fn unclosed(&mut self) -> bool {
        let Some(innermost) = self.stack.last() else { return false };
        if self.lexer.ran_out {
            return false;
        }
        let (open, help) = match (self.misaligned, self.stack.len()) {
            (Some((open, close)), 1) => {
                let bracket = &self.text()[close..close + 1];
                (
                    open,
                    format!("By the indentation, a `{bracket}` is missing before line {}.", self.line(close)),
                )
            }
            (_, 1) => (innermost.open, format!("Add `{}` at the end.", brackets(innermost.kind).1)),
            (_, open_brackets) => {
                let missing: String = self.stack.iter().rev().map(|frame| brackets(frame.kind).1).collect();
                (
                    innermost.open,
                    format!(
                        "The text ends inside {open_brackets} brackets. If it was cut off, get the rest; else add `{missing}`."
                    ),
                )
            }
        };
        let bracket = &self.text()[open..open + 1];
        let problem =
            Problem::new(open..open + 1, format!("unclosed `{bracket}`")).label("opened here").help(help);
        self.report(problem);
        false
    }
}

/// The opening and the closing bracket of a kind.
pub(super) fn brackets(kind: Kind) -> (char, char) {
    if kind == Kind::Object { ('{', '}') } else { ('[', ']') }
}
