//! The settings of an account as they are stored.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::service::ResolvedPlatform;
use crate::store::{DocumentKind, Key, StoredDocument, User};

/// As they are stored, under the hashed account id.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stored {
    pub(super) user_settings: Option<Map<String, Value>>,
    pub(super) custom_adapter: Option<Value>,
    /// The mappings of all CRMs, from before each had a list of its own.
    pub(super) user_mappings: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) mapping_lists: Vec<ListHead>,
    /// The number of the newest list, so that none has the number of an earlier one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) last_mapping_list: u64,
    pub(super) created_at: i64,
    pub(crate) updated_at: i64,
}

impl StoredDocument for Stored {
    const KIND: DocumentKind = DocumentKind::AdminSettings;
}

impl Stored {
    /// Nothing is set yet.
    pub(super) fn new(now: i64) -> Self {
        Self { created_at: now, updated_at: now, ..Self::default() }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The CRM that users of an account are signed in to: a platform, behind a document, at a host where that tells
/// several apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::service) struct Crm {
    pub(super) platform: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proxy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tenant_host: Option<String>,
}

impl Crm {
    /// The CRM of a user.
    pub(in crate::service) fn of(platform: &ResolvedPlatform<'_>, user: &User) -> Self {
        Self {
            platform: user.key.platform.clone(),
            proxy_id: user.key.proxy_id.clone(),
            tenant_host: platform.tenant_host(user),
        }
    }
}

/// A list: whose it is, and where its parts are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListHead {
    /// Absent for the list of an admin who did not say for which CRM it is: it holds for those without a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crm: Option<Crm>,
    /// Names the parts: each list of an account has a number of its own.
    pub(super) number: u64,
    pub(super) parts: usize,
}

/// A row of the reference's table `adminConfigs` as it is stored here, and where.
pub(crate) fn imported(
    hashed_account_id: &str,
    row: &Value,
    created_at: i64,
    updated_at: i64,
) -> (Key<Stored>, Stored) {
    let member = |name: &str| row.get(name).filter(|value| !value.is_null()).cloned();
    let settings = Stored {
        user_settings: member("userSettings").and_then(|settings| match settings {
            Value::Object(settings) => Some(settings),
            _ => None,
        }),
        custom_adapter: member("customAdapter"),
        user_mappings: member("userMappings"),
        mapping_lists: Vec::new(),
        last_mapping_list: 0,
        created_at,
        updated_at,
    };
    (key(hashed_account_id), settings)
}

/// Where the settings of an account are.
pub(super) fn key(hashed_account_id: &str) -> Key<Stored> {
    Key::new([Some(hashed_account_id.to_owned())])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::assert_stored_as;

    #[test]
    fn settings_are_stored_as_they_were() {
        let (key, settings) = imported("h", &json!({"userSettings": {"b": 1, "a": null}}), 1, 2);
        let form = r#"{"userSettings":{"b":1,"a":null},"customAdapter":null,"userMappings":null,"createdAt":1,"updatedAt":2}"#;
        assert_stored_as(&key, &settings, "adminSettings/h", form);
    }
}
