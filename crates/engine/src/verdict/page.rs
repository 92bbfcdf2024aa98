//! What a text says that came where JSON is expected.

use super::says_no::wrapped_says_no;
use super::wording::sounds_like_failure;
use crate::decode::{Sort, beginning, root_element, sort};
use crate::text::head;

/// How much of a text is looked at.
const HEAD: usize = 64 * 1024;

/// How long a line is at most that is no page although it says so, in bytes.
const LINE: usize = 200;

/// How much of an address is looked at.
const ADDRESS: usize = 2 * 1024;

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

/// Looks at a text.
pub(super) fn look(text: &str, content_type: Option<&str>) -> Page {
    match sort(text, content_type) {
        Sort::Page if is_markup(text) || !is_line(text) => {
            let page = head(text, HEAD).to_ascii_lowercase();
            let asks = ["type=\"password\"", "type='password'", "type=password"];
            let asks = asks.iter().any(|field| page.contains(field)) || signs_in(&page);
            if asks { Page::SignIn } else { Page::Web }
        }
        Sort::Xml { .. } if is_markup(text) => {
            if is_fault(&head(text, HEAD).to_ascii_lowercase()) {
                Page::XmlFault
            } else {
                Page::Other
            }
        }
        Sort::BrokenJson if beginning(text).starts_with(['{', '[', '"']) => Page::BrokenJson,
        // What a content type says of plain words is not believed: CRMs answer "OK" as any of them.
        _ => words(text),
    }
}

/// Whether a text begins as markup does.
pub(super) fn is_markup(text: &str) -> bool {
    beginning(text).starts_with('<')
}

/// Whether it is one short line of plain words.
fn is_line(text: &str) -> bool {
    let line = text.trim();
    line.len() <= LINE && !line.contains(['<', '\n'])
}

fn words(text: &str) -> Page {
    let line = text.trim();
    let word = line.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let begins = ["error", "fail", "failed", "failure", "fatal", "exception", "false", "nok", "ko"];
    match begins.iter().any(|known| word.eq_ignore_ascii_case(known))
        || sounds_like_failure(line)
        || wrapped_says_no(line)
    {
        true => Page::Failure,
        false => Page::Other,
    }
}

/// Whether a page has a form, a script or a refresh that leads to where people sign in.
fn signs_in(page: &str) -> bool {
    ["action=", "url=", "location=", "location.href=", "location.replace("].iter().any(|place| {
        page.match_indices(place).any(|(at, _)| {
            let target = head(&page[at + place.len()..], ADDRESS);
            let target = target.trim_start_matches(['"', '\'', ' ', '=']);
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
            // One more letter than the longest of the names below.
            .take(13)
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
    let root = root_element(beginning(xml));
    let name = root.rsplit(':').next().unwrap_or(root);
    matches!(name, "error" | "errors" | "fault" | "exception" | "exceptions")
        || xml.contains(":fault>")
        || xml.contains("<fault>")
        || [
            "<success>false<",
            "<success>0<",
            "<success>no<",
            "<response><error>",
            "<response><errors>",
            "<result><error>",
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
            ("<metadata><id>5</id></metadata>", Page::Other),
            ("<headers/>", Page::Other),
            ("<formResponse><error>", Page::Other),
            ("<linkedContacts/>", Page::Other),
            ("<divisions><division/></divisions>", Page::Other),
            ("<present>yes</present>", Page::Other),
            ("<!-- a > b --><error/>", Page::XmlFault),
            ("<main>Maintenance</main>", Page::Web),
            ("<section>Maintenance</section>", Page::Web),
            ("<noscript>Turn scripts on</noscript>", Page::Web),
            ("<iframe src=/login></iframe>", Page::Web),
            ("<a href=\"/\">Home</a>", Page::Web),
            ("<h3>Maintenance</h3>", Page::Web),
            ("OK", Page::Other),
            ("1", Page::Other),
            ("", Page::Other),
        ] {
            assert_eq!(look(text, None), expected, "{text}");
        }
        for (text, content_type, expected) in [
            ("OK", "text/html", Page::Other),
            ("OK", "application/json", Page::Other),
            ("Created", "text/xml", Page::Other),
            ("ERROR: locked", "text/html", Page::Failure),
            ("ERROR: locked", "text/xml", Page::Failure),
            ("Please <b>wait</b>", "text/html", Page::Web),
            ("Welcome\nto the portal", "text/html; charset=utf-8", Page::Web),
            ("Welcome\n<form action='/login'>", "text/html", Page::SignIn),
            ("<response>5</response>", "text/html", Page::Web),
            ("<response>5</response>", "text/xml", Page::Other),
            ("{\"id\": 5", "text/html", Page::BrokenJson),
        ] {
            assert_eq!(look(text, Some(content_type)), expected, "{text} {content_type}");
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
    #[test]
    fn no_more_than_the_beginning_of_an_address_is_looked_at() {
        let page = |before: usize| format!("<html>url=/{}/login", "é".repeat(before));
        assert_eq!(look(&page(1000), None), Page::SignIn);
        assert_eq!(look(&page(1024), None), Page::Web);
    }
}
