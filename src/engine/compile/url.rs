//! URLs: where they begin, which host they reach, and what is encoded in them.

use std::sync::Arc;

use ::url::Url;

use super::super::exchange::{HostPattern, HostPolicy};
use super::super::problem::{Part, Problem};
use super::super::template::{Place, Segments, compile_leading, compile_raw, compile_text, split_url};
use super::super::url::{Head, UrlTemplate, dot_segments};
use crate::config::diagnostic::Code;
use crate::config::document::Document;
use crate::config::operations::OperationName;

const BASE_POINTER: &str = "/requestDefaults/baseUrl";

/// The document's base URL.
pub(super) struct Base<'a> {
    text: Option<&'a str>,
    host: Option<String>,
    templated: bool,
    allowed_hosts: &'a Arc<[HostPattern]>,
}

impl<'a> Base<'a> {
    pub(super) fn compile(document: &'a Document, allowed_hosts: &'a Arc<[HostPattern]>, problems: &mut Vec<Problem>) -> Self {
        let text = document
            .request_defaults
            .as_ref()
            .and_then(|defaults| defaults.base_url.as_deref())
            .map(|text| text.split('#').next().unwrap_or_default())
            .filter(|text| !text.is_empty());
        let mut base = Self { text, host: None, templated: false, allowed_hosts };
        let Some(text) = text else { return base };
        if text.contains("{{") {
            base.templated = !allowed_hosts.is_empty();
            if !base.templated {
                problems.push(
                    Problem::new(Code::TemplatedBaseUrl, BASE_POINTER, "`baseUrl` holds braces, but is not a template without `allowedHosts`")
                        .help("name the hosts that it may become in `requestDefaults.allowedHosts`, such as `[\"*.example.com\"]`"),
                );
            }
            return base;
        }
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                check_plain_http(&url, BASE_POINTER, problems);
                check_credentials(&url, BASE_POINTER, problems);
                base.host = url.host_str().map(str::to_owned);
            }
            Ok(url) => problems.push(
                Problem::new(Code::InvalidUrl, BASE_POINTER, format!("`{}:` cannot be requested", url.scheme())).help("use http or https"),
            ),
            Err(error) => problems.push(
                Problem::new(Code::InvalidUrl, BASE_POINTER, format!("`baseUrl` is not an absolute URL: {error}"))
                    .help("write it with its scheme and host, such as `https://api.example.com/v1`"),
            ),
        }
        base
    }

    /// Compiles the URL of an operation.
    pub(super) fn url(&self, operation: OperationName, url: Option<&str>, problems: &mut Vec<Problem>) -> UrlTemplate {
        let pointer = format!("/operations/{operation}/url");
        let url = url.unwrap_or_default();
        let parts = split_url(url);
        let place = |offset: usize| Place { operation, pointer: &pointer, offset };
        let mut template = match parts.head {
            Segments::Relative => self.relative(operation, &url[parts.path.clone()], &pointer, problems),
            Segments::Literal => {
                self.check_absolute(url, &parts.authority, &pointer, problems);
                UrlTemplate::new(Head::None, compile_text(&url[parts.path.clone()], place(parts.path.start), problems))
            }
            Segments::TemplatedAuthority => {
                self.check_templated(&pointer, Part::Text(parts.authority.clone()), problems);
                let head = compile_raw(&url[..parts.authority.end], place(0), problems);
                let path = parts.authority.end..parts.path.end;
                UrlTemplate::new(Head::Templated(head), compile_text(&url[path.clone()], place(path.start), problems))
            }
            Segments::Leading => {
                let reference = compile_leading(&url[parts.authority.clone()], place(parts.authority.start), problems);
                let base = self.text.filter(|_| !self.templated).map(|base| joined(base, "/").into());
                if base.is_none() || looks_like_host(&url[parts.authority.clone()]) {
                    self.check_templated(&pointer, Part::Text(parts.authority.clone()), problems);
                }
                let path = parts.authority.end..parts.path.end;
                UrlTemplate::new(Head::Leading { reference, base }, compile_text(&url[path.clone()], place(path.start), problems))
            }
        };
        let path = &url[parts.path.clone()];
        template.dot_segments = dot_segments(path.split("://").last().unwrap_or(path));
        template.raw = url.contains("{{{");
        template.query = parts.query.map(|range| compile_text(&url[range.clone()], place(range.start), problems));
        template.templated = HostPolicy::Only(self.allowed_hosts.clone());
        template
    }

    fn relative(&self, operation: OperationName, path: &str, pointer: &str, problems: &mut Vec<Problem>) -> UrlTemplate {
        let Some(base) = self.text else {
            problems.push(
                Problem::new(Code::NoBaseUrl, pointer, format!("`{operation}` has a relative URL, and the document has no `baseUrl`"))
                    .help("set `requestDefaults.baseUrl`, or write an absolute URL here"),
            );
            return UrlTemplate::new(Head::None, compile_text(path, Place { operation, pointer, offset: 0 }, problems));
        };
        let place = Place { operation, pointer, offset: usize::from(path.starts_with('/')) };
        let rest = path.strip_prefix('/').unwrap_or(path);
        let prefix = if path.is_empty() { base.to_owned() } else { joined(base, "/") };
        let head = if self.templated {
            let base_place = Place { operation, pointer: BASE_POINTER, offset: 0 };
            let mut found = Vec::new();
            let head = compile_raw(&prefix, base_place, &mut found);
            found.retain(|problem| !problems.contains(problem));
            problems.extend(found);
            Head::Templated(head)
        } else {
            Head::Base(prefix.into())
        };
        UrlTemplate::new(head, compile_text(rest, place, problems))
    }

    fn check_absolute(&self, url: &str, authority: &std::ops::Range<usize>, pointer: &str, problems: &mut Vec<Problem>) {
        let start = &url[..authority.end];
        match Url::parse(start) {
            Err(error) => problems.push(
                Problem::new(Code::InvalidUrl, pointer, format!("the URL cannot be requested: {error}"))
                    .help("write scheme, host and path, such as `https://api.example.com/contacts`"),
            ),
            Ok(url) => {
                check_plain_http(&url, pointer, problems);
                check_credentials(&url, pointer, problems);
                let same = self.host.as_deref().is_none_or(|host| url.host_str() == Some(host));
                let allowed = self.allowed_hosts.iter().any(|pattern| pattern.matches(&url));
                if !same && !allowed && let Some(host) = url.host_str() {
                    problems.push(
                        Problem::new(
                            Code::OtherHost,
                            pointer,
                            format!("the URL names the host `{host}`, `baseUrl` another one; the user's credential goes along"),
                        )
                        .part(Part::Text(authority.clone()))
                        .help(format!("if that is meant, add \"{host}\" to `requestDefaults.allowedHosts`")),
                    );
                }
            }
        }
    }

    fn check_templated(&self, pointer: &str, part: Part, problems: &mut Vec<Problem>) {
        if self.allowed_hosts.is_empty() {
            problems.push(
                Problem::new(Code::TemplatedHost, pointer, "a template chooses the host, and no host is allowed: requests are refused")
                    .part(part)
                    .help("name the hosts that may be chosen in `requestDefaults.allowedHosts`, such as `[\"*.example.com\"]`"),
            );
        }
    }
}

/// `baseUrl` and path as the reference joins them: one slash of either is dropped (recordings 05).
fn joined(base: &str, separator: &str) -> String {
    format!("{}{separator}", base.strip_suffix('/').unwrap_or(base))
}

/// Whether the first expression of a URL probably names a host rather than a path segment.
fn looks_like_host(expression: &str) -> bool {
    let lower = expression.to_ascii_lowercase();
    ["url", "host", "base", "domain", "instance", "origin", "server"].iter().any(|word| lower.contains(word))
}

pub(super) fn check_plain_http(url: &Url, pointer: &str, problems: &mut Vec<Problem>) {
    if url.scheme() == "http" && !is_local(url) {
        problems.push(
            Problem::new(Code::PlainHttp, pointer, format!("`http://{}` sends credentials unencrypted", url.host_str().unwrap_or_default()))
                .help("use https"),
        );
    }
}

fn check_credentials(url: &Url, pointer: &str, problems: &mut Vec<Problem>) {
    if !url.username().is_empty() || url.password().is_some() {
        problems.push(
            Problem::new(Code::InvalidUrl, pointer, "the URL holds a user name or password")
                .help("use `auth.credentialTemplate`; credentials in URLs end up in logs"),
        );
    }
}

/// Hosts of this machine and of test domains.
fn is_local(url: &Url) -> bool {
    super::super::redirect::is_local(url)
}

impl UrlTemplate {
    fn new(head: Head, path: super::super::template::TextTemplate) -> Self {
        Self { head, path, query: None, dot_segments: 0, raw: false, templated: HostPolicy::Only(Arc::new([])) }
    }
}

