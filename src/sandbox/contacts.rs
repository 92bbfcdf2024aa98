//! `/contacts`: finding people by number or name, and adding them.

use actix_web::http::Method;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::Shared;
use super::auth::Caller;
use super::input::Input;
use super::model::Contact;
use super::page::Page;
use super::phone;
use super::reply::{ApiError, created, resource};

const KINDS: [&str; 3] = ["Contact", "Lead", "Account"];

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/contacts", [(Method::GET, web::to(list)), (Method::POST, web::to(create))]))
        .service(resource("/contacts/{id}", [(Method::GET, web::to(get))]));
}

async fn list(shared: Data<Shared>, _: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut input = Input::query(request.query_string());
    let (mut number, mut name) = (None, None);
    input.text("phone", &mut number);
    input.text("q", &mut name);
    let page = Page::read(input)?;
    let name = name.map(|name| name.to_lowercase());
    let crm = shared.crm();
    let rows: Vec<_> = crm
        .contacts
        .rows()
        .filter(|(_, contact)| {
            let asked = number.as_deref();
            asked.is_none_or(|asked| contact.phones.iter().any(|own| phone::is_same(own, asked)))
        })
        .filter(|(_, contact)| {
            let part = name.as_deref();
            part.is_none_or(|part| contact.name.to_lowercase().contains(part))
        })
        .collect();
    Ok(HttpResponse::Ok().json(page.of("contacts", &rows)?))
}

async fn create(shared: Data<Shared>, _: Caller, body: Bytes) -> Result<HttpResponse, ApiError> {
    let mut input = Input::body(&body)?;
    let mut crm = shared.crm();
    let mut contact = Contact {
        id: crm.contacts.next_id(),
        kind: "Contact".to_owned(),
        created_at: crm.now(),
        ..Contact::default()
    };
    input.required_text("name", &mut contact.name);
    input.phones("phones", &mut contact.phones);
    input.required_choice("type", &KINDS, &mut contact.kind);
    input.text("title", &mut contact.title);
    input.text("company", &mut contact.company);
    input.text("email", &mut contact.email);
    input.finish()?;
    let response = created("contacts", &contact.id, &json!(contact));
    let id = contact.id.clone();
    crm.contacts.put(&id, contact);
    Ok(response)
}

async fn get(shared: Data<Shared>, _: Caller, id: Path<String>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(shared.crm().contacts.get(&id)?))
}
