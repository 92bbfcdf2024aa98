//! URLs: joined with the base, rendered part by part, checked before anything is sent.

use ::url::Url;

use super::encode::Slot;
use super::exchange::HostPolicy;
use super::render::RenderError;
use super::template::{Reference, Scope, TextTemplate};
use super::variables::Variable;

/// A compiled URL.
#[derive(Debug)]
pub(super) struct UrlTemplate {
    pub(super) head: Head,
    pub(super) path: TextTemplate,
    pub(super) query: Option<TextTemplate>,
    /// Dot segments that the document itself spells out; values never add one.
    pub(super) dot_segments: usize,
    /// Whether the path holds `{{{raw}}}` text, which is the author's own responsibility.
    pub(super) raw: bool,
    /// Policy where a template chose the host.
    pub(super) templated: HostPolicy,
}

/// How a URL begins.
#[derive(Debug)]
pub(super) enum Head {
    /// The path is the whole URL, scheme and host spelled out, or nothing precedes it.
    None,
    /// The base URL, spelled out.
    Base(Box<str>),
    /// A base URL or an authority with expressions in it.
    Templated(TextTemplate),
    /// The URL begins with an expression: an absolute URL, or the first segment below the base.
    Leading { reference: Reference, base: Option<Box<str>> },
}

impl UrlTemplate {
    /// Renders the URL and appends the query parameters in `parameters`.
    pub(super) fn render(
        &self,
        scope: &Scope<'_>,
        parameters: &str,
    ) -> Result<(Url, HostPolicy), RenderError> {
        let mut policy = HostPolicy::Literal;
        let mut text = match &self.head {
            Head::None => String::new(),
            Head::Base(base) => base.to_string(),
            Head::Templated(template) => {
                policy = self.templated.clone();
                template.render(scope, Slot::Json)?.unwrap_or_default()
            }
            Head::Leading { reference, base } => {
                let value = reference.text(scope);
                if value.starts_with("http://") || value.starts_with("https://") {
                    policy = self.templated.clone();
                    value
                } else {
                    let mut joined = base.as_deref().unwrap_or_default().to_owned();
                    if value == "." || value == ".." {
                        return Err(RenderError::dot_segment());
                    }
                    Slot::PathSegment.encode(&value, &mut joined);
                    joined
                }
            }
        };
        let path = self.path.render(scope, Slot::PathSegment)?.unwrap_or_default();
        if !self.raw && dot_segments(&path) > self.dot_segments {
            return Err(RenderError::dot_segment());
        }
        text.push_str(&path);
        if let Some(query) = &self.query {
            text.push('?');
            text.push_str(&query.render(scope, Slot::QueryValue)?.unwrap_or_default());
        }
        if !parameters.is_empty() {
            text.push_str(if !text.contains('?') {
                "?"
            } else if text.ends_with('?') {
                ""
            } else {
                "&"
            });
            text.push_str(parameters);
        }
        Ok((check(&text)?, policy))
    }
}

impl UrlTemplate {
    /// The variables that calls and blocks read.
    pub(super) fn wanted(&self) -> Vec<Variable> {
        let head = match &self.head {
            Head::Templated(template) => template.wanted(),
            _ => Vec::new(),
        };
        let query = self.query.iter().flat_map(TextTemplate::wanted);
        head.into_iter().chain(self.path.wanted()).chain(query).collect()
    }
}

/// Parses a rendered URL: absolute, HTTP, without credentials of its own.
pub(super) fn check(text: &str) -> Result<Url, RenderError> {
    let url = Url::parse(text).map_err(|error| RenderError::url(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(RenderError::url("only http and https URLs can be requested"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RenderError::url("a user name or password stands in the URL"));
    }
    Ok(url)
}

/// Counts segments that a URL parser would resolve away, in any spelling.
pub(super) fn dot_segments(path: &str) -> usize {
    path.split(['/', '\\']).filter(|segment| is_dot_segment(segment)).count()
}

fn is_dot_segment(segment: &str) -> bool {
    match without_dot(segment) {
        Some(rest) => rest.is_empty() || without_dot(rest) == Some(""),
        None => false,
    }
}

fn without_dot(text: &str) -> Option<&str> {
    [".", "%2e", "%2E"].iter().find_map(|dot| text.strip_prefix(dot))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::config::load::load;
    use crate::config::operations::OperationName;
    use crate::engine::{inputs::Inputs, render};

    /// The URL of `findContact` for a phone number.
    fn rendered(url: &str, number: &str) -> Result<Url, RenderError> {
        let document = json!({
            "requestDefaults": {"baseUrl": "https://crm.example.com"},
            "auth": {"credentialTemplate": "{{apiKey}}"},
            "operations": {"findContact": {"url": url, "responseMapping": {"listPath": "body"}}},
        });
        let loaded = load("crm.json", &document.to_string(), &|_| None);
        let config = loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        let mut inputs = Inputs::new();
        inputs.text(Variable::ApiKey, "key").text(Variable::PhoneNumber, number);
        render(config.operation(OperationName::FindContact).unwrap(), &inputs).map(|request| request.url)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_value_changes_neither_route_nor_parameters(number in "(\\PC|[/?#&=%. \\\\]){1,10}") {
            for part in [
                "{{phoneNumber}}",
                "{{lowercase phoneNumber}}",
                "{{#if phoneNumber}}{{phoneNumber}}{{/if}}",
                "{{#with phoneNumber}}{{this}}{{/with}}",
                "{{urlencode phoneNumber}}",
            ] {
                let template = format!("/a/{part}/b?x=1&n={part}&y=2");
                // Nothing is sent for `.` and `..`.
                let Ok(url) = rendered(&template, &number) else { continue };
                let segments: Vec<&str> = url.path().split('/').collect();
                prop_assert_eq!((segments.len(), segments[1], segments[3]), (4, "a", "b"), "{}", url);
                let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
                prop_assert_eq!(names, ["x", "n", "y"], "{}", url);
                prop_assert_eq!(url.fragment(), None);
            }
        }
    }

    #[test]
    fn dot_segments_are_counted_in_any_spelling() {
        for (path, expected) in [
            ("/a/b", 0),
            ("/a/./b/../c", 2),
            ("..", 1),
            ("/%2e/%2E%2e/.%2E", 3),
            ("\\..\\a", 1),
            ("/.../..a/a../.a./%2e%2e%2e/%2f", 0),
            ("", 0),
        ] {
            assert_eq!(dot_segments(path), expected, "{path}");
        }
    }
}
