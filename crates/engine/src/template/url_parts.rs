//! Takes a URL's text apart without rendering it: what is host, path and query.

use std::ops::Range;

use super::compile::is_call;
use super::scan::{Token, scan};

/// How a URL's text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segments {
    /// A path below the base URL.
    Relative,
    /// An absolute URL whose host is spelled out.
    Literal,
    /// An absolute URL with expressions in its host.
    TemplatedAuthority,
    /// An expression stands first.
    Leading,
}

/// The parts of a URL's text, as byte ranges; the fragment is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlParts {
    /// How it begins.
    pub head: Segments,
    /// Scheme and host; of [`Segments::Leading`], the first expression.
    pub authority: Range<usize>,
    /// Everything up to the query, authority included.
    pub path: Range<usize>,
    /// The query, without its question mark.
    pub query: Option<Range<usize>>,
}

/// Takes a URL's text apart. Question and hash marks count where they stand in literal text
/// outside of blocks.
pub fn split_url(text: &str) -> UrlParts {
    let tokens = scan(text, is_call);
    let end = find_mark(text, &tokens, '#').unwrap_or(text.len());
    let query_mark = find_mark(text, &tokens, '?').filter(|at| *at < end);
    let path = 0..query_mark.unwrap_or(end);
    let query = query_mark.map(|at| at + 1..end);
    let (head, authority) = match tokens.first() {
        Some(Token::Literal(_)) if text.starts_with("http://") || text.starts_with("https://") => {
            let host = text.find("://").map_or(0, |at| at + 3);
            let end = tokens
                .iter()
                .filter(|token| matches!(token, Token::Literal(_)))
                .find_map(|token| {
                    let range = token.range();
                    let from = range.start.max(host).min(range.end);
                    text[from..range.end].find(['/', '?', '#']).map(|at| from + at)
                })
                .unwrap_or(end);
            let templated = tokens.iter().any(|token| {
                !matches!(token, Token::Literal(_) | Token::Stray(_)) && token.range().start < end
            });
            (if templated { Segments::TemplatedAuthority } else { Segments::Literal }, 0..end)
        }
        Some(token @ Token::Path { .. }) => (Segments::Leading, token.range()),
        _ => (Segments::Relative, 0..0),
    };
    UrlParts { head, authority, path, query }
}

/// Whether behind a scheme stands one expression, or one block, and nothing else.
pub fn is_one_expression(authority: &str) -> bool {
    let Some((_, host)) = authority.split_once("://") else { return false };
    let tokens = scan(host, is_call);
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Call { inner, .. } if host[inner.clone()].starts_with(['#', '^']) => depth += 1,
            Token::Call { inner, .. } if host[inner.clone()].starts_with('/') => {
                depth = depth.saturating_sub(1);
            }
            Token::Path { .. } | Token::Call { .. } => {}
            Token::Literal(_) | Token::Stray(_) if depth == 0 => return false,
            Token::Literal(_) | Token::Stray(_) => {}
        }
        if depth == 0 && at + 1 < tokens.len() {
            return false;
        }
    }
    !tokens.is_empty()
}

fn find_mark(text: &str, tokens: &[Token], mark: char) -> Option<usize> {
    let mut depth = 0usize;
    for token in tokens {
        match token {
            Token::Call { inner, .. } if text[inner.clone()].starts_with(['#', '^']) => depth += 1,
            Token::Call { inner, .. } if text[inner.clone()].starts_with('/') => {
                depth = depth.saturating_sub(1)
            }
            Token::Literal(range) if depth == 0 => {
                if let Some(at) = text[range.clone()].find(mark) {
                    return Some(range.start + at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, head: Segments, authority: &str, path: &str, query: Option<&str>) {
        let parts = split_url(text);
        assert_eq!(parts.head, head, "{text}");
        assert_eq!(&text[parts.authority.clone()], authority, "{text}");
        assert_eq!(&text[parts.path.clone()], path, "{text}");
        assert_eq!(parts.query.map(|range| &text[range]), query, "{text}");
    }

    #[test]
    fn one_expression_is_a_whole_host() {
        for (authority, expected) in [
            ("https://{{user.hostname}}", true),
            ("https://{{lowercase user.hostname}}", true),
            ("https://{{#if a}}{{a}}{{else}}b.test{{/if}}", true),
            ("https://{{lowercase a}}.example.com", false),
            ("https://api.{{lowercase a}}", false),
            ("https://{{lowercase a}}.x.{{b}}", false),
            ("https://{{#if a}}b{{/if}}{{#if a}}c{{/if}}", false),
            ("https://api.example.com", false),
            ("{{a}}", false),
        ] {
            assert_eq!(is_one_expression(authority), expected, "{authority}");
        }
    }

    #[test]
    fn parts_of_urls() {
        use Segments::*;
        check("/a/{{b}}?c={{d}}#e", Relative, "", "/a/{{b}}", Some("c={{d}}"));
        check("", Relative, "", "", None);
        check("https://h.test/a?b", Literal, "https://h.test", "https://h.test/a", Some("b"));
        check("https://h.test", Literal, "https://h.test", "https://h.test", None);
        check(
            "https://{{user.hostname}}/a",
            TemplatedAuthority,
            "https://{{user.hostname}}",
            "https://{{user.hostname}}/a",
            None,
        );
        check(
            "https://a.{{x}}.test:1/{{y}}",
            TemplatedAuthority,
            "https://a.{{x}}.test:1",
            "https://a.{{x}}.test:1/{{y}}",
            None,
        );
        check("{{user.hostname}}/a?b=1", Leading, "{{user.hostname}}", "{{user.hostname}}/a", Some("b=1"));
        check("/a{{#if b}}?c{{/if}}", Relative, "", "/a{{#if b}}?c{{/if}}", None);
    }
}
