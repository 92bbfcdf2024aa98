//! Plugins of an account. This server installs none, so none has a licence.

use super::Services;
use super::session::Session;
use crate::store::StoreError;

/// What is known of a plugin's licence.
#[derive(Debug, PartialEq, Eq)]
pub enum PluginLicense {
    /// The session's user is unknown.
    UnknownUser,
    /// The plugin is not installed, so there is nothing to tell.
    NotInstalled,
}

/// The licence of a plugin.
///
/// # Errors
/// If the user cannot be read from the store.
pub async fn license(services: &Services, session: &Session) -> Result<PluginLicense, StoreError> {
    Ok(match session.user(&*services.store).await? {
        Some(_) => PluginLicense::NotInstalled,
        None => PluginLicense::UnknownUser,
    })
}
