//! What proves to a CRM who asks, apart from the user that it belongs to.

use std::fmt;

use crate::secret::Secret;

/// A credential with less than this left, in milliseconds, is renewed first, as on the reference server.
const RENEWED_EARLY_MS: i64 = 2 * 60 * 1000;

/// The credential of one user: an API key, or the tokens of OAuth. The default proves nothing. Not `Serialize`:
/// only the store writes it down, sealed.
#[derive(Clone, PartialEq)]
pub struct Credential {
    /// API key or OAuth access token; empty after a logout.
    pub secret: Secret,
    /// What renews it: an OAuth refresh token.
    pub refresh: Option<Secret>,
    /// When it expires, in milliseconds since 1970; absent if nobody told.
    pub expires_at: Option<i64>,
    /// The OAuth client that it was granted to, if an account's admins supplied one: only this client can renew it.
    /// Absent for the connector's own client.
    pub client: Option<OAuthClient>,
    /// What the user typed at the sign-in, a JSON object, if the same grant gives the next token: that of a document
    /// with `grant: clientCredentials` or `password`.
    pub grant_fields: Option<Secret>,
}

/// An OAuth client that an account's admins supplied.
#[derive(Clone, PartialEq)]
pub struct OAuthClient {
    /// Its id.
    pub client_id: String,
    /// Its secret; absent for a public client.
    pub client_secret: Option<Secret>,
    /// Where its tokens are granted.
    pub token_url: String,
}

impl Credential {
    /// One that neither expires nor can be renewed.
    pub fn new(secret: Secret) -> Self {
        Self { secret, refresh: None, expires_at: None, client: None, grant_fields: None }
    }

    /// Whether it can prove anything: its user has signed in and not out again.
    pub fn is_connected(&self) -> bool {
        !self.secret.expose().is_empty()
    }

    /// Whether there is anything to renew it with.
    pub fn is_renewable(&self) -> bool {
        self.refresh.as_ref().is_some_and(|token| !token.expose().is_empty()) || self.grant_fields.is_some()
    }

    /// Whether it should be renewed before it is used. `now` is in milliseconds since 1970.
    pub fn is_due(&self, now: i64) -> bool {
        self.is_renewable() && self.expires_at.is_some_and(|at| at < now + RENEWED_EARLY_MS)
    }

    /// Forgets the secrets: it proves nothing from now on.
    pub fn forget(&mut self) {
        self.secret = Secret::new("");
        self.refresh = None;
        self.client = None;
        self.grant_fields = None;
    }
}

impl Default for Credential {
    fn default() -> Self {
        Self::new(Secret::new(""))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_renewed_is_due_and_two_minutes_early() {
        let credential = |refresh: Option<&str>, expires_at| Credential {
            refresh: refresh.map(Secret::new),
            expires_at,
            ..Credential::new(Secret::new("at"))
        };
        let now = 1_760_000_000_000;
        let at = Some(now + RENEWED_EARLY_MS);
        assert!(!credential(Some("rt"), at).is_due(now));
        assert!(credential(Some("rt"), at).is_due(now + 1));
        let by_grant = Credential { grant_fields: Some(Secret::new("{}")), ..credential(None, at) };
        assert!(!by_grant.is_due(now) && by_grant.is_due(now + 1));
        for never in [credential(None, at), credential(Some(""), at), credential(Some("rt"), None)] {
            assert!(!never.is_due(now + 1), "{never:?}");
        }
    }

    #[test]
    fn a_forgotten_one_proves_nothing_and_none_is_shown() {
        let mut credential = Credential {
            refresh: Some(Secret::new("rt-1")),
            expires_at: Some(1),
            grant_fields: Some(Secret::new("typed-1")),
            ..Credential::new(Secret::new("at-1"))
        };
        assert!(credential.is_connected() && !Credential::default().is_connected());
        let shown = format!("{credential:?}");
        assert!(!shown.contains("at-1") && !shown.contains("rt-1") && !shown.contains("typed-1"), "{shown}");
        credential.forget();
        assert!(!credential.is_connected() && !credential.is_due(i64::MAX / 2));
        assert_eq!(credential.grant_fields, None);
    }
}
