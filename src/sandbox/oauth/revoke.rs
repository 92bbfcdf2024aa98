//! The revocation endpoint (RFC 7009).

use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};

use super::CLIENTS;
use super::client::Credentials;
use super::form::{Form, Refusal};
use crate::sandbox::Shared;

/// Ends the sign-in behind an access or refresh token. An unknown token is no error (section 2.2).
pub(super) async fn revoke(shared: web::Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    match end(&shared, &request, &body) {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(refusal) => refusal.response(),
    }
}

fn end(shared: &Shared, request: &HttpRequest, body: &Bytes) -> Result<(), Refusal> {
    let form = Form::body(request, body)?;
    let mut crm = shared.crm();
    let client = Credentials::of(request, &form).client(&CLIENTS, crm.rules.client_authentication)?;
    let token = form.required("token")?;
    let grant = crm.grants.holder_of(token).filter(|holder| holder.client_id == client.id);
    if let Some(grant) = grant.map(|holder| holder.grant) {
        crm.grants.revoke(grant);
    }
    Ok(())
}
