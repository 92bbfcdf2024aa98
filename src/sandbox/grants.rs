//! Sign-ins by OAuth: their codes and tokens.

use std::collections::HashMap;

use jiff::Timestamp;

/// Codes and tokens that are valid now.
#[derive(Default)]
pub(super) struct Grants {
    last: u64,
    pub(super) codes: HashMap<String, Code>,
    access: HashMap<String, AccessToken>,
    pub(super) refresh: HashMap<String, Holder>,
}

/// A code that waits for its exchange.
pub(super) struct Code {
    pub user_id: String,
    pub redirect_uri: String,
}

/// Who a token stands for, and through which sign-in.
#[derive(Clone)]
pub(super) struct Holder {
    pub user_id: String,
    pub grant: u64,
}

struct AccessToken {
    holder: Holder,
    expires_at: Timestamp,
}

/// What an access token is worth.
pub(super) enum Access {
    Granted { user_id: String, grant: u64 },
    Expired,
    Unknown,
}

impl Grants {
    pub(super) fn access(&self, token: &str, now: Timestamp) -> Access {
        match self.access.get(token) {
            None => Access::Unknown,
            Some(token) if token.expires_at <= now => Access::Expired,
            Some(token) => {
                Access::Granted { user_id: token.holder.user_id.clone(), grant: token.holder.grant }
            }
        }
    }

    /// Ends a sign-in: none of its tokens works any more.
    pub(super) fn revoke(&mut self, grant: u64) {
        self.access.retain(|_, token| token.holder.grant != grant);
        self.refresh.retain(|_, holder| holder.grant != grant);
    }

    /// A number that no other code, token or sign-in has.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A new access token, and the refresh token that comes with it.
    pub(super) fn issue(&mut self, holder: Holder, expires_at: Timestamp) -> (String, String) {
        let number = self.number();
        let access = format!("sandbox-access-{number}");
        let refresh = format!("sandbox-refresh-{number}");
        self.refresh.insert(refresh.clone(), holder.clone());
        let token = AccessToken { holder, expires_at };
        self.access.insert(access.clone(), token);
        (access, refresh)
    }
}
