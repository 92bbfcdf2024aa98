//! `GET /`: what there is, for people.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};

use super::reply::resource;
use super::{
    API_KEY, CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID, RINGCENTRAL_CLIENT_ID, RINGCENTRAL_CLIENT_SECRET,
    Shared, ringcentral,
};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/", [(Method::GET, web::to(index))]));
}

const ROUTES: &str = "\
GET    /api/v1/me                            the user behind the credential
GET    /api/v1/users                         ?email= ?limit= ?cursor=
GET    /api/v1/users/{id}
GET    /api/v1/contacts                      ?phone= ?q= ?limit= ?cursor=
POST   /api/v1/contacts                      name, phones, type, title, company, email
GET    /api/v1/contacts/{id}
GET    /api/v1/activities                    ?contact_id= ?external_id= ?limit= ?cursor=
POST   /api/v1/activities                    contact_id, subject, type, description, note, direction,
                                             started_at, ended_at, duration_seconds, result,
                                             recording_url, disposition, external_id, owner_id
GET    /api/v1/activities/{id}
PATCH  /api/v1/activities/{id}
PUT    /api/v1/activities/{id}/disposition   disposition, note
GET    /api/v1/messages                      ?contact_id= ?external_id= ?limit= ?cursor=
POST   /api/v1/messages                      contact_id, body, type, subject, direction, sent_at,
                                             attachment_urls, external_id, owner_id
GET    /api/v1/messages/{id}
PATCH  /api/v1/messages/{id}
GET    /api/v1/appointments                  ?from= ?to= ?contact_id= ?status= ?limit= ?cursor=
POST   /api/v1/appointments                  contact_id, title, starts_at, ends_at, description,
                                             location, owner_id
GET    /api/v1/appointments/{id}
PATCH  /api/v1/appointments/{id}             status as well
POST   /api/v1/appointments/{id}/confirm
POST   /api/v1/appointments/{id}/cancel
GET    /api/v1/license
GET    /api/v1/settings/logging
PUT    /api/v1/settings/logging              enabled, logged_as, excluded_numbers (admin only)
POST   /api/v1/logout
GET    /oauth/authorize                      redirects with a code at once; login_hint=EMAIL,
                                             code_challenge, scope, state
POST   /oauth/token                          authorization_code, refresh_token, client_credentials,
                                             password (username EMAIL, password API key)
POST   /oauth/revoke                         token
GET    /restapi/oauth/authorize              RingCentral: redirects with a code at once; login_hint=EMAIL
POST   /restapi/oauth/token                  authorization_code, refresh_token
POST   /restapi/v1.0/interop/generate-code   clientId, redirectUri
GET    /restapi/v1.0/account/~/extension/{id}
GET    /restapi/v1.0/account/~/extension/{id}/call-log
                                             ?dateFrom= ?dateTo= ?page= ?perPage=
GET    /restapi/v1.0/account/~/extension/{id}/message-store
                                             ?dateFrom= ?dateTo= ?page= ?perPage=
POST   /analytics/calls/v1/accounts/~/aggregation/fetch
                                             grouping, timeSettings, responseOptions (admin only)
GET    /public-api/connectors                developer portal: public connectors
GET    /public-api/connectors/internal       ?accountId=
GET    /public-api/connectors/{id}/manifest  ?access=internal&accountId= if it is not public
GET    /_sandbox/faults
PUT    /_sandbox/faults                      {\"faults\":[{\"effect\":{\"status\":{\"code\":429}},\"times\":2}]}
DELETE /_sandbox/faults
GET    /_sandbox/oauth
PUT    /_sandbox/oauth                       {\"rotates_refresh_tokens\":false,\"requires_pkce\":true}
POST   /_sandbox/oauth/expire                access tokens expire now; user_id for one user
POST   /_sandbox/oauth/revoke                sign-ins end now; user_id for one user
POST   /_sandbox/ringcentral/expire
POST   /_sandbox/ringcentral/revoke
POST   /_sandbox/reset                       everything as it was at the start
GET    /_sandbox/requests                    what was received, newest last
";

async fn index(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(page(&shared))
}

fn page(shared: &Shared) -> String {
    let crm = shared.crm();
    let mut page = format!(
        "Sandbox CRM\n\
         A small CRM with made-up people. All of it is kept in memory.\n\n\
         API key        {API_KEY}   (Authorization: Basic base64(key:) or Bearer key)\n\
         OAuth client   {CLIENT_ID} / {CLIENT_SECRET}, or {PUBLIC_CLIENT_ID} without a secret, with PKCE\n\
         RingCentral    OAuth client {RINGCENTRAL_CLIENT_ID} / {RINGCENTRAL_CLIENT_SECRET}\n\
         Faults         X-Sandbox-Fault: latency_ms=N | status=CODE | broken_json | html_page |\n\
         \x20              reset | oversized_body; several with commas, settings after ;\n\
         Creation       Idempotency-Key on POST activities and messages\n\n\
         {ROUTES}\n"
    );
    // Writing to a String cannot fail.
    let _ = writeln!(page, "Users");
    for (id, user) in crm.users.rows() {
        let _ =
            writeln!(page, "  {id}  {}, {}, {}, API key {}", user.name, user.email, user.role, user.api_key);
    }
    let _ = writeln!(page, "\nRingCentral extensions");
    for person in ringcentral::summary() {
        let _ = writeln!(page, "  {person}");
    }
    let _ = writeln!(page, "\nContacts");
    for (id, contact) in crm.contacts.rows() {
        let phones = contact.phones.join(", ");
        let _ = writeln!(page, "  {id}  {} ({}), {phones}", contact.name, contact.kind);
    }
    let _ = writeln!(page, "\nAppointments");
    for (id, appointment) in crm.appointments.rows() {
        let _ = writeln!(
            page,
            "  {id}  {}, {} ({}), with {}",
            appointment.starts_at, appointment.title, appointment.status, appointment.contact_id
        );
    }
    page
}
