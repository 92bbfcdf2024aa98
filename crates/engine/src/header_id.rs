//! Ids that stand in a header: where the header holds the address of a new record, its id is the end of
//! that address (RFC 9110, 10.2.2, for `Location`; OData 4.01, 8.3.4, for `OData-EntityId`).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::path::Step;

/// Headers that hold an address, absolute or not.
const ADDRESSES: &[&str] = &["location", "content-location", "odata-entityid"];

/// The id at the end of what a path below `headers` found; `Some(None)` for an address without one. Absent
/// where the path leads elsewhere, or the text is no address.
pub(super) fn id_at_the_end(steps: &[Step], text: &str) -> Option<Option<String>> {
    let [Step::Segment(headers, _) | Step::Name(headers), Step::Segment(name, _) | Step::Name(name)] = steps
    else {
        return None;
    };
    let is_address = &**headers == "headers"
        && (ADDRESSES.contains(&&**name) || text.starts_with("https://") || text.starts_with("http://"));
    is_address.then(|| id_of(text.trim()))
}

/// Ends of addresses that name what is done with a record.
const ACTIONS: &[&str] = &["edit", "view", "show", "detail", "details"];

/// Ends of the names of pages.
const PAGES: &[&str] = &[".php", ".html", ".htm", ".aspx", ".jsp", ".do"];

/// The id that an address names: its last segment, or what stands in parentheses there; of a version
/// (`/_history/2`) or an action (`/5/edit`), the record's; of a page with an `id` in its query, that. A
/// page or a folder (`/calls/`) is none.
fn id_of(address: &str) -> Option<String> {
    let address = address.split('#').next().unwrap_or_default();
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let named = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut named = named.filter(|(name, value)| name.eq_ignore_ascii_case("id") && !value.is_empty());
    if let Some((_, id)) = named.next() {
        return Some(decoded(id).into_owned());
    }
    // The host is no id.
    let path = match path.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => path,
    };
    let mut segments = path.rsplit('/').filter(|segment| !segment.is_empty()).peekable();
    let mut last = segments.next()?;
    if segments.peek() == Some(&"_history") {
        segments.next();
        last = segments.next()?;
    } else if ACTIONS.iter().any(|action| last.eq_ignore_ascii_case(action)) {
        last = segments.next()?;
    }
    let is_folder =
        path.ends_with('/') && last.bytes().all(|b| b.is_ascii_alphabetic() || b"-_".contains(&b));
    if is_folder || PAGES.iter().any(|page| last.to_ascii_lowercase().ends_with(page)) {
        return None;
    }
    let last = decoded(last);
    let id = match last.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        Some((_, key)) => key_of(key),
        None => last.into_owned(),
    };
    Some(id).filter(|id| !id.is_empty())
}

/// The value of a key: a text without its quotes and the type in front of them (`guid'…'`, OData before
/// version 4), one that is named without its name.
fn key_of(key: &str) -> String {
    let value = match key.split_once('=') {
        Some((name, value)) if !key.contains(',') && !name.contains('\'') => value,
        _ => key,
    };
    let typed = value.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    match typed.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(text) => text.replace("''", "'"),
        None => value.to_owned(),
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Path;

    #[test]
    fn ids_are_the_ends_of_addresses() {
        let read = |path: &str, text: &str| match Path::parse(path).unwrap() {
            Path::Steps(steps) => id_at_the_end(&steps, text),
            Path::Query(_) => None,
        };
        for (path, text, expected) in [
            ("headers.location", "https://crm.example.com/calls/987", Some("987")),
            ("$.headers['location']", "https://crm.example.com/calls/987/", Some("987")),
            ("headers.location", "/calls/987?fields=all#top", Some("987")),
            ("headers.location", "calls/a%20b%2Fc", Some("a b/c")),
            ("headers.location", "987", Some("987")),
            ("headers.location", "https://fhir.example.com/Communication/7/_history/2", Some("7")),
            ("headers.location", "/index.php?module=Calls&action=DetailView&id=5-6", Some("5-6")),
            (
                "headers.odata-entityid",
                "https://org.crm.dynamics.com/api/data/v9.2/phonecalls(8c6a1b4e-0000-4000-8000-000000000001)",
                Some("8c6a1b4e-0000-4000-8000-000000000001"),
            ),
            ("headers.odata-entityid", "People('O''Brien')", Some("O'Brien")),
            ("headers.location", "https://h/Calls(Id=5)", Some("5")),
            ("headers.location", "https://h/Calls(A=5,B='x')", Some("A=5,B='x'")),
            ("headers.location", "https://h/Calls(guid'8c6a1b4e-0000')", Some("8c6a1b4e-0000")),
            ("headers.location", "https://h/calls/987/edit", Some("987")),
            ("headers.location", "https://h/calls/987/edit/?tab=1", Some("987")),
            ("headers.location", "/calls/", Some("")),
            ("headers.location", "/crm/call-logs/", Some("")),
            ("headers.location", "/crm/index.php", Some("")),
            ("headers.location", "/crm/edit.php?id=5", Some("5")),
            ("headers.location", "/edit", Some("")),
            ("headers.location", "/calls/abcdef", Some("abcdef")),
            ("headers.x-record", "https://h/calls/9", Some("9")),
            ("headers.location", "https://crm.example.com", Some("")),
            ("headers.location", "https://crm.example.com/?", Some("")),
            ("headers.x-record-id", "ab/cd==", None),
            ("body.location", "https://h/calls/9", None),
        ] {
            let expected = expected.map(|id| Some(id.to_owned()).filter(|id| !id.is_empty()));
            assert_eq!(read(path, text), expected, "{path}: {text}");
        }
    }
}
