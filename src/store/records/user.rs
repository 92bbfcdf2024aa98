//! Users. Sealed JSON; key: platform, id, proxy id.
//!
//! All of a user is sealed, not the tokens alone: a host name that could be
//! changed on disk would decide where the tokens are sent.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Record;
use crate::credential::{Credential, OAuthClient};
use crate::secret::Secret;
use crate::store::codec::{Table, encode_key};
use crate::user::{ManagedFields, User, UserKey};

/// A user, whose type is not the store's. It cannot be serialised itself, because it holds tokens.
pub(in crate::store) struct StoredUser<'u>(Cow<'u, User>);

impl<'u> StoredUser<'u> {
    pub(in crate::store) fn new(user: &'u User) -> Self {
        Self(Cow::Borrowed(user))
    }

    pub(in crate::store) fn into_user(self) -> User {
        self.0.into_owned()
    }

    pub(in crate::store) fn key_of(key: &UserKey) -> Vec<u8> {
        encode_key(&[Some(&key.platform), Some(&key.id), key.proxy_id.as_deref()])
    }

    /// What the keys of all users with this id begin with, whatever the proxy.
    pub(in crate::store) fn prefix(id: &str, platform: &str) -> Vec<u8> {
        encode_key(&[Some(platform), Some(id)])
    }
}

/// The stored form.
#[derive(Serialize, Deserialize)]
struct Form {
    key: UserKey,
    name: Option<String>,
    hostname: Option<String>,
    timezone_name: Option<String>,
    timezone_offset: Option<Value>,
    access_token: String,
    refresh_token: Option<String>,
    token_expiry: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<Client>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant_fields: Option<String>,
    rc_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rc_extension_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claimed_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claimed_extension_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    platform_additional_info: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    managed: Option<Managed>,
    user_settings: Option<Value>,
    #[serde(rename = "site", default, skip_serializing_if = "Option::is_none")]
    tenant_host: Option<String>,
    #[serde(default, skip_serializing_if = "is_first")]
    session_epoch: u64,
    #[serde(default)]
    was_alone: bool,
    created_at: i64,
    updated_at: i64,
}

/// The stored form of the fields that admins filled in: their names, and no value.
#[derive(Serialize, Deserialize)]
struct Managed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extension_id: Option<String>,
    names: Vec<String>,
}

impl Managed {
    fn of(fields: ManagedFields) -> Option<Self> {
        let ManagedFields { extension_id, names, .. } = fields;
        (!names.is_empty()).then_some(Self { extension_id, names })
    }

    fn into_fields(self) -> ManagedFields {
        ManagedFields { extension_id: self.extension_id, names: self.names, values: Map::new() }
    }
}

/// The stored form of an OAuth client.
#[derive(Serialize, Deserialize)]
struct Client {
    client_id: String,
    client_secret: Option<String>,
    token_url: String,
}

impl Client {
    fn of(client: OAuthClient) -> Self {
        Self {
            client_id: client.client_id,
            client_secret: client.client_secret.map(|secret| secret.expose().to_owned()),
            token_url: client.token_url,
        }
    }

    fn into_client(self) -> OAuthClient {
        OAuthClient {
            client_id: self.client_id,
            client_secret: self.client_secret.map(Secret::new),
            token_url: self.token_url,
        }
    }
}

/// Most users never sign out.
fn is_first(session_epoch: &u64) -> bool {
    *session_epoch == 0
}

impl Record for StoredUser<'_> {
    const TABLE: Table = Table::Users;

    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let user = User::clone(&self.0);
        serde_json::to_vec(&Form {
            key: user.key,
            access_token: user.credential.secret.expose().to_owned(),
            refresh_token: user.credential.refresh.map(|token| token.expose().to_owned()),
            name: user.name,
            hostname: user.hostname,
            timezone_name: user.timezone_name,
            timezone_offset: user.timezone_offset,
            token_expiry: user.credential.expires_at,
            client: user.credential.client.map(Client::of),
            grant_fields: user.credential.grant_fields.map(|fields| fields.expose().to_owned()),
            rc_account_id: user.rc_account_id,
            rc_extension_hash: user.rc_extension_hash,
            claimed_account_id: user.claimed_account_id,
            claimed_extension_hash: user.claimed_extension_hash,
            region: user.region,
            platform_additional_info: user.platform_additional_info,
            managed: Managed::of(user.managed),
            user_settings: user.user_settings,
            tenant_host: user.tenant_host,
            session_epoch: user.session_epoch,
            was_alone: user.was_alone,
            created_at: user.created_at,
            updated_at: user.updated_at,
        })
    }

    fn from_json(json: &[u8]) -> serde_json::Result<Self> {
        let form: Form = serde_json::from_slice(json)?;
        Ok(Self(Cow::Owned(User {
            key: form.key,
            credential: Credential {
                secret: Secret::new(form.access_token),
                refresh: form.refresh_token.map(Secret::new),
                expires_at: form.token_expiry,
                client: form.client.map(Client::into_client),
                grant_fields: form.grant_fields.map(Secret::new),
            },
            name: form.name,
            hostname: form.hostname,
            timezone_name: form.timezone_name,
            timezone_offset: form.timezone_offset,
            rc_account_id: form.rc_account_id,
            rc_extension_hash: form.rc_extension_hash,
            claimed_account_id: form.claimed_account_id,
            claimed_extension_hash: form.claimed_extension_hash,
            region: form.region,
            platform_additional_info: form.platform_additional_info,
            managed: form.managed.map(Managed::into_fields).unwrap_or_default(),
            user_settings: form.user_settings,
            tenant_host: form.tenant_host,
            session_epoch: form.session_epoch,
            was_alone: form.was_alone,
            created_at: form.created_at,
            updated_at: form.updated_at,
        })))
    }
}
