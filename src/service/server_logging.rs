//! The settings of server-side logging that a CRM keeps for an organisation: an admin of the account reads and saves
//! them there (Q95). This server keeps none.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::accounts::{AccountError, administered};
use super::session::Session;
use super::wording::{Refusal, message};
use super::{ResolvedPlatform, Services};
use crate::connector::inputs::UpdateServerLoggingSettings;
use crate::connector::{CallError, Interface, ReturnMessage, invocation};
use crate::store::User;

/// The answer to saved settings.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SavedServerLoggingSettings")]
pub struct Saved {
    /// Always true.
    pub successful: bool,
    /// What to show.
    pub return_message: ReturnMessage,
}

/// Why settings are not read or saved.
#[derive(Debug)]
pub enum SettingsError {
    /// The session's user is unknown or has signed out.
    UnknownUser,
    /// The caller is no admin of the account, or the store failed.
    Account(AccountError),
    /// Nothing of this platform saves settings; what to do, in words (Q94).
    NotSupported(Refusal),
    /// The CRM failed.
    Failed(Refusal),
}

impl<E: Into<AccountError>> From<E> for SettingsError {
    fn from(error: E) -> Self {
        Self::Account(error.into())
    }
}

/// The settings as the CRM has them; an empty object where nothing of the platform reads them (recordings 25,
/// `settings-get`).
///
/// # Errors
/// If the user is unknown, the caller is no admin of the account, or the CRM or the store fails.
pub async fn read(
    services: &Services,
    session: &Session,
    token: Option<&str>,
) -> Result<Value, SettingsError> {
    let (platform, user) =
        administering(services, session, token, Interface::GET_SERVER_LOGGING_SETTINGS).await?;
    let Some(user) = user else { return Ok(Value::Object(Map::new())) };
    let reply = platform.invoke::<invocation::GetServerLoggingSettings>(&user, &()).await;
    let failed = |error| failed(&error, Interface::GET_SERVER_LOGGING_SETTINGS, &platform);
    Ok(reply.map_err(failed)?.value)
}

/// Saves settings at the CRM.
///
/// # Errors
/// As [`read`], and if nothing of the platform saves them.
pub async fn save(
    services: &Services,
    session: &Session,
    token: Option<&str>,
    additional_field_values: Value,
) -> Result<Saved, SettingsError> {
    let interface = Interface::UPDATE_SERVER_LOGGING_SETTINGS;
    let (platform, user) = administering(services, session, token, interface).await?;
    let Some(user) = user else { return Err(SettingsError::NotSupported(not_supported(&platform))) };
    let input = UpdateServerLoggingSettings { additional_field_values };
    let reply = platform.invoke::<invocation::UpdateServerLoggingSettings>(&user, &input).await;
    let message = reply.map_err(|error| failed(&error, interface, &platform))?.message;
    let message = message.unwrap_or_else(|| ReturnMessage::success("Server logging settings updated", 5000));
    Ok(Saved { successful: true, return_message: message })
}

/// The platform of an admin, and the user; no user if nothing serves the interface.
async fn administering<'s>(
    services: &'s Services,
    session: &Session,
    token: Option<&str>,
    interface: Interface,
) -> Result<(ResolvedPlatform<'s>, Option<User>), SettingsError> {
    let user = session.connected_user(&*services.store).await?.ok_or(SettingsError::UnknownUser)?;
    administered(services, token, Some(&user)).await?;
    let platform = services.platform_for(session, &user);
    platform.in_service().map_err(SettingsError::Failed)?;
    let is_served = platform.serves(interface);
    Ok((platform, is_served.then_some(user)))
}

fn failed(error: &CallError, interface: Interface, platform: &ResolvedPlatform<'_>) -> SettingsError {
    SettingsError::Failed(Refusal::new(message(error, interface, &platform.name).type_first()))
}

fn not_supported(platform: &ResolvedPlatform<'_>) -> Refusal {
    let text = format!("{} has no settings of server-side logging that could be saved", platform.name);
    Refusal::new(ReturnMessage::warning(text, 5000).type_first().detail(
        "Its connector does not define the operation updateServerLoggingSettings. Nothing was saved.",
    ))
}
