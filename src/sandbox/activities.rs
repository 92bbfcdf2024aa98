//! `/activities`: calls, meetings and notes about a contact, and how a call was disposed of.

use actix_web::http::Method;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::Shared;
use super::auth::Caller;
use super::idempotency::create_once;
use super::input::Input;
use super::model::Activity;
use super::page::Page;
use super::reply::{ApiError, resource};
use super::state::Crm;

const KINDS: [&str; 3] = ["call", "meeting", "note"];
pub(super) const DIRECTIONS: [&str; 2] = ["inbound", "outbound"];

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/activities", [(Method::GET, web::to(list)), (Method::POST, web::to(create))]))
        .service(resource(
            "/activities/{id}",
            [(Method::GET, web::to(get)), (Method::PATCH, web::to(update))],
        ))
        .service(resource("/activities/{id}/disposition", [(Method::PUT, web::to(dispose))]));
}

async fn list(shared: Data<Shared>, _: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut input = Input::query(request.query_string());
    let (mut contact_id, mut external_id) = (None, None);
    input.text("contact_id", &mut contact_id);
    input.text("external_id", &mut external_id);
    let page = Page::read(input)?;
    let crm = shared.crm();
    let rows: Vec<_> = crm
        .activities
        .rows()
        .filter(|(_, row)| contact_id.as_ref().is_none_or(|id| *id == row.contact_id))
        .filter(|(_, row)| external_id.is_none() || external_id == row.external_id)
        .collect();
    Ok(HttpResponse::Ok().json(page.of("activities", &rows)?))
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
    create_once(&mut crm, &request, &caller, "activities", sent, |crm| {
        let now = crm.now();
        let id = crm.activities.next_id();
        let mut activity = Activity {
            id: id.clone(),
            owner_id: caller.user_id.clone(),
            kind: "call".to_owned(),
            created_at: now,
            updated_at: now,
            ..Activity::default()
        };
        read(&mut input, crm, &mut activity);
        input.finish()?;
        crm.note_activity(&activity.contact_id, activity.started_at.unwrap_or(now));
        let record = json!(activity);
        crm.activities.put(&id, activity);
        Ok((id, record))
    })
}

/// The fields that a client may set, at creation and later.
fn read(input: &mut Input, crm: &Crm, activity: &mut Activity) {
    input.reference("contact_id", &crm.contacts, &mut activity.contact_id);
    input.reference("owner_id", &crm.users, &mut activity.owner_id);
    input.required_choice("type", &KINDS, &mut activity.kind);
    input.required_text("subject", &mut activity.subject);
    input.text("description", &mut activity.description);
    input.text("note", &mut activity.note);
    input.choice("direction", &DIRECTIONS, &mut activity.direction);
    input.time("started_at", &mut activity.started_at);
    input.time("ended_at", &mut activity.ended_at);
    input.count("duration_seconds", &mut activity.duration_seconds);
    input.text("result", &mut activity.result);
    input.text("recording_url", &mut activity.recording_url);
    input.text("disposition", &mut activity.disposition);
    input.text("external_id", &mut activity.external_id);
    if let (Some(start), Some(end)) = (activity.started_at, activity.ended_at)
        && end < start
    {
        input.problem("ended_at", "is before started_at");
    }
}

async fn get(shared: Data<Shared>, _: Caller, id: Path<String>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(shared.crm().activities.get(&id)?))
}

async fn update(
    shared: Data<Shared>,
    _: Caller,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let mut crm = shared.crm();
    let activity = crm.activities.get(&id)?.clone();
    let input = Input::body(&body)?;
    change(&mut crm, activity, input, read)
}

async fn dispose(
    shared: Data<Shared>,
    _: Caller,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let mut crm = shared.crm();
    let activity = crm.activities.get(&id)?.clone();
    let input = Input::body(&body)?;
    change(&mut crm, activity, input, |input, _, activity| {
        let mut disposition = String::new();
        input.required_text("disposition", &mut disposition);
        activity.disposition = Some(disposition);
        input.text("note", &mut activity.note);
    })
}

/// Reads the changes into a copy and keeps it only when all of them are valid.
fn change(
    crm: &mut Crm,
    mut activity: Activity,
    mut input: Input,
    read: impl FnOnce(&mut Input, &Crm, &mut Activity),
) -> Result<HttpResponse, ApiError> {
    read(&mut input, crm, &mut activity);
    input.finish()?;
    activity.updated_at = crm.now();
    let response = HttpResponse::Ok().json(&activity);
    let id = activity.id.clone();
    crm.activities.put(&id, activity);
    Ok(response)
}
