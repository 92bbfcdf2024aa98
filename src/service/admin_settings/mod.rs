//! The settings that a RingCentral account's admins manage for its users.

mod lists;
mod mappings;
mod stored;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use jiff::Timestamp;

use self::lists::Unsaved;
pub(super) use self::lists::kept_mappings;
pub(super) use self::mappings::Mapping;
pub(super) use self::stored::Crm;
pub(crate) use self::stored::imported;
use self::stored::{Stored, key};
use super::Services;
use super::accounts::{AccountError, administered, administered_beside};
use super::session::Session;
use super::stored_limits::{Limit, TooMuch, bytes, check_settings};
use crate::engine::time::to_iso;
use crate::store::{DocumentChange, StoreError, User};

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
    /// Which extensions belong to which user of the CRM that the session is of.
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
    /// Replaces the mappings of the CRM that the session is of; null removes them.
    pub user_mappings: Option<Value>,
}

/// How long an adapter is.
const MOST_OF_ADAPTER: Limit = Limit {
    what: "The adapter (customAdapter)",
    unit: "bytes of JSON",
    most: 256 * 1024,
    mend: "Shorten it.",
};

/// Changes the settings of the token's account. The token proves enough; a session may come along.
///
/// # Errors
/// If the token is not an admin's, the session's user belongs to another account, what is submitted is too long or no
/// mapping, or the store fails.
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
    let crm = user.map(|user| {
        let platform = services.platform_of(&user.key.platform, &user);
        Crm::of(&platform, &user)
    });
    let mappings = submitted.mappings()?;
    let key = key(&account);
    let _turn = services.record_locks.take(&key).await;
    loop {
        let now = services.clock.now_ms();
        let before = services.store.versioned(&key).await?;
        submitted.check(before.content.as_ref())?;
        let mut settings = before.content.clone().unwrap_or_else(|| Stored::new(now));
        let kept = |submitted: &Option<Value>, kept: Option<Value>| submitted.clone().or(kept);
        settings.user_settings = submitted.user_settings.clone().or(settings.user_settings);
        settings.custom_adapter = kept(&submitted.custom_adapter, settings.custom_adapter);
        let mut changes = Vec::new();
        if let Some(list) = &mappings {
            let changed = lists::submit(services, &account, &mut settings, crm.as_ref(), list.as_deref());
            changes = changed.await?.map_err(AccountError::from)?;
        }
        settings.updated_at = now;
        changes.push(before.changed_to(&settings)?);
        if services.store.change_documents(&changes).await? {
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
        if let Some(adapter) = &self.custom_adapter {
            let before = before.map(|before| &before.custom_adapter);
            MOST_OF_ADAPTER.check(bytes(adapter), before.map_or(0, bytes))?;
        }
        Ok(())
    }

    /// The mappings; inner `None` if they are to be removed.
    fn mappings(&self) -> Result<Option<Option<Vec<Mapping>>>, AccountError> {
        let Some(value) = &self.user_mappings else { return Ok(None) };
        if value.is_null() {
            return Ok(Some(None));
        }
        mappings::submitted(value).map(|list| Some(Some(list))).map_err(AccountError::Unusable)
    }
}

impl From<Unsaved> for AccountError {
    fn from(unsaved: Unsaved) -> Self {
        match unsaved {
            Unsaved::TooMuch(error) => Self::TooMuch(error),
            Unsaved::Ambiguous => Self::Unusable(
                "The account has user mappings of several CRMs, and the request does not say for which one these are. Send them with the session of a user of that CRM. Nothing was changed."
                    .to_owned(),
            ),
        }
    }
}

/// The settings of the token's account; `None` if no admin wrote any.
///
/// # Errors
/// If the token is not an admin's, or the store fails.
pub async fn load(
    services: &Services,
    user: &User,
    token: Option<&str>,
) -> Result<Option<AdminSettings>, AccountError> {
    let account = administered_beside(services, token, user).await?.hashed_id;
    let iso = |milliseconds| Timestamp::from_millisecond(milliseconds).ok().map(to_iso);
    let Some(settings) = read(services, &account).await? else { return Ok(None) };
    let crm = Crm::of(&services.platform_of(&user.key.platform, user), user);
    let user_mappings = lists::shown(services, &account, &crm, &settings).await?;
    Ok(Some(AdminSettings {
        id: account,
        user_settings: settings.user_settings,
        custom_adapter: settings.custom_adapter,
        admin_access_token: (),
        admin_refresh_token: (),
        admin_token_expiry: (),
        user_mappings,
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
    let settings = before.content.clone().unwrap_or_else(|| Stored::new(now));
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

async fn read(services: &Services, hashed_account_id: &str) -> Result<Option<Stored>, StoreError> {
    services.store.get(&key(hashed_account_id)).await
}
