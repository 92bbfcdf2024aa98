//! `/messages`: text messages, faxes and voicemails exchanged with a contact.

use actix_web::http::Method;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::Shared;
use super::activities::DIRECTIONS;
use super::auth::Caller;
use super::idempotency::create_once;
use super::input::Input;
use super::model::Message;
use super::page::Page;
use super::reply::{ApiError, resource};
use super::state::Crm;

const KINDS: [&str; 4] = ["sms", "mms", "fax", "voicemail"];

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/messages", [(Method::GET, web::to(list)), (Method::POST, web::to(create))]))
        .service(resource("/messages/{id}", [(Method::GET, web::to(get)), (Method::PATCH, web::to(update))]));
}

async fn list(shared: Data<Shared>, _: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut input = Input::query(request.query_string());
    let (mut contact_id, mut external_id) = (None, None);
    input.text("contact_id", &mut contact_id);
    input.text("external_id", &mut external_id);
    let page = Page::read(input)?;
    let crm = shared.crm();
    let rows: Vec<_> = crm
        .messages
        .rows()
        .filter(|(_, row)| contact_id.as_ref().is_none_or(|id| *id == row.contact_id))
        .filter(|(_, row)| external_id.is_none() || external_id == row.external_id)
        .collect();
    Ok(HttpResponse::Ok().json(page.of("messages", &rows)?))
}

async fn create(
    shared: Data<Shared>,
    caller: Caller,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let mut input = Input::body(&body)?;
    let mut crm = shared.crm();
    let sent = input.as_sent();
    create_once(&mut crm, &request, &caller, "messages", sent, |crm| {
        let now = crm.now();
        let id = crm.messages.next_id();
        let mut message = Message {
            id: id.clone(),
            owner_id: caller.user_id.clone(),
            kind: "sms".to_owned(),
            created_at: now,
            updated_at: now,
            ..Message::default()
        };
        read(&mut input, crm, &mut message);
        input.finish()?;
        crm.note_activity(&message.contact_id, message.sent_at.unwrap_or(now));
        let record = json!(message);
        crm.messages.put(&id, message);
        Ok((id, record))
    })
}

/// The fields that a client may set, at creation and later.
fn read(input: &mut Input, crm: &Crm, message: &mut Message) {
    input.reference("contact_id", &crm.contacts, &mut message.contact_id);
    input.reference("owner_id", &crm.users, &mut message.owner_id);
    input.required_choice("type", &KINDS, &mut message.kind);
    input.text("subject", &mut message.subject);
    input.required_text("body", &mut message.body);
    input.choice("direction", &DIRECTIONS, &mut message.direction);
    input.time("sent_at", &mut message.sent_at);
    input.texts("attachment_urls", &mut message.attachment_urls);
    input.text("external_id", &mut message.external_id);
}

async fn get(shared: Data<Shared>, _: Caller, id: Path<String>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(shared.crm().messages.get(&id)?))
}

async fn update(
    shared: Data<Shared>,
    _: Caller,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let mut crm = shared.crm();
    let mut message = crm.messages.get(&id)?.clone();
    let mut input = Input::body(&body)?;
    read(&mut input, &crm, &mut message);
    input.finish()?;
    message.updated_at = crm.now();
    let response = HttpResponse::Ok().json(&message);
    crm.messages.put(&id, message);
    Ok(response)
}
