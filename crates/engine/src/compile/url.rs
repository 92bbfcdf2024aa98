//! URLs: where they begin, which host they reach, and what is encoded in them.

use std::sync::Arc;

use ::url::Url;

use super::super::exchange::{HostPattern, HostPolicy};
use super::super::template::{
    Place, Segments, TextTemplate, compile_leading, compile_raw, compile_text, is_one_expression, split_url,
};
use super::super::url::{Head, TemplatedHead, UrlTemplate, dot_segments};
use super::Shared;
use crate::config::diagnostic::Code;
use crate::config::document::Document;
use crate::config::operations::OperationName;
use crate::config::problem::{Part, Problem, Problems};

const BASE_POINTER: &str = "/requestDefaults/baseUrl";

/// The document's base URL.
pub(super) struct Base<'a> {
    text: Option<&'a str>,
    /// Its query, and where that begins in the document's text.
    query: Option<(usize, &'a str)>,
    host: Option<String>,
    templated: bool,
    allowed_hosts: &'a Arc<[HostPattern]>,
}

impl<'a> Base<'a> {
    pub(super) fn compile(
        document: &'a Document,
        allowed_hosts: &'a Arc<[HostPattern]>,
        problems: &mut Problems,
    ) -> Self {
        let text = document
            .request_defaults
            .as_ref()
            .and_then(|defaults| defaults.base_url.as_deref())
            .map(|text| text.split('#').next().unwrap_or_default())
            .filter(|text| !text.is_empty());
        let query = text.and_then(|text| split_url(text).query.map(|range| (range.start, &text[range])));
        let text = text.map(|text| query.map_or(text, |(at, _)| &text[..at - 1]));
        let mut base = Self { text, query, host: None, templated: false, allowed_hosts };
        let Some(text) = text else {
            report_missing(document, problems);
            return base;
        };
        if text.contains("{{") {
            base.templated = !allowed_hosts.is_empty();
            if !base.templated {
                problems.push(
                    Problem::new(Code::TemplatedBaseUrl, BASE_POINTER, "`baseUrl` is not a template without `allowedHosts`; its braces are sent as they stand")
                        .part(Part::Text(expression(text)))
                        .help("name the hosts that it may become in `requestDefaults.allowedHosts`, such as `[\"*.example.com\"]`"),
                );
            }
            return base;
        }
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                check_plain_http(&url, BASE_POINTER, problems);
                check_credentials(text, &url, BASE_POINTER, problems);
                base.host = url.host_str().map(str::to_owned);
            }
            Ok(url) => problems.push(
                Problem::new(
                    Code::InvalidUrl,
                    BASE_POINTER,
                    format!("`{}:` cannot be requested", url.scheme()),
                )
                .part(Part::Text(0..url.scheme().len() + 1))
                .help("use `https://`, or `http://` for a host of your own machine"),
            ),
            Err(error) => problems.push(not_absolute("baseUrl", text, Some(error), BASE_POINTER)),
        }
        base
    }

    /// Compiles the URL of an operation.
    pub(super) fn url(
        &self,
        operation: OperationName,
        url: Option<&str>,
        shared: &Shared,
        problems: &mut Problems,
    ) -> UrlTemplate {
        let pointer = format!("/operations/{operation}/url");
        let url = url.unwrap_or_default();
        let parts = split_url(url);
        let place = |offset: usize| Place::own(operation, &pointer).from(offset);
        let mut template = match parts.head {
            Segments::Relative => self.relative(&url[parts.path.clone()], place(0), shared, problems),
            Segments::Literal => {
                self.check_absolute(url, &parts.authority, &pointer, problems);
                UrlTemplate::new(
                    Head::None,
                    compile_text(&url[parts.path.clone()], place(parts.path.start), problems),
                )
            }
            Segments::TemplatedAuthority => {
                self.check_templated(&pointer, Part::Text(parts.authority.clone()), problems);
                let start = compile_raw(&url[..parts.authority.end], place(0), problems);
                let path = parts.authority.end..parts.path.end;
                let is_whole = is_one_expression(&url[..parts.authority.end]);
                UrlTemplate::new(
                    Head::Templated(TemplatedHead::host(start, is_whole)),
                    compile_text(&url[path.clone()], place(path.start), problems),
                )
            }
            Segments::Leading => {
                let reference =
                    compile_leading(&url[parts.authority.clone()], place(parts.authority.start), problems);
                let base = self.text.filter(|_| !self.templated).map(|base| joined(base, "/").into());
                if base.is_none() || looks_like_host(&url[parts.authority.clone()]) {
                    self.check_templated(&pointer, Part::Text(parts.authority.clone()), problems);
                }
                let path = parts.authority.end..parts.path.end;
                UrlTemplate::new(
                    Head::Leading { reference, base },
                    compile_text(&url[path.clone()], place(path.start), problems),
                )
            }
        };
        let path = &url[parts.path.clone()];
        template.dot_segments = dot_segments(path.split("://").last().unwrap_or(path));
        template.raw = path.contains("{{{");
        template.query =
            parts.query.map(|range| compile_text(&url[range.clone()], place(range.start), problems));
        if matches!(parts.head, Segments::Relative | Segments::Leading) {
            template.base_query = self.base_query(operation, shared, problems);
        }
        template.templated = HostPolicy::Only(self.allowed_hosts.clone());
        template
    }

    fn relative(
        &self,
        path: &str,
        place: Place<'_>,
        shared: &Shared,
        problems: &mut Problems,
    ) -> UrlTemplate {
        let Some(base) = self.text else {
            // Fails each time, but for a path that turns out to be a whole URL: its host was not
            // spelled out.
            let head = TemplatedHead::host(TextTemplate::literal(""), false);
            return UrlTemplate::new(Head::Templated(head), compile_text(path, place, problems));
        };
        let rest = path.strip_prefix('/').unwrap_or(path);
        let prefix = if path.is_empty() { base.to_owned() } else { joined(base, "/") };
        let head = if self.templated {
            let base_place = Place { shared: shared.base(), ..Place::own(place.operation, BASE_POINTER) };
            let mut found = problems.part();
            let head = templated_base(&prefix, base_place, &mut found);
            problems.append_new(found);
            Head::Templated(head)
        } else {
            Head::Base(prefix.into())
        };
        UrlTemplate::new(head, compile_text(rest, place.from(usize::from(path.starts_with('/'))), problems))
    }

    /// The query of the base URL, which every URL below it has.
    fn base_query(
        &self,
        operation: OperationName,
        shared: &Shared,
        problems: &mut Problems,
    ) -> Option<TextTemplate> {
        let (at, query) = self.query.filter(|(_, query)| !query.is_empty())?;
        if !self.templated {
            return Some(TextTemplate::literal(query));
        }
        let place = Place { shared: shared.base(), ..Place::own(operation, BASE_POINTER) }.from(at);
        let mut found = problems.part();
        let template = compile_text(query, place, &mut found);
        problems.append_new(found);
        Some(template)
    }

    fn check_absolute(
        &self,
        url: &str,
        authority: &std::ops::Range<usize>,
        pointer: &str,
        problems: &mut Problems,
    ) {
        let start = &url[..authority.end];
        match Url::parse(start) {
            Err(error) => problems.push(
                Problem::new(Code::InvalidUrl, pointer, format!("the URL cannot be requested: {error}"))
                    .part(Part::Text(authority.clone()))
                    .help("write scheme, host and path, such as `https://api.example.com/contacts`"),
            ),
            Ok(url) => {
                check_plain_http(&url, pointer, problems);
                check_credentials(start, &url, pointer, problems);
                let same = self.host.as_deref().is_none_or(|host| url.host_str() == Some(host));
                let allowed = self.allowed_hosts.iter().any(|pattern| pattern.matches(&url));
                if !same
                    && !allowed
                    && let Some(host) = url.host_str()
                {
                    problems.push(
                        Problem::new(
                            Code::OtherHost,
                            pointer,
                            format!("the user's credential is sent to `{host}`, which is not the host of `baseUrl`"),
                        )
                        .part(Part::Text(authority.clone()))
                        .help(format!("if that is meant, add \"{host}\" to `requestDefaults.allowedHosts`")),
                    );
                }
            }
        }
    }

    fn check_templated(&self, pointer: &str, part: Part, problems: &mut Problems) {
        if self.allowed_hosts.is_empty() {
            problems.push(
                Problem::new(Code::TemplatedHost, pointer, "a template chooses the host, and no host is allowed: every request is refused")
                    .part(part)
                    .help("name the hosts that may be chosen in `requestDefaults.allowedHosts`, such as `[\"*.example.com\"]`"),
            );
        }
    }
}

/// A base URL with expressions in it, and a slash behind it.
fn templated_base(prefix: &str, place: Place<'_>, problems: &mut Problems) -> TemplatedHead {
    let parts = split_url(prefix);
    let end = match parts.head {
        // Begins with a block: what of it is host cannot be told.
        Segments::Relative => prefix.len(),
        _ => parts.authority.end,
    };
    TemplatedHead {
        start: compile_raw(&prefix[..end], place, problems),
        is_authority: matches!(parts.head, Segments::Literal | Segments::TemplatedAuthority),
        is_whole_host: is_one_expression(&prefix[..end]),
        rest: compile_text(&prefix[end..], place.from(end), problems),
        dot_segments: dot_segments(&prefix[end..]),
    }
}

/// One finding for all operations that need the base URL.
fn report_missing(document: &Document, problems: &mut Problems) {
    let shared = Shared::new(document);
    let (count, first) = match shared.base() {
        [] => return,
        [first, ..] => (shared.base().len(), first),
    };
    let users = if count == 1 {
        format!("`{first}` needs it")
    } else {
        format!("`{first}` and {} more need it", count - 1)
    };
    let defaults = document.request_defaults.as_ref();
    let (pointer, part) = match defaults.map(|defaults| defaults.base_url.is_some()) {
        Some(true) => (BASE_POINTER, Part::Value),
        Some(false) => ("/requestDefaults", Part::Key),
        None => ("", Part::Key),
    };
    let what = if part == Part::Value {
        "`requestDefaults.baseUrl` is empty"
    } else {
        "`requestDefaults.baseUrl` is missing"
    };
    problems.push(
        Problem::new(
            Code::MissingBaseUrl,
            pointer,
            format!("{what}, and {users}: a relative URL cannot be requested"),
        )
        .part(part)
        .help("write the start of the CRM's URLs, such as `https://api.example.com/v1`"),
    );
}

/// The first expression of a text.
fn expression(text: &str) -> std::ops::Range<usize> {
    let start = text.find("{{").unwrap_or(0);
    start..text[start..].find("}}").map_or(text.len(), |at| start + at + 2)
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

/// A URL of the document that should be absolute.
pub(super) fn not_absolute(
    name: &str,
    text: &str,
    error: Option<::url::ParseError>,
    pointer: &str,
) -> Problem {
    let reason = match error {
        Some(::url::ParseError::RelativeUrlWithoutBase) => "it does not begin with `https://`".to_owned(),
        Some(error) => error.to_string(),
        None => "it begins with neither `https://` nor `http://`".to_owned(),
    };
    let mended = format!("https://{text}");
    let is_host = text.contains('.') && !text.contains(['@', ' ']) && Url::parse(&mended).is_ok();
    Problem::new(Code::InvalidUrl, pointer, format!("`{name}` is not an absolute URL: {reason}")).help(
        if is_host {
            format!("write `{mended}`")
        } else {
            "write it with its scheme and host, such as `https://api.example.com/v1`".to_owned()
        },
    )
}

pub(super) fn check_plain_http(url: &Url, pointer: &str, problems: &mut Problems) {
    if url.scheme() == "http" && !is_local(url) {
        problems.push(
            Problem::new(
                Code::PlainHttp,
                pointer,
                format!(
                    "credentials and call data travel unencrypted to `{}`",
                    url.host_str().unwrap_or_default()
                ),
            )
            .part(Part::Text(0.."http://".len()))
            .help("write `https://`"),
        );
    }
}

pub(super) fn check_credentials(text: &str, url: &Url, pointer: &str, problems: &mut Problems) {
    if !url.username().is_empty() || url.password().is_some() {
        problems.push(
            Problem::new(Code::InvalidUrl, pointer, "the URL holds a user name or password")
                .part(Part::Text(user_info(text)))
                .help("use `auth.credentialTemplate`; credentials in URLs end up in logs"),
        );
    }
}

/// User name and password, with the `@` behind them.
fn user_info(text: &str) -> std::ops::Range<usize> {
    let start = text.find("://").map_or(0, |at| at + 3);
    let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |at| start + at);
    start..text[start..end].rfind('@').map_or(end, |at| start + at + 1)
}

/// Hosts of this machine and of test domains.
fn is_local(url: &Url) -> bool {
    super::super::redirect::is_local(url)
}

impl TemplatedHead {
    /// A host that a template chooses, with nothing behind it.
    pub(super) fn host(start: TextTemplate, is_whole_host: bool) -> Self {
        Self { start, is_authority: true, is_whole_host, rest: TextTemplate::literal(""), dot_segments: 0 }
    }
}

impl UrlTemplate {
    pub(super) fn new(head: Head, path: TextTemplate) -> Self {
        Self {
            head,
            path,
            base_query: None,
            query: None,
            dot_segments: 0,
            raw: false,
            templated: HostPolicy::Only(Arc::new([])),
        }
    }
}
