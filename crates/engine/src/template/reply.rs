//! Templates over a reply: what mappings make of several of its values, or of a part of one.
//!
//! The language is that of requests. What is read is not known in advance, so every name is accepted below
//! a list's item; below the reply there are `body`, `status` and `headers`.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Map, Value};

use super::MAX_TEXT;
use super::compile::{is_affordable, is_block_tag, is_call};
use super::explain;
use super::place::Place;
use super::scan::{Token, scan};
use crate::blocks::{self, CompiledTemplate, Context, OMITTED, RenderProblem, Rendered};
use crate::budget;
use crate::config::diagnostic::Code;
use crate::config::problem::{Problem, Problems};
use crate::config::suggest::nearest;
use crate::encode::Slot;
use crate::mapping::view::{PARENT, Reading, View};
use crate::missing::Demand;
use crate::path::Step;
use crate::text::to_text;
use crate::truthy::is_truthy;
use crate::value_ref::ValueRef;
use crate::variables::Variable;

/// What a template over a reply starts at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// At the reply, and at these variables of the request.
    Reply(&'static [(&'static str, Variable)]),
    /// At the item of a list.
    Item,
}

/// What the reply is made of.
pub(crate) const REPLY: &[&str] = &["body", "status", "headers"];

/// How the pieces of a text become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joining {
    /// As they stand: texts that people write.
    Verbatim,
    /// As a label: what separates a value that is missing goes with it.
    Label,
    /// As an id: one without all of its values would be another record's.
    Id,
}

/// A compiled template over a reply.
#[derive(Debug)]
pub(crate) struct ReplyTemplate {
    pieces: Box<[Piece]>,
    joining: Joining,
}

#[derive(Debug)]
enum Piece {
    Literal(Box<str>),
    Read(Reading),
    /// A call, whose value keeps its type.
    Call(Block),
    /// A whole text with blocks in it.
    Blocks(Block),
}

/// Keys from the root of a context.
type Keys = Box<[Box<str>]>;

#[derive(Debug)]
struct Block {
    template: CompiledTemplate,
    /// What it reads, each with its keys from the root; fewer keys first.
    reads: Box<[(Keys, Reading)]>,
    /// Whether it also reads the item or the reply as a whole.
    whole: bool,
}

impl ReplyTemplate {
    /// Compiles a text that stands at `place`.
    pub(crate) fn compile(
        text: &str,
        level: Level,
        joining: Joining,
        place: Place<'_>,
        problems: &mut Problems,
    ) -> Self {
        let compiler = Compiler { text, level, place };
        let mut found = problems.part();
        let pieces = compiler.pieces(&mut found);
        for problem in found.kept() {
            // What is said about requests, where braces are sent.
            problem.message = problem.message.replace(" are sent as they stand", " stay as they stand");
        }
        problems.append(found);
        Self { pieces, joining }
    }

    /// The text, where there is no expression in it.
    pub(crate) fn constant(&self) -> Option<String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => Some(&**text),
                _ => None,
            })
            .collect()
    }

    /// The path, where the text is one plain expression.
    pub(crate) fn is_plain_path(&self) -> bool {
        matches!(&*self.pieces, [Piece::Read(_)])
    }

    fn reads(&self) -> impl Iterator<Item = &Reading> {
        self.pieces.iter().flat_map(|piece| {
            let (one, many) = match piece {
                Piece::Literal(_) => (None, None),
                Piece::Read(reading) => (Some(reading), None),
                Piece::Call(block) | Piece::Blocks(block) => (None, Some(block.reads.iter())),
            };
            one.into_iter().chain(many.into_iter().flatten().map(|(_, reading)| reading))
        })
    }

    /// Whether anything of what it reads is there, or it reads nothing.
    pub(crate) fn finds(&self, view: &View<'_>) -> bool {
        let mut reads = self.reads().peekable();
        reads.peek().is_none() || reads.any(|reading| reading.find(view).is_some())
    }

    /// Whether anything of what it reads holds something.
    pub(crate) fn reads_something(&self, view: &View<'_>) -> bool {
        self.reads().any(|reading| reading.find(view).is_some_and(|found| is_truthy(&found)))
    }

    /// Whether the template reads what holds the item's list.
    pub(crate) fn reads_parent(&self) -> bool {
        self.reads().any(|reading| matches!(reading, Reading::Parent(_)))
    }

    /// The value; `None` if there is none.
    ///
    /// # Errors
    /// If a helper refuses what the CRM sent, or the text gets too long.
    pub(crate) fn value<'v>(&self, view: &View<'v>) -> Result<Option<ValueRef<'v>>, RenderProblem> {
        match &*self.pieces {
            [Piece::Read(reading)] => Ok(reading.find(view)),
            [Piece::Call(block)] => {
                let value = block.value(view)?.filter(|value| !value.is_null() || block.finds(view));
                Ok(value.map(ValueRef::owned))
            }
            [Piece::Blocks(block)] => {
                let text = match block.render(view)? {
                    Rendered::Omitted => return Ok(None),
                    Rendered::Text(text) => text,
                };
                let text = match self.joining {
                    Joining::Verbatim => text,
                    Joining::Label | Joining::Id => text.split_whitespace().collect::<Vec<_>>().join(" "),
                };
                Ok((!text.trim().is_empty()).then(|| ValueRef::owned(text)))
            }
            pieces => self.text(pieces, view),
        }
    }

    fn text<'v>(&self, pieces: &[Piece], view: &View<'v>) -> Result<Option<ValueRef<'v>>, RenderProblem> {
        let mut parts: Vec<(bool, Cow<'_, str>)> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            parts.push(match piece {
                Piece::Literal(text) => (false, Cow::Borrowed(text)),
                Piece::Read(reading) => (
                    true,
                    reading.find(view).map(|value| to_text(&value).into_owned()).unwrap_or_default().into(),
                ),
                Piece::Call(block) | Piece::Blocks(block) => (
                    true,
                    block.value(view)?.map(|value| to_text(&value).into_owned()).unwrap_or_default().into(),
                ),
            });
        }
        let length = parts.iter().map(|(_, text)| text.len()).sum::<usize>();
        budget::spend(budget::text(length))?;
        if length > MAX_TEXT {
            return Err(RenderProblem::TooLong { limit: MAX_TEXT });
        }
        let mut values = parts.iter().filter(|(is_value, _)| *is_value).peekable();
        let is_there = |(_, text): &&(bool, Cow<'_, str>)| !text.trim().is_empty();
        let lacks = match self.joining {
            Joining::Id => !values.all(|part| is_there(&part)),
            _ => values.peek().is_some() && !values.any(|part| is_there(&part)),
        };
        if lacks {
            return Ok(None);
        }
        Ok(Some(ValueRef::owned(match self.joining {
            Joining::Label => label(&parts),
            Joining::Verbatim | Joining::Id => parts.iter().map(|(_, text)| &**text).collect::<String>(),
        })))
    }
}

/// Joins the parts of a label: with a value that is missing goes what separates it from the one before, at
/// the beginning from the one behind, and brackets around nothing.
fn label(parts: &[(bool, Cow<'_, str>)]) -> String {
    let separates = |text: &str| !text.chars().any(char::is_alphanumeric);
    let mut label = String::new();
    let mut held = String::new();
    let mut behind_hole = false;
    for (is_value, text) in parts {
        match (is_value, text.trim()) {
            (true, "") => behind_hole = true,
            (true, value) => {
                label.push_str(&held);
                held.clear();
                label.push_str(value);
                behind_hole = false;
            }
            (false, _) if !std::mem::take(&mut behind_hole) => held.push_str(text),
            (false, _) => {
                let text = without_closing(&held, text);
                if !separates(&held) {
                    held.push_str(text.trim_start());
                } else if !label.is_empty() {
                    held = text.to_owned();
                } else if separates(text) {
                    held.clear();
                } else {
                    held.push_str(text.trim_start());
                }
            }
        }
    }
    if !(behind_hole && separates(&held)) {
        label.push_str(&held);
    }
    label.trim().to_owned()
}

/// What stands behind a missing value, without the bracket that was opened before it.
fn without_closing<'t>(before: &str, behind: &'t str) -> &'t str {
    let closing = match before.trim_end().chars().next_back() {
        Some('(') => ')',
        Some('[') => ']',
        Some('"') => '"',
        Some('\'') => '\'',
        _ => return behind,
    };
    behind.strip_prefix(closing).unwrap_or(behind)
}

impl Block {
    fn finds(&self, view: &View<'_>) -> bool {
        self.reads.is_empty() || self.reads.iter().any(|(_, reading)| reading.find(view).is_some())
    }

    fn render(&self, view: &View<'_>) -> Result<Rendered, RenderProblem> {
        blocks::render(&self.template, &self.context(view)?, Slot::Json, MAX_TEXT, Demand::Nothing)
    }

    /// The value of a call; `None` if it asked to be left out.
    fn value(&self, view: &View<'_>) -> Result<Option<Value>, RenderProblem> {
        Ok(match self.render(view)? {
            Rendered::Omitted => None,
            Rendered::Text(text) => match serde_json::from_str(&text) {
                Ok(Value::String(text)) if text == OMITTED => None,
                Ok(value) => Some(value),
                Err(_) => Some(text.into()),
            },
        })
    }

    /// What the template reads and nothing else: a reply may be large, and a list long.
    fn context(&self, view: &View<'_>) -> Result<Context, RenderProblem> {
        let mut root = match view.here {
            here if self.whole => {
                budget::spend(budget::weight(here))?;
                here.clone()
            }
            _ => Value::Object(Map::new()),
        };
        for (keys, reading) in &self.reads {
            if let Some(value) = reading.find(view) {
                budget::spend(budget::weight(&value))?;
                set(&mut root, keys, value);
            }
        }
        Ok(Context::from(root))
    }
}

/// Puts a value below keys, unless something is there already.
fn set(root: &mut Value, keys: &[Box<str>], value: ValueRef<'_>) {
    let mut at = root;
    for (index, key) in keys.iter().enumerate() {
        let Value::Object(members) = at else { return };
        if index + 1 == keys.len() {
            members.entry(&**key).or_insert_with(|| value.into_owned());
            return;
        }
        at = members.entry(&**key).or_insert_with(|| Value::Object(Map::new()));
    }
}

struct Compiler<'t> {
    text: &'t str,
    level: Level,
    place: Place<'t>,
}

impl Compiler<'_> {
    fn pieces(&self, problems: &mut Problems) -> Box<[Piece]> {
        let text = self.text;
        let tokens = scan(text, is_call);
        let has_blocks = tokens
            .iter()
            .any(|token| matches!(token, Token::Call { inner, .. } if is_block_tag(&text[inner.clone()])));
        if has_blocks {
            return match self.block(text, 0, 0, problems) {
                Some(block) => Box::new([Piece::Blocks(block)]),
                None => Box::new([]),
            };
        }
        explain::braces(text, &tokens, self.place, problems);
        let pieces = tokens.iter().map(|token| match token {
            Token::Path { inner, .. } => Piece::Read(self.reading(inner, problems)),
            Token::Call { inner, .. } => match self.call(inner, problems) {
                Some(block) => Piece::Call(block),
                None => Piece::Literal(Box::default()),
            },
            Token::Literal(range) | Token::Stray(range) => Piece::Literal(text[range.clone()].into()),
        });
        pieces.collect()
    }

    /// A call whose value comes back as JSON.
    fn call(&self, inner: &Range<usize>, problems: &mut Problems) -> Option<Block> {
        let call = &self.text[inner.clone()];
        let source = match call.trim() {
            "omit" => "{{omit}}".to_owned(),
            call => format!("{{{{{{json ({call})}}}}}}"),
        };
        let shift = source.find(call).unwrap_or(0);
        self.block(&source, inner.start, shift, problems)
    }

    fn block(&self, source: &str, at: usize, shift: usize, problems: &mut Problems) -> Option<Block> {
        let placed = |range: &Range<usize>| {
            let start = at + range.start.saturating_sub(shift);
            start..(at + range.end.saturating_sub(shift)).max(start)
        };
        if !is_affordable(source, self.place.pointer, problems) {
            return None;
        }
        let template = match blocks::compile(source) {
            Ok(template) => template,
            Err(found) => {
                problems.extend(
                    found.into_iter().map(|problem| explain::block(problem, source, self.place, placed)),
                );
                return None;
            }
        };
        let mut reads = Vec::new();
        for path in template.variables() {
            let keys: Vec<&str> = path.segments.iter().map(String::as_str).collect();
            let range = placed(&(path.offset..path.offset + path.length));
            let reading = self.reading_of(&keys, &range, problems);
            reads.push((path.segments.iter().map(|key| key.as_str().into()).collect(), reading));
        }
        reads.sort_by_key(|(keys, _): &(Box<[Box<str>]>, Reading)| keys.len());
        reads.dedup();
        let whole = ["this", "$", "@root"].iter().any(|name| source.contains(name));
        Some(Block { template, reads: reads.into(), whole })
    }

    /// What a plain expression reads.
    fn reading(&self, inner: &Range<usize>, problems: &mut Problems) -> Reading {
        let expression = &self.text[inner.clone()];
        let shown = expression;
        let expression = ["$", "this"].iter().find_map(|root| {
            let rest = expression.strip_prefix(root)?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
        });
        let expression = match expression {
            Some("") => return Reading::Here(Box::default()),
            rest => rest.unwrap_or(shown),
        };
        if let Some(problem) = explain::malformed(expression, inner, self.place) {
            problems.push(problem);
            return self.reading_of(&[expression], inner, &mut problems.part());
        }
        let Some(keys) = keys(expression) else {
            let problem = explain::not_a_variable(expression, inner.clone(), self.place).label("no helper");
            let is_name = expression.chars().all(|c| c.is_alphanumeric() || " _-.".contains(c));
            problems.push(
                match problem.help.clone().filter(|help| is_name && help.starts_with("the helpers")) {
                    Some(help) => problem.help(format!(
                        "a name with blanks in it is written `{{{{[{expression}]}}}}`; {help}"
                    )),
                    None => problem,
                },
            );
            return self.reading_of(&[expression], inner, &mut problems.part());
        };
        self.reading_of(&keys, inner, problems)
    }

    fn reading_of(&self, keys: &[&str], range: &Range<usize>, problems: &mut Problems) -> Reading {
        let steps = |keys: &[&str]| keys.iter().map(|key| Step::segment(key)).collect::<Box<[Step]>>();
        let first = keys.first().copied().unwrap_or_default();
        let inputs = match self.level {
            Level::Item if first == PARENT => return Reading::Parent(steps(keys)),
            // `status` is an item's own, and so is `body` as a whole: of the reply it would be a number, or
            // everything there is.
            Level::Item if matches!(first, "body" | "headers") && keys.len() > 1 => {
                return Reading::Reply(steps(keys));
            }
            Level::Item => return Reading::Here(steps(keys)),
            Level::Reply(inputs) => inputs,
        };
        if let Some((_, variable)) = inputs.iter().find(|(name, _)| *name == first) {
            return Reading::Input(*variable, steps(&keys[1..]));
        }
        if !REPLY.contains(&first) {
            let whole = keys.join(".");
            let help = match nearest(first, REPLY.iter().copied()) {
                Some(root) => format!("did you mean `{}`?", whole.replacen(first, root, 1)),
                None => format!("the reply's JSON is in `body`: write `{{{{body.{whole}}}}}`"),
            };
            problems.push(
                Problem::new(
                    Code::PathRoot,
                    self.place.pointer,
                    format!("`{whole}` never finds anything: the reply is `body`, `status` and `headers`"),
                )
                .part(self.place.part(range.clone()))
                .help(help),
            );
        }
        Reading::Here(steps(keys))
    }
}

/// The keys of an expression: `a.b`, or `a.[b c]` where a key holds more than a name. `None` if it is no
/// path.
fn keys(expression: &str) -> Option<Vec<&str>> {
    let mut keys = Vec::new();
    let mut rest = expression;
    loop {
        let (key, behind) = match rest.strip_prefix('[') {
            Some(inner) => {
                let (key, behind) = inner.split_once(']')?;
                (key, behind)
            }
            None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
        };
        if !rest.starts_with('[')
            && key.contains(|c: char| c.is_whitespace() || "|(){}[]<>=!&?+\"'".contains(c))
        {
            return None;
        }
        keys.push(key);
        match behind.strip_prefix('.') {
            Some(next) => rest = next,
            None if behind.is_empty() => return Some(keys),
            None => return None,
        }
    }
}
