//! Replies as the clients of App Connect expect them.

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse};
use schemars::JsonSchema;
use serde::Serialize;

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

/// The page for a route that does not exist, in any method.
pub(super) async fn not_found(request: HttpRequest) -> HttpResponse {
    let what = format!("Cannot {} {}", escaped(request.method().as_str()), escaped(request.path()));
    text(
        404,
        &format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>{what}</pre>\n</body>\n</html>\n"
        ),
    )
}
