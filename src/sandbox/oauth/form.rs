//! What a client sends to an OAuth endpoint, and how it is refused (RFC 6749, section 5.2).

use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

/// The parameters of a request: of its query, its form or its JSON.
pub(crate) struct Form(Map<String, Value>);

impl Form {
    /// Parameters as a query and a form write them; the last of a repeated one wins.
    pub(crate) fn decoded(encoded: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(encoded);
        Self(pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect())
    }

    /// The body of a request, a form or JSON.
    pub(crate) fn body(request: &HttpRequest, body: &Bytes) -> Result<Self, Refusal> {
        match request.content_type() {
            "application/x-www-form-urlencoded" => Ok(Self::decoded(body)),
            "application/json" => serde_json::from_slice(body)
                .map(Self)
                .map_err(|_| Refusal::new("invalid_request", "The body is not a JSON object.")),
            _ => Err(Refusal::new("invalid_request", "Send a form or JSON, and say so in Content-Type.")),
        }
    }

    /// A parameter that is a text and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::new("invalid_request", format!("{name} is missing.")))
    }
}

/// Why a token endpoint gives nothing: an error code of RFC 6749, and words.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub error: &'static str,
    description: String,
}

impl Refusal {
    pub(crate) fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }

    pub(crate) fn response(&self) -> HttpResponse {
        let is_unauthorized = self.error == "invalid_client";
        let status = if is_unauthorized { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let mut response = HttpResponse::build(status);
        if is_unauthorized {
            response.insert_header((header::WWW_AUTHENTICATE, r#"Basic realm="sandbox""#));
        }
        response.json(json!({ "error": self.error, "error_description": self.description }))
    }
}
