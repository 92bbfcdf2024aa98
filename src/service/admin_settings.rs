//! The settings that a RingCentral account's admins manage for its users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use jiff::Timestamp;

use super::Services;
use super::accounts::{AccountError, administered};
use super::session::Session;
use super::stored_limits::{Limit, TooMuch, bytes, check_settings};
use crate::engine::time::to_iso;
use crate::store::{DocumentChange, DocumentKind, Key, StoreError, StoredDocument, User};

/// As they are stored, under the hashed account id.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stored {
    user_settings: Option<Map<String, Value>>,
    custom_adapter: Option<Value>,
    user_mappings: Option<Value>,
    created_at: i64,
    pub(crate) updated_at: i64,
}

impl StoredDocument for Stored {
    const KIND: DocumentKind = DocumentKind::AdminSettings;
}

/// As admins see them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminSettings {
    /// The hashed account id.
    pub id: String,
    /// The settings of the account's users, by key.
    pub user_settings: Option<Map<String, Value>>,
    /// Kept for clients that write it.
    pub custom_adapter: Option<Value>,
    /// Always null: tokens are never handed out.
    pub admin_access_token: (),
    /// Always null.
    pub admin_refresh_token: (),
    /// Always null.
    pub admin_token_expiry: (),
    /// Which CRM user belongs to which extension, as admins wrote it.
    pub user_mappings: Option<Value>,
    /// Created at, ISO 8601.
    pub created_at: Option<String>,
    /// Last changed at, ISO 8601.
    pub updated_at: Option<String>,
}

/// What an admin submits; what is absent stays as it is.
#[derive(Debug, Default)]
pub struct Submitted {
    /// Replaces the settings of the account's users.
    pub user_settings: Option<Map<String, Value>>,
    /// Replaces the member of this name.
    pub custom_adapter: Option<Value>,
    /// Replaces the member of this name.
    pub user_mappings: Option<Value>,
}

/// How long an adapter is.
const MOST_OF_ADAPTER: Limit = Limit {
    what: "The adapter (customAdapter)",
    unit: "bytes of JSON",
    most: 256 * 1024,
    mend: "Shorten it.",
};

/// How long the mappings of an account are: some ten thousand users.
const MOST_OF_MAPPINGS: Limit = Limit {
    what: "The mappings (userMappings)",
    unit: "bytes of JSON",
    most: 4 * 1024 * 1024,
    mend: "Remove those of users who are gone.",
};

/// Changes the settings of the token's account. The token proves enough; a session may come along.
///
/// # Errors
/// If the token is not an admin's, the session's user belongs to another account, what is submitted is too long, or
/// the store fails.
pub async fn save(
    services: &Services,
    session: Option<&Session>,
    token: Option<&str>,
    submitted: Submitted,
) -> Result<(), AccountError> {
    let user = match session {
        Some(session) => session.user(&*services.store).await?,
        None => None,
    };
    let account = administered(services, token, user.as_ref()).await?.hashed_id;
    let key = key(&account);
    let _turn = services.record_locks.take(&key).await;
    loop {
        let now = services.clock.now_ms();
        let before = services.store.versioned(&key).await?;
        submitted.check(before.content.as_ref())?;
        let mut settings =
            before.content.clone().unwrap_or_else(|| Stored { created_at: now, ..Stored::default() });
        let kept = |submitted: &Option<Value>, kept: Option<Value>| submitted.clone().or(kept);
        settings.user_settings = submitted.user_settings.clone().or(settings.user_settings);
        settings.custom_adapter = kept(&submitted.custom_adapter, settings.custom_adapter);
        settings.user_mappings = kept(&submitted.user_mappings, settings.user_mappings);
        settings.updated_at = now;
        if services.store.change_documents(&[before.changed_to(&settings)?]).await? {
            return Ok(());
        }
    }
}

impl Submitted {
    /// Whether it may take the place of what there was.
    fn check(&self, before: Option<&Stored>) -> Result<(), TooMuch> {
        if let Some(settings) = &self.user_settings {
            check_settings(settings, before.and_then(|before| before.user_settings.as_ref()))?;
        }
        let others = [
            (MOST_OF_ADAPTER, &self.custom_adapter, before.map(|before| &before.custom_adapter)),
            (MOST_OF_MAPPINGS, &self.user_mappings, before.map(|before| &before.user_mappings)),
        ];
        for (limit, submitted, before) in others {
            if let Some(submitted) = submitted {
                limit.check(bytes(submitted), before.map_or(0, bytes))?;
            }
        }
        Ok(())
    }
}

/// The settings of the token's account; `None` if no admin wrote any.
///
/// # Errors
/// If the token is not an admin's, the user belongs to another account, or the store fails.
pub async fn load(
    services: &Services,
    user: &User,
    token: Option<&str>,
) -> Result<Option<AdminSettings>, AccountError> {
    let account = administered(services, token, Some(user)).await?.hashed_id;
    let iso = |milliseconds| Timestamp::from_millisecond(milliseconds).ok().map(to_iso);
    Ok(read(services, &account).await?.map(|settings| AdminSettings {
        id: account,
        user_settings: settings.user_settings,
        custom_adapter: settings.custom_adapter,
        admin_access_token: (),
        admin_refresh_token: (),
        admin_token_expiry: (),
        user_mappings: settings.user_mappings,
        created_at: iso(settings.created_at),
        updated_at: iso(settings.updated_at),
    }))
}

/// Marks that an account has something that its admins manage, as the reference's row of the account does: its
/// settings, made where there are none (recordings 26, `stored-tokens`).
///
/// # Errors
/// If the store fails.
pub(super) async fn touched(
    services: &Services,
    hashed_account_id: &str,
) -> Result<DocumentChange, StoreError> {
    let now = services.clock.now_ms();
    let before = services.store.versioned(&key(hashed_account_id)).await?;
    let settings = before.content.clone().unwrap_or_else(|| Stored { created_at: now, ..Stored::default() });
    before.changed_to(&Stored { updated_at: now, ..settings })
}

/// What admins set for the users of an account, by its hashed id.
///
/// # Errors
/// If the store fails.
pub async fn for_users(
    services: &Services,
    hashed_account_id: &str,
) -> Result<Option<Map<String, Value>>, StoreError> {
    Ok(read(services, hashed_account_id).await?.and_then(|settings| settings.user_settings))
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
        created_at,
        updated_at,
    };
    (key(hashed_account_id), settings)
}

fn key(hashed_account_id: &str) -> Key<Stored> {
    Key::new([Some(hashed_account_id.to_owned())])
}

async fn read(services: &Services, hashed_account_id: &str) -> Result<Option<Stored>, StoreError> {
    services.store.get(&key(hashed_account_id)).await
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
