//! Rendering a compiled template: bounded output, and the mark that leaves a key out.

use std::io;

use handlebars::{Context, Handlebars, Output, RenderContext, RenderErrorReason, Renderable as _};

use super::compiled::CompiledTemplate;
use super::marks::OMITTED;
use super::prepared::prepared_name;
use super::run::PreparedHelper;
use crate::budget::{self, CALL, RENDER_STEPS};
use crate::missing::Missing;

/// What a template gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendered {
    /// The text.
    Text(String),
    /// `{{omit}}` was all there was: leave the key out.
    Omitted,
}

/// Why a template could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderProblem {
    /// More output than allowed.
    #[error("the rendered text is longer than {limit} bytes: send fewer or shorter values")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// More steps than allowed: loops within loops over long lists.
    #[error(
        "rendering took more than {limit} steps: nest fewer {{{{#each}}}} blocks or pass shorter lists and texts"
    )]
    TooManySteps {
        /// The limit in steps (values that are looked at, pieces of text, loop passes).
        limit: u64,
    },
    /// One of these bounds, and the place in the request where it was met.
    #[error("{problem} (in {place})")]
    In {
        /// Keys from the operation down: `createCallLog/body/note`.
        place: Box<str>,
        /// What was exceeded there.
        problem: Box<RenderProblem>,
    },
    /// A value without which the text would mean something else is missing.
    #[error("{0}")]
    Missing(Box<Missing>),
    /// A helper refused its arguments; the text never holds a value.
    #[error("{message} (line {line}, column {column} of the template)")]
    Helper {
        /// What the helper said.
        message: String,
        /// Line in the template, from 1.
        line: usize,
        /// Column of the tag in characters, from 1.
        column: usize,
    },
}

impl From<budget::Spent> for RenderProblem {
    fn from(_: budget::Spent) -> Self {
        Self::TooManySteps { limit: budget::limit() }
    }
}

impl RenderProblem {
    /// Says in which part of the request a bound was exceeded. Parts are added from the innermost outwards.
    #[must_use]
    pub fn below(self, part: &str) -> Self {
        match self {
            Self::In { place, problem } => Self::In { place: format!("{part}/{place}").into(), problem },
            Self::TooLong { .. } | Self::TooManySteps { .. } => {
                Self::In { place: part.into(), problem: Box::new(self) }
            }
            other => other,
        }
    }
}

/// Collects rendered text and refuses to grow beyond a limit.
///
/// Every loop pass writes at least once (an empty piece, see [`super::template`]), so that no pass is for
/// free.
#[derive(Debug)]
pub struct BoundedOutput {
    text: String,
    limit: usize,
    exceeded: Option<Exceeded>,
}

#[derive(Debug, Clone, Copy)]
enum Exceeded {
    Bytes,
    Steps,
}

impl BoundedOutput {
    /// An output of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { text: String::new(), limit, exceeded: None }
    }

    fn refuse(&mut self, exceeded: Exceeded) -> io::Error {
        self.exceeded = Some(exceeded);
        io::Error::other("limit exceeded")
    }
}

impl Output for BoundedOutput {
    fn write(&mut self, piece: &str) -> Result<(), io::Error> {
        if budget::spend(CALL + budget::text(piece.len())).is_err() {
            return Err(self.refuse(Exceeded::Steps));
        }
        if piece.len() > self.limit - self.text.len() {
            return Err(self.refuse(Exceeded::Bytes));
        }
        self.text.push_str(piece);
        Ok(())
    }
}

/// Renders a template to at most `limit` bytes. Pure; the context is only read.
///
/// `handlebars` must have the helpers of [`super::run::register`].
///
/// # Errors
/// If a limit is exceeded or a helper refuses its arguments.
pub fn render(
    handlebars: &Handlebars<'static>,
    template: &CompiledTemplate,
    context: &Context,
    limit: usize,
) -> Result<Rendered, RenderProblem> {
    budget::within(RENDER_STEPS, || render_counted(handlebars, template, context, limit))
}

fn render_counted(
    handlebars: &Handlebars<'static>,
    template: &CompiledTemplate,
    context: &Context,
    limit: usize,
) -> Result<Rendered, RenderProblem> {
    let mut output = BoundedOutput::new(limit);
    let mut rendering = RenderContext::new(None);
    for (at, prepared) in template.prepared.iter().enumerate() {
        rendering.register_local_helper(&prepared_name(at), Box::new(PreparedHelper(prepared)));
    }
    let outcome = template.as_handlebars().render(handlebars, context, &mut rendering, &mut output);
    if budget::is_spent() {
        return Err(budget::Spent.into());
    }
    match (outcome, output.exceeded) {
        (Ok(()), _) => Ok(settle(output.text)),
        (Err(_), Some(Exceeded::Bytes)) => Err(RenderProblem::TooLong { limit }),
        (Err(_), Some(Exceeded::Steps)) => Err(budget::Spent.into()),
        (Err(error), None) => Err(match missing(error.reason()) {
            Some(missing) => RenderProblem::Missing(Box::new(missing.clone())),
            None => RenderProblem::Helper {
                message: error.reason().to_string(),
                line: error.line_no.unwrap_or(1),
                column: error.column_no.unwrap_or(1),
            },
        }),
    }
}

fn missing(reason: &RenderErrorReason) -> Option<&Missing> {
    match reason {
        RenderErrorReason::NestedError(inner) => inner.downcast_ref(),
        _ => None,
    }
}

/// Tells whether the whole output is [`OMITTED`]; the mark amid other text counts as nothing.
fn settle(text: String) -> Rendered {
    if !text.contains(OMITTED) {
        return Rendered::Text(text);
    }
    let rest = text.replace(OMITTED, "");
    match rest.trim().is_empty() {
        true => Rendered::Omitted,
        false => Rendered::Text(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::{compile, run::register};
    use crate::encode::Slot;
    use serde_json::{Value, json};

    fn rendered(source: &str, input: Value, limit: usize) -> Result<Rendered, RenderProblem> {
        let mut handlebars = Handlebars::new();
        register(&mut handlebars, Slot::Json);
        let template = compile(source).unwrap();
        render(&handlebars, &template, &Context::from(input), limit)
    }

    fn text(source: &str, input: Value) -> String {
        match rendered(source, input, 10_000).unwrap() {
            Rendered::Text(text) => text,
            Rendered::Omitted => "(omitted)".to_owned(),
        }
    }

    #[test]
    fn values_print_as_the_reference_prints_them() {
        let input = json!({"s": "<b>&\"'", "n": 1.0, "t": true, "z": null, "o": {"k": "v"},
            "a": ["a", null, {"deep": "c"}], "d": {"with-dash": "d", "a b": "s"}});
        for (source, expected) in [
            ("[{{s}}|{{{s}}}|{{& s}}]", "[<b>&\"'|<b>&\"'|<b>&\"']"),
            ("{{n}} {{t}} [{{z}}] [{{nope.x.y}}]", "1 true [] []"),
            ("{{a}} {{o}}", "a,,[object Object] [object Object]"),
            ("{{a.0}} {{a.[2].deep}} {{a.2.deep}} {{a.9}}", "a c c "),
            ("{{a.length}} {{s.length}} {{s.0}} {{a.name}}", "3 6 < "),
            ("{{d.with-dash}} {{d.[a b]}}", "d s"),
            ("{{uppercase d.with-dash}}", "D"),
            ("{{json $.o}}{{json o}}{{json (lookup a 2)}}", "{\"k\":\"v\"}{\"k\":\"v\"}{\"deep\":\"c\"}"),
            ("\\{{s}}", "{{s}}"),
        ] {
            assert_eq!(text(source, input.clone()), expected, "{source}");
        }
    }

    /// A variable that shares its name with a helper is still a variable.
    #[test]
    fn variables_win_over_helpers_of_the_same_name() {
        let input = json!({"date": "D", "log": "L", "if": "I", "lookup": "K", "json": "J"});
        assert_eq!(text("{{date}}{{log}}{{if}}{{lookup}}{{json}}", input.clone()), "DLIKJ");
        assert_eq!(text("{{#if date}}{{date}}{{/if}}", input), "D");
    }

    #[test]
    fn blocks_keep_their_meaning() {
        let input = json!({"x": {"list": [{"n": 1}, {"n": 2}, [7]], "map": {"a": 1, "b": 2}}, "top": "T"});
        for (source, expected) in [
            (
                "{{#each x.list}}{{@index}}:{{n}}{{../top}}{{#unless @last}},{{/unless}}{{/each}}",
                "0:1T,1:2T,2:T",
            ),
            ("{{#each x.list as |item i|}}{{i}}={{item.n}}{{item.0}} {{/each}}", "0=1 1=2 2=7 "),
            ("{{#each x.map}}{{@key}}={{this}};{{/each}}", "a=1;b=2;"),
            ("{{#each x.none}}a{{else}}none{{/each}}", "none"),
            ("{{#each top}}a{{else}}none{{/each}}", "none"),
            ("{{#each x.list.name}}a{{else}}none{{/each}}", "none"),
            ("{{#with x.map}}{{a}}{{../top}}{{@root.top}}{{/with}}", "1TT"),
            (
                "{{#with x}}{{#each list}}{{#if n}}{{n}}{{../map.b}}{{../../top}}{{/if}}{{/each}}{{/with}}",
                "12T22T",
            ),
            ("{{#if x.no}}a{{else if top}}b{{else}}c{{/if}}", "b"),
            ("{{#each (split \"a-b\" \"-\")}}[{{this}}]{{/each}}", "[a][b]"),
            ("{{#if 0}}a{{else}}b{{/if}}{{#if 0 includeZero=true}}c{{/if}}", "bc"),
            ("a {{~#if top~}} b {{~/if~}} c", "abc"),
            ("{{!-- {{nothing}} --}}{{! x }}d", "d"),
        ] {
            assert_eq!(text(source, input.clone()), expected, "{source}");
        }
    }

    #[test]
    fn omit_leaves_the_key_out() {
        for (source, input, expected) in [
            ("{{omit}}", json!({}), "(omitted)"),
            (" {{#if x}}{{x}}{{else}}{{omit}}{{/if}}\n", json!({}), "(omitted)"),
            ("{{#if x}}{{x}}{{else}}{{omit}}{{/if}}", json!({"x": 1}), "1"),
            ("{{default x (omit)}}", json!({}), "(omitted)"),
            ("{{default x omit}}", json!({}), "(omitted)"),
            ("{{{json (default x omit)}}}", json!({}), "(omitted)"),
            ("{{omit}}{{omit}}", json!({}), "(omitted)"),
            ("a{{omit}}b", json!({}), "ab"),
            ("", json!({}), ""),
            ("{{x.omit}}{{this.omit}}", json!({"omit": "v"}), "v"),
        ] {
            assert_eq!(text(source, input), expected, "{source}");
        }
    }

    #[test]
    fn output_and_time_are_bounded() {
        let list: Vec<u32> = (0..200).collect();
        let input = json!({"list": list});
        assert_eq!(
            rendered("{{#each list}}0123456789{{/each}}", input.clone(), 1999),
            Err(RenderProblem::TooLong { limit: 1999 })
        );
        assert!(rendered("{{#each list}}0123456789{{/each}}", input.clone(), 2000).is_ok());
        let silent = "{{#each list}}{{#each @root.list}}{{#each @root.list}}{{#each @root.list}}{{/each}}{{/each}}{{/each}}{{/each}}";
        assert_eq!(
            rendered(silent, input.clone(), 2000),
            Err(RenderProblem::TooManySteps { limit: RENDER_STEPS })
        );
        // Each level would multiply the text by its own length.
        let doubling = (0..12).fold("list".to_owned(), |inner, _| {
            format!("(replace (join {inner} \"0123456789\") \"1\" \"1111111111\")")
        });
        let problem = rendered(&format!("{{{{json {doubling}}}}}"), input, 1 << 30).unwrap_err();
        assert!(problem.to_string().contains("longer than"), "{problem}");
    }

    #[test]
    fn a_helper_that_fails_says_where() {
        let input = json!({"words": "x".repeat(3_000_000)});
        let problem = rendered("a\n {{urlencode (replace words \"x\" \"é\")}}", input, 10).unwrap_err();
        assert!(matches!(problem, RenderProblem::Helper { line: 2, column: 2, .. }), "{problem:?}");
    }
}
