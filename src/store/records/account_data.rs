//! Data of an account that connectors of the reference server kept. It is imported, and no service reads it
//! yet. Document, any JSON; key: account, platform, proxy id, `data`, the connector's own key.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DocumentKind;
use crate::store::documents::{Key, StoredDocument};

/// What a connector keeps of an account under one of its keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountData(pub Value);

impl StoredDocument for AccountData {
    const KIND: DocumentKind = DocumentKind::AccountData;
}

impl AccountData {
    /// The key of a connector's data; `account` is the RingCentral account.
    pub fn key(account: String, platform: String, proxy_id: Option<String>, data_key: String) -> Key<Self> {
        Key::new([Some(account), Some(platform), proxy_id, Some("data".to_owned()), Some(data_key)])
    }
}
