//! Compiles a text of a document, collecting everything that is wrong with it.

use std::ops::Range;

use crate::config::diagnostic::Code;
use crate::config::operations::OperationName;
use crate::config::suggest::nearest;

use super::scan::{Token, scan};
use super::{Block, Piece, Reference, Template, TextTemplate};
use crate::engine::blocks::{self, HELPERS, ProblemKind, VariablePath};
use crate::engine::path::{Path, Step};
use crate::engine::problem::{Part, Problem};
use crate::engine::variables::{self, Resolution, Variable};

/// Where a text stands and which operation it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The operation whose variables are seen.
    pub operation: OperationName,
    /// JSON pointer of the text.
    pub pointer: &'a str,
    /// Byte offset of the text within the value, where only a part of it is compiled.
    pub offset: usize,
}

impl Place<'_> {
    fn part(&self, range: Range<usize>) -> Part {
        Part::Text(self.offset + range.start..self.offset + range.end)
    }
}

/// Compiles a text that may become any JSON.
pub fn compile_value(text: &str, place: Place<'_>, problems: &mut Vec<Problem>) -> Template {
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
            match block(&source, inner.start, shift, place, problems) {
                Some(block) => Template::TypedCall(block),
                None => Template::Literal(text.into()),
            }
        }
        tokens if tokens.iter().all(|token| matches!(token, Token::Literal(_) | Token::Stray(_))) => {
            report_strays(text, tokens, place, problems);
            Template::Literal(text.into())
        }
        _ => Template::Text(from_tokens(text, &tokens, place, problems)),
    }
}

/// Compiles a text that stays text.
pub fn compile_text(text: &str, place: Place<'_>, problems: &mut Vec<Problem>) -> TextTemplate {
    from_tokens(text, &scan(text, is_call), place, problems)
}

/// Compiles a text whose expressions are inserted as they are.
pub fn compile_raw(text: &str, place: Place<'_>, problems: &mut Vec<Problem>) -> TextTemplate {
    let mut template = compile_text(text, place, problems);
    for piece in &mut template.pieces {
        if let Piece::Path { raw, .. } = piece {
            *raw = true;
        }
    }
    template
}

/// Compiles the one expression that a text is.
pub fn compile_leading(text: &str, place: Place<'_>, problems: &mut Vec<Problem>) -> Reference {
    match scan(text, is_call).as_slice() {
        [Token::Path { inner, .. }] => reference(text, inner, place, problems),
        _ => Reference::Nothing(text.into()),
    }
}

fn from_tokens(text: &str, tokens: &[Token], place: Place<'_>, problems: &mut Vec<Problem>) -> TextTemplate {
    if tokens.iter().any(|token| matches!(token, Token::Call { .. })) {
        // One call makes the whole text a Handlebars template: blocks span tokens.
        return match block(text, 0, 0, place, problems) {
            Some(block) => TextTemplate { secret: block.secret, pieces: Box::new([Piece::Block(block)]) },
            None => TextTemplate::literal(text),
        };
    }
    report_strays(text, tokens, place, problems);
    let pieces: Box<[Piece]> = tokens
        .iter()
        .map(|token| match token {
            Token::Path { inner, raw, .. } => Piece::Path { reference: reference(text, inner, place, problems), raw: *raw },
            other => Piece::Literal(text[other.range()].into()),
        })
        .collect();
    let secret = pieces.iter().any(|piece| matches!(piece, Piece::Path { reference, .. } if reference.is_secret()));
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

fn is_block_tag(inner: &str) -> bool {
    let inner = inner.trim_matches('~').trim();
    inner.starts_with(['#', '/', '^', '!', '>', '*', '&']) || inner == "else" || inner.starts_with("else ")
}

fn is_helper(word: &str) -> bool {
    word == "lookup" || HELPERS.iter().any(|helper| helper.name == word)
}

fn helper_names() -> impl Iterator<Item = &'static str> {
    HELPERS.iter().map(|helper| helper.name).chain(["lookup"])
}

fn block(source: &str, at: usize, shift: usize, place: Place<'_>, problems: &mut Vec<Problem>) -> Option<Block> {
    let template = match blocks::compile(source) {
        Ok(template) => template,
        Err(found) => {
            for problem in found {
                problems.push(block_problem(problem, at, shift, place));
            }
            return None;
        }
    };
    let mut wanted = Vec::new();
    for path in template.variables() {
        wanted.extend(block_variables(path, at, shift, place, problems));
    }
    wanted.sort_unstable();
    wanted.dedup();
    Some(Block { secret: wanted.iter().any(|variable| variable.is_secret()), wanted: wanted.into(), template })
}

fn block_problem(problem: blocks::TemplateProblem, at: usize, shift: usize, place: Place<'_>) -> Problem {
    let range = place_range(&problem.span, at, shift);
    let code = match problem.kind {
        ProblemKind::UnknownHelper => Code::UnknownHelper,
        _ => Code::TemplateSyntax,
    };
    let found = Problem::new(code, place.pointer, problem.message).part(place.part(range));
    match problem.help {
        Some(help) => found.help(help),
        None => found,
    }
}

fn place_range(range: &Range<usize>, at: usize, shift: usize) -> Range<usize> {
    let start = at + range.start.saturating_sub(shift);
    start..(at + range.end.saturating_sub(shift)).max(start)
}

fn block_variables(path: &VariablePath, at: usize, shift: usize, place: Place<'_>, problems: &mut Vec<Problem>) -> Vec<Variable> {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    match variables::resolve(place.operation, &segments) {
        Resolution::Known(variable, _) => vec![variable],
        Resolution::User => Variable::ALL.iter().copied().filter(|one| one.name().starts_with("user.")).collect(),
        Resolution::UnknownMember(_) | Resolution::Unknown => {
            let range = place_range(&(path.offset..path.offset + path.length), at, shift);
            problems.push(unknown_variable(&segments.join("."), range, place));
            Vec::new()
        }
    }
}

fn report_strays(text: &str, tokens: &[Token], place: Place<'_>, problems: &mut Vec<Problem>) {
    for token in tokens {
        let Token::Stray(range) = token else { continue };
        let braces = &text[range.clone()];
        let message = if braces == "{{}}" {
            "the braces hold no expression and are sent as they stand".to_owned()
        } else if text[range.end..].contains("}}") {
            "the expression holds a closing brace, so its braces are sent as they stand".to_owned()
        } else {
            "the expression is not closed, so its braces are sent as they stand".to_owned()
        };
        problems.push(
            Problem::new(Code::LiteralBraces, place.pointer, message)
                .part(place.part(range.clone()))
                .help("write `{{name}}`, with two braces on either side"),
        );
    }
}

fn reference(text: &str, inner: &Range<usize>, place: Place<'_>, problems: &mut Vec<Problem>) -> Reference {
    let expression = &text[inner.clone()];
    if expression.is_empty() {
        problems.push(
            Problem::new(Code::LiteralBraces, place.pointer, "the expression is empty and renders as nothing")
                .part(place.part(inner.start.saturating_sub(2)..(inner.end + 2).min(text.len()))),
        );
        return Reference::Nothing(expression.into());
    }
    if expression == "$" {
        problems.push(
            Problem::new(Code::UnknownVariable, place.pointer, "`$` is all variables at once, credentials included")
                .part(place.part(inner.clone()))
                .help("name the variable you want"),
        );
        return Reference::Everything;
    }
    let segments: Vec<&str> = expression.split('.').collect();
    match variables::resolve(place.operation, &segments) {
        Resolution::User => return Reference::User,
        Resolution::Known(variable, taken) => {
            if let Some(problem) = odd_segments(expression, inner, place) {
                problems.push(problem);
            }
            return Reference::Variable(variable, steps(&segments[taken..]));
        }
        Resolution::UnknownMember(_) | Resolution::Unknown => {}
    }
    problems.push(odd_segments(expression, inner, place).unwrap_or_else(|| not_a_variable(expression, inner.clone(), place)));
    // What is not in the table may still be there at run time only below a variable that is.
    match variables::visible(place.operation).find(|variable| variable.name() == segments[0]) {
        Some(variable) => Reference::Variable(variable, steps(&segments[1..])),
        None => Reference::Nothing(expression.into()),
    }
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

/// Empty segments and brackets: keys that nothing has.
fn odd_segments(expression: &str, inner: &Range<usize>, place: Place<'_>) -> Option<Problem> {
    let problem = |message: &str, help: String| {
        Problem::new(Code::DotPathSyntax, place.pointer, message.to_owned())
            .part(place.part(inner.clone()))
            .help(help)
    };
    if expression.split('.').any(str::is_empty) {
        let mended: Vec<&str> = expression.split('.').filter(|segment| !segment.is_empty()).collect();
        return Some(problem("the path has an empty segment", format!("write `{}`", mended.join("."))));
    }
    if let Some((before, after)) = expression.split_once('[') {
        let index = after.split(']').next().unwrap_or_default();
        if index.parse::<usize>().is_ok() {
            let rest = after.split_once(']').map_or("", |(_, rest)| rest);
            return Some(problem("dot paths have no brackets", format!("write `{before}.{index}{rest}`")));
        }
    }
    None
}

/// Says what an expression that names no variable was probably meant to be.
fn not_a_variable(expression: &str, range: Range<usize>, place: Place<'_>) -> Problem {
    if let Some((value, filter)) = expression.split_once('|') {
        let (value, filter) = (value.trim(), filter.trim_start_matches('|').trim());
        let call = match filter.strip_prefix(['\'', '"']) {
            Some(_) => format!("{{{{default {value} {filter}}}}}"),
            None => {
                let helper = nearest(filter, helper_names()).unwrap_or(filter);
                format!("{{{{{helper} {value}}}}}")
            }
        };
        return Problem::new(Code::UnknownHelper, place.pointer, "there are no filters; helpers stand before their arguments")
            .part(place.part(range))
            .help(format!("write `{call}`"));
    }
    if let Some((word, rest)) = expression.split_once(char::is_whitespace) {
        let looks_like_call = word.chars().all(|character| character.is_alphanumeric() || character == '_');
        if looks_like_call {
            let end = range.start + word.len();
            let problem = Problem::new(Code::UnknownHelper, place.pointer, format!("there is no helper `{word}`"))
                .part(place.part(range.start..end));
            return match nearest(word, helper_names()) {
                Some(helper) => problem.label("not a helper").help(format!("did you mean `{{{{{helper} {}}}}}`?", rest.trim())),
                None => problem.label("not a helper").help(format!("the helpers are {}", helper_names().collect::<Vec<_>>().join(", "))),
            };
        }
    }
    unknown_variable(expression, range, place)
}

fn unknown_variable(expression: &str, range: Range<usize>, place: Place<'_>) -> Problem {
    let operation = place.operation;
    let problem = Problem::new(
        Code::UnknownVariable,
        place.pointer,
        format!("`{operation}` has no variable `{expression}`"),
    )
    .part(place.part(range))
    .label("renders as nothing");
    let names = variables::names(operation);
    if let Some(name) = nearest(expression, names.iter().map(String::as_str)) {
        return problem.help(format!("did you mean `{name}`?"));
    }
    let segments: Vec<&str> = expression.split('.').collect();
    let elsewhere: Vec<&str> = OperationName::ALL
        .iter()
        .filter(|other| matches!(variables::resolve(**other, &segments), Resolution::Known(..)))
        .map(|other| other.as_str())
        .collect();
    if !elsewhere.is_empty() {
        return problem.help(format!("only {} {} it", elsewhere.join(", "), if elsewhere.len() == 1 { "has" } else { "have" }));
    }
    let own: Vec<&str> = variables::of_operation(operation).iter().map(|variable| variable.name()).collect();
    let own = if own.is_empty() { String::new() } else { format!("{}, ", own.join(", ")) };
    problem.help(format!("`{operation}` sees {own}user.*, apiKey, authHeader and secretKey"))
}
