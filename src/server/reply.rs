//! Replies as the clients of App Connect expect them.

use actix_web::http::header::{ALLOW, ContentType, HeaderValue, RETRY_AFTER};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use schemars::JsonSchema;
use serde::Serialize;

use super::base::{Base, WrongBase};
use super::intake::{Overloaded, Unread};
use crate::connector::ReturnMessage;
use crate::engine::json;
use crate::service::stored_limits::TooMuch;
use crate::service::wording;
use crate::store::StoreError;

/// An error.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct ErrorReply {
    /// What is wrong, in one sentence.
    error: String,
}

/// An error that clients show to the user, because it comes where they expect a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownError {
    /// What is wrong.
    error: String,
    /// The same, to be shown.
    return_message: ReturnMessage,
}

fn builder(status: u16) -> actix_web::HttpResponseBuilder {
    HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}

/// A JSON reply.
pub(super) fn json<T: Serialize>(status: u16, value: &T) -> HttpResponse {
    builder(status).content_type("application/json; charset=utf-8").body(json::to_vec(value))
}

/// A service's answer: refusals are answers too, with status 200.
pub(super) fn answer<T: Serialize, R: Serialize>(answer: &Result<T, R>) -> HttpResponse {
    match answer {
        Ok(value) => json(200, value),
        Err(refusal) => json(200, refusal),
    }
}

/// A text reply; the reference sends texts as HTML.
pub(super) fn text(status: u16, text: &str) -> HttpResponse {
    builder(status).content_type(ContentType::html()).body(text.to_owned())
}

/// Somebody's text, for [`text`]: as a page shows it, whatever it holds.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// An error with a message.
pub(super) fn error(status: u16, message: &str) -> HttpResponse {
    json(status, &ErrorReply { error: message.to_owned() })
}

/// The path names one document, and the request another.
pub(super) fn wrong_base(wrong: &WrongBase) -> HttpResponse {
    let error = wrong.to_string();
    json(400, &ShownError { return_message: ReturnMessage::warning(error.clone(), 5000), error })
}

/// A refusal of a request whose body is not taken: the rest of it is not waited for.
pub(super) fn unread(why: Unread, mut response: HttpResponse) -> HttpResponse {
    response.head_mut().set_connection_type(ConnectionType::Close);
    if why == Unread::Overloaded {
        come_again(&mut response);
    }
    response
}

/// The server has too much to do.
pub(super) fn overloaded() -> HttpResponse {
    let mut response = error(503, &Overloaded.to_string());
    come_again(&mut response);
    response
}

fn come_again(response: &mut HttpResponse) {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
}

/// More than is kept.
pub(super) fn too_much(error: &TooMuch) -> HttpResponse {
    self::error(if error.is_length() { 413 } else { 400 }, &error.to_string())
}

/// The store failed; the log has the details. A record that is too large is the client's to mend.
pub(super) fn store_failed(failure: &StoreError) -> HttpResponse {
    if let StoreError::TooLarge { limit, .. } = failure {
        return error(413, &format!("What is to be stored takes more than {limit} bytes. Store less of it."));
    }
    error(500, &wording::store_failed(failure).message)
}

/// Of a path that exists, in another method: `Allow` lists those that it has.
pub(super) fn method_not_allowed(request: &HttpRequest, allowed: &str) -> HttpResponse {
    let mut response =
        error(405, &format!("This path has no method {}; it has {allowed}.", request.method()));
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

/// The page for a path that does not exist.
pub(super) async fn not_found(request: HttpRequest) -> HttpResponse {
    page_not_found(&request)
}

/// As [`not_found`].
pub(super) fn page_not_found(request: &HttpRequest) -> HttpResponse {
    let base = Base::of(request);
    let path = base.as_ref().map_or(request.path(), Base::path);
    let what = format!("Cannot {} {}", escaped(request.method().as_str()), escaped(path));
    text(
        404,
        &format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>{what}</pre>\n</body>\n</html>\n"
        ),
    )
}
