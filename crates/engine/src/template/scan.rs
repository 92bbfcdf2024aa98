//! Finds the expressions in a text.
//!
//! An expression is what the reference's language takes for one: two braces, something without a
//! closing brace, two braces. Three braces insert raw text; calls and blocks are recognised by
//! their first word. Everything else is literal text, braces included (recordings 03, `spacing`).

use std::ops::Range;

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Text as it stands.
    Literal(Range<usize>),
    /// `{{ path }}` or, raw, `{{{ path }}}`.
    Path { whole: Range<usize>, inner: Range<usize>, raw: bool },
    /// `{{helper …}}`, `{{#block …}}`, `{{/block}}`, `{{else}}`, `{{! comment }}`.
    Call { whole: Range<usize>, inner: Range<usize>, raw: bool },
    /// Braces that look like an expression and are none; they stay as they stand.
    Stray(Range<usize>),
}

/// Splits a text into tokens that cover it without gaps. `is_call` tells whether the inside of an
/// expression is a call.
pub(super) fn scan(text: &str, is_call: impl Fn(&str) -> bool) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut ends = Ends::new(text);
    let mut literal_from = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find("{{") {
        let open = at + found;
        match expression(text, open, &is_call, &mut ends) {
            Some(token) => {
                let range = token.range();
                push_literal(&mut tokens, literal_from..range.start);
                at = range.end;
                literal_from = at;
                tokens.push(token);
            }
            None => {
                push_literal(&mut tokens, literal_from..open);
                let end = stray_end(text, open);
                tokens.push(Token::Stray(open..end));
                at = end;
                literal_from = end;
            }
        }
    }
    push_literal(&mut tokens, literal_from..text.len());
    tokens
}

fn push_literal(tokens: &mut Vec<Token>, range: Range<usize>) {
    if !range.is_empty() {
        tokens.push(Token::Literal(range));
    }
}

fn expression(
    text: &str,
    open: usize,
    is_call: &impl Fn(&str) -> bool,
    ends: &mut Ends<'_>,
) -> Option<Token> {
    let raw = text[open..].starts_with("{{{");
    let width = if raw { 3 } else { 2 };
    let start = open + width;
    let close = "}}}".get(..width)?;
    let trimmed = |end: usize| {
        let inner = &text[start..end];
        let from = start + (inner.len() - inner.trim_start().len());
        from..from + inner.trim().len()
    };
    if is_call(text[start..].trim_start()) {
        let end = ends.of_call(start, close)?;
        return Some(Token::Call { whole: open..end + width, inner: trimmed(end), raw });
    }
    let end = ends.brace(start)?;
    if !text[end..].starts_with(close) {
        return None;
    }
    // Braces around nothing are text; around blanks they are an expression that names nothing.
    (end > start).then(|| Token::Path { whole: open..end + width, inner: trimmed(end), raw })
}

/// Where expressions end. Remembers what was in vain, so that a text full of expressions that do not end is
/// read a few times and not once for each of them.
struct Ends<'t> {
    text: &'t str,
    /// The next closing brace, as it was found last: from where, and where.
    brace: (usize, Option<usize>),
    /// No comment ends from here on.
    no_comment_from: usize,
    /// For each byte, in which states no call ends: bits of [`Quote::bit`]. Empty until one does not end.
    in_vain: Vec<u8>,
}

/// Where in a call a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    Outside,
    In(char),
}

impl Quote {
    fn bit(self, width: usize) -> u8 {
        let state = match self {
            Self::Outside => 0,
            Self::In('"') => 1,
            Self::In(_) => 2,
        };
        1 << (state + if width == 3 { 3 } else { 0 })
    }
}

impl<'t> Ends<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, brace: (0, Some(0)), no_comment_from: text.len(), in_vain: Vec::new() }
    }

    /// The first closing brace from a place on; places are asked for in their order.
    fn brace(&mut self, from: usize) -> Option<usize> {
        let (asked, found) = self.brace;
        let is_known = asked > 0 && found.is_none_or(|found| found >= from);
        if !is_known {
            self.brace = (from.max(1), self.text[from..].find('}').map(|at| from + at));
        }
        self.brace.1
    }

    /// End of a call's inside: the first closing braces that are not in a quoted argument.
    fn of_call(&mut self, start: usize, close: &str) -> Option<usize> {
        let inner = self.text[start..].trim_start();
        if let Some(comment) = inner.strip_prefix("!--") {
            let from = self.text.len() - comment.len();
            if from >= self.no_comment_from {
                return None;
            }
            let end = comment.find("--}}");
            if end.is_none() {
                self.no_comment_from = from;
            }
            return Some(from + end? + 2);
        }
        let mut quote = Quote::Outside;
        for (at, character) in self.text[start..].char_indices() {
            let at = start + at;
            if self.in_vain.get(at).is_some_and(|states| states & quote.bit(close.len()) != 0) {
                break;
            }
            match (quote, character) {
                (Quote::Outside, '"' | '\'') => quote = Quote::In(character),
                (Quote::In(open), _) if open == character => quote = Quote::Outside,
                (Quote::Outside, '}') if self.text[at..].starts_with(close) => return Some(at),
                _ => {}
            }
        }
        self.note(start, close);
        None
    }

    /// Notes the states in which a call was read that does not end.
    fn note(&mut self, start: usize, close: &str) {
        self.in_vain.resize(self.text.len(), 0);
        let mut quote = Quote::Outside;
        for (at, character) in self.text[start..].char_indices() {
            let states = &mut self.in_vain[start + at];
            let bit = quote.bit(close.len());
            if *states & bit != 0 {
                break;
            }
            *states |= bit;
            match (quote, character) {
                (Quote::Outside, '"' | '\'') => quote = Quote::In(character),
                (Quote::In(open), _) if open == character => quote = Quote::Outside,
                _ => {}
            }
        }
    }
}

/// How far stray braces are skipped: up to and including the next closing braces, or only the
/// opening ones.
fn stray_end(text: &str, open: usize) -> usize {
    let after = open + 2;
    match text[after..].strip_prefix("}}") {
        Some(_) => after + 2,
        None => after,
    }
}

impl Token {
    /// The bytes of the text that the token covers.
    pub(super) fn range(&self) -> Range<usize> {
        match self {
            Self::Literal(range) | Self::Stray(range) => range.clone(),
            Self::Path { whole, .. } | Self::Call { whole, .. } => whole.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let calls =
            |inner: &str| inner.starts_with('#') || inner.starts_with('/') || inner.starts_with("default ");
        scan(text, calls)
            .into_iter()
            .map(|token| match token {
                Token::Literal(range) => format!("lit[{}]", &text[range]),
                Token::Path { inner, raw, .. } => {
                    format!("{}[{}]", if raw { "raw" } else { "path" }, &text[inner])
                }
                Token::Call { inner, .. } => format!("call[{}]", &text[inner]),
                Token::Stray(range) => format!("stray[{}]", &text[range]),
            })
            .collect()
    }

    #[test]
    fn tokens_follow_the_recordings() {
        for (text, expected) in [
            ("{{  a.b  }}", "path[a.b]"),
            (" {{a}}", "lit[ ]path[a]"),
            ("{a}", "lit[{a}]"),
            ("{{{a}}}", "raw[a]"),
            ("{{a", "stray[{{]lit[a]"),
            ("{{}}", "stray[{{}}]"),
            ("{{ }}", "path[]"),
            ("{{a}b}}", "stray[{{]lit[a}b}}]"),
            ("{{ {{apiKey}} }}", "path[{{apiKey]lit[ }}]"),
            ("{{a}}{{b}}", "path[a]path[b]"),
            ("{{default a \"}}\"}}x", "call[default a \"}}\"]lit[x]"),
            ("{{#if a}}b{{/if}}", "call[#if a]lit[b]call[/if]"),
            ("{{default a \"", "stray[{{]lit[default a \"]"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    /// What [`Ends`] remembers changes nothing.
    fn call_end(text: &str, start: usize, close: &str) -> Option<usize> {
        Ends::new(text).of_call(start, close)
    }

    proptest! {
        #[test]
        fn what_is_remembered_is_true(text in "[{}a \"'!-]{0,40}") {
            let mut ends = Ends::new(&text);
            for start in 0..=text.len() {
                prop_assert_eq!(ends.brace(start), text[start..].find('}').map(|at| start + at));
                for close in ["}}", "}}}"] {
                    prop_assert_eq!(ends.of_call(start, close), call_end(&text, start, close));
                }
            }
        }

        #[test]
        fn tokens_cover_the_text(text in "[{}a. \"'#/é]{0,40}") {
            let tokens = scan(&text, |inner| inner.starts_with('#') || inner.starts_with('/'));
            let mut at = 0;
            for token in tokens {
                let range = token.range();
                prop_assert_eq!(range.start, at);
                prop_assert!(text.is_char_boundary(range.end));
                at = range.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
