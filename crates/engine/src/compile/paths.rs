//! One mapping path: compiled, and checked for what can never find anything.

use super::super::mapping::field::Source;
use super::super::mapping::view::Reading;
use super::super::path::{Path, Step, is_json_path};
use super::super::template::reply::REPLY;
use super::field::{Compiler, SIGN_IN, Start, item_source};
use crate::config::diagnostic::Code;
use crate::config::problem::{Part, Problem};
use crate::config::suggest::nearest;

impl Compiler<'_> {
    /// A path over the reply where no template may stand.
    pub(super) fn reply_path(&mut self, text: &str, pointer: &str) -> Path {
        if let Some(at) = text.find("{{") {
            let inner: String = text.replace(['{', '}'], "");
            let problem =
                Problem::new(Code::DotPathSyntax, pointer, "this path is no template; it finds nothing")
                    .part(Part::Text(at..text.len()));
            self.problems.push(match inner.trim() {
                path if path.contains(char::is_whitespace) => {
                    problem.help("name one value, such as `body.error.code`")
                }
                path => problem.help(format!("write `{path}`")),
            });
            return Path::parse_dot_path(text);
        }
        match self.source(text, pointer, Start::Reply) {
            Source::Path(path) => path,
            _ => Path::parse_dot_path(text),
        }
    }

    /// Where a path's value comes from.
    pub(super) fn source(&mut self, text: &str, pointer: &str, start: Start) -> Source {
        let in_reply = start == Start::Reply;
        let path = match Path::parse(text) {
            Ok(path) => path,
            Err(error) if error.is_pattern => {
                let problem = Problem::new(Code::Pattern, pointer, format!("`{text}`: {}", error.message));
                self.problems.push(
                    problem
                        .help("write the pattern in quotes, such as `$.body.items[?search(@.name, '^A')]`"),
                );
                return Source::Path(Path::parse_dot_path(""));
            }
            Err(error) => {
                let offset = error.offset;
                let reason = if offset.is_some_and(|at| at >= text.len()) {
                    "it ends too early".to_owned()
                } else {
                    error.message
                };
                let assigns =
                    offset.is_some_and(|at| text.get(at..).is_some_and(|rest| rest.starts_with('=')));
                let problem = Problem::new(Code::JsonPathSyntax, pointer, format!("`{text}` is not a JSONPath query: {reason}"))
                    .help(if assigns {
                        "values are compared with `==`, such as `$.body.items[?@.primary == true].id`"
                    } else {
                        "JSONPath is written as in RFC 9535, such as `$.body.items[?@.primary == true].id`; without `$` it is a dot path"
                    });
                self.problems.push(match offset.map(|at| at.min(last_char(text))) {
                    Some(at) => problem.part(Part::Text(at..text.len())),
                    None => problem,
                });
                return Source::Path(Path::parse_dot_path(""));
            }
        };
        if is_json_path(text) {
            if in_reply && let Some(first) = first_name(text).filter(|first| !REPLY.contains(first)) {
                self.outside_reply(text, first, pointer);
            }
            return if in_reply { Source::Path(path) } else { item_source(path) };
        }
        let well_formed = self.check_dot_path(text, pointer, in_reply);
        if !in_reply {
            return item_source(path);
        }
        let first = text.split('.').next().unwrap_or_default();
        let sign_in = SIGN_IN.iter().find(|(name, _)| *name == first && self.operation.descriptor().signs_in);
        if let (Some((_, variable)), Path::Steps(steps)) = (sign_in, &path) {
            let below: Box<[Step]> = steps.iter().skip(1).cloned().collect();
            return Source::Reading(Reading::Input(*variable, below));
        }
        if well_formed && text != "$" && !REPLY.contains(&first) {
            self.outside_reply(text, first, pointer);
        }
        Source::Path(path)
    }

    fn outside_reply(&mut self, text: &str, first: &str, pointer: &str) {
        if !self.problems.takes(Code::PathRoot) {
            return;
        }
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
        if let Some(inner) = quoted(text) {
            let key = pointer.rsplit('/').next().and_then(|key| key.strip_suffix("Path")).unwrap_or("type");
            self.problems.push(
                Problem::new(Code::DotPathSyntax, pointer, "a path is no text in quotes; this finds nothing")
                    .help(format!("a value that is always the same is written `\"{key}\": \"{inner}\"`")),
            );
            return false;
        }
        let (message, range) = if let Some(at) = text.find('[') {
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

/// What stands in the quotes that a text is put in.
fn quoted(text: &str) -> Option<&str> {
    ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
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
