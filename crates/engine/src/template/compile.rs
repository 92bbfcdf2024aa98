//! Compiles a text of a document, collecting everything that is wrong with it.

use std::ops::Range;

use crate::config::diagnostic::Code;

use super::explain;
use super::place::Place;
use super::scan::{Token, scan};
use super::unknown;
use super::{Block, Piece, Reference, Template, TextTemplate};

use crate::blocks::{self, HELPERS, ThreeBraces, VariablePath};
use crate::config::problem::{Problem, Problems};
use crate::path::{Path, Step};
use crate::text_body::is_scalar;
use crate::variables::{self, Resolution, Variable};

/// Compiles a text that may become any JSON.
pub fn compile_value(text: &str, place: Place<'_>, problems: &mut Problems) -> Template {
    let tokens = scan(text, is_call);
    match tokens.as_slice() {
        [] => Template::Literal(Box::default()),
        [Token::Path { inner, .. }] => Template::Typed(reference(text, inner, place, problems)),
        [Token::Call { inner, .. }] if !is_block_tag(&text[inner.clone()]) => {
            // `json` keeps the type of the call's value; the outcome is parsed again.
            let source = match text[inner.clone()].trim() {
                "omit" => "{{omit}}".to_owned(),
                call => format!("{{{{{{json ({call})}}}}}}"),
            };
            let shift = source.find(&text[inner.clone()]).unwrap_or(0);
            let mut found = problems.part();
            let compiled = block(&source, inner.start, shift, ThreeBraces::Raw, place, &mut found);
            if compiled.is_none()
                && found.takes_patterns(blocks::patterns(text))
                && let Err(as_written) = blocks::compile(text)
            {
                // Errors are told about the text as it was written.
                problems.count_patterns_of(&found);
                found = problems.part();
                found.extend(
                    as_written.into_iter().map(|problem| explain::block(problem, text, place, Range::clone)),
                );
            }
            problems.append(found);
            compiled.map_or_else(|| Template::Literal(text.into()), Template::TypedCall)
        }
        tokens if tokens.iter().all(|token| matches!(token, Token::Literal(_) | Token::Stray(_))) => {
            explain::braces(text, tokens, place, problems);
            Template::Literal(text.into())
        }
        _ => Template::Text(from_tokens(text, &tokens, ThreeBraces::Raw, place, problems)),
    }
}

/// Compiles a text of a body. One that is a single `if` whose branches are all numbers, booleans or null
/// is such a value too.
pub fn compile_member(text: &str, place: Place<'_>, problems: &mut Problems) -> Template {
    if is_typed_block(text, &scan(text, is_call)) {
        let mut found = problems.part();
        if let Some(block) = block(text, 0, 0, ThreeBraces::Raw, place, &mut found) {
            problems.append(found);
            return Template::TypedCall(block);
        }
    }
    compile_value(text, place, problems)
}

/// Compiles a query parameter: three braces within other text are a brace around the value, as search
/// languages want it.
pub fn compile_parameter(text: &str, place: Place<'_>, problems: &mut Problems) -> Template {
    let tokens = scan(text, is_call);
    let is_raw =
        |token: &&Token| matches!(token, Token::Path { raw: true, .. } | Token::Call { raw: true, .. });
    let has_text = tokens
        .iter()
        .any(|token| matches!(token, Token::Literal(range) if !text[range.clone()].trim().is_empty()));
    let Some(first) = tokens.iter().find(is_raw).filter(|_| has_text) else {
        return compile_value(text, place, problems);
    };
    let (range, inner) = match first {
        Token::Path { whole, inner, .. } | Token::Call { whole, inner, .. } => (whole, &text[inner.clone()]),
        Token::Literal(range) | Token::Stray(range) => (range, ""),
    };
    problems.push(
        Problem::new(
            Code::BracesAroundValue,
            place.pointer,
            "three braces within other text are a brace on either side of the value",
        )
        .part(place.part(range.clone()))
        .help(format!(
            "write `{{{{{inner}}}}}` for the value alone, or each brace as `{{{{default \"{{\"}}}}` and `{{{{default \"}}\"}}}}`"
        )),
    );
    Template::Text(from_tokens(text, &tokens, ThreeBraces::Literal, place, problems))
}

/// The first expression of a text whose value is not written as JSON already, with its braces.
pub fn first_value(text: &str) -> Option<Range<usize>> {
    scan(text, is_call).into_iter().find_map(|token| match token {
        Token::Path { whole, .. } => Some(whole),
        Token::Call { whole, inner, .. } => {
            let tag = &text[inner];
            let word = tag.split_whitespace().next().unwrap_or_default();
            (!is_block_tag(tag) && !matches!(word, "json" | "omit")).then_some(whole)
        }
        Token::Literal(_) | Token::Stray(_) => None,
    })
}

/// Whether a text is one `if` or `unless` that can only give numbers, booleans, null or nothing.
fn is_typed_block(text: &str, tokens: &[Token]) -> bool {
    let (mut depth, mut gives_value) = (0usize, false);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Call { inner, .. } => {
                let tag = text[inner.clone()].trim_matches('~').trim();
                let word = tag.split_whitespace().next().unwrap_or_default();
                match word {
                    "#if" | "#unless" if depth > 0 || at == 0 => depth += 1,
                    "/if" | "/unless" if depth > 1 || (depth == 1 && at + 1 == tokens.len()) => depth -= 1,
                    "number" | "boolean" if depth > 0 => gives_value = true,
                    "else" | "^" | "omit" if depth > 0 => {}
                    _ if depth > 0 && word.starts_with('!') => {}
                    _ => return false,
                }
            }
            Token::Literal(range) => {
                let literal = text[range.clone()].trim();
                if !literal.is_empty() {
                    if !is_scalar(literal) {
                        return false;
                    }
                    gives_value = true;
                }
            }
            Token::Path { .. } | Token::Stray(_) => return false,
        }
    }
    gives_value && depth == 0
}

/// Compiles a text that stays text.
pub fn compile_text(text: &str, place: Place<'_>, problems: &mut Problems) -> TextTemplate {
    from_tokens(text, &scan(text, is_call), ThreeBraces::Raw, place, problems)
}

/// Compiles a text whose expressions are inserted as they are.
pub fn compile_raw(text: &str, place: Place<'_>, problems: &mut Problems) -> TextTemplate {
    let mut template = compile_text(text, place, problems);
    for piece in &mut template.pieces {
        if let Piece::Path { raw, .. } = piece {
            *raw = true;
        }
    }
    template
}

/// Compiles the one expression that a text is.
pub fn compile_leading(text: &str, place: Place<'_>, problems: &mut Problems) -> Reference {
    match scan(text, is_call).as_slice() {
        [Token::Path { inner, .. }] => reference(text, inner, place, problems),
        _ => Reference::Nothing(text.into()),
    }
}

fn from_tokens(
    text: &str,
    tokens: &[Token],
    braces: ThreeBraces,
    place: Place<'_>,
    problems: &mut Problems,
) -> TextTemplate {
    if tokens.iter().any(|token| matches!(token, Token::Call { .. })) {
        // One call makes the whole text a Handlebars template: blocks span tokens.
        return match block(text, 0, 0, braces, place, problems) {
            Some(block) => TextTemplate { secret: block.secret, pieces: Box::new([Piece::Block(block)]) },
            None => TextTemplate::literal(text),
        };
    }
    explain::braces(text, tokens, place, problems);
    let mut pieces = Vec::with_capacity(tokens.len());
    for token in tokens {
        match token {
            Token::Path { inner, raw, .. } => {
                let in_braces = *raw && braces == ThreeBraces::Literal;
                let brace = |brace: &str| in_braces.then(|| Piece::Literal(brace.into()));
                pieces.extend(brace("{"));
                pieces.push(Piece::Path { reference: reference(text, inner, place, problems), raw: *raw });
                pieces.extend(brace("}"));
            }
            other => pieces.push(Piece::Literal(text[other.range()].into())),
        }
    }
    let pieces: Box<[Piece]> = pieces.into();
    let secret =
        pieces.iter().any(|piece| matches!(piece, Piece::Path { reference, .. } if reference.is_secret()));
    TextTemplate { pieces, secret }
}

/// Whether the inside of an expression, which may run on beyond it, is a call or a block tag: its
/// first word decides. A helper's name alone is a path, except `omit` and `else`.
pub(super) fn is_call(inner: &str) -> bool {
    let inner = inner.strip_prefix('~').map_or(inner, str::trim_start);
    if inner.starts_with(['#', '/', '^', '!', '>', '*', '&', '(']) {
        return true;
    }
    let word = inner.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
    let after = &inner[word.len()..];
    match word {
        "omit" | "else" => after.trim_start().starts_with('}') || (word == "else" && after.starts_with(' ')),
        "" => false,
        _ => {
            let arguments = after.trim_start();
            let called = after.len() > arguments.len() && !arguments.starts_with(['}', '|', '=']);
            called && is_helper(word)
        }
    }
}

pub(super) fn is_block_tag(inner: &str) -> bool {
    let inner = inner.trim_matches('~').trim();
    inner.starts_with(['#', '/', '^', '!', '>', '*', '&']) || inner == "else" || inner.starts_with("else ")
}

fn is_helper(word: &str) -> bool {
    word == "lookup" || HELPERS.iter().any(|helper| helper.name == word)
}

fn block(
    source: &str,
    at: usize,
    shift: usize,
    braces: ThreeBraces,
    place: Place<'_>,
    problems: &mut Problems,
) -> Option<Block> {
    if !is_affordable(source, place.pointer, problems) {
        return None;
    }
    let template = match blocks::compile_with(source, braces) {
        Ok(template) => template,
        Err(found) => {
            problems.extend(found.into_iter().map(|problem| {
                explain::block(problem, source, place, |range| place_range(range, at, shift))
            }));
            return None;
        }
    };
    let doubts = template.doubts().iter().cloned();
    problems.extend(
        doubts.map(|problem| explain::block(problem, source, place, |range| place_range(range, at, shift))),
    );
    let mut wanted = Vec::new();
    for path in template.variables() {
        wanted.extend(block_variables(path, at, shift, place, problems));
    }
    wanted.sort_unstable();
    wanted.dedup();
    Some(Block {
        secret: wanted.iter().any(|variable| variable.is_secret()),
        wanted: wanted.into(),
        template,
    })
}

/// Whether a text may be read as a template of helpers and blocks; that it may not is reported.
pub(super) fn is_affordable(source: &str, pointer: &str, problems: &mut Problems) -> bool {
    if !problems.takes_patterns(blocks::patterns(source)) {
        problems.push_many_patterns(pointer);
        return false;
    }
    if !problems.takes_template(source.matches("{{").count(), source.len()) {
        problems.push_long_templates(pointer);
        return false;
    }
    true
}

fn place_range(range: &Range<usize>, at: usize, shift: usize) -> Range<usize> {
    let start = at + range.start.saturating_sub(shift);
    start..(at + range.end.saturating_sub(shift)).max(start)
}

fn block_variables(
    path: &VariablePath,
    at: usize,
    shift: usize,
    place: Place<'_>,
    problems: &mut Problems,
) -> Vec<Variable> {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    match variables::resolve(place.operation.variables(), &segments) {
        Resolution::Known(variable, _) => vec![variable],
        Resolution::User => {
            Variable::ALL.iter().copied().filter(|one| one.name().starts_with("user.")).collect()
        }
        Resolution::UnknownMember(_) | Resolution::Unknown => {
            if !problems.takes(Code::UnknownVariable) {
                return Vec::new();
            }
            let range = place_range(&(path.offset..path.offset + path.length), at, shift);
            problems.push(unknown::variable(&segments.join("."), range, place));
            Vec::new()
        }
    }
}

fn reference(text: &str, inner: &Range<usize>, place: Place<'_>, problems: &mut Problems) -> Reference {
    let expression = &text[inner.clone()];
    if expression.is_empty() {
        problems.push(
            Problem::new(
                Code::LiteralBraces,
                place.pointer,
                "the expression is empty and renders as nothing",
            )
            .part(place.part(with_braces(text, inner)))
            .help("name a variable, such as `{{apiKey}}`, or remove the braces"),
        );
        return Reference::Nothing(expression.into());
    }
    if expression == "$" {
        problems.push(
            Problem::new(
                Code::UnknownVariable,
                place.pointer,
                "`$` is all variables at once, credentials included",
            )
            .part(place.part(inner.clone()))
            .help("name the variable you want"),
        );
        return Reference::Everything;
    }
    let segments: Vec<&str> = expression.split('.').collect();
    match variables::resolve(place.operation.variables(), &segments) {
        Resolution::User => return Reference::User,
        Resolution::Known(variable, taken) => {
            if let Some(problem) = explain::malformed(expression, inner, place) {
                problems.push(problem);
            }
            return Reference::Variable(variable, steps(&segments[taken..]));
        }
        Resolution::UnknownMember(_) | Resolution::Unknown => {}
    }
    // One of the codes that it can be; all have the same severity.
    if problems.takes(Code::UnknownVariable) {
        problems.push(
            explain::malformed(expression, inner, place)
                .unwrap_or_else(|| explain::not_a_variable(expression, inner.clone(), place)),
        );
    }
    // What is not in the table may still be there at run time only below a variable that is.
    match variables::visible(place.operation.variables()).find(|variable| variable.name() == segments[0]) {
        Some(variable) => Reference::Variable(variable, steps(&segments[1..])),
        None => Reference::Nothing(expression.into()),
    }
}

/// An expression with its braces and the blanks between.
fn with_braces(text: &str, inner: &Range<usize>) -> Range<usize> {
    let start = text[..inner.start].rfind("{{").unwrap_or(inner.start);
    let end = text[inner.end..].find("}}").map_or(inner.end, |at| inner.end + at + 2);
    start..end
}

fn steps(segments: &[&str]) -> Box<[Step]> {
    match segments {
        [] => Box::default(),
        segments => match Path::parse_dot_path(&segments.join(".")) {
            Path::Steps(steps) => steps,
            Path::Query(_) => Box::default(),
        },
    }
}
