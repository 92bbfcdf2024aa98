//! Who calls the management API: one extractor demands an API token with a scope.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev, web};

use super::ManagementError;
use crate::server::intake::Known;
use crate::service::Services;
use crate::service::management::{Caller, Forbidden, Refused, TokenScope};
use crate::store::{Secret, StoreError};

/// A request with a valid API token as bearer token that has a [scope], and who holds it.
#[derive(Debug)]
pub(in crate::server) struct ManagementCaller<S> {
    caller: Caller,
    scope: PhantomData<S>,
}

/// The scopes of tokens, as types: a handler says which one it needs by the type of its caller.
pub(in crate::server) mod scope {
    use super::TokenScope;

    /// A scope.
    pub(in crate::server) trait Scope: 'static {
        /// The value that tokens have.
        const NEEDED: TokenScope;
    }

    macro_rules! scopes {
        ($($name:ident)*) => {$(
            #[derive(Debug)]
            pub(in crate::server) struct $name;

            impl Scope for $name {
                const NEEDED: TokenScope = TokenScope::$name;
            }
        )*};
    }

    scopes!(Read Edit Activate Admin);
}

impl<S> Deref for ManagementCaller<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// Who calls, or why they are refused: among the extensions of a request.
struct Entered(Result<Caller, Refused>);

/// Finds out who calls, before anything else of the request is read.
pub(in crate::server) async fn enter(request: &ServiceRequest, request_id: String) {
    let Some(services) = request.app_data::<web::Data<Services>>() else { return };
    let presented = bearer(request.headers());
    let address = request.peer_addr().map(|address| address.ip());
    let now = services.clock.now_ms();
    let entered = services.api_tokens.enter(&*services.store, presented.as_ref(), address, now).await;
    let entered = entered.map(|caller| Caller { request_id: Some(request_id), ..caller });
    match &entered {
        Ok(_) => {
            request.extensions_mut().insert(Known);
        }
        Err(Refused::Missing | Refused::Closed) => {}
        Err(refused) => tracing::warn!(reason = %refused, "refused at the console"),
    }
    request.extensions_mut().insert(Entered(entered));
}

impl<S: scope::Scope> FromRequest for ManagementCaller<S> {
    type Error = ManagementError;
    type Future = Ready<Result<Self, ManagementError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(match request.extensions_mut().remove::<Entered>() {
            Some(Entered(Ok(caller))) => caller
                .may(S::NEEDED)
                .map(|()| Self { caller, scope: PhantomData })
                .map_err(ManagementError::from),
            Some(Entered(Err(refused))) => Err(refused.into()),
            None => Err(ManagementError::new(500, "server_failed", "The server has no services.")),
        })
    }
}

impl From<Refused> for ManagementError {
    fn from(refused: Refused) -> Self {
        let words = refused.to_string();
        match refused {
            Refused::Closed => Self::new(403, "console_closed", words),
            Refused::Missing | Refused::Wrong => Self::new(401, "unauthorized", words),
            Refused::Expired => Self::new(401, "token_expired", words),
            Refused::Limited(seconds) => Self::new(429, "too_many_failures", words).retry_after(seconds),
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<Forbidden> for ManagementError {
    fn from(forbidden: Forbidden) -> Self {
        Self::new(403, "scope_missing", forbidden.to_string())
    }
}

impl From<StoreError> for ManagementError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store");
        Self::new(
            500,
            "store_failed",
            "The store failed; the server's log says why. Once the store works again, look whether a change that was sent is kept.",
        )
    }
}

/// The bearer token, where there is one.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}
