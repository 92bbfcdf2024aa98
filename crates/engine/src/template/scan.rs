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
    let mut literal_from = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find("{{") {
        let open = at + found;
        match expression(text, open, &is_call) {
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

fn expression(text: &str, open: usize, is_call: &impl Fn(&str) -> bool) -> Option<Token> {
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
        let end = call_end(&text[start..], close)? + start;
        return Some(Token::Call { whole: open..end + width, inner: trimmed(end), raw });
    }
    let end = start + text[start..].find('}')?;
    if !text[end..].starts_with(close) {
        return None;
    }
    // Braces around nothing are text; around blanks they are an expression that names nothing.
    (end > start).then(|| Token::Path { whole: open..end + width, inner: trimmed(end), raw })
}

/// End of a call's inside: the first closing braces that are not in a quoted argument.
fn call_end(text: &str, close: &str) -> Option<usize> {
    if let Some(comment) = text.trim_start().strip_prefix("!--") {
        let end = comment.find("--}}")? + 2;
        return Some(text.len() - comment.len() + end);
    }
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '}') if text[at..].starts_with(close) => return Some(at),
            _ => {}
        }
    }
    None
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

    proptest! {
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
