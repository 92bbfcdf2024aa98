//! Hosts that people type or paste: an address from a browser is taken for the host in it.

use std::borrow::Cow;

use ::url::Url;

use super::exchange::{HostPattern, HostPolicy};

/// The host, with its port where the URL names one: the only part of a URL that texts show.
pub(super) fn host_label(url: &Url) -> String {
    let host = url.host_str().unwrap_or("(no host)");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The host in what somebody typed where a host name belongs: without blanks around it, scheme, path,
/// query, fragment and the root's dot, in small letters. A port stays.
///
/// Nothing else is mended: user information, backslashes and blanks within are kept, and refused where
/// the URL is read.
pub fn host_name(typed: &str) -> Cow<'_, str> {
    let mut host = typed.trim();
    while let Some(rest) = without_scheme(host) {
        host = rest;
    }
    let host = host[..host.find(['/', '?', '#']).unwrap_or(host.len())].trim_end();
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, &host[name.len()..]),
        _ => (host, ""),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() + port.len() == typed.len() && !typed.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(typed);
    }
    Cow::Owned(format!("{}{port}", name.to_ascii_lowercase()))
}

/// The part of a host's name that stands before what the document writes: somebody may have typed both.
pub(super) fn host_part<'t>(typed: &'t str, behind: &str) -> Cow<'t, str> {
    let host = host_name(typed);
    let suffix = behind.split(['/', '?', '#', ':']).next().unwrap_or_default();
    if !suffix.starts_with('.') {
        return host;
    }
    match host.split(':').next().and_then(|name| name.strip_suffix(&suffix.to_ascii_lowercase())) {
        Some(part) => Cow::Owned(part.to_owned()),
        None => host,
    }
}

/// The same for a value that is the beginning of a whole address: it keeps its path, and has a scheme.
pub(super) fn address(typed: &str) -> Cow<'_, str> {
    let text = typed.trim();
    let text = &text[..text.find(['?', '#']).unwrap_or(text.len())];
    if text.contains("://") || !text.contains('.') || text.starts_with(['/', '.']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("https://{text}"))
}

fn without_scheme(text: &str) -> Option<&str> {
    let word = &text[..text.bytes().take_while(u8::is_ascii_alphabetic).count()];
    let is_web = word.eq_ignore_ascii_case("https") || word.eq_ignore_ascii_case("http");
    let rest = &text[word.len()..];
    let is_scheme = word.len() > 1 && !word.eq_ignore_ascii_case("localhost");
    // `https:/acme.example.com` and `https//acme.example.com` are typed by hand.
    let rest = rest
        .strip_prefix(':')
        .filter(|rest| is_scheme && rest.starts_with('/'))
        .or(rest.starts_with("//").then_some(rest).filter(|_| is_web))?;
    let rest = rest.strip_prefix("//").or_else(|| rest.strip_prefix('/')).unwrap_or(rest);
    Some(rest.trim_start())
}

/// A host name to show as an example: one that is allowed.
pub(super) fn example(allowed: &HostPolicy) -> String {
    let HostPolicy::Only(patterns) = allowed else { return "acme.example.com".to_owned() };
    match patterns.first() {
        Some(HostPattern::Below(domain)) => format!("acme.{domain}"),
        Some(HostPattern::Exact(host)) => host.clone(),
        None => "acme.example.com".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_means_a_host() {
        for typed in [
            "acme.example.com",
            "ACME.Example.com",
            "https://acme.example.com",
            "HTTPS://acme.example.com/",
            "https://https://acme.example.com",
            "http://acme.example.com/a/tickets?view=1#top",
            "acme.example.com/a",
            "acme.example.com?x=1",
            "acme.example.com#x",
            " \tacme.example.com\n",
            "acme.example.com.",
            "https:// acme.example.com. /",
            "https:/acme.example.com",
            "https//acme.example.com/x",
            "ftp://acme.example.com",
        ] {
            assert_eq!(host_name(typed), "acme.example.com", "{typed:?}");
        }
        for (typed, expected) in [
            ("acme.example.com.:8443/x", "acme.example.com:8443"),
            ("[::1]:80", "[::1]:80"),
            ("[::1]", "[::1]"),
            ("ada@acme.example.com", "ada@acme.example.com"),
            ("acme.example.com\\@evil.test", "acme.example.com\\@evil.test"),
            ("evil.test/@acme.example.com", "evil.test"),
            ("acme example.com", "acme example.com"),
            ("javascript:alert(1)", "javascript:alert(1)"),
            ("https://", ""),
        ] {
            assert_eq!(host_name(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn a_part_of_a_host_may_be_typed_with_the_rest() {
        for (typed, behind, expected) in [
            ("acme", ".example.com", "acme"),
            ("acme.example.com", ".example.com", "acme"),
            ("https://Acme.example.com/tickets", ".example.com:8443/x", "acme"),
            ("acme.example.com:443", ".example.com", "acme"),
            ("acme.other.com/", ".example.com", "acme.other.com"),
            ("acme.example.com", "", "acme.example.com"),
            ("acme.example.com", "/v1", "acme.example.com"),
        ] {
            assert_eq!(host_part(typed, behind), expected, "{typed:?} {behind:?}");
        }
    }

    #[test]
    fn an_address_keeps_its_path() {
        for (typed, expected) in [
            ("https://acme.example.com/app/", "https://acme.example.com/app/"),
            (" https://acme.example.com/app/?tab=1#top", "https://acme.example.com/app/"),
            ("acme.example.com/app", "https://acme.example.com/app"),
            ("v1", "v1"),
            ("../v1", "../v1"),
        ] {
            assert_eq!(address(typed), expected, "{typed:?}");
        }
    }
}
