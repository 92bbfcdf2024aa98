//! The records that a store keeps. Times are milliseconds since 1970 (UTC).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Secret;

/// Who a user is. The proxy id belongs to it: the same id behind another proxy
/// config is another user (Q3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserKey {
    /// `<crmId>-<platform>`, as clients see it.
    pub id: String,
    /// The platform name, e.g. `pipedrive`.
    pub platform: String,
    /// The proxy config, where the platform is served by one.
    pub proxy_id: Option<String>,
}

/// A signed-in user of a CRM. Not `Serialize`: it holds tokens, and only the
/// store writes those down, sealed.
#[derive(Clone, PartialEq)]
pub struct User {
    /// Who it is.
    pub key: UserKey,
    /// The name that the CRM reports.
    pub name: Option<String>,
    /// The CRM's host for this user, e.g. `acme.pipedrive.com`.
    pub hostname: Option<String>,
    /// IANA time zone name.
    pub timezone_name: Option<String>,
    /// The offset as the CRM reports it: a number or text.
    pub timezone_offset: Option<Value>,
    /// API key or OAuth access token; empty after a logout.
    pub access_token: Secret,
    /// OAuth refresh token.
    pub refresh_token: Option<Secret>,
    /// When the access token expires, in milliseconds.
    pub token_expiry: Option<i64>,
    /// The RingCentral account that the user belongs to.
    pub rc_account_id: Option<String>,
    /// What the config keeps about the user; its key order is kept.
    pub platform_additional_info: Map<String, Value>,
    /// The user's own settings.
    pub user_settings: Option<Value>,
    /// Created at, in milliseconds.
    pub created_at: i64,
    /// Last changed at, in milliseconds.
    pub updated_at: i64,
}

/// Names no content: settings and additional info can hold personal data.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("key", &self.key)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

/// Where call logs are looked up; a lookup never leaves its scope (Q4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The platform name.
    pub platform: String,
    /// The proxy config, where the platform is served by one.
    pub proxy_id: Option<String>,
    /// Whose logs they are.
    pub owner: Owner,
}

/// Whose records they are: a RingCentral account's or, without one, a user's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Owner {
    /// The RingCentral account id.
    RcAccount(String),
    /// The user's id as in [`UserKey::id`].
    User(String),
}

/// One CRM record made for a call. Scope, session and extension identify it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLog {
    /// Where it belongs.
    pub scope: Scope,
    /// RingCentral's telephony session id.
    pub session_id: String,
    /// The extension number, or the hashed extension id, that logged it.
    pub extension: Option<String>,
    /// The CRM's id of the record.
    pub third_party_log_id: String,
    /// The CRM's id of the contact.
    pub contact_id: Option<String>,
    /// The user who logged it, as in [`UserKey::id`].
    pub user_id: String,
    /// The platform name.
    pub platform: String,
    /// Created at, in milliseconds.
    pub created_at: i64,
    /// Last changed at, in milliseconds.
    pub updated_at: i64,
}

/// What an insert did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "returned and matched once, never kept")]
pub enum Saved {
    /// The log is new and now stored.
    Inserted,
    /// A log was stored before and is unchanged.
    Existing(CallLog),
}

/// Which contacts are cached: those of one phone number in one account.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactKey {
    /// The RingCentral account id.
    pub rc_account_id: String,
    /// The platform name.
    pub platform: String,
    /// The proxy config, where the platform is served by one.
    pub proxy_id: Option<String>,
    /// The number exactly as the client gave it; stored as a keyed hash only.
    pub phone_number: String,
}

impl fmt::Debug for ContactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactKey")
            .field("rc_account_id", &self.rc_account_id)
            .field("platform", &self.platform)
            .field("proxy_id", &self.proxy_id)
            .finish_non_exhaustive()
    }
}

/// How many records there are, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Users.
    pub users: u64,
    /// Call logs.
    pub call_logs: u64,
    /// Phone numbers with cached contacts.
    pub contacts: u64,
}

/// The result of reading everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Integrity {
    /// Records that can be read.
    pub readable: Counts,
    /// One line for each record that cannot: its kind, its position, why.
    pub damaged: Vec<String>,
}
