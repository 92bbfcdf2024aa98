//! URLs: joined with the base, rendered part by part, checked before anything is sent.

use ::url::Url;

use super::encode::Slot;
use super::exchange::HostPolicy;
use super::host;
use super::render::error::RenderError;
use super::template::{Reference, Scope, TextTemplate};
use super::variables::Variable;

/// A compiled URL.
#[derive(Debug)]
pub(super) struct UrlTemplate {
    pub(super) head: Head,
    pub(super) path: TextTemplate,
    /// The query of the base URL.
    pub(super) base_query: Option<TextTemplate>,
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
    /// The path is the whole URL, scheme and host spelled out.
    None,
    /// The base URL, spelled out.
    Base(Box<str>),
    /// A base URL or an authority with expressions in it.
    Templated(TemplatedHead),
    /// The URL begins with an expression: an absolute URL, or the first segment below the base.
    Leading { reference: Reference, base: Option<Box<str>> },
}

/// The beginning of a URL whose host a template chooses.
#[derive(Debug)]
pub(super) struct TemplatedHead {
    /// Inserted as it is, up to the end of the host, or of an expression that is a whole URL.
    pub(super) start: TextTemplate,
    /// Whether `start` ends with the host.
    pub(super) is_authority: bool,
    /// Whether one expression is that whole host.
    pub(super) is_whole_host: bool,
    /// The path of a base URL behind it.
    pub(super) rest: TextTemplate,
    /// Dot segments that the document itself spells out in `rest`.
    pub(super) dot_segments: usize,
}

impl TemplatedHead {
    fn render(&self, scope: &Scope<'_>, allowed: &HostPolicy) -> Result<String, RenderError> {
        let mut text = if self.is_authority {
            let text = self.start.render_host(scope, self.is_whole_host)?;
            // Without a base URL the path itself may turn out to be a whole address.
            if !text.is_empty() {
                check_host(&text, allowed)?;
            }
            text
        } else {
            let text = self.start.render(scope, Slot::Json)?.unwrap_or_default();
            host::address(&text).into_owned()
        };
        let rest = self.rest.render(scope, Slot::PathSegment)?.unwrap_or_default();
        if dot_segments(&rest) > self.dot_segments {
            return Err(RenderError::dot_segment());
        }
        push_path(&rest, &mut text, !self.is_authority);
        Ok(text)
    }

    fn wanted(&self) -> impl Iterator<Item = Variable> {
        self.start.wanted().into_iter().chain(self.rest.wanted())
    }
}

/// Refuses what is no host name in the host's place.
fn check_host(text: &str, allowed: &HostPolicy) -> Result<(), RenderError> {
    let host = text.split_once("://").map_or(text, |(_, behind)| behind);
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#' | '\\' | '@');
    // A URL with an empty host is read as one whose host is the first segment of its path.
    if host.is_empty() || host.starts_with([':', '.']) || host.contains(is_odd) {
        return Err(RenderError::Host { example: host::example(allowed) });
    }
    Ok(())
}

/// Appends a path; what a value begins with and the path are joined with one slash.
fn push_path(path: &str, text: &mut String, begins_with_value: bool) {
    if begins_with_value && path.starts_with('/') {
        text.truncate(text.trim_end_matches('/').len());
    }
    text.push_str(path);
}

impl UrlTemplate {
    /// Renders the URL and appends the query parameters in `parameters`.
    pub(super) fn render(
        &self,
        scope: &Scope<'_>,
        parameters: &str,
    ) -> Result<(Url, HostPolicy), RenderError> {
        let mut policy = HostPolicy::Literal;
        scope.enter(|demands| demands.path);
        let (mut begins_with_value, mut is_below_base) = (false, true);
        let mut text = match &self.head {
            Head::None => String::new(),
            Head::Base(base) => base.to_string(),
            Head::Templated(head) => {
                policy = self.templated.clone();
                head.render(scope, &self.templated)?
            }
            Head::Leading { reference, base } => {
                let value = reference.text(scope)?;
                let value = value.trim();
                let is_absolute = value.starts_with("http://") || value.starts_with("https://");
                if is_absolute || base.is_none() {
                    policy = self.templated.clone();
                }
                if is_absolute || base.is_none() {
                    (begins_with_value, is_below_base) = (true, false);
                    host::address(value).into_owned()
                } else {
                    let mut joined = base.as_deref().unwrap_or_default().to_owned();
                    if value == "." || value == ".." {
                        return Err(RenderError::dot_segment());
                    }
                    Slot::PathSegment.encode(value, &mut joined);
                    joined
                }
            }
        };
        let path = self.path.render(scope, Slot::PathSegment)?.unwrap_or_default();
        if !self.raw && dot_segments(&path) > self.dot_segments {
            return Err(RenderError::dot_segment());
        }
        push_path(&path, &mut text, begins_with_value);
        scope.enter(|demands| demands.query);
        if let Some(query) = self.base_query.as_ref().filter(|_| is_below_base) {
            push_query(&query.render(scope, Slot::QueryValue)?.unwrap_or_default(), &mut text);
        }
        if let Some(query) = &self.query {
            push_query(&query.render(scope, Slot::QueryValue)?.unwrap_or_default(), &mut text);
        }
        push_query(parameters, &mut text);
        let url = check(&text).map_err(|error| match (&policy, error) {
            // Whoever typed the host reads this.
            (HostPolicy::Only(_), RenderError::Url(_)) => {
                RenderError::Host { example: host::example(&policy) }
            }
            (_, error) => error,
        })?;
        Ok((url, policy))
    }
}

/// Appends parameters, if there are any.
fn push_query(parameters: &str, text: &mut String) {
    if parameters.is_empty() {
        return;
    }
    if !text.contains('?') {
        text.push('?');
    } else if !text.ends_with('?') {
        text.push('&');
    }
    text.push_str(parameters);
}

impl UrlTemplate {
    /// The variables that calls and blocks read.
    pub(super) fn wanted(&self) -> Vec<Variable> {
        let head = match &self.head {
            Head::Templated(head) => Some(head.wanted()),
            _ => None,
        };
        let query = self.base_query.iter().chain(&self.query).flat_map(TextTemplate::wanted);
        head.into_iter().flatten().chain(self.path.wanted()).chain(query).collect()
    }
}

impl UrlTemplate {
    /// The variables that it is made from.
    pub(super) fn sources(&self) -> Vec<Variable> {
        let mut sources = match &self.head {
            Head::None | Head::Base(_) => Vec::new(),
            Head::Templated(head) => [head.start.sources(), head.rest.sources()].concat(),
            Head::Leading { reference, .. } => reference.sources(),
        };
        sources.extend(self.path.sources());
        sources.extend(self.base_query.iter().chain(&self.query).flat_map(TextTemplate::sources));
        sources
    }

    /// The variables that stand in the host's place.
    pub(super) fn host_sources(&self) -> Vec<Variable> {
        match &self.head {
            Head::Templated(head) if head.is_authority => head.start.sources(),
            _ => Vec::new(),
        }
    }

    /// Whether a template may choose the host.
    pub(super) fn may_choose_host(&self) -> bool {
        matches!(self.head, Head::Templated(_) | Head::Leading { .. })
    }

    /// The host, with its port where that is not the scheme's own, where a template chooses it.
    pub(super) fn chosen_host(&self, scope: &Scope<'_>) -> Option<String> {
        if !self.may_choose_host() {
            return None;
        }
        let (url, policy) = self.render(scope, "").ok()?;
        if policy == HostPolicy::Literal {
            return None;
        }
        let host = url.host_str()?;
        Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
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
    use crate::config::operations::OperationName;
    use crate::load::load;
    use crate::{chosen_host, inputs::Inputs, render};

    /// The URL of `findContact` for a phone number, and where it may lead.
    fn request(base: Option<&str>, url: &str, number: &str) -> Result<(String, HostPolicy), RenderError> {
        let document = json!({
            "requestDefaults": {"baseUrl": base, "allowedHosts": ["*.example.com"]},
            "auth": {"credentialTemplate": "{{apiKey}}"},
            "operations": {"findContact": {"url": url, "responseMapping": {"listPath": "body"}}},
        });
        let loaded = load("crm.json", &document.to_string(), &|_| None);
        let config = loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        let mut inputs = Inputs::new();
        inputs.text(Variable::ApiKey, "key").text(Variable::PhoneNumber, number);
        let operation = config.operation(OperationName::FIND_CONTACT).unwrap();
        let request = render(operation, &inputs)?;
        let chosen =
            (request.hosts != HostPolicy::Literal).then(|| request.url.host_str().map(str::to_owned));
        assert_eq!(chosen_host(operation, &inputs), chosen.flatten(), "{url}");
        Ok((request.url.to_string(), request.hosts))
    }

    fn rendered(url: &str, number: &str) -> Result<Url, RenderError> {
        request(Some("https://crm.example.com"), url, number).map(|(url, _)| url.parse().unwrap())
    }

    /// Whoever chooses the host chooses nothing else, and is bound to the allowed hosts.
    #[test]
    fn a_template_that_chooses_the_host_is_held_to_allowed_hosts() {
        let host = "{{phoneNumber}}";
        for (base, url, value, expected) in [
            (None, "https://{{phoneNumber}}/me", "a.example.com", Ok("https://a.example.com/me")),
            (None, "https://{{phoneNumber}}/me", "a.example.com#", Ok("https://a.example.com/me")),
            (
                None,
                "https://{{phoneNumber}}/me",
                " HTTP://A.example.com./x?y#z ",
                Ok("https://a.example.com/me"),
            ),
            (
                None,
                "https://{{lowercase phoneNumber}}/me",
                "https://a.example.com/x",
                Ok("https://a.example.com/me"),
            ),
            (None, "https://{{phoneNumber}}.example.com/me", "a", Ok("https://a.example.com/me")),
            (
                None,
                "https://{{phoneNumber}}.example.com/me",
                "https://a.example.com/x",
                Ok("https://a.example.com/me"),
            ),
            (
                None,
                "https://{{phoneNumber}}.example.com/me",
                "evil.test/",
                Ok("https://evil.test.example.com/me"),
            ),
            (
                None,
                "https://{{lowercase phoneNumber}}.example.com/me",
                "evil.test/",
                Err("only the host name"),
            ),
            (None, "https://{{phoneNumber}}/me", "", Err("`{{phoneNumber}}` in url gives nothing")),
            (None, "https://{{phoneNumber}}/me", "https:///evil.test", Err("only the host name")),
            (None, "https://{{phoneNumber}}/me", "u@a.example.com", Err("only the host name")),
            (None, "https://{{phoneNumber}}/me", "u:p@a.example.com", Err("only the host name")),
            (None, "https://{{phoneNumber}}/me", "a.example.com\\@evil.test", Err("only the host name")),
            (None, "https://{{phoneNumber}}/me", "a.example .com", Err("only the host name")),
            (None, "https://{{phoneNumber}}/me", "a\texample.com", Err("only the host name")),
            (None, "{{phoneNumber}}://evil.test/me", "https", Ok("https://evil.test/me")),
            (None, "{{#if phoneNumber}}https://evil.test{{/if}}/me", "1", Ok("https://evil.test/me")),
            (None, "HTTPS://{{phoneNumber}}/me", "evil.test", Ok("https://evil.test/me")),
            (None, host, "https://evil.test/me", Ok("https://evil.test/me")),
            (None, "{{phoneNumber}}/me", "https://evil.test/x?", Ok("https://evil.test/x/me")),
            (None, "{{phoneNumber}}/me", "https://evil.test/app/?y=1#z", Ok("https://evil.test/app/me")),
            (None, "{{phoneNumber}}/me", "a.example.com/app/", Ok("https://a.example.com/app/me")),
            (None, "{{phoneNumber}}/me", "https://u@evil.test/", Err("only the host name")),
            (Some("{{phoneNumber}}"), "/me", "https://a.example.com/x/", Ok("https://a.example.com/x/me")),
            (Some("{{phoneNumber}}"), "me", "https://a.example.com//", Ok("https://a.example.com/me")),
            (Some("{{{phoneNumber}}}"), "/me", "https://a.example.com/x/", Ok("https://a.example.com/x/me")),
            (
                Some("{{phoneNumber}}/v1?k=1"),
                "/me?l=2",
                "https://a.example.com/",
                Ok("https://a.example.com/v1/me?k=1&l=2"),
            ),
            (
                Some("https://{{phoneNumber}}/v1/?k=1"),
                "/me",
                "a.example.com",
                Ok("https://a.example.com/v1/me?k=1"),
            ),
            (Some("https://{{phoneNumber}}/v1"), "/me", "a.example.com", Ok("https://a.example.com/v1/me")),
            (Some("https://{{phoneNumber}}/v1"), "/me", "a.example.com/x", Ok("https://a.example.com/v1/me")),
            (
                Some("https://a.example.com/{{phoneNumber}}"),
                "/me",
                "a/b?c",
                Ok("https://a.example.com/a%2Fb%3Fc/me"),
            ),
            (Some("https://a.example.com/{{phoneNumber}}/v1"), "/me", "..", Err("lead to another path")),
            (
                Some("{{phoneNumber}}/v1"),
                "/me",
                "https://a.example.com/x",
                Ok("https://a.example.com/x/v1/me"),
            ),
        ] {
            let context = format!("{base:?} {url} {value}");
            match (request(base, url, value), expected) {
                (Ok((url, hosts)), Ok(expected)) => {
                    assert_eq!(url, expected, "{context}");
                    assert!(matches!(hosts, HostPolicy::Only(_)), "{context}");
                }
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{context}: {error}"),
                (found, _) => panic!("{context}: {found:?}"),
            }
        }
        let spelled_out = request(None, "https://crm.test/{{phoneNumber}}", "1").unwrap();
        assert_eq!(spelled_out, ("https://crm.test/1".to_owned(), HostPolicy::Literal));
    }

    #[test]
    fn a_base_is_joined_with_one_slash_and_keeps_its_query() {
        for (base, url, expected) in [
            ("https://crm.test/v1", "/me", "https://crm.test/v1/me"),
            ("https://crm.test/v1/", "/me", "https://crm.test/v1/me"),
            ("https://crm.test/v1/", "me", "https://crm.test/v1/me"),
            ("https://crm.test/v1", "", "https://crm.test/v1"),
            ("https://crm.test/app/#top", "/me", "https://crm.test/app/me"),
            ("https://crm.test/v1?k=1", "/me", "https://crm.test/v1/me?k=1"),
            ("https://crm.test/v1/?k=1#top", "/me?l={{phoneNumber}}", "https://crm.test/v1/me?k=1&l=7"),
            ("https://crm.test/v1?", "/me?", "https://crm.test/v1/me"),
            ("https://crm.test/v1", "/me?{{#if nothing}}l=2{{/if}}", "https://crm.test/v1/me"),
            ("https://crm.test/v1", "/{{phoneNumber}}?", "https://crm.test/v1/7"),
            ("https://crm.test/v1?k=1", "https://crm.test/me", "https://crm.test/me"),
        ] {
            assert_eq!(request(Some(base), url, "7").unwrap().0, expected, "{base} {url}");
        }
    }

    #[test]
    fn three_braces_in_the_query_leave_the_path_guarded() {
        assert_eq!(rendered("/a/{{phoneNumber}}/b?{{{phoneNumber}}}", ".."), Err(RenderError::DotSegment));
        assert_eq!(rendered("/a/{{{phoneNumber}}}/b", "..").unwrap().path(), "/b");
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
