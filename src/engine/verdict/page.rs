//! What a text says that came where JSON is expected.

use super::wording::sounds_like_failure;

/// How much of a text is looked at.
const HEAD: usize = 64 * 1024;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// A page that asks to sign in.
    SignIn,
    /// Another web page, or a piece of one.
    Web,
    /// XML that says that it failed.
    XmlFault,
    /// JSON that is cut off or broken.
    BrokenJson,
    /// A sentence that says that it failed.
    Failure,
    /// Anything else.
    Other,
}

/// Begins of web pages.
const BEGINS: &[&str] = &[
    "<!doctype html",
    "<html",
    "<head",
    "<body",
    "<title",
    "<meta",
    "<link",
    "<script",
    "<style",
    "<form",
    "<div",
    "<span",
    "<center",
    "<table",
    "<font",
    "<img",
    "<br",
    "<p>",
    "<p ",
    "<b>",
    "<h1",
    "<h2",
    "<h3",
    "<pre",
];

/// Looks at a text.
pub(super) fn look(text: &str) -> Page {
    let head = head(text.trim_start()).to_ascii_lowercase();
    let begin = after_comments(&head);
    if begin.starts_with(['{', '[']) {
        return Page::BrokenJson;
    }
    let is_xhtml = begin.starts_with("<?xml") && head.contains("<html");
    if is_xhtml || BEGINS.iter().any(|known| begin.starts_with(known)) {
        let asks = head.contains("type=\"password\"")
            || head.contains("type='password'")
            || head.contains("type=password")
            || signs_in(&head);
        return if asks { Page::SignIn } else { Page::Web };
    }
    if begin.starts_with('<') {
        return if is_fault(begin) { Page::XmlFault } else { Page::Other };
    }
    let line = text.trim();
    let word = line.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let begins = ["error", "fail", "failed", "failure", "fatal", "exception", "false", "nok", "ko"];
    match begins.iter().any(|known| word.eq_ignore_ascii_case(known)) || sounds_like_failure(line) {
        true => Page::Failure,
        false => Page::Other,
    }
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn after_comments(mut text: &str) -> &str {
    text = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(rest) = text.strip_prefix("<!--") {
        match rest.split_once("-->") {
            Some((_, rest)) => text = rest.trim_start(),
            None => return "<html",
        }
    }
    text
}

/// Whether a page has a form, a script or a refresh that leads to where people sign in.
fn signs_in(page: &str) -> bool {
    ["action=", "url=", "location=", "location.href=", "location.replace("].iter().any(|place| {
        page.match_indices(place).any(|(at, _)| {
            let target = page[at + place.len()..].trim_start_matches(['"', '\'', ' ', '=']);
            let end = target.find(['"', '\'', ' ', '>', ';', ')']).unwrap_or(target.len());
            is_sign_in_address(&target[..end])
        })
    }) || page.split_once("<title>").is_some_and(|(_, rest)| {
        let title = rest.split_once("</title>").map_or("", |(title, _)| title);
        ["log in", "login", "sign in", "signin", "log on"].iter().any(|words| title.contains(words))
    })
}

/// Whether the path or the query of an address is one where people sign in.
pub(super) fn is_sign_in_address(address: &str) -> bool {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let is_place = |part: &str| {
        let name: String = part
            .split('.')
            .next()
            .unwrap_or_default()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        matches!(
            name.as_str(),
            "login"
                | "wplogin"
                | "signin"
                | "logon"
                | "userlogin"
                | "sso"
                | "saml"
                | "saml2"
                | "adfs"
                | "authorize"
                | "authenticate"
        )
    };
    path.split('/').any(is_place)
        || query.split('&').any(|pair| pair.split_once('=').is_some_and(|(_, value)| is_place(value)))
}

/// Whether XML says no: its root, a SOAP fault, or a plain element of success or state.
fn is_fault(xml: &str) -> bool {
    let mut rest = xml;
    while rest.starts_with("<?") || rest.starts_with("<!") {
        match rest.split_once('>') {
            Some((_, after)) => rest = after.trim_start(),
            None => return false,
        }
    }
    let name =
        rest.trim_start_matches('<').split([' ', '>', '/', '\n', '\r', '\t']).next().unwrap_or_default();
    let name = name.rsplit(':').next().unwrap_or(name);
    matches!(name, "error" | "errors" | "fault" | "exception" | "exceptions")
        || xml.contains(":fault>")
        || xml.contains("<fault>")
        || [
            "<success>false<",
            "<success>0<",
            "<status>error<",
            "<status>fail",
            "<result>error<",
            "stat=\"fail\"",
            "status=\"error\"",
            "status=\"fail",
        ]
        .iter()
        .any(|no| xml.contains(no))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart() {
        for (text, expected) in [
            ("<!DOCTYPE html><html><form action=\"/login\"></form></html>", Page::SignIn),
            ("<!-- a --><html><input type='password'></html>", Page::SignIn),
            ("<html><head><title>Sign in to Acme</title></head></html>", Page::SignIn),
            ("<html><meta http-equiv=refresh content=\"0; url=/users/sign_in\"></html>", Page::SignIn),
            ("<script>window.location='index.php?module=Users&action=Login'</script>", Page::SignIn),
            ("<html>Bad gateway</html>", Page::Web),
            ("<?xml version=\"1.0\"?><!DOCTYPE html><html></html>", Page::Web),
            ("<br />\n<b>Warning</b>: mysqli", Page::Web),
            ("<!-- not closed", Page::Web),
            ("<?xml version=\"1.0\"?><contacts><contact/></contacts>", Page::Other),
            ("<?xml version=\"1.0\"?><error><code>7</code></error>", Page::XmlFault),
            (
                "<soap:Envelope><soap:Body><soap:Fault></soap:Fault></soap:Body></soap:Envelope>",
                Page::XmlFault,
            ),
            ("<rsp stat=\"fail\"></rsp>", Page::XmlFault),
            ("{\"id\": 5", Page::BrokenJson),
            ("ERROR: locked", Page::Failure),
            ("Unauthorized", Page::Failure),
            ("OK", Page::Other),
            ("1", Page::Other),
            ("", Page::Other),
        ] {
            assert_eq!(look(text), expected, "{text}");
        }
        for (address, expected) in [
            ("/login", true),
            ("/Account/Login.aspx", true),
            ("/users/sign_in", true),
            ("/index.php?module=Users&action=Login", true),
            ("/oauth2/authorize?client_id=1", true),
            ("/calls/5", false),
            ("/logins-report/5", false),
            ("/calls?by=loginname", false),
        ] {
            assert_eq!(is_sign_in_address(address), expected, "{address}");
        }
    }
}
