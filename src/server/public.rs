//! Routes that anybody may call.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev};

/// The caller of a route that needs no session, token or role of this server. A handler takes it to say so.
#[derive(Debug)]
pub(super) struct Public;

impl FromRequest for Public {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(_: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self))
    }
}
