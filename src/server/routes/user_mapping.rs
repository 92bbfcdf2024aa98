//! User mapping, for admins of an account.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, web};
use serde_json::{Map, Value};

use crate::members::{Given, members};
use crate::server::extract::{Body, Headers, Query};
use crate::server::intake::{EXTENSIONS_LIMIT, EXTENSIONS_VALUES};
use crate::server::reply;
use crate::server::ringcentral::{RingCentralHeaders, RingCentralQuery, refused, token};
use crate::server::route::{Route, post};
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::user_mapping::{self, MappedUser, MappingError, Revoked, Start};

/// Says what is missing in the list, which has no place for it.
const NOTES: HeaderName = HeaderName::from_static("x-user-mapping-notes");

members! {
    /// The extensions of an account.
    pub(super) struct UserMappingRequest {
        /// Objects with `id`, `name` or `firstName` and `lastName`, `extensionNumber`, `email`; at most 50,000.
        #[schemars(required)]
        rc_extension_list as "rcExtensionList": Option<Given<Vec<Map<String, Value>>>>,
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

type Request = Body<UserMappingRequest, EXTENSIONS_LIMIT, EXTENSIONS_VALUES>;

/// The routes.
pub(super) fn table() -> Vec<Route> {
    let route = |route: Route| {
        route
            .reply::<Vec<MappedUser>>(
                200,
                "Every user of the CRM; the header `x-user-mapping-notes` says what is left out",
            )
            .text(400, "The user is unknown")
            .error(400, "What is wrong with the request, the token or the CRM's answer")
            .reply::<Revoked>(401, "The session at the CRM is over: the user has to connect again")
            .text(403, "The RingCentral user is no admin")
            .error(500, "The store failed")
    };
    vec![
        route(post(
            "/admin/userMapping",
            complete,
            "Lists the CRM's users with the extensions that are theirs, and matches those that have none",
        )),
        route(post(
            "/admin/reinitializeUserMapping",
            begin_anew,
            "Discards the mappings of the CRM's users and extensions, and matches all of them",
        )),
    ]
}

/// `POST /admin/userMapping`
async fn complete(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<RingCentralHeaders>,
    query: Query<RingCentralQuery>,
    body: Request,
) -> HttpResponse {
    map(&services, &session, (headers.0, query.0, body.0), Start::Kept).await
}

/// `POST /admin/reinitializeUserMapping`
async fn begin_anew(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<RingCentralHeaders>,
    query: Query<RingCentralQuery>,
    body: Request,
) -> HttpResponse {
    map(&services, &session, (headers.0, query.0, body.0), Start::Anew).await
}

async fn map(
    services: &Services,
    session: &Authenticated,
    (headers, query, body): (RingCentralHeaders, RingCentralQuery, UserMappingRequest),
    start: Start,
) -> HttpResponse {
    let token = token(headers, [body.rc_access_token, query.rc_access_token]);
    let extensions = body.rc_extension_list.map(Given::into_value);
    match user_mapping::map(services, &session.0, token.as_deref(), extensions, start).await {
        Ok(mapped) => {
            let mut response = reply::json(200, &mapped.users);
            if let Ok(notes) = HeaderValue::try_from(mapped.notes.join("; "))
                && !notes.is_empty()
            {
                response.headers_mut().insert(NOTES, notes);
            }
            response
        }
        Err(MappingError::UnknownUser) => reply::text(400, "User not found"),
        Err(MappingError::Account(error)) => refused(&error),
        Err(MappingError::Revoked(revoked)) => reply::json(401, &revoked),
        Err(MappingError::Failed(words)) => reply::error(400, &words),
    }
}
