//! OAuth 2 (RFC 6749) with PKCE (RFC 7636) and revocation (RFC 7009).
//!
//! `/oauth/authorize` asks no one and redirects with a code at once. Codes work once, and access tokens expire.
//! [`OAuthRules`] says how strict the sandbox is. Tokens are numbered, so a sandbox answers the same requests
//! with the same tokens each time: they protect nothing.

mod authorize;
mod client;
mod form;
mod pkce;
mod revoke;
mod rules;
pub(super) mod token;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};

pub(super) use authorize::Redirection;
pub(super) use client::{Client, Credentials};
pub(super) use form::{Form, Refusal};
pub use rules::{ClientAuthentication, ExpiresIn, OAuthRules, TokenReply};

use super::reply::resource;
use super::{CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID};

/// The clients of the CRM.
const CLIENTS: [Client; 2] =
    [Client { id: CLIENT_ID, secret: Some(CLIENT_SECRET) }, Client { id: PUBLIC_CLIENT_ID, secret: None }];

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/oauth/authorize", [(Method::GET, web::to(authorize::authorize))]))
        .service(resource("/oauth/token", [(Method::POST, web::to(token::token))]))
        .service(resource("/oauth/revoke", [(Method::POST, web::to(revoke::revoke))]));
}
