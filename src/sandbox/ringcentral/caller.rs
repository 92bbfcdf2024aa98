//! Whose RingCentral token a request brings.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};

use super::people::{ACCOUNT_ID, PEOPLE, Person};
use super::reply::RcError;
use crate::sandbox::Shared;
use crate::sandbox::grants::Access;

/// The person behind a request. Asking for it as a handler argument makes a route private.
pub(super) struct Caller(pub &'static Person);

impl Caller {
    /// The extension that a path names: `~` is the caller's own. Of others only an admin learns.
    pub(super) fn extension(&self, account: &str, id: &str) -> Result<&'static Person, RcError> {
        self.account(account)?;
        if id == "~" {
            return Ok(self.0);
        }
        let person = Person::with_id(id).ok_or_else(|| RcError::not_found("extension"))?;
        if person.id != self.0.id && !self.0.is_admin {
            return Err(RcError::forbidden("ReadExtensions"));
        }
        Ok(person)
    }

    /// `~`, or the id of the only account.
    pub(super) fn account(&self, account: &str) -> Result<(), RcError> {
        if account == "~" || account == ACCOUNT_ID { Ok(()) } else { Err(RcError::not_found("account")) }
    }
}

impl FromRequest for Caller {
    type Error = RcError;
    type Future = Ready<Result<Self, RcError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request).map(Self))
    }
}

fn identify(request: &HttpRequest) -> Result<&'static Person, RcError> {
    let unknown = || RcError::unauthorized("TokenInvalid", "The access token is unknown or was revoked.");
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|text| text.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token.trim());
    let token = token.ok_or_else(|| {
        RcError::unauthorized("AuthorizationRequired", "Send an access token: Authorization: Bearer.")
    })?;
    if let Some(person) = PEOPLE.iter().find(|person| person.token == token) {
        return Ok(person);
    }
    let shared = request.app_data::<web::Data<Shared>>().ok_or_else(unknown)?;
    let crm = shared.crm();
    match crm.ringcentral.grants.access(token, crm.now()) {
        Access::Granted { user_id, .. } => Person::with_id(&user_id).ok_or_else(unknown),
        Access::Expired => Err(RcError::unauthorized("TokenExpired", "The access token has expired.")),
        Access::Unknown => Err(unknown()),
    }
}
