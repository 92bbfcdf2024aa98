//! Calls of which a part is spelt out in the template: patterns and paths. They are compiled with it, so
//! that a reply can neither choose them nor make them expensive.

use serde_json::Value;

use crate::path::{Listed, Path};
use crate::pattern::Pattern;
use crate::text::to_text;
use crate::value_ref::ValueRef;

/// A call with what its template spells out for it.
#[derive(Debug, Clone)]
pub(super) enum Prepared {
    Match { pattern: Pattern, group: usize },
    Select(Path),
    SelectAll(Path),
}

impl Prepared {
    /// Prepares a call of a helper with its second argument and its option `group`, where they are literals.
    ///
    /// # Errors
    /// If they are none, or wrong: the text that is, and why.
    pub(super) fn new(
        helper: &str,
        literal: Option<&Value>,
        group: Option<Option<&Value>>,
    ) -> Result<Self, (String, String)> {
        let Some(text) = literal.and_then(Value::as_str) else {
            let what = if helper == "match" { "pattern" } else { "path" };
            let message = format!(
                "the {what} of \"{helper}\" is a text in quotes: it is read when the document is loaded"
            );
            return Err((helper.to_owned(), message));
        };
        if helper != "match" {
            let path = Path::parse(text).map_err(|error| {
                (text.to_owned(), format!("\"{text}\" is not a JSONPath query: {}", error.message))
            })?;
            return Ok(if helper == "select" { Self::Select(path) } else { Self::SelectAll(path) });
        }
        // In a text in quotes `\b` is a backspace; in a pattern it is the edge of a word.
        let written = text.replace('\u{8}', "\\b");
        let pattern = Pattern::new(&written).map_err(|reason| {
            (text.to_owned(), format!("\"{text}\" is not a regular expression: {reason}"))
        })?;
        let groups = pattern.regex().captures_len();
        let group = match group {
            None => Some(usize::from(groups > 1)),
            Some(Some(Value::Number(number))) => number
                .as_u64()
                .and_then(|number| usize::try_from(number).ok())
                .filter(|number| *number < groups),
            Some(Some(Value::String(name))) => {
                pattern.regex().capture_names().position(|known| known == Some(name.as_str()))
            }
            Some(_) => None,
        };
        let group = group.ok_or_else(|| {
            (
                text.to_owned(),
                format!("\"{text}\" has no such group; it has {} besides all of it", groups - 1),
            )
        })?;
        Ok(Self::Match { pattern, group })
    }

    pub(super) fn run(&self, value: &Value) -> Value {
        match self {
            Self::Match { .. } if value.is_null() => Value::Null,
            Self::Match { pattern, group } => {
                let text = to_text(value);
                let found = pattern.captures(&text).ok().flatten().and_then(|captures| captures.get(*group));
                found.map(|found| found.as_str()).into()
            }
            Self::Select(path) => path.first(value).map(ValueRef::into_owned).unwrap_or_default(),
            Self::SelectAll(path) => match path.list(value) {
                Listed::Items(items) => items.into_iter().cloned().collect(),
                Listed::Missing => Value::Array(Vec::new()),
                Listed::Other(value) => Value::Array(vec![value.into_owned()]),
            },
        }
    }
}

/// The name under which a template's prepared call is registered. Internal: `=` cannot be part of a name.
pub(super) fn prepared_name(at: usize) -> String {
    format!("=call{at}")
}
