//! The one judgement of what came with a status of 200–299, for every operation, where the document's
//! `errorMapping` has no rule that fits: is it an answer, or a page, a refusal, a redirect to somewhere
//! else? What was asked is done only where the reply may be taken for that.

mod page;
pub(crate) mod says_no;
mod wording;

use http::HeaderMap;
use serde_json::Value;

use self::page::{Page, look};
use self::says_no::says_no;
use super::decode::{content_type, not_json};
use super::exchange::{BodyKind, Redirected, UpstreamResponse};
use super::failure::{Failure, FailureKind};
use super::mapping::TextReply;
use super::mapping::found::Found;
use super::mapping::view::View;
use super::operation::Operation;

/// Whether a refusal is about who is signed in, or whether anybody is: its code or words say so, or it is
/// a page where people sign in.
pub fn asks_to_sign_in(body: &Value, headers: &HeaderMap) -> bool {
    match body {
        Value::String(text) if page::is_markup(text) => look(text, content_type(headers)) == Page::SignIn,
        body => wording::asks_to_sign_in(body),
    }
}

/// Whether a body is a web page.
pub fn is_page(body: &Value, headers: &HeaderMap) -> bool {
    let page = body.as_str().map(|text| look(text, content_type(headers)));
    matches!(page, Some(Page::SignIn | Page::Web))
}

/// What came of asking `first` and ending at `last`.
pub(super) fn redirected(first: &url::Url, last: &url::Url, became_get: bool) -> Redirected {
    let place =
        |url: &url::Url| (url.path().trim_end_matches('/').to_owned(), url.query().map(str::to_owned));
    let address = |url: &url::Url| url[url::Position::BeforePath..].to_owned();
    Redirected {
        became_get,
        is_same_place: place(first) == place(last),
        is_elsewhere: first.host_str() != last.host_str(),
        is_sign_in: page::is_sign_in_address(&address(last)) && !page::is_sign_in_address(&address(first)),
    }
}

/// The failure that a reply is, in spite of its status; absent if it is an answer.
pub(super) fn failure(operation: &Operation, reply: &UpstreamResponse, platform: &str) -> Option<Failure> {
    let redirected = reply.redirected.unwrap_or_default();
    if redirected.is_sign_in {
        return Some(session_ended(reply.status, "a redirect to a page where people sign in"));
    }
    if redirected.became_get && redirected.is_same_place {
        return Some(unconfirmed(
            reply,
            "answered with a redirect to the same place, which was then only looked at; the proxyConfig has to name the address it redirects to",
        ));
    }
    let found = operation.mapping.found(&View::of_reply_alone(reply.document()));
    match reply.kind {
        BodyKind::Text => text(operation, reply, found),
        BodyKind::Json => json(operation, reply, found, platform),
        BodyKind::Empty => None,
    }
    .or_else(|| {
        let is_vague = redirected.is_elsewhere || reply.kind != BodyKind::Json;
        (redirected.became_get && is_vague && found == Found::Unread).then(|| {
            unconfirmed(reply, "answered with a redirect to a page that does not say whether it was done")
        })
    })
}

fn text(operation: &Operation, reply: &UpstreamResponse, found: Found) -> Option<Failure> {
    let page = look(reply.body().as_str().unwrap_or_default(), content_type(&reply.headers));
    match page {
        Page::SignIn => return Some(session_ended(reply.status, "a page where people sign in")),
        _ if found == Found::Yes => return None,
        Page::Web | Page::BrokenJson => return Some(not_json(reply)),
        Page::XmlFault | Page::Failure | Page::Other => {}
    }
    let no = || matches!(page, Page::XmlFault | Page::Failure).then(|| refusal(reply, None, "The CRM"));
    match operation.mapping.text() {
        TextReply::Fine => no(),
        TextReply::WithoutId => Some(not_json(reply)),
        TextReply::Unreadable => None,
    }
}

fn json(operation: &Operation, reply: &UpstreamResponse, found: Found, platform: &str) -> Option<Failure> {
    let no = says_no(reply.body())?;
    let reads_flag = operation.mapping.reads_flag();
    if found == Found::Yes && (reads_flag || !no.is_flag) {
        return None;
    }
    if found != Found::Yes
        && operation.searches()
        && no.status.is_none_or(|status| status == 404)
        && wording::finds_nothing(&sentence(reply.body()))
    {
        return None;
    }
    Some(refusal(reply, no.status, platform))
}

/// The sentence at the top of a body.
fn sentence(body: &Value) -> String {
    let names =
        ["message", "Message", "msg", "error", "errors", "detail", "description", "error_description"];
    let texts = names.iter().filter_map(|name| body.get(name));
    let mut texts = texts.filter_map(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.first().map(sentence),
        Value::Object(_) => Some(sentence(value)),
        _ => None,
    });
    match body {
        Value::String(text) => text.clone(),
        _ => texts.find(|text| !text.trim().is_empty()).unwrap_or_default(),
    }
}

/// The failure for a reply that says no: with the status that it names, where it names one.
fn refusal(reply: &UpstreamResponse, status: Option<u16>, platform: &str) -> Failure {
    let status = status.unwrap_or_else(|| match reply.body() {
        body if asks_to_sign_in(body, &reply.headers) => 401,
        body if wording::asks_to_wait(body) => 429,
        _ => reply.status,
    });
    let message = format!("{platform} answered {} with an error in it", reply.status);
    Failure::new(FailureKind::Status(status), message)
}

/// A page where people sign in: what was asked was not done.
fn session_ended(status: u16, what: &str) -> Failure {
    let message = format!("The CRM answered {status} with {what}: the session has ended");
    Failure { in_doubt: false, ..Failure::new(FailureKind::Status(401), message) }
}

fn unconfirmed(reply: &UpstreamResponse, what: &str) -> Failure {
    Failure::new(FailureKind::Unconfirmed, format!("The CRM {what} (HTTP {})", reply.status))
}
