//! The server's own description.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType};

use crate::server::{openapi, reply};

/// `GET /openapi.json`
pub(super) async fn document() -> HttpResponse {
    reply::json(200, openapi::document())
}

/// `GET /docs`
pub(super) async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .body(openapi::page())
}
