//! A body that is kept as it came: its bytes, within the limit of its route.

use std::future::Future;
use std::pin::Pin;

use actix_web::body::BoxBody;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, dev, web};

use super::intake::{self, Unread};
use super::reply;

/// The bytes of a JSON body of at most `LIMIT` bytes. Whoever keeps them looks whether they are JSON.
pub(super) struct Upload<const LIMIT: usize>(pub(super) web::Bytes);

/// A body that is not taken.
#[derive(Debug)]
pub(super) struct NotTaken(Unread);

impl std::fmt::Display for NotTaken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for NotTaken {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        reply::unread(self.0, reply::error(self.0.status(), &self.0.to_string()))
    }
}

impl<const LIMIT: usize> FromRequest for Upload<LIMIT> {
    type Error = NotTaken;
    type Future = Pin<Box<dyn Future<Output = Result<Self, NotTaken>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let bytes = intake::read(request, payload, LIMIT);
        Box::pin(async move { bytes.await.map(Self).map_err(NotTaken) })
    }
}
