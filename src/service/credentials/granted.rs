//! The credential in what a token endpoint gave.

use crate::credential::Credential;
use crate::engine::oauth::Granted;

/// The credential. One whose end nobody tells is used until the CRM refuses it (recordings 20,
/// `refresh-no-expires-in`). `now` is in milliseconds since 1970.
pub(in crate::service) fn granted(now: i64, granted: &Granted) -> Credential {
    let expires_at = granted
        .expires_in
        .map(|left| now.saturating_add(i64::try_from(left.as_millis()).unwrap_or(i64::MAX)));
    Credential {
        refresh: granted.refresh_token.clone(),
        expires_at,
        ..Credential::new(granted.access_token.clone())
    }
}
