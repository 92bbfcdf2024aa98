//! `Idempotency-Key`: a repeated creation gets the first answer and creates nothing
//! (the IETF draft "The Idempotency-Key HTTP Header Field").

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::answered::First;
use super::auth::Caller;
use super::reply::{ApiError, created};
use super::state::Crm;

/// Creates a record, or answers as the first request with the same key was answered.
///
/// Refusals are not remembered: the mended request may keep its key. The same key with another
/// body is a 422, because one of the two records would be lost without a word.
pub(super) fn create_once(
    crm: &mut Crm,
    request: &HttpRequest,
    caller: &Caller,
    collection: &'static str,
    sent: Value,
    create: impl FnOnce(&mut Crm) -> Result<(String, Value), ApiError>,
) -> Result<HttpResponse, ApiError> {
    let Some(key) = key(request)? else {
        let (id, record) = create(crm)?;
        return Ok(created(collection, &id, &record));
    };
    let key = (caller.user_id.clone(), collection, key);
    if let Some(first) = crm.answered.0.get(&key) {
        if first.sent != sent {
            return Err(ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This Idempotency-Key came with another body before.",
            ));
        }
        let mut response = created(collection, &first.id, &first.record);
        let replayed = actix_web::http::header::HeaderName::from_static("idempotent-replayed");
        let yes = actix_web::http::header::HeaderValue::from_static("true");
        response.headers_mut().insert(replayed, yes);
        return Ok(response);
    }
    let (id, record) = create(crm)?;
    let response = created(collection, &id, &record);
    crm.answered.0.insert(key, First { sent, id, record });
    Ok(response)
}

fn key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let Some(value) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if !key.trim().is_empty() => Ok(Some(key.trim().to_owned())),
        _ => Err(ApiError::invalid(vec![(
            "Idempotency-Key".to_owned(),
            "must be a plain text that is not empty".to_owned(),
        )])),
    }
}
