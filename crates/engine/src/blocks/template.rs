//! Compiling a template: parsing, checking, and preparing it for rendering.
//!
//! The parser is Handlebars'; the language is narrower. Every value is printed through
//! [`crate::text::to_text`], a plain name is always a variable (never a helper of the same name),
//! paths through lists, texts and missing values are null instead of errors, partials and
//! decorators do not exist, and an unknown helper is found here instead of at the first call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use handlebars::{Template, TemplateErrorReason};

use super::check::check;
use super::compiled::{CompiledTemplate, ThreeBraces};
use super::problem::{Places, ProblemKind, TemplateProblem, explain_syntax};
use crate::pattern;

/// The longest template in bytes. The parser finds each tag's line and column from the start of
/// the text, so that its time grows with the square of the length.
pub const MAX_SOURCE: usize = 64 * 1024;

/// Opening brackets and blocks up to which the parser, which recurses, fits any thread's stack.
const SHALLOW: usize = 48;

/// More opening brackets and blocks than any template needs.
const MAX_OPENINGS: usize = 4096;

/// Stack for one level of the parser's recursion; measured at 5 to 7 KiB in a debug build.
const STACK_PER_OPENING: usize = 32 * 1024;

/// Compiles a template.
///
/// # Errors
/// Every problem found: one if the syntax is broken, else all unknown helpers, wrong arguments and
/// so on, in the order of the text.
pub fn compile(source: &str) -> Result<CompiledTemplate, Vec<TemplateProblem>> {
    compile_with(source, ThreeBraces::Raw)
}

/// Compiles a template in which three braces mean what is said.
///
/// # Errors
/// As [`compile`].
pub fn compile_with(source: &str, braces: ThreeBraces) -> Result<CompiledTemplate, Vec<TemplateProblem>> {
    let Some((escaped, inserted)) = escaped(source) else { return compile_escaped(source, braces) };
    let back = |offset: usize| offset - inserted.partition_point(|at| *at < offset);
    match compile_escaped(&escaped, braces) {
        Ok(mut template) => {
            for variable in &mut template.variables {
                variable.offset = back(variable.offset);
            }
            Ok(template)
        }
        Err(problems) => Err(problems
            .into_iter()
            .map(|TemplateProblem { kind, message, help, span, .. }| {
                let span = back(span.start)..back(span.end);
                TemplateProblem { help, ..TemplateProblem::at(source, kind, span, message) }
            })
            .collect()),
    }
}

/// The template with every backslash in a quoted argument doubled that escapes nothing there: regular
/// expressions are full of them (`'[0-9]+\.\d'`). Also where in it the new ones stand; `None` if there are
/// none.
fn escaped(source: &str) -> Option<(String, Vec<usize>)> {
    let mut inserted = Vec::new();
    let mut escaped = String::new();
    let mut taken = 0;
    let (mut in_tag, mut quote) = (false, None);
    let mut at = source.find('\\').and_then(|_| source.find("{{"))?;
    while let Some(character) = source[at..].chars().next() {
        let rest = &source[at..];
        let mut length = character.len_utf8();
        match quote {
            None if !in_tag && rest.starts_with("{{") => {
                in_tag = !rest.trim_start_matches(['{', '~']).starts_with('!');
                length = 2;
            }
            None if in_tag && rest.starts_with("}}") => in_tag = false,
            None if in_tag && matches!(character, '"' | '\'') => quote = Some(character),
            Some(open) if character == open => quote = None,
            Some(open) if character == '\\' => {
                let next = rest[1..].chars().next();
                let is_escape = match next {
                    Some('u') => rest.len() > 5 && rest.as_bytes()[2..6].iter().all(u8::is_ascii_hexdigit),
                    Some(next) => next == open || matches!(next, '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't'),
                    None => false,
                };
                if is_escape {
                    length = 2;
                } else {
                    escaped.push_str(&source[taken..=at]);
                    inserted.push(escaped.len());
                    escaped.push('\\');
                    taken = at + 1;
                }
            }
            _ => {}
        }
        at += length;
    }
    escaped.push_str(&source[taken..]);
    (!inserted.is_empty()).then_some((escaped, inserted))
}

fn compile_escaped(source: &str, braces: ThreeBraces) -> Result<CompiledTemplate, Vec<TemplateProblem>> {
    let too_complex = |message: String| vec![TemplateProblem::whole(source, message)];
    if source.len() > MAX_SOURCE {
        let length = source.len();
        return Err(too_complex(format!("the template has {length} bytes, more than {MAX_SOURCE}")));
    }
    if let Some(start) = unclosed_comment(source) {
        return Err(vec![
            TemplateProblem::at(
                source,
                ProblemKind::Syntax,
                start..source.len(),
                "the comment is not closed".to_owned(),
            )
            .cut_to_tag(source)
            .with_help("write --}} behind it".to_owned()),
        ]);
    }
    let openings = openings(source);
    if openings <= SHALLOW {
        return compile_here(source, braces);
    }
    if openings > MAX_OPENINGS {
        return Err(too_complex(format!("the template has more than {MAX_OPENINGS} brackets and blocks")));
    }
    // Text with many brackets is legitimate, and how deep they nest only the parser can tell.
    let stack = (2 << 20) + openings * STACK_PER_OPENING;
    let allowance = pattern::allowance();
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .name("template".to_owned())
            .stack_size(stack)
            .spawn_scoped(scope, || pattern::with_allowance(allowance, || compile_here(source, braces)));
        match worker.map(thread::ScopedJoinHandle::join) {
            Ok(Ok((result, left))) => {
                pattern::set_allowance(left);
                result
            }
            _ => Err(too_complex("the template is too complex to be read".to_owned())),
        }
    })
}

/// Where a comment begins that has no end. The parser would look for the end of each of them through the rest of the
/// text.
fn unclosed_comment(source: &str) -> Option<usize> {
    let closed = ["--}}", "--~}}"].into_iter().filter_map(|end| Some(source.rfind(end)? + end.len())).max();
    let rest = closed.unwrap_or(0);
    let starts = ["{{!--", "{{~!--"].into_iter().filter_map(|start| source[rest..].find(start));
    starts.min().map(|at| rest + at)
}

/// An upper bound for how deep the parser recurses: it enters nothing before the first tag.
fn openings(source: &str) -> usize {
    let tags = source.find("{{").map_or("", |start| &source[start..]);
    let brackets = tags.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{'));
    brackets.count() - 2 * tags.matches("{{").count()
        + tags.matches("{{#").count()
        + tags.matches("{{~#").count()
}

fn compile_here(source: &str, braces: ThreeBraces) -> Result<CompiledTemplate, Vec<TemplateProblem>> {
    // The parser has been seen to panic on odd input (handlebars-rust issue 766).
    let parsed = catch_unwind(AssertUnwindSafe(|| Template::compile(source)));
    let error = match parsed {
        Ok(Ok(template)) => return check(source, template, braces),
        Ok(Err(error)) => error,
        Err(_) => {
            return Err(vec![TemplateProblem::whole(source, "the template cannot be read".to_owned())]);
        }
    };
    let position = error.pos().map(|(line, column)| Places::new(source).offset(line, column));
    Err(vec![match error.reason() {
        TemplateErrorReason::MismatchingClosedHelper(opened, closed)
        | TemplateErrorReason::MismatchingClosedDecorator(opened, closed) => TemplateProblem::at(
            source,
            ProblemKind::Syntax,
            position.unwrap_or(0)..source.len(),
            format!("the block \"{opened}\" is closed by \"{closed}\""),
        )
        .cut_to_tag(source)
        .with_help(format!("write {{{{/{opened}}}}} here")),
        TemplateErrorReason::InvalidParam(text) => {
            let start = source.find(text.as_str()).unwrap_or(0);
            TemplateProblem::at(
                source,
                ProblemKind::Syntax,
                start..start + text.len(),
                format!("{text} is not a value that JSON knows"),
            )
        }
        _ => explain_syntax(source, position.unwrap_or(0)),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::compiled::{MAX_DEPTH, VariablePath};
    use proptest::prelude::*;

    #[test]
    fn a_comment_without_an_end_is_told_and_the_rest_is_not_searched_for_it() {
        let many = "{{#if note}}".to_owned() + &"{{!-- {{x}}".repeat(5000);
        for source in ["{{#if note}}a{{/if}} {{!-- closed --}} {{!-- x", "{{note}}{{~!-- }}", many.as_str()] {
            assert_eq!(problems(source).len(), 1);
            assert!(problems(source)[0].contains("the comment is not closed"), "{:?}", problems(source));
        }
        assert!(compile("{{#if note}}{{!-- {{x}} --}}a{{/if}}").is_ok());
    }

    fn variables(source: &str) -> Vec<String> {
        let compiled = compile(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
        let text = |variable: &VariablePath| {
            let open = if variable.open { ".*" } else { "" };
            format!("{}{open}", variable.segments.join("."))
        };
        compiled.variables().iter().map(text).collect()
    }

    fn problems(source: &str) -> Vec<String> {
        let problems = compile(source).expect_err(source);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn variables_from_the_root() {
        for (source, expected) in [
            ("plain", vec![]),
            ("{{a}} {{ b.c }} {{{d.[e f]}}}", vec!["a", "b.c", "d.e f"]),
            ("{{default a.b c 5 \"x\" omit}}", vec!["a.b", "c"]),
            ("{{date t \"YYYY\" zone=user.zone}}", vec!["t", "user.zone"]),
            ("{{#if a}}{{b}}{{else if c}}{{d}}{{else}}{{e}}{{/if}}", vec!["a", "b", "c", "d", "e"]),
            (
                "{{#each a.list}}{{x}}{{this}}{{@index}}{{../y}}{{@root.z}}{{/each}}",
                vec!["a.list.*", "y", "z"],
            ),
            ("{{#each list as |item i|}}{{item.x}}{{i}}{{lookup ../m i}}{{/each}}", vec!["list.*", "m.*"]),
            (
                "{{#with a.b}}{{c}}{{this.d}}{{../e}}{{else}}{{f}}{{/with}}",
                vec!["a.b.*", "a.b.c", "a.b.d", "e", "f"],
            ),
            ("{{#with a as |x|}}{{x.y}}{{/with}}", vec!["a.*", "a.y"]),
            ("{{#with a}}{{#each b}}{{../c}}{{../../d}}{{/each}}{{/with}}", vec!["a.*", "a.b.*", "a.c", "d"]),
            ("{{#each (split s \",\")}}{{x}}{{/each}}", vec!["s"]),
            ("{{json $}}{{json $.a}}{{this.b}}{{./c}}", vec!["a", "b", "c"]),
            ("{{json (a.b)}}{{(c)}}", vec!["a.b", "c"]),
        ] {
            assert_eq!(variables(source), expected, "{source}");
        }
    }

    #[test]
    fn variables_know_their_place() {
        let source = "é {{aa}}\n{{#if  b.aa}}{{ a }}{{/if}}";
        let compiled = compile(source).unwrap();
        let texts: Vec<&str> = compiled
            .variables()
            .iter()
            .map(|variable| &source[variable.offset..variable.offset + variable.length])
            .collect();
        assert_eq!(texts, ["aa", "b.aa", "a"]);
        assert_eq!(compiled.variables()[2].offset, source.find("{{ a }}").unwrap() + 3);
    }

    #[test]
    fn problems_say_what_where_and_how_to_mend() {
        for (source, expected) in [
            ("a\n {{uper name}}", "2:4: there is no helper \"uper\" (did you mean \"uppercase\"?)"),
            ("{{json (lowcase a)}}", "1:9: there is no helper \"lowcase\" (did you mean \"lowercase\"?)"),
            ("{{xyzzy name}}", "1:3: there is no helper \"xyzzy\" (the helpers are default, json,"),
            (
                "{{#xyzzy a}}{{/xyzzy}}",
                "1:4: there is no block \"xyzzy\" (the blocks are if, unless, each, with)",
            ),
            (
                "{{#lowercase a}}{{/lowercase}}",
                "1:4: \"lowercase\" is not a block (write {{lowercase text}})",
            ),
            ("{{if a}}", "1:3: \"if\" is a block (write {{#if a […else…]}}…{{/if}})"),
            ("{{len a}}", "1:3: there is no helper \"len\""),
            ("{{log \"x\"}}", "1:3: there is no helper \"log\""),
            (
                "{{replace a \"b\"}}",
                "1:3: \"replace\" takes 3 arguments, not 2 (write {{replace text from to}})",
            ),
            ("{{json a b}}", "1:3: \"json\" takes 1 argument, not 2"),
            ("{{#if a b}}{{/if}}", "1:4: \"if\" takes 1 argument, not 2"),
            ("{{#if}}{{/if}}", "1:4: \"if\" takes 1 argument, not 0"),
            (
                "{{date a \"iso\" tz=\"UTC\"}}",
                "1:3: \"date\" has no option \"tz\" (write {{date time format [zone=",
            ),
            ("{{json a b=1}}", "1:3: \"json\" has no option \"b\""),
            ("{{date a \"yyyy\"}}", "1:11: \"yyyy\" at character 1 of the date format is not a token"),
            ("{{date a \"iso\" zone=\"Mars/X\"}}", "1:22: \"Mars/X\" is not a time zone"),
            ("{{phone a \"e.164\"}}", "1:12: \"e.164\" is not a phone format"),
            ("{{phone a \"e164\" region=\"Mars\"}}", "1:26: \"Mars\" is not a region"),
            ("{{> partial}}", "1:1: partials are not supported"),
            ("{{#*inline \"x\"}}{{/inline}}", "1:1: decorators are not supported"),
            ("Hello {{name", "1:7: \"{{\" is not closed by \"}}\""),
            ("{{#if a}}x", "1:1: the block \"if\" is not closed (add {{/if}})"),
            ("{{#if a}}x{{/each}}", "1:11: the block \"if\" is closed by \"each\" (write {{/if}} here)"),
            ("x {{/if}}", "1:3: \"{{/if}}\" closes a block that was not opened"),
            (
                "{{a[0].b}}",
                "1:1: \"{{a[0].b}}\" is not a path or a helper call (an element of a list is written a.0 or a.[0])",
            ),
            (
                "{{a.b || 'x'}}",
                "1:1: \"{{a.b || 'x'}}\" is not a path or a helper call (there are no operators: write {{default a b}}",
            ),
            (
                "{{a | upper}}",
                "1:1: \"{{a | upper}}\" is not a path or a helper call (there are no operators",
            ),
            ("{{}}", "1:1: \"{{}}\" is not a path or a helper call"),
            ("a {{a b c}", "1:3: \"{{\" is not closed by \"}}\""),
        ] {
            let found = problems(source);
            assert!(found[0].starts_with(expected), "{source}: {found:?}");
            assert_eq!(found.len(), 1, "{source}: {found:?}");
        }
        let all = problems("{{uper a}}{{#if (lowcase b)}}{{json}}{{json a b}}{{/if}}");
        assert_eq!(all.len(), 3, "{all:?}");
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{{{json {}a{}}}}}", "(json ".repeat(depth), ")".repeat(depth));
        assert!(compile(&nested(MAX_DEPTH - 2)).is_ok());
        assert!(problems(&nested(MAX_DEPTH))[0].contains("nested deeper than"));
        assert!(problems(&nested(4000))[0].contains("nested deeper than"));
        assert!(problems(&nested(5000))[0].contains("more than 4096"));
        let blocks = |depth: usize| format!("{}{}", "{{#if a}}".repeat(depth), "{{/if}}".repeat(depth));
        assert!(compile(&blocks(MAX_DEPTH - 2)).is_ok());
        assert!(problems(&blocks(1000))[0].contains("nested deeper than"));
        let chain = format!("{{{{#if a}}}}{}{{{{/if}}}}", "{{else if b}}".repeat(2000));
        assert!(problems(&chain)[0].contains("nested deeper than"));
        for opening in ["{{json [", "{{json (", "{{#if a}}", "{{{{a}}}}", "{{a [\"(", "{{json {\"a\":"] {
            let unclosed = opening.replacen("{{json ", "", 1).repeat(4000);
            assert!(compile(&format!("{{{{json {unclosed}")).is_err(), "{opening}");
        }
        assert!(compile(&"( [ ".repeat(MAX_SOURCE / 4)).is_ok());
        assert!(compile(&format!("{{{{a}}}} {}", "(see [1]) ".repeat(300))).is_ok());
        assert!(problems(&" ".repeat(MAX_SOURCE + 1))[0].contains("more than"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn any_text_is_handled(source in "\\PC{0,40}") {
            let _ = compile(&source);
        }

        #[test]
        fn any_template_like_text_is_handled(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "{{", "}}", "{{{", "}}}", "{{{{", "}}}}", "{{#", "{{/", "{{^", "{{~", "~}}", "{{!--", "--}}", "{{!",
                    "{{>", "{{#*", "{{#>", "{{else", "{{&", "if", "each", "with", "else", "as |x|", "as |x y|", "a", "b.c", "../", "@index",
                    "@root.", "this", ".", "[", "]", "(", ")", " ", "\"", "'", "\\", "x=", "1", "-1.5", "null", "omit",
                    "json ", "date ", "\n", "é", "$", "raw", "/if}}", "{{#if a}}", "{{/if}}", "{{else if b}}", "{{~else~}}",
                    "{\"a\":1}", "[1,2]", "1E5", "01", "\\{{",
                ]),
                0..14,
            )
        ) {
            let source = pieces.concat();
            match compile(&source) {
                Ok(compiled) => for variable in compiled.variables() {
                    prop_assert!(source.get(variable.offset..variable.offset + variable.length).is_some());
                },
                Err(problems) => {
                    prop_assert!(!problems.is_empty());
                    for problem in problems {
                        prop_assert!(source.get(problem.span.clone()).is_some(), "{:?}", problem);
                    }
                }
            }
        }
    }
}
