//! Appointments.

use actix_web::{HttpResponse, web};

use crate::server::extract::{Body, Query};
use crate::server::reply;
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::appointments;
use crate::service::appointments::input::{CreateRequest, Form, PatchRequest, RangeQuery, StatusRequest};

/// `GET /appointments?startDate=&endDate=`
pub(super) async fn list(
    services: web::Data<Services>,
    session: Authenticated,
    query: Query<RangeQuery>,
) -> HttpResponse {
    match query.0.range() {
        Ok(range) => reply::answer(&appointments::list(&services, &session.0, &range).await),
        Err(invalid) => reply::json(400, &invalid),
    }
}

/// `POST /appointments`
pub(super) async fn create(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body<CreateRequest>,
) -> HttpResponse {
    match body.0.appointment() {
        Ok(payload) => reply::answer(&appointments::create(&services, &session.0, payload).await),
        Err(invalid) => reply::json(400, &invalid),
    }
}

/// `PATCH /appointments/{appointmentId}`
pub(super) async fn update(
    services: web::Data<Services>,
    session: Authenticated,
    id: web::Path<String>,
    body: Body<PatchRequest>,
) -> HttpResponse {
    match body.0.patch() {
        Ok(patch) => reply::answer(&appointments::update(&services, &session.0, &id, patch).await),
        Err(invalid) => reply::json(400, &invalid),
    }
}

/// `POST /appointments/{appointmentId}/status`
pub(super) async fn set_status(
    services: web::Data<Services>,
    session: Authenticated,
    id: web::Path<String>,
    body: Body<Form<StatusRequest>>,
) -> HttpResponse {
    match body.0.status() {
        Ok(status) => reply::answer(&appointments::set_status(&services, &session.0, &id, &status).await),
        Err(invalid) => reply::json(400, &invalid),
    }
}

/// `GET /appointments/{appointmentId}/refresh`
pub(super) async fn refresh(
    services: web::Data<Services>,
    session: Authenticated,
    id: web::Path<String>,
) -> HttpResponse {
    reply::answer(&appointments::refresh(&services, &session.0, &id).await)
}

/// `POST /appointments/{appointmentId}/confirm`
pub(super) async fn confirm(
    services: web::Data<Services>,
    session: Authenticated,
    id: web::Path<String>,
) -> HttpResponse {
    reply::answer(&appointments::confirm(&services, &session.0, &id).await)
}

/// `POST /appointments/{appointmentId}/cancel`
pub(super) async fn cancel(
    services: web::Data<Services>,
    session: Authenticated,
    id: web::Path<String>,
) -> HttpResponse {
    reply::answer(&appointments::cancel(&services, &session.0, &id).await)
}
