//! OAuth clients that admins supply for their account.

use actix_web::{HttpResponse, web};
use serde_json::{Map, Value};

use super::Successful;
use crate::members::{Given, members};
use crate::server::extract::{Body, Headers, Query};
use crate::server::public::Public;
use crate::server::reply;
use crate::server::ringcentral::{RingCentralHeaders, filled, refused, token};
use crate::server::route::{Route, delete, get, post};
use crate::service::Services;
use crate::service::managed_oauth::{
    ClientError, OAuthState, Place, forget, forget_pending, save_pending, state,
};

/// The routes.
pub(super) fn table() -> Vec<Route> {
    let not_admin = "The RingCentral user is no admin";
    vec![
        get("/oauthManagedAuthState", client_state, "Tells which OAuth client an account's admins supplied")
            .reply::<OAuthState>(200, "The client, without its secret")
            .text(400, "No platform is named, or the RingCentral token is missing")
            .error(400, "RingCentral could not be asked")
            .error(500, "The store failed"),
        post(
            "/admin/managedOAuth/cache",
            save,
            "Enters an OAuth client, which is the account's once somebody signs in with it",
        )
        .reply::<Successful>(200, "It is entered, for a day")
        .error(400, "A value cannot be used, or RingCentral could not be asked")
        .text(403, not_admin)
        .error(500, "The store failed"),
        delete(
            "/admin/managedOAuth/cache",
            remove_pending,
            "Removes the OAuth client that nobody has signed in with yet",
        )
        .reply::<Successful>(200, "There is none now")
        .error(400, "The RingCentral token is missing, or RingCentral could not be asked")
        .text(403, not_admin)
        .error(500, "The store failed"),
        delete("/admin/managedOAuth/account", remove, "Removes the account's OAuth client")
            .reply::<Successful>(200, "There is none now")
            .text(400, "No platform is named")
            .error(400, "The RingCentral token is missing, or RingCentral could not be asked")
            .text(403, not_admin)
            .error(500, "The store failed"),
    ]
}

members! {
    /// The platform whose OAuth client is meant.
    pub(super) struct PlaceQuery {
        /// The platform name.
        #[schemars(required)]
        platform as "platform": Option<Given<String>>,
        /// The document, if the client is for one of several.
        proxy_id as "proxyId": Option<Given<String>>,
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

members! {
    /// The platform of a pending OAuth client, if it is not the one whose state the admin asked for last.
    pub(super) struct PendingQuery {
        /// The platform name.
        platform as "platform": Option<Given<String>>,
        /// The document, if the client is for one of several.
        proxy_id as "proxyId": Option<Given<String>>,
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

members! {
    /// An OAuth client.
    pub(super) struct SaveClientRequest {
        /// `clientId`, `clientSecret`, `accessTokenUri`, `authorizationUri`, `redirectUri`, `scopes` and `hostname`,
        /// each a text. What is missing comes from the document.
        values as "values": Option<Map<String, Value>>,
        /// The platform name; else the one whose state the admin asked for last.
        platform as "platform": Option<Given<String>>,
        /// The document, if the client is for one of several.
        proxy_id as "proxyId": Option<Given<String>>,
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

/// The place that a request names.
fn place(platform: Option<String>, proxy_id: Option<String>) -> Option<Place> {
    Some(Place { platform: platform?, proxy_id })
}

/// `GET /oauthManagedAuthState?platform=`
pub(super) async fn client_state(
    _: Public,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    query: Query<PlaceQuery>,
) -> HttpResponse {
    let query = query.0;
    let Some(place) = place(filled(query.platform), filled(query.proxy_id)) else {
        return reply::text(400, "Missing platform name");
    };
    let Some(token) = token(headers.0, [query.rc_access_token]) else {
        return reply::text(400, "Missing RingCentral access token");
    };
    match place.checked() {
        Err(words) => reply::error(400, &words),
        Ok(place) => match state(&services, &token, &place).await {
            Ok(state) => reply::json(200, &state),
            Err(error) => refused(&error),
        },
    }
}

/// `POST /admin/managedOAuth/cache`
pub(super) async fn save(
    _: Public,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    query: Query<PendingQuery>,
    body: Body<SaveClientRequest>,
) -> HttpResponse {
    let (query, body) = (query.0, body.0);
    let token = token(headers.0, [body.rc_access_token, query.rc_access_token]);
    let platform = filled(body.platform).or_else(|| filled(query.platform));
    let place = place(platform, filled(body.proxy_id).or_else(|| filled(query.proxy_id)));
    done(save_pending(&services, token.as_deref(), place, &body.values.unwrap_or_default()).await)
}

/// `DELETE /admin/managedOAuth/cache`
pub(super) async fn remove_pending(
    _: Public,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    query: Query<PendingQuery>,
) -> HttpResponse {
    let query = query.0;
    let token = token(headers.0, [query.rc_access_token]);
    let place = place(filled(query.platform), filled(query.proxy_id));
    done(forget_pending(&services, token.as_deref(), place).await)
}

/// `DELETE /admin/managedOAuth/account?platform=`
pub(super) async fn remove(
    _: Public,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    query: Query<PlaceQuery>,
) -> HttpResponse {
    let query = query.0;
    let token = token(headers.0, [query.rc_access_token]);
    let place = place(filled(query.platform), filled(query.proxy_id));
    done(forget(&services, token.as_deref(), place).await)
}

fn done(result: Result<(), ClientError>) -> HttpResponse {
    match result {
        Ok(()) => reply::json(200, &Successful { successful: true }),
        Err(ClientError::Account(error)) => refused(&error),
        Err(ClientError::NoPlatform) => reply::text(400, "Missing platform name"),
        Err(ClientError::Wrong(words)) => reply::error(400, &words),
    }
}
