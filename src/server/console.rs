//! Somebody at the console: one extractor demands an API token.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::body::BoxBody;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderValue, RETRY_AFTER};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError, dev, web};

use super::body::BodyError;
use super::observe::RequestId;
use super::reply;
use crate::service::Services;
use crate::service::clock::now_ms;
use crate::service::console::{Caller, Forbidden, Refused, Scope};
use crate::store::{Secret, StoreError};

/// A request with a valid API token as bearer token, and who holds it.
#[derive(Debug)]
pub(super) struct ConsoleCaller(Caller);

impl Deref for ConsoleCaller {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl ConsoleCaller {
    /// Whether this may be done.
    ///
    /// # Errors
    /// 403, where the token lacks the scope.
    pub(super) fn may(&self, scope: Scope) -> Result<(), ConsoleRefusal> {
        Ok(self.0.may(scope)?)
    }
}

/// Why a request to the console is not carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConsoleRefusal {
    /// Nobody enters, or not with this token.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The token lacks a scope.
    #[error("{0}")]
    Forbidden(#[from] Forbidden),
    /// The body cannot be used.
    #[error("{0}")]
    Body(#[from] BodyError),
    /// What is asked for cannot be meant.
    #[error("{0}")]
    Invalid(String),
    /// There is no such thing.
    #[error("{0}")]
    Unknown(String),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The server failed.
    #[error("{0}")]
    Failed(String),
}

impl ResponseError for ConsoleRefusal {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let words = self.to_string();
        let mut response = match self {
            Self::Refused(Refused::Closed) | Self::Forbidden(_) => reply::error(403, &words),
            Self::Refused(Refused::Missing | Refused::Wrong | Refused::Expired) => reply::error(401, &words),
            Self::Refused(Refused::Limited(_)) => reply::error(429, &words),
            Self::Refused(Refused::Store(error)) | Self::Store(error) => reply::store_failed(error),
            Self::Body(error) => error.error_response(),
            Self::Invalid(_) => reply::error(400, &words),
            Self::Unknown(_) => reply::error(404, &words),
            Self::Failed(_) => reply::error(500, &words),
        };
        if let Self::Refused(Refused::Limited(seconds)) = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl FromRequest for ConsoleCaller {
    type Error = ConsoleRefusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ConsoleRefusal>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let services = request.app_data::<web::Data<Services>>().cloned();
        let presented = bearer(request.headers());
        let address = request.peer_addr().map(|address| address.ip());
        let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
        Box::pin(async move {
            let services =
                services.ok_or_else(|| ConsoleRefusal::Failed("The server has no services.".to_owned()))?;
            let entered =
                services.console.enter(&*services.store, presented.as_ref(), address, now_ms()).await;
            match entered {
                Ok(caller) => Ok(Self(Caller { request_id, ..caller })),
                Err(refused) => {
                    if !matches!(refused, Refused::Missing | Refused::Closed) {
                        tracing::warn!(reason = %refused, "nobody enters the console");
                    }
                    Err(refused.into())
                }
            }
        })
    }
}

/// The bearer token, where there is one.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}
