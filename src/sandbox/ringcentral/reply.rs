//! Errors as RingCentral tells them, and its lists.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Value, json};

/// `{"errorCode","message","errors":[…]}`.
#[derive(Debug)]
pub(super) struct RcError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl RcError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn unauthorized(code: &'static str, message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(super) fn forbidden(permission: &str) -> Self {
        let words =
            format!("This takes the permission [{permission}], which only the admin of the sandbox has.");
        Self::new(StatusCode::FORBIDDEN, "CMN-408", words)
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "CMN-102", format!("There is no {what} with this id."))
    }

    /// A parameter whose value cannot be.
    pub(super) fn parameter(name: &str, problem: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "CMN-101", format!("The parameter [{name}] {problem}."))
    }

    pub(super) fn unreadable(problem: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "CMN-100", problem)
    }
}

impl fmt::Display for RcError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl ResponseError for RcError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, r#"Bearer realm="sandbox""#));
        }
        let error = json!({ "errorCode": self.code, "message": self.message });
        let mut body = error.clone();
        body["errors"] = json!([error]);
        response.json(body)
    }
}

/// A page of a list: which one, and how long.
#[derive(Clone, Copy)]
pub(super) struct Paging {
    pub page: usize,
    pub per_page: usize,
}

impl Paging {
    /// The page of a list as RingCentral tells it, with the addresses of the other pages.
    pub(super) fn of(self, request: &HttpRequest, all: &[Value]) -> Value {
        let pages = all.len().div_ceil(self.per_page).max(1);
        let start = (self.page - 1).saturating_mul(self.per_page).min(all.len());
        let records = &all[start..all.len().min(start.saturating_add(self.per_page))];
        let mut navigation = json!({
            "firstPage": { "uri": address(request, 1) },
            "lastPage": { "uri": address(request, pages) },
        });
        if self.page > 1 {
            navigation["previousPage"] = json!({ "uri": address(request, self.page - 1) });
        }
        if self.page < pages {
            navigation["nextPage"] = json!({ "uri": address(request, self.page + 1) });
        }
        json!({
            "uri": address(request, self.page),
            "records": records,
            "paging": {
                "page": self.page,
                "perPage": self.per_page,
                "pageStart": start,
                "pageEnd": (start + records.len()).saturating_sub(1),
                "totalPages": pages,
                "totalElements": all.len(),
            },
            "navigation": navigation,
        })
    }
}

/// The address of a request, at another page.
fn address(request: &HttpRequest, page: usize) -> String {
    let others = url::form_urlencoded::parse(request.query_string().as_bytes());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(others.filter(|(name, _)| name != "page"));
    query.append_pair("page", &page.to_string());
    format!("{}{}?{}", crate::sandbox::origin::origin(request), request.path(), query.finish())
}
