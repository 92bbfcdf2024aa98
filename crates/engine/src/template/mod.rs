//! The templates of the language: compiled once, evaluated without side effects.
//!
//! A text that is one expression keeps the JSON type of its value; anything else becomes text. A
//! plain path is looked up directly; only calls and blocks go through Handlebars.

mod compile;
mod explain;
mod message;
mod missing;
mod place;
pub(super) mod reply;
mod scan;
mod unknown;
mod url_parts;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use serde_json::Value;

use super::blocks::{self, CompiledTemplate, RenderProblem, Rendered};
use super::budget;
use super::encode::Slot;
use super::host::{host_name, host_part};
use super::inputs::{Found, Inputs};
use super::missing::{Demand, Demands, is_nothing};
use super::path::Step;
use super::text_body::{self, Made};
use super::value_ref::ValueRef;
use super::variables::Variable;

pub use compile::{
    compile_leading, compile_member, compile_parameter, compile_raw, compile_text, compile_value, first_value,
};
pub use message::{MessageTemplate, message_context};
pub use place::Place;
pub use url_parts::{Segments, UrlParts, is_one_expression, split_url};

/// Upper bound of one rendered text, in bytes.
pub const MAX_TEXT: usize = 1024 * 1024;

/// A compiled text of a document where any JSON may stand.
#[derive(Debug)]
pub enum Template {
    /// No expression in it.
    Literal(Box<str>),
    /// One plain path: the value keeps its type.
    Typed(Reference),
    /// One call: the value keeps its type.
    TypedCall(Block),
    /// Text with expressions in it.
    Text(TextTemplate),
}

/// Text with expressions in it.
#[derive(Debug)]
pub struct TextTemplate {
    pieces: Box<[Piece]>,
    /// Whether a credential is among the values.
    pub secret: bool,
}

/// A piece of a text.
#[derive(Debug)]
enum Piece {
    Literal(Box<str>),
    Path { reference: Reference, raw: bool },
    Block(Block),
}

/// What a plain path refers to.
#[derive(Debug, Clone)]
pub enum Reference {
    /// A value at or below a variable.
    Variable(Variable, Box<[Step]>),
    /// `user`.
    User,
    /// `$`: all variables.
    Everything,
    /// No variable of the operation: never a value. Holds the expression, for messages.
    Nothing(Box<str>),
}

/// A part of a text that goes through Handlebars.
#[derive(Debug)]
pub struct Block {
    template: CompiledTemplate,
    wanted: Box<[Variable]>,
    secret: bool,
}

/// The variables of one run, prepared for evaluation.
pub struct Scope<'a> {
    inputs: &'a Inputs<'a>,
    wanted: &'a [Variable],
    context: OnceCell<blocks::Context>,
    buffer: Cell<String>,
    region: Option<&'a str>,
    demands: Demands,
    demand: Cell<Demand>,
}

impl<'a> Scope<'a> {
    /// `wanted` are the variables that blocks of the operation read.
    pub fn new(inputs: &'a Inputs<'a>, wanted: &'a [Variable]) -> Self {
        Self {
            inputs,
            wanted,
            context: OnceCell::new(),
            buffer: Cell::default(),
            region: None,
            demands: Demands::default(),
            demand: Cell::default(),
        }
    }

    /// The region of numbers without a country code, where the user's account names none.
    #[must_use]
    pub(super) fn in_region(mut self, region: Option<&'a str>) -> Self {
        self.region = region;
        self
    }

    /// What must be there in each part of the request.
    #[must_use]
    pub(super) fn demanding(mut self, demands: Demands) -> Self {
        self.demands = demands;
        self
    }

    /// From here on another part of the request is rendered.
    pub(super) fn enter(&self, part: impl FnOnce(Demands) -> Demand) {
        self.demand.set(part(self.demands));
    }

    /// Renders something that may be missing wherever it stands.
    pub(super) fn without_demand<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.demand.replace(Demand::Nothing);
        let outcome = work();
        self.demand.set(before);
        outcome
    }

    /// Lends an empty text to `work`; all texts of a body are put together in the same one.
    pub(super) fn with_buffer<T>(&self, work: impl FnOnce(&mut String) -> T) -> T {
        let mut buffer = self.buffer.take();
        buffer.clear();
        let outcome = work(&mut buffer);
        self.buffer.set(buffer);
        outcome
    }

    fn context(&self) -> &blocks::Context {
        self.context.get_or_init(|| blocks::Context::from(self.inputs.context(self.wanted, self.region)))
    }
}

/// A value that a template gave.
#[derive(Debug, PartialEq)]
pub(super) enum Output<'v> {
    /// Nothing: the member, parameter or header is left out.
    Missing,
    /// Text.
    Text(Cow<'v, str>),
    /// Any JSON.
    Json(ValueRef<'v>),
}

impl Template {
    /// Evaluates the template, keeping types.
    pub(super) fn evaluate<'v>(&'v self, scope: &'v Scope<'_>) -> Result<Output<'v>, RenderProblem> {
        Ok(match self {
            Self::Literal(text) => Output::Text(Cow::Borrowed(text)),
            Self::Typed(reference) => match reference.find(scope) {
                None => {
                    reference.refuse_missing(scope)?;
                    Output::Missing
                }
                Some(Found::Text(text)) => {
                    if scope.demand.get() != Demand::Nothing && text.trim().is_empty() {
                        reference.refuse_missing(scope)?;
                    }
                    Output::Text(Cow::Borrowed(text))
                }
                Some(Found::Json(value)) => {
                    if scope.demand.get() != Demand::Nothing && is_nothing(&value) {
                        reference.refuse_missing(scope)?;
                    }
                    Output::Json(value)
                }
            },
            Self::TypedCall(block) => {
                match blocks::render(
                    &block.template,
                    scope.context(),
                    Slot::Json,
                    MAX_TEXT,
                    scope.demand.get(),
                )? {
                    Rendered::Omitted => Output::Missing,
                    // A block none of whose branches applies.
                    Rendered::Text(text) if text.trim().is_empty() => Output::Missing,
                    Rendered::Text(text) => match serde_json::from_str(&text) {
                        // `omit` as an argument comes back as a text of its own.
                        Ok(Value::String(text)) if text == blocks::OMITTED => Output::Missing,
                        Ok::<Value, _>(value) => Output::Json(ValueRef::owned(value)),
                        Err(_) => Output::Text(Cow::Owned(text)),
                    },
                }
            }
            Self::Text(text) => {
                text.render(scope, Slot::Json)?.map_or(Output::Missing, |text| Output::Text(Cow::Owned(text)))
            }
        })
    }

    /// Whether a credential is among the values.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Typed(reference) => reference.is_secret(),
            Self::TypedCall(block) => block.secret,
            Self::Text(text) => text.secret,
        }
    }

    /// The variables that calls and blocks of the template read.
    pub fn wanted(&self) -> Vec<Variable> {
        match self {
            Self::Literal(_) | Self::Typed(_) => Vec::new(),
            Self::TypedCall(block) => block.wanted.to_vec(),
            Self::Text(text) => text.wanted(),
        }
    }

    /// The variables that the template reads at all, for `explain`.
    pub fn sources(&self) -> Vec<Variable> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Typed(reference) => reference.sources(),
            Self::TypedCall(block) => block.wanted.to_vec(),
            Self::Text(text) => text.sources(),
        }
    }
}

impl TextTemplate {
    /// Renders the text for a slot: every expression is encoded for it, literal text stays. `None`
    /// where the text asked to be left out.
    pub(super) fn render(&self, scope: &Scope<'_>, slot: Slot) -> Result<Option<String>, RenderProblem> {
        let mut text = String::new();
        Ok(self.render_into(scope, slot, &mut text)?.then_some(text))
    }

    /// Renders into an empty text. `false` where the text asked to be left out.
    pub(super) fn render_into(
        &self,
        scope: &Scope<'_>,
        slot: Slot,
        text: &mut String,
    ) -> Result<bool, RenderProblem> {
        for piece in &self.pieces {
            let before = text.len();
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Path { reference, .. } if slot == Slot::Marked => {
                    let value = match reference.find(scope) {
                        None => {
                            reference.refuse_missing(scope)?;
                            Value::Null
                        }
                        Some(Found::Text(text)) => text.into(),
                        Some(Found::Json(value)) => {
                            budget::spend(budget::weight(&value))?;
                            value.into_owned()
                        }
                    };
                    if scope.demand.get() != Demand::Nothing && is_nothing(&value) {
                        reference.refuse_missing(scope)?;
                    }
                    text_body::mark(Made::Value.letter(), &value, text);
                }
                Piece::Path { reference, raw } => match reference.find(scope) {
                    Some(found) => {
                        let value = found.to_text();
                        if scope.demand.get() != Demand::Nothing && value.trim().is_empty() {
                            reference.refuse_missing(scope)?;
                        }
                        if *raw { text.push_str(&value) } else { slot.encode(&value, text) }
                    }
                    None => reference.refuse_missing(scope)?,
                },
                Piece::Block(block) => {
                    let left = MAX_TEXT.saturating_sub(text.len());
                    match blocks::render(&block.template, scope.context(), slot, left, scope.demand.get())? {
                        Rendered::Omitted if self.pieces.len() == 1 => return Ok(false),
                        Rendered::Omitted => {}
                        Rendered::Text(rendered) => text.push_str(&rendered),
                    }
                }
            }
            if text.len() > MAX_TEXT {
                return Err(RenderProblem::TooLong { limit: MAX_TEXT });
            }
            budget::spend(budget::text(text.len() - before))?;
        }
        Ok(true)
    }

    /// Renders the beginning of a URL up to the end of its host: a value is the host that somebody means
    /// who types an address. `is_whole` says that one expression is the whole host.
    pub(super) fn render_host(&self, scope: &Scope<'_>, is_whole: bool) -> Result<String, RenderProblem> {
        let mut text = String::new();
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Path { reference, .. } => {
                    let behind = match self.pieces.get(at + 1) {
                        Some(Piece::Literal(literal)) => &**literal,
                        _ => "",
                    };
                    text.push_str(&host_part(&reference.text(scope)?, behind));
                }
                Piece::Block(_) => {
                    let rendered = self.render(scope, Slot::Json)?.unwrap_or_default();
                    return Ok(match rendered.split_once("://").filter(|_| is_whole) {
                        Some((scheme, host)) => format!("{scheme}://{}", host_name(host)),
                        None => rendered,
                    });
                }
            }
        }
        Ok(text)
    }

    /// The first value without which a credential must not be sent: a secret that is missing, or
    /// any value where none at all is there (Q52).
    pub(super) fn missing_credential(&self, scope: &Scope<'_>) -> Option<String> {
        let mut values = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(_) => {}
                Piece::Path { reference: Reference::Nothing(expression), .. } => {
                    return Some(expression.to_string());
                }
                Piece::Path { reference: Reference::Variable(variable, steps), .. } => {
                    values.push((*variable, &**steps));
                }
                Piece::Path { reference, .. } => {
                    values.extend(reference.sources().into_iter().map(|variable| (variable, &[] as &[Step])));
                }
                Piece::Block(block) => {
                    values.extend(block.wanted.iter().map(|variable| (*variable, &[] as &[Step])));
                }
            }
        }
        let missing = |(variable, steps): &(Variable, &[Step])| match scope.inputs.find(*variable, steps) {
            None => true,
            Some(found) => found.to_text().is_empty(),
        };
        let secret = values.iter().find(|value| value.0.is_secret() && missing(value));
        let all = values.first().filter(|_| values.iter().all(missing));
        secret.or(all).map(|(variable, steps)| {
            let steps = steps.iter().map(|step| format!(".{step}"));
            std::iter::once(variable.name().to_owned()).chain(steps).collect()
        })
    }

    /// A text without expressions.
    pub fn literal(text: &str) -> Self {
        Self { pieces: Box::new([Piece::Literal(text.into())]), secret: false }
    }

    pub(super) fn wanted(&self) -> Vec<Variable> {
        self.pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Block(block) => Some(block.wanted.to_vec()),
                _ => None,
            })
            .flatten()
            .collect()
    }

    pub(super) fn sources(&self) -> Vec<Variable> {
        let mut sources = self.wanted();
        for piece in &self.pieces {
            if let Piece::Path { reference, .. } = piece {
                sources.extend(reference.sources());
            }
        }
        sources
    }
}

/// A value that was put together for this one expression.
fn counted<'v>(value: Value) -> Option<Found<'v>> {
    budget::spend(budget::weight(&value)).ok()?;
    Some(Found::Json(ValueRef::owned(value)))
}

impl Reference {
    fn find<'v>(&'v self, scope: &'v Scope<'_>) -> Option<Found<'v>> {
        match self {
            Self::Variable(variable, steps) => scope.inputs.find(*variable, steps),
            Self::User => counted(scope.inputs.user()),
            Self::Everything => counted(scope.inputs.context(Variable::ALL, None)),
            Self::Nothing(_) => None,
        }
    }

    /// The value as text; empty if there is none.
    ///
    /// # Errors
    /// If there is none and one is demanded.
    pub(super) fn text(&self, scope: &Scope<'_>) -> Result<String, RenderProblem> {
        let text = self.find(scope).map(|found| found.to_text().into_owned()).unwrap_or_default();
        if text.trim().is_empty() {
            self.refuse_missing(scope)?;
        }
        Ok(text)
    }

    fn is_secret(&self) -> bool {
        match self {
            Self::Variable(variable, _) => variable.is_secret(),
            Self::User | Self::Everything => true,
            Self::Nothing(_) => false,
        }
    }

    pub(super) fn sources(&self) -> Vec<Variable> {
        match self {
            Self::Variable(variable, _) => vec![*variable],
            Self::User => {
                Variable::ALL.iter().copied().filter(|one| one.name().starts_with("user.")).collect()
            }
            Self::Everything => Variable::ALL.to_vec(),
            Self::Nothing(_) => Vec::new(),
        }
    }
}
