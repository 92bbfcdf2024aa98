//! Request bodies and query values: JSON with templates in it, written without building a tree.

use serde::Serialize;
use serde_json::Value;

use super::blocks::RenderProblem;
use super::encode::Slot;
use super::json;
use super::template::{Output, Scope, Template};
use super::variables::Variable;

/// The member that says that an object leaves itself out where all its templates give nothing. It is not
/// sent.
pub(super) const OPTIONAL: &str = "$optional";

/// The longest body of a request, in bytes: twice what this server reads of a reply.
pub(super) const MAX_BODY: usize = 16 * 1024 * 1024;

/// A compiled piece of JSON.
#[derive(Debug)]
pub(super) enum BodyTemplate {
    /// Nothing, whatever the values.
    Absent,
    /// No expression in it: bytes as they are sent.
    Literal(Box<[u8]>),
    /// An object: keys as they are sent, with quotes and colon.
    Object(Box<[(Box<[u8]>, BodyTemplate)]>),
    /// An object with `$optional`: left out where all its templates give nothing.
    Optional(Box<[(Box<[u8]>, BodyTemplate)]>),
    /// An array.
    Array(Box<[BodyTemplate]>),
    /// A text with expressions.
    Template(Template),
}

impl BodyTemplate {
    /// Compiles JSON; `compile` compiles one text, given its JSON pointer.
    pub(super) fn compile(
        value: &Value,
        pointer: &str,
        compile: &mut dyn FnMut(&str, &str) -> Template,
    ) -> Self {
        match value {
            Value::String(text) => match compile(text, pointer) {
                Template::Literal(text) => Self::Literal(json::to_vec(&*text).into()),
                template => Self::Template(template),
            },
            Value::Array(items) => {
                let items: Vec<Self> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| Self::compile(item, &format!("{pointer}/{at}"), compile))
                    .collect();
                Self::fold(&items, value).unwrap_or_else(|| Self::Array(items.into()))
            }
            Value::Object(members) => {
                let is_optional = members.get(OPTIONAL) == Some(&Value::Bool(true));
                let members: Vec<(Box<[u8]>, Self)> = members
                    .iter()
                    .filter(|(key, member)| !(*key == OPTIONAL && member.is_boolean()))
                    .map(|(key, member)| {
                        let mut bytes = json::to_vec(key);
                        bytes.push(b':');
                        let pointer = crate::config::pointer::join(pointer, key);
                        (bytes.into(), Self::compile(member, &pointer, compile))
                    })
                    .collect();
                let literal = members.iter().all(|(_, member)| member.is_literal());
                if literal && !value.get(OPTIONAL).is_some_and(Value::is_boolean) {
                    Self::Literal(json::to_vec(value).into())
                } else if is_optional {
                    Self::Optional(members.into())
                } else {
                    Self::Object(members.into())
                }
            }
            scalar => Self::Literal(json::to_vec(scalar).into()),
        }
    }

    fn fold(items: &[Self], value: &Value) -> Option<Self> {
        let literal = items.iter().all(|item| matches!(item, Self::Literal(_)));
        literal.then(|| Self::Literal(json::to_vec(value).into()))
    }

    /// Writes the JSON. `false` where nothing was written because the template yields nothing.
    pub(super) fn write(&self, scope: &Scope<'_>, out: &mut Vec<u8>) -> Result<bool, RenderProblem> {
        match self {
            Self::Absent => return Ok(false),
            Self::Literal(bytes) => out.extend_from_slice(bytes),
            Self::Object(members) => {
                write_members(members, scope, out)?;
            }
            // What may be left out as a whole may be missing in part.
            Self::Optional(members) => {
                return scope.without_demand(|| write_members(members, scope, out));
            }
            Self::Array(items) => {
                out.push(b'[');
                let mut first = true;
                for (at, item) in items.iter().enumerate() {
                    let before = out.len();
                    if !first {
                        out.push(b',');
                    }
                    if item.write(scope, out).map_err(|problem| problem.below(&at.to_string()))? {
                        first = false;
                    } else if matches!(item, Self::Template(Template::Typed(_))) {
                        // JavaScript writes a missing element as null (recordings 03, `structure`).
                        out.extend_from_slice(b"null");
                        first = false;
                    } else {
                        // `omit` leaves the item out.
                        out.truncate(before);
                    }
                }
                out.push(b']');
            }
            Self::Template(Template::Text(template)) => {
                return scope.with_buffer(|text| {
                    let present = template.render_into(scope, Slot::Json, text)?;
                    if present {
                        write_json(text.as_str(), out)?;
                    }
                    Ok(present)
                });
            }
            Self::Template(template) => match template.evaluate(scope)? {
                Output::Missing => return Ok(false),
                Output::Text(text) => write_json(&*text, out)?,
                Output::Json(value) => write_json(&*value, out)?,
            },
        }
        Ok(true)
    }

    fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }

    /// Renders to a tree, for the places that do not send JSON.
    pub(super) fn to_value(&self, scope: &Scope<'_>) -> Result<Option<Value>, RenderProblem> {
        let mut out = Vec::new();
        Ok(if self.write(scope, &mut out)? { serde_json::from_slice(&out).ok() } else { None })
    }

    /// Calls `visit` with every template.
    pub(super) fn templates<'t>(&'t self, visit: &mut dyn FnMut(&'t Template)) {
        match self {
            Self::Absent | Self::Literal(_) => {}
            Self::Object(members) | Self::Optional(members) => {
                members.iter().for_each(|(_, member)| member.templates(visit));
            }
            Self::Array(items) => items.iter().for_each(|item| item.templates(visit)),
            Self::Template(template) => visit(template),
        }
    }

    /// Calls `visit` with every template and the JSON pointer of its text; `value` is what this was
    /// compiled from, and stands at `at`.
    pub(super) fn visit(&self, value: &Value, at: String, visit: &mut dyn FnMut(String, &Template)) {
        match (self, value) {
            (Self::Object(templates), Value::Object(members)) => {
                for ((_, template), (key, member)) in templates.iter().zip(members) {
                    template.visit(member, crate::config::pointer::join(&at, key), visit);
                }
            }
            (Self::Array(templates), Value::Array(items)) => {
                for (index, (template, item)) in templates.iter().zip(items).enumerate() {
                    template.visit(item, format!("{at}/{index}"), visit);
                }
            }
            (Self::Template(template), _) => visit(at, template),
            _ => {}
        }
    }

    /// Whether a credential is among the values.
    pub(super) fn is_secret(&self) -> bool {
        let mut secret = false;
        self.templates(&mut |template| secret |= template.is_secret());
        secret
    }

    /// The variables that are read at all.
    pub(super) fn sources(&self) -> Vec<Variable> {
        let mut sources = Vec::new();
        self.templates(&mut |template| sources.extend(template.sources()));
        sources
    }

    /// The variables that calls and blocks read.
    pub(super) fn wanted(&self) -> Vec<Variable> {
        let mut wanted = Vec::new();
        self.templates(&mut |template| wanted.extend(template.wanted()));
        wanted
    }
}

fn write_json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), RenderProblem> {
    match json::write_at_most(value, out, MAX_BODY) {
        true => Ok(()),
        false => Err(RenderProblem::TooLong { limit: MAX_BODY }),
    }
}

/// Writes an object. `false` where it has templates and none of them gave anything; then only an object
/// that is not optional keeps what was written.
fn write_members(
    members: &[(Box<[u8]>, BodyTemplate)],
    scope: &Scope<'_>,
    out: &mut Vec<u8>,
) -> Result<bool, RenderProblem> {
    out.push(b'{');
    let (mut first, mut templates, mut given) = (true, 0, 0);
    for (key, member) in members {
        let before = out.len();
        if !first {
            out.push(b',');
        }
        out.extend_from_slice(key);
        let value = out.len();
        let is_written = member.write(scope, out).map_err(|problem| problem.below(&key_text(key)))?;
        if !member.is_literal() {
            templates += 1;
            given += usize::from(is_written && !is_nothing(&out[value..]));
        }
        if is_written {
            first = false;
        } else {
            out.truncate(before);
        }
    }
    out.push(b'}');
    Ok(templates == 0 || given > 0)
}

/// A key as documents write it.
fn key_text(key: &[u8]) -> String {
    serde_json::from_slice(key.strip_suffix(b":").unwrap_or(key)).unwrap_or_default()
}

/// Null, the empty text, and lists and objects of nothing.
fn is_nothing(json: &[u8]) -> bool {
    matches!(json, b"null" | b"\"\"" | b"[]" | b"{}")
}
