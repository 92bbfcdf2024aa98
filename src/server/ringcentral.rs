//! How a request names the RingCentral user, and what is answered if that proves too little.

use actix_web::HttpResponse;
use serde_json::Value;

use super::reply;
use crate::members::{Given, members};
use crate::service::accounts::AccountError;

members! {
    /// The RingCentral user who signs in.
    #[derive(Debug)]
    pub(super) struct RingCentralHeaders {
        /// A RingCentral access token, by which the user's account is known.
        access_token as "X-RC-Access-Token": Option<String>,
    }
}

members! {
    /// The RingCentral user, as older clients name them.
    pub(super) struct RingCentralQuery {
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

/// The RingCentral token of the header, else the first one that the others have, such as body and query.
pub(super) fn token<const N: usize>(
    headers: RingCentralHeaders,
    others: [Option<Given<String>>; N],
) -> Option<String> {
    let in_header = headers.access_token.filter(|token| !token.trim().is_empty());
    in_header.or_else(|| others.into_iter().find_map(filled))
}

/// A text that is there and not empty.
pub(super) fn filled(given: Option<Given<String>>) -> Option<String> {
    match given.map(Given::into_value) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// The reply to somebody who may not read or change something of an account.
pub(super) fn refused(error: &AccountError) -> HttpResponse {
    match error {
        AccountError::NotAdmin | AccountError::NoAccount | AccountError::OtherAccount => {
            reply::text(403, &error.to_string())
        }
        AccountError::NoToken | AccountError::Upstream(_) => reply::error(400, &error.to_string()),
        AccountError::TooMuch(error) => reply::too_much(error),
        AccountError::Store(error) => reply::store_failed(error),
    }
}
