//! One field of a mapping: its path, paths or template, compiled and checked.

use serde_json::Value;

use super::super::mapping::field::{Field, Made, Source};
use super::super::mapping::view::{PARENT, Reading};
use super::super::path::{Path, Step};
use super::super::template::Place;
use super::super::template::reply::{Joining, Level, ReplyTemplate};
use super::super::variables::Variable;
use crate::config::diagnostic::Code;
use crate::config::mapping::{KINDS, Paths};
use crate::config::operations::OperationName;
use crate::config::pointer;
use crate::config::problem::{Part, Problem, Problems};

/// Compiles the mapping of an operation.
pub struct Compiler<'p> {
    pub(crate) operation: OperationName,
    /// Pointer of the operation.
    pub(crate) root: &'p str,
    pub(crate) problems: &'p mut Problems,
}

/// Where paths start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the reply.
    Reply,
    /// At the item of a list.
    Item,
}

/// What a document writes for a field: a path, a template, or both, which is one too many.
#[derive(Debug, Clone, Copy)]
pub struct Written<'m> {
    path: Option<PathText<'m>>,
    template: Option<TemplateText<'m>>,
}

#[derive(Debug, Clone, Copy)]
enum PathText<'m> {
    Paths(&'m Paths),
    One(&'m str),
}

#[derive(Debug, Clone, Copy)]
enum TemplateText<'m> {
    Text(&'m str),
    Json(&'m Value),
}

impl<'m> Written<'m> {
    /// Nothing.
    pub(crate) const NONE: Self = Self { path: None, template: None };

    /// A single path and a template.
    pub(crate) fn texts(path: Option<&'m str>, template: Option<&'m str>) -> Self {
        Self {
            path: path.filter(|path| !path.is_empty()).map(PathText::One),
            template: template.filter(|text| !text.is_empty()).map(TemplateText::Text),
        }
    }

    /// The path of a list and a template.
    pub(crate) fn list(path: &'m Option<String>, template: &'m Option<String>) -> Self {
        Self::texts(path.as_deref(), template.as_deref())
    }

    /// Paths, and JSON with templates in it.
    pub(crate) fn json(paths: &'m Option<Paths>, value: Option<&'m Value>) -> Self {
        let template = value.filter(|value| !value.is_null() && value.as_str() != Some(""));
        Self { template: template.map(TemplateText::Json), ..written(paths, &None) }
    }
}

/// Paths and a template.
pub(crate) fn written<'m>(paths: &'m Option<Paths>, template: &'m Option<String>) -> Written<'m> {
    // The empty text is the default, as on the reference server.
    let paths = paths.as_ref().filter(|paths| paths.texts().next().is_some());
    Written { path: paths.map(PathText::Paths), ..Written::texts(None, template.as_deref()) }
}

/// Paths of a kind, and `type`, which documents also carry for editors.
pub(crate) fn kind<'m>(paths: &'m Option<Paths>, kind: &'m Option<String>) -> Written<'m> {
    let is_kind = kind.as_deref().is_some_and(|word| KINDS.contains(&word));
    written(paths, if is_kind { &None } else { kind })
}

/// Whether anything is written.
pub(crate) fn is_written(written: Written<'_>) -> bool {
    written.path.is_some() || written.template.is_some()
}

/// What paths of `getUserInfo` can start at besides the reply.
pub(super) const SIGN_IN: &[(&str, Variable)] = &[
    ("additionalInfo", Variable::AdditionalInfo),
    ("apiKey", Variable::ApiKey),
    ("hostname", Variable::Hostname),
    ("platform", Variable::Platform),
];

/// Fields that hold what people write: nothing is taken away from between their values.
const VERBATIM: &[&str] =
    &["subject", "note", "fullBody", "message", "description", "settings", "overridingApiKey"];

/// Fields that may be the same for all records.
const CONSTANT: &[&str] = &[
    "type",
    "contactType",
    "title",
    "company",
    "status",
    "message",
    "timezoneName",
    "timezoneOffset",
    "participantName",
    "licenseStatus",
    "licenseStatusDescription",
];

impl Compiler<'_> {
    /// A field with a default.
    pub(crate) fn field(
        &mut self,
        written: Written<'_>,
        key: &str,
        default: &str,
        at: &str,
        start: Start,
    ) -> Field {
        self.own(written, key, at, start).unwrap_or_else(|| Field {
            key: name(&format!("{at}/{key}Path")),
            text: default.into(),
            source: Source::Path(Path::parse_dot_path(default)),
            explicit: false,
        })
    }

    /// A field of the reply that is nothing where the document does not name it.
    pub(crate) fn optional(&mut self, written: Written<'_>, key: &str, at: &str) -> Option<Field> {
        self.own(written, key, at, Start::Reply)
    }

    fn own(&mut self, written: Written<'_>, key: &str, at: &str, start: Start) -> Option<Field> {
        let path = format!("{at}/{key}Path");
        let Some(template) = written.template else {
            return match written.path? {
                PathText::Paths(paths) => self.paths(paths, &path, start),
                PathText::One(text) => Some(self.path(text, &path, start)),
            };
        };
        let pointer = format!("{at}/{key}");
        if written.path.is_some() {
            self.both(&pointer, key, &format!("{key}Path"));
        }
        match template {
            TemplateText::Text(text) => Some(self.template(text, &pointer, start)),
            TemplateText::Json(value) => self.made(value, &pointer, start),
        }
    }

    /// Says that a field has two sources.
    pub(crate) fn both(&mut self, pointer: &str, key: &str, path: &str) {
        self.problems.push(
            Problem::new(
                Code::PathAndTemplate,
                pointer,
                format!("`{key}` and `{path}` both say where the same value comes from; `{key}` is used"),
            )
            .part(Part::Key)
            .help(match path.contains('.') {
                true => "remove one of them".to_owned(),
                false => format!(
                    "remove one of them; several places are written as a list: `\"{path}\": [\"first\", \"second\"]`"
                ),
            }),
        );
    }

    /// A path, or the first of several that finds something.
    pub(crate) fn paths(&mut self, paths: &Paths, pointer: &str, start: Start) -> Option<Field> {
        let Paths::Several(all) = paths else {
            return paths.texts().next().map(|text| self.path(text, pointer, start));
        };
        let fields: Vec<Field> = all
            .iter()
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
            .map(|(at, text)| self.path(text, &format!("{pointer}/{at}"), start))
            .collect();
        let text = fields.iter().map(|field| &*field.text).collect::<Vec<_>>().join(", ");
        let sources: Box<[Source]> = fields.into_iter().map(|field| field.source).collect();
        if sources.is_empty() {
            return None;
        }
        let source = Source::FirstOf(sources);
        Some(Field { key: name(pointer), text: text.into(), source, explicit: true })
    }

    fn path(&mut self, text: &str, pointer: &str, start: Start) -> Field {
        if text.contains("{{") {
            return self.template_in_path(text, pointer, start);
        }
        let source = self.source(text, pointer, start);
        Field { key: name(pointer), text: text.into(), source, explicit: true }
    }

    /// Braces in a path name nothing in any reply: what is meant is a template.
    fn template_in_path(&mut self, text: &str, pointer: &str, start: Start) -> Field {
        let field = self.template(text, pointer, start);
        let key = key_of(pointer);
        let problem = Problem::new(
            Code::TemplateInPath,
            pointer,
            format!("`{key}` holds a template and is read as one"),
        );
        let is_path = matches!(&field.source, Source::Template(template) if template.is_plain_path());
        self.problems.push(match key.strip_suffix("Path") {
            _ if is_path => {
                problem.help(format!("a path has no braces: write `{}`", text.trim_matches(['{', '}', ' '])))
            }
            Some(key) => {
                problem.help(format!("templates have a key of their own: write `\"{key}\": \"{text}\"`"))
            }
            None => problem.help("templates stand in `platformAdditionalInfo`"),
        });
        field
    }

    fn template(&mut self, text: &str, pointer: &str, start: Start) -> Field {
        let key = key_of(pointer);
        let template = self.compiled_template(text, pointer, start, joining(&key));
        if let Some(constant) = template.constant().filter(|constant| constant == text)
            && !may_be_constant(&key, &constant)
        {
            self.constant(&key, &constant, pointer);
        }
        let source = Source::Template(Box::new(template));
        Field { key: name(pointer), text: text.into(), source, explicit: true }
    }

    fn compiled_template(
        &mut self,
        text: &str,
        pointer: &str,
        start: Start,
        joining: Joining,
    ) -> ReplyTemplate {
        let level = match start {
            Start::Item => Level::Item,
            Start::Reply if self.operation.descriptor().signs_in => Level::Reply(SIGN_IN),
            Start::Reply => Level::Reply(&[]),
        };
        ReplyTemplate::compile(text, level, joining, Place::own(self.operation, pointer), self.problems)
    }

    fn constant(&mut self, key: &str, constant: &str, pointer: &str) {
        let path = constant.trim_matches(['{', '}', ' ']);
        self.problems.push(
            Problem::new(
                Code::ConstantField,
                pointer,
                format!("`{key}` would be `{constant}` for every record: a text without braces is no path"),
            )
            .help(match constant.matches('{').count() {
                0 | 1 => format!("write `\"{key}Path\": \"{path}\"`, or `\"{key}\": \"{{{{{path}}}}}\"`"),
                _ => format!("write double braces: `{}`", constant.replace('{', "{{").replace('}', "}}")),
            }),
        );
    }

    /// JSON with templates in it.
    pub(crate) fn made(&mut self, value: &Value, pointer: &str, start: Start) -> Option<Field> {
        if value.is_null() {
            return None;
        }
        let source = match value {
            Value::String(text) => {
                Source::Template(Box::new(self.compiled_template(text, pointer, start, Joining::Verbatim)))
            }
            value => Source::Made(Box::new(self.part(value, pointer, start))),
        };
        let text = match value {
            Value::String(text) => text.as_str(),
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
            _ => "a constant",
        };
        Some(Field { key: name(pointer), text: text.into(), source, explicit: true })
    }

    fn part(&mut self, value: &Value, pointer: &str, start: Start) -> Made {
        match value {
            Value::String(text) => {
                Made::Template(self.compiled_template(text, pointer, start, Joining::Verbatim))
            }
            Value::Array(items) => Made::List(
                items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| self.part(item, &format!("{pointer}/{at}"), start))
                    .collect(),
            ),
            Value::Object(members) => Made::Object(
                members
                    .iter()
                    .map(|(key, member)| {
                        (key.as_str().into(), self.part(member, &pointer::join(pointer, key), start))
                    })
                    .collect(),
            ),
            other => Made::Literal(other.clone()),
        }
    }
}

/// The source of a path that may start at what holds the item's list.
pub(crate) fn item_source(path: Path) -> Source {
    match path {
        Path::Steps(steps) if matches!(steps.first(), Some(Step::Segment(first, _) | Step::Name(first)) if &**first == PARENT) => {
            Source::Reading(Reading::Parent(steps))
        }
        path => Source::Path(path),
    }
}

fn joining(key: &str) -> Joining {
    match key.strip_suffix("Path").unwrap_or(key) {
        "id" | "thirdPartyAppointmentId" | "contactId" => Joining::Id,
        key if VERBATIM.contains(&key) => Joining::Verbatim,
        _ => Joining::Label,
    }
}

/// Whether a text without expressions may be meant as the value itself.
fn may_be_constant(key: &str, text: &str) -> bool {
    // A word for a kind may be anything; else a text like a path is one.
    let is_kind = matches!(key, "type" | "contactType");
    let looks_like_path = text.contains('{')
        || text.starts_with('$')
        || (!text.contains(char::is_whitespace) && (text.contains('.') || (!is_kind && text.contains('_'))))
        || (text == key && !is_kind);
    CONSTANT.contains(&key) && !looks_like_path
}

/// The last key of a pointer that is no position.
fn key_of(at: &str) -> String {
    let keys = pointer::segments(at).filter(|key| key.parse::<usize>().is_err());
    keys.last().map(|key| key.into_owned()).unwrap_or_default()
}

/// How messages call a field: its keys below the mapping.
fn name(at: &str) -> Box<str> {
    let below = at.split_once("/responseMapping/").map_or(at, |(_, below)| below);
    let keys: Vec<String> = pointer::segments(&format!("/{below}")).map(|key| key.into_owned()).collect();
    keys.join(".").into()
}
