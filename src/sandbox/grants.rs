//! Sign-ins by OAuth: their codes and tokens.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

/// Codes and tokens of one authorization server that are valid now.
pub(super) struct Grants {
    /// What codes and tokens begin with.
    prefix: &'static str,
    last: u64,
    codes: HashMap<String, Code>,
    access: HashMap<String, AccessToken>,
    refresh: HashMap<String, Holder>,
}

/// A code that waits for its exchange.
pub(super) struct Code {
    pub user_id: String,
    pub client_id: &'static str,
    /// The address that the exchange has to repeat; absent where none was asked for.
    pub redirect_uri: Option<String>,
    /// The PKCE challenge, where there was one.
    pub challenge: Option<String>,
    pub scope: Option<String>,
}

/// Who a token stands for, and through which sign-in.
#[derive(Clone)]
pub(super) struct Holder {
    pub user_id: String,
    pub client_id: &'static str,
    pub grant: u64,
    pub scope: Option<String>,
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

/// New tokens.
pub(super) struct Issued {
    pub access: String,
    pub refresh: Option<String>,
}

impl Grants {
    /// None yet.
    pub(super) fn named(prefix: &'static str) -> Self {
        Self { prefix, last: 0, codes: HashMap::new(), access: HashMap::new(), refresh: HashMap::new() }
    }

    pub(super) fn access(&self, token: &str, now: Timestamp) -> Access {
        match self.access.get(token) {
            None => Access::Unknown,
            Some(token) if token.expires_at <= now => Access::Expired,
            Some(token) => {
                Access::Granted { user_id: token.holder.user_id.clone(), grant: token.holder.grant }
            }
        }
    }

    /// Keeps a code until its exchange.
    pub(super) fn code(&mut self, code: Code) -> String {
        let number = self.number();
        let text = format!("{}-code-{number}", self.prefix);
        self.codes.insert(text.clone(), code);
        text
    }

    /// A code works once, also where its exchange fails.
    pub(super) fn take_code(&mut self, code: &str) -> Option<Code> {
        self.codes.remove(code)
    }

    /// A new sign-in.
    pub(super) fn sign_in(
        &mut self,
        user_id: String,
        client_id: &'static str,
        scope: Option<String>,
    ) -> Holder {
        Holder { user_id, client_id, grant: self.number(), scope }
    }

    /// Who a refresh token stands for.
    pub(super) fn refreshed(&self, token: &str) -> Option<&Holder> {
        self.refresh.get(token)
    }

    pub(super) fn forget_refresh_token(&mut self, token: &str) {
        self.refresh.remove(token);
    }

    /// Who a token of either kind stands for.
    pub(super) fn holder_of(&self, token: &str) -> Option<&Holder> {
        self.refresh.get(token).or_else(|| self.access.get(token).map(|token| &token.holder))
    }

    /// Ends a sign-in: none of its tokens works any more.
    pub(super) fn revoke(&mut self, grant: u64) {
        self.access.retain(|_, token| token.holder.grant != grant);
        self.refresh.retain(|_, holder| holder.grant != grant);
    }

    /// Ends the sign-ins of a user, or all of them; tells how many.
    pub(super) fn revoke_of(&mut self, user_id: Option<&str>) -> usize {
        let is_meant = |holder: &Holder| user_id.is_none_or(|id| id == holder.user_id);
        let holders = self.access.values().map(|token| &token.holder).chain(self.refresh.values());
        let meant: HashSet<u64> =
            holders.filter(|holder| is_meant(holder)).map(|holder| holder.grant).collect();
        for &grant in &meant {
            self.revoke(grant);
        }
        meant.len()
    }

    /// Lets the access tokens of a user expire, or all of them; tells how many were still good.
    pub(super) fn expire_of(&mut self, user_id: Option<&str>, now: Timestamp) -> usize {
        let meant = self
            .access
            .values_mut()
            .filter(|token| token.expires_at > now && user_id.is_none_or(|id| id == token.holder.user_id));
        meant.map(|token| token.expires_at = now).count()
    }

    /// A number that no other code, token or sign-in has.
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A new access token, and with it a refresh token where one is wanted.
    pub(super) fn issue(&mut self, holder: Holder, expires_at: Timestamp, with_refresh: bool) -> Issued {
        let number = self.number();
        let access = format!("{}-access-{number}", self.prefix);
        let refresh = with_refresh.then(|| format!("{}-refresh-{number}", self.prefix));
        if let Some(refresh) = &refresh {
            self.refresh.insert(refresh.clone(), holder.clone());
        }
        self.access.insert(access.clone(), AccessToken { holder, expires_at });
        Issued { access, refresh }
    }
}
