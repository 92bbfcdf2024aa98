//! Whose records they are.

use serde::{Deserialize, Serialize};

use crate::store::codec::encode_key;

/// Where call logs are looked up; a lookup never leaves its scope (Q4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tenant {
    /// The platform name.
    pub platform: String,
    /// The proxy config, where the platform is served by one.
    pub proxy_id: Option<String>,
    /// Whose logs they are.
    pub owner: Owner,
    /// The CRM's host that is asked, where a template chooses it: ids of records mean something there
    /// alone.
    #[serde(rename = "site", default, skip_serializing_if = "Option::is_none")]
    pub tenant_host: Option<String>,
}

/// Whose records they are: a RingCentral account's or, without one, a user's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Owner {
    /// The RingCentral account id.
    RcAccount(String),
    /// The user's id as in [`UserKey::id`](crate::user::UserKey::id).
    User(String),
}

impl Tenant {
    /// A key inside of the scope: platform, proxy id, kind of owner, owner, and for the kinds "… at site" the
    /// host; then the parts.
    pub(super) fn row_key(&self, parts: &[Option<&str>]) -> Vec<u8> {
        let (kind, owner) = match (&self.owner, &self.tenant_host) {
            (Owner::RcAccount(id), None) => ("account", id),
            (Owner::RcAccount(id), Some(_)) => ("account at site", id),
            (Owner::User(id), None) => ("user", id),
            (Owner::User(id), Some(_)) => ("user at site", id),
        };
        let mut key = encode_key(&[Some(&self.platform), self.proxy_id.as_deref(), Some(kind), Some(owner)]);
        if let Some(tenant_host) = &self.tenant_host {
            key.extend_from_slice(&encode_key(&[Some(tenant_host)]));
        }
        key.extend_from_slice(&encode_key(parts));
        key
    }
}
