//! A stand-in for RingCentral: what an App Connect server asks of it, for one account with an admin and a user.
//!
//! The tokens `sandbox-admin` and `sandbox-user` always work; others come from `/restapi/oauth/token`. Calls and
//! messages are made up for each working day of the last year, so that any range of a report has some.

mod analytics;
mod caller;
mod extension;
mod history;
mod log;
mod oauth;
mod people;
mod reply;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};

pub(super) use people::ACCOUNT_ID;

use super::grants::Grants;
use super::reply::resource;

/// What the stand-in knows.
pub(super) struct RingCentral {
    pub(super) grants: Grants,
}

impl RingCentral {
    pub(super) fn new() -> Self {
        Self { grants: Grants::named("sandbox-rc") }
    }
}

pub(super) fn routes(config: &mut ServiceConfig) {
    let extension = "/restapi/v1.0/account/{account}/extension/{id}";
    config
        .service(resource("/restapi/oauth/authorize", [(Method::GET, web::to(oauth::authorize))]))
        .service(resource("/restapi/oauth/token", [(Method::POST, web::to(oauth::token))]))
        .service(resource(
            "/restapi/v1.0/interop/generate-code",
            [(Method::POST, web::to(oauth::generate_code))],
        ))
        .service(resource(extension, [(Method::GET, web::to(extension::get))]))
        .service(resource(&format!("{extension}/call-log"), [(Method::GET, web::to(log::calls))]))
        .service(resource(&format!("{extension}/message-store"), [(Method::GET, web::to(log::messages))]))
        .service(resource(
            "/analytics/calls/v1/accounts/{account}/aggregation/fetch",
            [(Method::POST, web::to(analytics::fetch))],
        ));
}

/// The people, for the index.
pub(super) fn summary() -> impl Iterator<Item = String> {
    people::PEOPLE.iter().map(|person| {
        let kind = if person.is_admin { "admin" } else { "user" };
        format!(
            "{}  {}, {}, {kind} of account {}, extension {}, token {}",
            person.id,
            person.name(),
            person.email,
            ACCOUNT_ID,
            person.number,
            person.token
        )
    })
}
