//! What the server counts, for whoever watches it.

use actix_web::{HttpResponse, web};

use crate::connector::documents::Documents;
use crate::metrics::{CONTENT_TYPE, Metrics};
use crate::server::admin::Admin;
use crate::service::Services;

/// `GET /metrics`, with the admin token as bearer token.
pub(super) async fn read(_: Admin, services: web::Data<Services>) -> HttpResponse {
    reply(&services.metrics, &services.documents)
}

/// The reply, for an address of its own as well.
pub(in crate::server) fn reply(metrics: &Metrics, documents: &Documents) -> HttpResponse {
    let mut counts = [("active", 0), ("kept", 0), ("refused", 0)];
    for state in documents.snapshot().states().values() {
        if let Some((_, count)) = counts.iter_mut().find(|(name, _)| *name == state.status()) {
            *count += 1;
        }
    }
    metrics.set_documents(&counts);
    HttpResponse::Ok().content_type(CONTENT_TYPE).body(metrics.render())
}
