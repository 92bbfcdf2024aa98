//! Keeps secrets out of reports.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

use crate::config::diagnostic::{Code, Diagnostic, Findings};

/// Characters of a secret that stay readable, so that people know which one is meant.
const SHOWN: usize = 4;

/// Shorter texts are too common to be searched for in messages.
const SHORTEST_SEARCHED: usize = 8;

/// So many are searched for elsewhere; a document with more of them is made up.
const MOST_SEARCHED: usize = 1000;

/// The secrets of one file.
pub(super) struct Mask<'a> {
    source: &'a str,
    /// In source order, without overlaps: the place of a secret, without quotes.
    secrets: Vec<Range<usize>>,
    /// Those that are searched for in messages.
    texts: Vec<&'a str>,
}

impl<'a> Mask<'a> {
    pub(super) fn new(file: &'a Findings) -> Self {
        let told = file.diagnostics.iter().filter_map(|found| secret_in(found, &file.source));
        let mut secrets: Vec<Range<usize>> = told.chain(file.omitted.secrets.iter().cloned()).collect();
        // The same text elsewhere is the same secret.
        let texts: HashSet<&str> = secrets.iter().map(|secret| &file.source[secret.clone()]).collect();
        let searched = texts.into_iter().filter(|text| text.len() >= SHORTEST_SEARCHED);
        let mut texts: Vec<&str> = searched.take(MOST_SEARCHED).collect();
        // What is left of a longer one would show that it was there.
        texts.sort_unstable_by_key(|text| (Reverse(text.len()), *text));
        for text in &texts {
            secrets.extend(file.source.match_indices(text).map(|(at, _)| at..at + text.len()));
        }
        secrets.sort_by_key(|secret| secret.start);
        secrets.dedup_by(|later, earlier| {
            let overlap = later.start < earlier.end;
            if overlap {
                earlier.end = earlier.end.max(later.end);
            }
            overlap
        });
        Self { source: &file.source, secrets, texts }
    }

    /// A part of the source with its secrets masked, and where `span` (inside it) lies in that text.
    pub(super) fn excerpt(&self, part: Range<usize>, span: &Range<usize>) -> (String, Range<usize>) {
        let mut text = String::with_capacity(part.len());
        let mut at = part.start;
        let mut replaced: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        let first = self.secrets.partition_point(|secret| secret.end <= part.start);
        for secret in self.secrets[first..].iter().take_while(|secret| secret.start < part.end) {
            let secret = secret.start.max(part.start)..secret.end.min(part.end);
            text.push_str(&self.source[at..secret.start]);
            let start = text.len();
            let masked = mask(&self.source[secret.clone()]);
            text.push_str(&masked);
            if secret.end <= span.start {
                // What is underlined behind a secret stays in its column.
                let hidden =
                    self.source[secret.clone()].chars().count().saturating_sub(masked.chars().count());
                text.extend(std::iter::repeat_n('…', hidden));
            }
            at = secret.end;
            replaced.push((secret, start..text.len()));
        }
        text.push_str(&self.source[at..part.end]);
        let place = |offset: usize, inside: fn(&Range<usize>) -> usize| {
            let (mut source_at, mut text_at) = (part.start, 0);
            for (secret, masked) in &replaced {
                if secret.contains(&offset) && offset > secret.start {
                    return inside(masked);
                }
                if offset >= secret.end {
                    (source_at, text_at) = (secret.end, masked.end);
                }
            }
            text_at + offset - source_at
        };
        let span = place(span.start, |masked| masked.start)..place(span.end, |masked| masked.end);
        (text, span)
    }

    /// A message without the secrets of its file.
    pub(super) fn message<'m>(&self, message: &'m str) -> Cow<'m, str> {
        let mut message = Cow::Borrowed(message);
        for secret in &self.texts {
            if message.contains(secret) {
                message = Cow::Owned(message.replace(secret, &mask(secret)));
            }
        }
        message
    }

    /// A finding whose texts hold no secret.
    pub(super) fn diagnostic(&self, found: &Diagnostic) -> Diagnostic {
        let text = |text: &Option<String>| text.as_deref().map(|text| self.message(text).into_owned());
        Diagnostic {
            message: self.message(&found.message).into_owned(),
            pointer: self.message(&found.pointer).into_owned(),
            label: text(&found.label),
            help: text(&found.help),
            ..found.clone()
        }
    }
}

/// The place of the secret that a finding underlines, without quotes.
pub(super) fn secret_in(found: &Diagnostic, source: &str) -> Option<Range<usize>> {
    content(source, &found.span).filter(|content| holds_secret(found, &source[content.clone()]))
}

/// Whether a secret is underlined. What should be the name of an environment variable and is none may
/// well be the secret itself, and a URL may hold a password.
fn holds_secret(found: &Diagnostic, text: &str) -> bool {
    match found.code {
        Code::SecretLiteral => true,
        Code::InvalidValue => found.pointer.ends_with("Env"),
        Code::InvalidUrl => text.ends_with('@'),
        _ => false,
    }
}

/// The span of a secret without the quotes of its literal.
fn content(source: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let text = source.get(span.clone())?;
    let inner = text.strip_prefix('"').unwrap_or(text);
    let start = span.end - inner.len();
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    (!inner.is_empty()).then_some(start..start + inner.len())
}

/// The first characters and an ellipsis; of short secrets fewer, at most a third.
fn mask(secret: &str) -> String {
    let shown = SHOWN.min(secret.chars().count() / 3);
    let mut masked: String = secret.chars().take(shown).collect();
    masked.push('…');
    masked
}
