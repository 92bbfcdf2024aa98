//! One mapping path: compiled, and checked for what can never find anything.

use super::super::mapping::{MapPath, Source};
use super::super::path::{Path, is_json_path};
use super::super::problem::{Part, Problem};
use super::super::variables::Variable;
use super::mapping::Compiler;
use crate::config::diagnostic::Code;
use crate::config::operations::OperationName;
use crate::config::suggest::nearest;

/// What mapping paths can start at.
const REPLY: &[&str] = &["body", "status", "headers"];

/// What paths of `getUserInfo` can start at besides.
const SIGN_IN: &[(&str, Variable)] = &[
    ("additionalInfo", Variable::AdditionalInfo),
    ("apiKey", Variable::ApiKey),
    ("hostname", Variable::Hostname),
    ("platform", Variable::Platform),
];

impl Compiler<'_> {
    /// `in_reply`: the path starts at the reply, else at the item of a list.
    pub(super) fn compile(&mut self, text: &str, pointer: String, explicit: bool, in_reply: bool) -> MapPath {
        let path = match Path::parse(text) {
            Ok(path) => path,
            Err(error) => {
                let offset = error.offset;
                let reason = if offset.is_some_and(|at| at >= text.len()) {
                    "it ends too early".to_owned()
                } else {
                    error.message
                };
                let assigns =
                    offset.is_some_and(|at| text.get(at..).is_some_and(|rest| rest.starts_with('=')));
                let problem = Problem::new(Code::JsonPathSyntax, &pointer, format!("`{text}` is not a JSONPath query: {reason}"))
                    .help(if assigns {
                        "values are compared with `==`, such as `$.body.items[?@.primary == true].id`"
                    } else {
                        "JSONPath is written as in RFC 9535, such as `$.body.items[?@.primary == true].id`; without `$` it is a dot path"
                    });
                self.problems.push(match offset.map(|at| at.min(last_char(text))) {
                    Some(at) => problem.part(Part::Text(at..text.len())),
                    None => problem,
                });
                return MapPath {
                    text: text.into(),
                    source: Source::Reply,
                    path: Path::parse_dot_path(""),
                    explicit,
                };
            }
        };
        if is_json_path(text) {
            if in_reply && let Some(first) = first_name(text).filter(|first| !REPLY.contains(first)) {
                self.outside_reply(text, first, &pointer);
            }
            return MapPath { text: text.into(), source: Source::Reply, path, explicit };
        }
        let well_formed = self.check_dot_path(text, &pointer, in_reply);
        let first = text.split('.').next().unwrap_or_default();
        let sign_in = SIGN_IN
            .iter()
            .find(|(name, _)| in_reply && *name == first && self.operation == OperationName::GetUserInfo);
        if let Some((_, variable)) = sign_in {
            let path = Path::parse_dot_path(text.split_once('.').map_or("", |(_, rest)| rest));
            return MapPath { text: text.into(), source: Source::Input(*variable), path, explicit };
        }
        if in_reply && well_formed && text != "$" && !REPLY.contains(&first) {
            self.outside_reply(text, first, &pointer);
        }
        MapPath { text: text.into(), source: Source::Reply, path, explicit }
    }

    fn outside_reply(&mut self, text: &str, first: &str, pointer: &str) {
        let at = text.find(first).unwrap_or(0);
        let (before, after) = (&text[..at], &text[at + first.len()..]);
        // `response.body.id`, `data.headers.x`: what stands before is too much.
        let inner = text.match_indices('.').map(|(at, _)| &text[at + 1..]);
        let inner = inner.filter(|_| before.is_empty()).find(|rest| {
            REPLY.iter().any(|root| rest.strip_prefix(root).is_some_and(|rest| rest.starts_with('.')))
        });
        let help = match nearest(first, REPLY.iter().copied()) {
            _ if inner.is_some() => format!("write `{}`", inner.unwrap_or_default()),
            Some(root) => format!("did you mean `{before}{root}{after}`?"),
            None if is_json_path(text) => {
                format!("the reply's JSON is in `body`: write `$.body{}`", &text[1..])
            }
            None => format!("the reply's JSON is in `body`: write `body.{text}`"),
        };
        self.problems.push(
            Problem::new(
                Code::PathRoot,
                pointer,
                format!("`{text}` never finds anything: the reply is `body`, `status` and `headers`"),
            )
            .part(Part::Text(at..at + first.len()))
            .help(help),
        );
    }

    /// Whether a dot path is one; tells what it should be.
    fn check_dot_path(&mut self, text: &str, pointer: &str, in_reply: bool) -> bool {
        let mended: String = text.replace('[', ".").replace(['{', '}', ']', '"', '\''], "");
        let mended: Vec<&str> =
            mended.split('.').map(str::trim).filter(|segment| !segment.is_empty()).collect();
        let known = mended
            .first()
            .is_none_or(|first| REPLY.contains(first) || SIGN_IN.iter().any(|(name, _)| name == first));
        let mended = if in_reply && !known { format!("body.{}", mended.join(".")) } else { mended.join(".") };
        let (message, range) = if let Some(at) = text.find("{{") {
            ("paths are not templates; this finds nothing", at..text.len())
        } else if let Some(at) = text.find('[') {
            (
                "dot paths have no brackets; this finds nothing",
                at..text.find(']').map_or(text.len(), |end| end + 1).max(at + 1),
            )
        } else if text != "$" && text.split('.').any(str::is_empty) {
            ("the path has an empty segment; this finds nothing", 0..text.len())
        } else {
            return true;
        };
        let problem = Problem::new(Code::DotPathSyntax, pointer, message).part(Part::Text(range));
        self.problems.push(match mended.as_str() {
            "" => problem.help("write the keys that lead to the value, such as `body.data.id`"),
            mended => problem.help(format!("write `{mended}`")),
        });
        false
    }
}

/// The key that a JSONPath query begins with.
fn first_name(text: &str) -> Option<&str> {
    let rest =
        text.strip_prefix("$.").or_else(|| text.strip_prefix("$['")).or_else(|| text.strip_prefix("$[\""))?;
    let name = &rest[..rest.find(['.', '[', '\'', '"']).unwrap_or(rest.len())];
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then_some(name)
}

/// Where the last character begins.
fn last_char(text: &str) -> usize {
    text.char_indices().next_back().map_or(0, |(at, _)| at)
}
