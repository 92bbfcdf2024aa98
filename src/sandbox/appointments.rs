//! `/appointments`: the calendar.

use actix_web::http::Method;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde_json::json;

use super::Shared;
use super::auth::Caller;
use super::input::Input;
use super::model::Appointment;
use super::page::Page;
use super::reply::{ApiError, created, resource};
use super::state::Crm;

const STATUSES: [&str; 3] = ["scheduled", "confirmed", "cancelled"];

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/appointments", [(Method::GET, web::to(list)), (Method::POST, web::to(create))]))
        .service(resource(
            "/appointments/{id}",
            [(Method::GET, web::to(get)), (Method::PATCH, web::to(update))],
        ))
        .service(resource("/appointments/{id}/confirm", [(Method::POST, web::to(confirm))]))
        .service(resource("/appointments/{id}/cancel", [(Method::POST, web::to(cancel))]));
}

/// Those that overlap the half-open span `from`..`to`, earliest first.
async fn list(shared: Data<Shared>, _: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut input = Input::query(request.query_string());
    let (mut from, mut to) = (None, None);
    let (mut contact_id, mut status) = (None, None);
    input.time("from", &mut from);
    input.time("to", &mut to);
    input.text("contact_id", &mut contact_id);
    input.choice("status", &STATUSES, &mut status);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        input.problem("to", "is before from");
    }
    let page = Page::read(input)?;
    let crm = shared.crm();
    let mut rows: Vec<_> = crm
        .appointments
        .rows()
        .filter(|(_, row)| from.is_none_or(|from| row.ends_at > from))
        .filter(|(_, row)| to.is_none_or(|to| row.starts_at < to))
        .filter(|(_, row)| contact_id.as_ref().is_none_or(|id| *id == row.contact_id))
        .filter(|(_, row)| status.as_ref().is_none_or(|status| *status == row.status))
        .collect();
    rows.sort_by_key(|(_, row)| row.starts_at);
    Ok(HttpResponse::Ok().json(page.of("appointments", &rows)?))
}

async fn create(shared: Data<Shared>, caller: Caller, body: Bytes) -> Result<HttpResponse, ApiError> {
    let mut input = Input::body(&body)?;
    let mut crm = shared.crm();
    let now = crm.now();
    let id = crm.appointments.next_id();
    let mut appointment = Appointment {
        id: id.clone(),
        owner_id: caller.user_id,
        status: "scheduled".to_owned(),
        created_at: now,
        updated_at: now,
        ..Appointment::default()
    };
    read(&mut input, &crm, &mut appointment, (None, None));
    input.finish()?;
    let response = created("appointments", &id, &json!(appointment));
    crm.appointments.put(&id, appointment);
    Ok(response)
}

/// The fields that a client may set; `span` is the start and end known so far.
fn read(
    input: &mut Input,
    crm: &Crm,
    appointment: &mut Appointment,
    span: (Option<Timestamp>, Option<Timestamp>),
) {
    let (mut start, mut end) = span;
    input.reference("contact_id", &crm.contacts, &mut appointment.contact_id);
    input.reference("owner_id", &crm.users, &mut appointment.owner_id);
    input.required_text("title", &mut appointment.title);
    input.text("description", &mut appointment.description);
    input.text("location", &mut appointment.location);
    input.required_time("starts_at", &mut start);
    input.required_time("ends_at", &mut end);
    if let (Some(start), Some(end)) = (start, end) {
        appointment.starts_at = start;
        appointment.ends_at = end;
        appointment.duration_minutes = (end.as_second() - start.as_second()) / 60;
        if end <= start {
            input.problem("ends_at", "is not after starts_at");
        }
    }
}

async fn get(shared: Data<Shared>, _: Caller, id: Path<String>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(shared.crm().appointments.get(&id)?))
}

async fn update(
    shared: Data<Shared>,
    _: Caller,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let mut crm = shared.crm();
    let mut appointment = crm.appointments.get(&id)?.clone();
    let mut input = Input::body(&body)?;
    refuse_cancelled(&appointment)?;
    let span = (Some(appointment.starts_at), Some(appointment.ends_at));
    read(&mut input, &crm, &mut appointment, span);
    input.required_choice("status", &STATUSES, &mut appointment.status);
    input.finish()?;
    Ok(keep(&mut crm, appointment))
}

/// Confirming twice is fine, confirming a cancelled appointment is a 409.
async fn confirm(shared: Data<Shared>, _: Caller, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let mut crm = shared.crm();
    let mut appointment = crm.appointments.get(&id)?.clone();
    refuse_cancelled(&appointment)?;
    appointment.status = "confirmed".to_owned();
    Ok(keep(&mut crm, appointment))
}

async fn cancel(shared: Data<Shared>, _: Caller, id: Path<String>) -> Result<HttpResponse, ApiError> {
    let mut crm = shared.crm();
    let mut appointment = crm.appointments.get(&id)?.clone();
    appointment.status = "cancelled".to_owned();
    Ok(keep(&mut crm, appointment))
}

fn refuse_cancelled(appointment: &Appointment) -> Result<(), ApiError> {
    if appointment.status != "cancelled" {
        return Ok(());
    }
    Err(ApiError::conflict("appointment_cancelled", "The appointment is cancelled; create another one."))
}

fn keep(crm: &mut Crm, mut appointment: Appointment) -> HttpResponse {
    appointment.updated_at = crm.now();
    let response = HttpResponse::Ok().json(&appointment);
    let id = appointment.id.clone();
    crm.appointments.put(&id, appointment);
    response
}
