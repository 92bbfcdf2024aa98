//! The server's own description.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType};
use actix_web::{HttpResponse, web};

use crate::server::public::Public;

/// The OpenAPI document and its page. They are made from the list of routes, which these two are part of.
#[derive(Clone, Copy)]
pub(in crate::server) struct Description {
    pub document: fn() -> &'static str,
    pub page: fn() -> &'static str,
}

/// `GET /openapi.json`
pub(super) async fn document(_: Public, description: web::Data<Description>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json; charset=utf-8").body((description.document)())
}

/// `GET /docs`
pub(super) async fn page(_: Public, description: web::Data<Description>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .body((description.page)())
}
