//! Cached contacts. Sealed JSON, as the service gave it; key: account, platform, proxy id, the tenant's host if
//! there is one, keyed hash of the number.

use std::fmt;

use serde_json::Value;

use super::Record;
use crate::hex::hex;
use crate::store::{
    Keys, StoreError,
    codec::{self, Row, Table, encode_key},
};

/// Which contacts are cached: those of one phone number in one account.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactKey {
    /// The RingCentral account id.
    pub rc_account_id: String,
    /// The platform name.
    pub platform: String,
    /// The proxy config, where the platform is served by one.
    pub proxy_id: Option<String>,
    /// As in [`Tenant::tenant_host`](super::Tenant::tenant_host).
    pub tenant_host: Option<String>,
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

impl ContactKey {
    pub(in crate::store) fn row_key(&self, keys: &Keys) -> Vec<u8> {
        let mut scope =
            vec![Some(self.rc_account_id.as_str()), Some(self.platform.as_str()), self.proxy_id.as_deref()];
        scope.extend(self.tenant_host.as_deref().map(Some));
        // The scope goes into the hash as well: one number in two accounts must
        // not be recognisable as the same.
        let mut hashed = encode_key(&scope);
        hashed.extend_from_slice(&encode_key(&[Some(&self.phone_number)]));
        let hash = hex(keys.hash(&hashed).as_ref());
        let mut key = encode_key(&scope);
        key.extend_from_slice(&encode_key(&[Some(&hash)]));
        key
    }
}

/// Contacts, as a connector found them.
pub(in crate::store) struct Contacts(pub(in crate::store) Value);

impl Contacts {
    /// The row of contacts that are JSON already.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub(in crate::store) fn text_to_row(keys: &Keys, key: Vec<u8>, json: &[u8]) -> Result<Row, StoreError> {
        codec::row(keys, Self::TABLE, key, json.to_vec())
    }

    /// Whether a row's value holds exactly these contacts.
    pub(in crate::store) fn are_text(keys: &Keys, key: &[u8], value: &[u8], json: &[u8]) -> bool {
        codec::holds(keys, Self::TABLE, key, value, json)
    }
}

impl Record for Contacts {
    const TABLE: Table = Table::Contacts;

    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self.0)
    }

    fn from_json(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json).map(Self)
    }
}
