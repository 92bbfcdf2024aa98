//! What every answer of the CRM has in common: the error document and the routing of one path.

use std::fmt;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, Resource, ResponseError, Route, web};
use serde_json::{Map, Value, json};

/// An error as the client sees it: `{"error":{"code","message","fields"?}}`.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Field name and what is wrong with it, in the order of checking.
    fields: Vec<(String, String)>,
    /// One more response header, where the status calls for it (RFC 9110: 401 and 405).
    header: Option<Box<(header::HeaderName, String)>>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: Vec::new(), header: None }
    }

    pub(super) fn broken_json(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "broken_json", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub(super) fn invalid(fields: Vec<(String, String)>) -> Self {
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("The request is not valid; see: {}.", names.join(", "));
        Self { fields, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", message) }
    }

    pub(super) fn with_header(mut self, name: header::HeaderName, value: String) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut error = Map::new();
        error.insert("code".into(), self.code.into());
        error.insert("message".into(), self.message.as_str().into());
        if !self.fields.is_empty() {
            let fields = self.fields.iter();
            let fields: Map<String, Value> =
                fields.map(|(name, problem)| (name.clone(), problem.as_str().into())).collect();
            error.insert("fields".into(), fields.into());
        }
        let mut response = HttpResponse::build(self.status);
        if let Some(header) = &self.header {
            response.insert_header((header.0.clone(), header.1.as_str()));
        }
        response.json(json!({ "error": error }))
    }
}

/// One path with its methods. Any other method is a 405 that lists the allowed ones.
pub(super) fn resource<const N: usize>(path: &str, routes: [(Method, Route); N]) -> Resource {
    let allowed: Vec<String> = routes.iter().map(|(method, _)| method.to_string()).collect();
    let allowed = allowed.join(", ");
    let mut resource = web::resource(path);
    for (method, route) in routes {
        resource = resource.route(route.method(method));
    }
    resource.default_service(web::to(move || {
        let error = ApiError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            format!("This path allows {allowed}."),
        );
        let error = error.with_header(header::ALLOW, allowed.clone());
        async move { Err::<HttpResponse, ApiError>(error) }
    }))
}

/// The answer to a path that the sandbox does not have.
pub(super) async fn no_such_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::not_found("There is no such path. GET / lists all of them."))
}

/// 201 with the new record and where it lives.
pub(super) fn created(collection: &str, id: &str, record: &Value) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/v1/{collection}/{id}")))
        .json(record)
}
