//! Says what is wrong with an expression and what it was probably meant to be.

use std::ops::Range;

use super::place::Place;
use super::scan::Token;
use super::unknown;
use crate::blocks::helpers::value_names;
use crate::blocks::{ProblemKind, TemplateProblem};
use crate::config::diagnostic::Code;
use crate::config::operations::OperationName;
use crate::config::problem::{Problem, Problems};
use crate::config::suggest::nearest;
use crate::variables::{self, Resolution};

/// What stands between two values in other languages, and how it is said in this one.
const OPERATORS: &[(&str, &str)] = &[
    ("||", "write `{{default a b}}` for the first value that is there"),
    ("??", "write `{{default a b}}` for the first value that is there"),
    ("?", "write `{{#if a}}b{{else}}c{{/if}}`"),
    ("===", "write `{{#if (eq a b)}}…{{/if}}`"),
    ("==", "write `{{#if (eq a b)}}…{{/if}}`"),
    ("!=", "write `{{#if (ne a b)}}…{{/if}}`"),
    ("&&", "write `{{#if (and a b)}}…{{/if}}`"),
    (">", "write `{{#if (gt a b)}}…{{/if}}`"),
    ("<", "write `{{#if (lt a b)}}…{{/if}}`"),
    ("+", "write texts side by side: `{{a}}{{b}}`"),
];

/// Reports braces in the literal parts of a text that were surely meant as expressions.
pub(super) fn braces(text: &str, tokens: &[Token], place: Place<'_>, problems: &mut Problems) {
    for token in tokens {
        match token {
            Token::Stray(range) => {
                if problems.takes(Code::LiteralBraces) {
                    problems.push(stray(text, range, place));
                }
            }
            Token::Literal(range) => single_braces(text, range, place, problems),
            Token::Path { .. } | Token::Call { .. } => {}
        }
    }
}

fn stray(text: &str, range: &Range<usize>, place: Place<'_>) -> Problem {
    let rest = &text[range.end..];
    let rest = &rest[..rest.find("{{").unwrap_or(rest.len())];
    let (length, reason) = if &text[range.clone()] == "{{}}" {
        (0, "the braces hold no expression")
    } else if let Some(end) = rest.find("}}") {
        (end + 2, "the expression holds a closing brace")
    } else if let Some(end) = rest.find('}') {
        (end + 1, "the expression is closed by one brace instead of two")
    } else {
        let blanks = rest.len() - rest.trim_start().len();
        let word = rest[blanks..].find(|c: char| c.is_whitespace() || "\"'<>&/?,;".contains(c));
        (word.map_or(rest.len(), |end| blanks + end), "the expression is not closed")
    };
    let name = rest[..length].trim_matches(['{', '}']).trim();
    let help = if is_variable(name, place.operation) {
        format!("write `{{{{{name}}}}}`")
    } else {
        "write `{{name}}`, with two braces on either side".to_owned()
    };
    Problem::new(
        Code::LiteralBraces,
        place.pointer,
        format!("{reason}, so its braces are sent as they stand"),
    )
    .part(place.part(range.start..range.end + length))
    .help(help)
}

/// `{name}` and `${name}` where `name` is a variable: as a whole text, after `$`, or in a URL. Elsewhere
/// braces belong to other languages, such as GraphQL.
fn single_braces(text: &str, literal: &Range<usize>, place: Place<'_>, problems: &mut Problems) {
    for (at, _) in text[literal.clone()].match_indices('{') {
        let open = literal.start + at;
        // No name has a brace in it: only the last brace before the closing one may begin an expression.
        let Some(length) = text[open + 1..literal.end].find(['{', '}']) else { return };
        if !text[open + 1 + length..].starts_with('}') {
            continue;
        }
        let (name, end) = (&text[open + 1..open + 1 + length], open + length + 2);
        // A part of a longer run of braces is judged as such.
        let in_a_run = text[..open].ends_with('{') || text[end..].starts_with('}');
        let start = if text[..open].ends_with('$') { open - 1 } else { open };
        let meant = start < open || text.trim() == &text[start..end] || place.pointer.ends_with("/url");
        if in_a_run || !meant || !is_variable(name, place.operation) || !problems.takes(Code::LiteralBraces) {
            continue;
        }
        problems.push(
            Problem::new(
                Code::LiteralBraces,
                place.pointer,
                "one brace on either side is no expression and is sent as it stands",
            )
            .part(place.part(start..end))
            .help(format!("write `{{{{{name}}}}}`")),
        );
    }
}

fn is_variable(name: &str, operation: OperationName) -> bool {
    let segments: Vec<&str> = name.split('.').collect();
    matches!(variables::resolve(operation.variables(), &segments), Resolution::Known(..))
}

/// What the block language says about a text; `locate` finds the place of its spans in the text.
pub(super) fn block(
    problem: TemplateProblem,
    source: &str,
    place: Place<'_>,
    locate: impl Fn(&Range<usize>) -> Range<usize>,
) -> Problem {
    let TemplateProblem { kind, message, help, span, .. } = problem;
    if kind == ProblemKind::Arguments
        && let Some((path, mended)) = bracketed(source, span.start)
    {
        return Problem::new(Code::TemplateSyntax, place.pointer, "dot paths have no brackets")
            .part(place.part(locate(&path)))
            .help(format!("write `{mended}`"));
    }
    let code = match kind {
        ProblemKind::UnknownHelper => Code::UnknownHelper,
        ProblemKind::Time => Code::LiteralTime,
        _ => Code::TemplateSyntax,
    };
    // Messages quote with `"`, as templates do; here a quote is a code span.
    let quoted = |text: &str| {
        if text.matches('"').count().is_multiple_of(2) { text.replace('"', "`") } else { text.to_owned() }
    };
    let (message, advice) = match message.split_once(": use ") {
        Some((message, advice)) => (quoted(message), Some(format!("use {advice}"))),
        None => (quoted(&message), None),
    };
    let help = help.map(|help| if help.starts_with("did you mean") { quoted(&help) } else { help });
    let help = help.or(advice).unwrap_or_else(|| {
        match kind {
            ProblemKind::TooComplex => "make it shorter, or let the CRM do a part of it",
            ProblemKind::Literal => "see the helper's description in the language reference",
            _ => "a block is written `{{#if a}}…{{else}}…{{/if}}`",
        }
        .to_owned()
    });
    Problem::new(code, place.pointer, message).part(place.part(locate(&span))).help(help)
}

/// A path like `a.b[0].c` in the tag that begins around an offset, and how it is written.
fn bracketed(source: &str, offset: usize) -> Option<(Range<usize>, String)> {
    let tag = source.get(offset..)?;
    let tag = &tag[..tag.find("}}").unwrap_or(tag.len())];
    let (at, _) = tag.match_indices('[').find(|(at, _)| tag[..*at].ends_with(char::is_alphanumeric))?;
    let separates = |c: char| c.is_whitespace() || "(){}=\"'".contains(c);
    let start = tag[..at].rfind(separates).map_or(0, |before| before + 1);
    let end = tag[at..].find(separates).map_or(tag.len(), |end| at + end);
    let mended = tag[start..end].replace('[', ".").replace(']', "");
    Some((offset + start..offset + end, mended))
}

/// Expressions within expressions, empty segments and brackets: keys that nothing has.
pub(super) fn malformed(expression: &str, inner: &Range<usize>, place: Place<'_>) -> Option<Problem> {
    let problem = |message: &str, help: String| {
        Problem::new(Code::DotPathSyntax, place.pointer, message.to_owned())
            .part(place.part(inner.clone()))
            .help(help)
    };
    if let Some(next) = expression.find("{{") {
        let name = expression[..next]
            .trim()
            .split(|c: char| c.is_whitespace() || ",;:\"'<>/".contains(c))
            .next()
            .unwrap_or_default();
        return Some(
            Problem::new(
                Code::UnknownVariable,
                place.pointer,
                "the expression is not closed before the next one begins; both render as nothing",
            )
            .part(place.part(inner.start..inner.start + name.len().max(1)))
            .label("`}}` is missing behind this")
            .help(if name.is_empty() {
                "close it with `}}`".to_owned()
            } else {
                format!("write `{{{{{name}}}}}`")
            }),
        );
    }
    if expression.split('.').any(str::is_empty) {
        let mended: Vec<&str> = expression.split('.').filter(|segment| !segment.is_empty()).collect();
        return Some(problem(
            "the path has an empty segment, which names nothing",
            format!("write `{}`", mended.join(".")),
        ));
    }
    if let Some((before, after)) = expression.split_once('[') {
        let index = after.split(']').next().unwrap_or_default();
        if index.parse::<usize>().is_ok() {
            let rest = after.split_once(']').map_or("", |(_, rest)| rest);
            return Some(problem(
                "dot paths have no brackets; this names nothing",
                format!("write `{before}.{index}{rest}`"),
            ));
        }
    }
    None
}

/// Says what an expression that names no variable was probably meant to be.
pub(super) fn not_a_variable(expression: &str, range: Range<usize>, place: Place<'_>) -> Problem {
    let (first, rest) = expression.split_once(char::is_whitespace).unwrap_or((expression, ""));
    let rest = rest.trim_start();
    if let Some((operator, help)) = OPERATORS.iter().find(|(operator, _)| rest.starts_with(operator)) {
        return Problem::new(
            Code::UnknownHelper,
            place.pointer,
            format!("there is no operator `{operator}`; the expression renders as nothing"),
        )
        .part(place.part(range))
        .help(or_default(first, operator, rest).unwrap_or_else(|| (*help).to_owned()));
    }
    if expression.starts_with(['"', '\'']) {
        return Problem::new(
            Code::UnknownVariable,
            place.pointer,
            "a text alone is no variable; the expression renders as nothing",
        )
        .part(place.part(range))
        .help(format!("write `{{{{default {expression}}}}}`"));
    }
    if let Some((value, filter)) = expression.split_once('|') {
        let (value, filter) = (value.trim(), filter.trim());
        let (name, arguments) = filter.split_once([' ', ':']).unwrap_or((filter, ""));
        let helper = near_helper(name).unwrap_or(name);
        let call = format!("{helper} {value} {}", arguments.trim());
        return Problem::new(
            Code::UnknownHelper,
            place.pointer,
            "there are no filters; the expression renders as nothing",
        )
        .part(place.part(range))
        .help(format!("a helper stands before its arguments: write `{{{{{}}}}}`", call.trim()));
    }
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    if let Some((word, arguments)) = expression.split_once('(').filter(|(word, _)| is_word(word.trim())) {
        let helper = near_helper(word.trim()).unwrap_or(word.trim());
        let arguments = arguments.trim_end().trim_end_matches(')').replace(',', " ");
        let call = std::iter::once(helper).chain(arguments.split_whitespace()).collect::<Vec<_>>().join(" ");
        return Problem::new(
            Code::UnknownHelper,
            place.pointer,
            "helpers are called without parentheses and commas; the expression renders as nothing",
        )
        .part(place.part(range))
        .help(format!("write `{{{{{call}}}}}`"));
    }
    if !rest.is_empty() && is_word(first) {
        let end = range.start + first.len();
        let problem = Problem::new(
            Code::UnknownHelper,
            place.pointer,
            format!("there is no helper `{first}`; the expression renders as nothing"),
        )
        .part(place.part(range.start..end))
        .label("not a helper");
        return problem.help(match near_helper(first) {
            Some(helper) => format!("did you mean `{{{{{helper} {rest}}}}}`?"),
            None => format!("the helpers are {}", value_names().collect::<Vec<_>>().join(", ")),
        });
    }
    unknown::variable(expression, range, place)
}

/// Names of other tools' helpers, in small letters.
const OTHER_HELPERS: &[(&str, &str)] = &[
    ("upcase", "uppercase"),
    ("toupper", "uppercase"),
    ("downcase", "lowercase"),
    ("tolower", "lowercase"),
    ("concat", "words"),
    ("parsejson", "fromJson"),
    ("jsonparse", "fromJson"),
    ("regex", "match"),
    ("jsonpath", "select"),
    ("ifempty", "default"),
    ("encodeuricomponent", "urlencode"),
    ("encodeurl", "urlencode"),
    ("btoa", "base64"),
    ("stringify", "json"),
    ("moment", "date"),
    ("formatdate", "date"),
    ("substring", "truncate"),
    ("substr", "truncate"),
    ("slice", "truncate"),
    ("left", "truncate"),
    ("shorten", "truncate"),
    ("ellipsis", "truncate"),
    ("limit", "truncate"),
    ("cut", "truncate"),
];

/// The helper that was probably meant.
fn near_helper(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let other = OTHER_HELPERS.iter().find(|(word, _)| *word == lower).map(|(_, helper)| *helper);
    let within = || value_names().find(|helper| helper.len() > 3 && lower.contains(helper));
    other.or_else(|| nearest(name, value_names())).or_else(within)
}

/// `{{default …}}` with the values of `a || b`.
fn or_default(first: &str, operator: &str, rest: &str) -> Option<String> {
    let second = rest.strip_prefix(operator).filter(|_| matches!(operator, "||" | "??"))?.trim();
    let simple = !second.is_empty() && !second.contains(['|', '?', '(']);
    simple.then(|| format!("write `{{{{default {first} {second}}}}}`"))
}
