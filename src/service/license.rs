//! The licence of a user at the CRM.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Services;
use super::session::Session;
use super::wording;
use crate::connector::inputs::GetLicenseStatus;
use crate::connector::invocation;
use crate::connector::{CallError, Interface, NotRenewed, ReturnMessage};
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::results::License;
use crate::store::{DocumentKind, Key, StoreError, StoredDocument, User, UserKey};

/// A licence as clients read it. What the CRM did not say is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LicenseStatus {
    /// Whether it is valid, as the CRM says it; null if nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_license_valid: Option<Value>,
    /// A word for the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_status: Option<Value>,
    /// A sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_status_description: Option<Value>,
    /// Says that the CRM could not be asked, and why.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub return_message: Option<ReturnMessage>,
}

/// The last known one of a user is stored.
impl StoredDocument for LicenseStatus {
    const KIND: DocumentKind = DocumentKind::License;
}

impl From<License> for LicenseStatus {
    fn from(license: License) -> Self {
        Self {
            is_license_valid: license.is_license_valid,
            license_status: license.license_status,
            license_status_description: license.license_status_description,
            return_message: None,
        }
    }
}

impl LicenseStatus {
    fn new(valid: bool, status: &str) -> Self {
        Self {
            is_license_valid: Some(valid.into()),
            license_status: Some(status.into()),
            license_status_description: Some("".into()),
            return_message: None,
        }
    }

    /// For a request without a session.
    pub fn no_session() -> Self {
        Self::new(false, "Invalid (Invalid user session)")
    }

    /// Neither valid nor invalid: the CRM could not be asked, and never answered before.
    fn unknown() -> Self {
        Self {
            is_license_valid: Some(Value::Null),
            license_status: Some("Unknown".into()),
            ..Self::new(false, "")
        }
    }

    /// Whether it says anything.
    fn is_known(&self) -> bool {
        self.is_license_valid.is_some() || self.license_status.is_some()
    }
}

/// Asks the CRM for the user's licence. Where it cannot be asked, the last known status holds,
/// with a warning (Q54); a platform without licences is always licensed.
///
/// # Errors
/// If the user cannot be read from the store.
pub async fn status(services: &Services, session: &Session) -> Result<LicenseStatus, StoreError> {
    let Some(user) = services.connected_user(session).await? else {
        return Ok(LicenseStatus::new(false, "Invalid (User not found)"));
    };
    match ask(services, &user).await {
        Ok(license) => {
            let license = LicenseStatus::from(license);
            remember(services, &user.key, &license).await;
            Ok(license)
        }
        Err(CallError::NotSupported(_)) => Ok(LicenseStatus::new(true, "Basic")),
        Err(
            CallError::Failed(Failure { kind: FailureKind::Status(401 | 403), .. })
            | CallError::NotRenewed(NotRenewed::Revoked),
        ) => Ok(LicenseStatus::new(false, "Invalid (Connect to get license status)")),
        Err(error) => {
            let last = last_known(services, &user.key).await?;
            let mut warning = wording::message(&error, Interface::GET_LICENSE_STATUS, &user.key.platform);
            if !matches!(error, CallError::Message(_) | CallError::NotInService(_)) {
                warning.message = "The license status could not be checked".to_owned();
            }
            if last.is_some() {
                warning = warning.detail("This is the last known status.");
            }
            let known = last.unwrap_or_else(LicenseStatus::unknown);
            Ok(LicenseStatus { return_message: Some(warning), ..known })
        }
    }
}

async fn ask(services: &Services, user: &User) -> Result<License, CallError> {
    let platform = services.platform_of(&user.key.platform, user);
    platform.serving_or_tell(Interface::GET_LICENSE_STATUS)?;
    let input = GetLicenseStatus { user_id: user.key.id.clone() };
    Ok(platform.invoke::<invocation::GetLicenseStatus>(user, &input).await?.value)
}

fn key(user: &UserKey) -> Key<LicenseStatus> {
    Key::new([Some(user.platform.clone()), user.proxy_id.clone(), Some(user.id.clone())])
}

async fn last_known(services: &Services, user: &UserKey) -> Result<Option<LicenseStatus>, StoreError> {
    Ok(services.store.versioned_lossy(&key(user)).await?.content)
}

/// Keeps what the CRM said. Clients ask often and licences change seldom: only a change is written.
/// The answer does not depend on it, so a store that fails is only logged.
async fn remember(services: &Services, user: &UserKey, license: &LicenseStatus) {
    if !license.is_known() {
        return;
    }
    if let Err(error) = keep(services, &key(user), license).await {
        tracing::warn!(%error, "the license status is not kept");
    }
}

async fn keep(
    services: &Services,
    key: &Key<LicenseStatus>,
    license: &LicenseStatus,
) -> Result<(), StoreError> {
    let before = services.store.versioned_lossy(key).await?;
    match before.changed_to(license)?.changes_nothing() {
        true => Ok(()),
        false => services.store.save(key, license).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;

    #[test]
    fn a_license_is_stored_as_it_was() {
        let user = UserKey { id: "7-crm".to_owned(), platform: "crm".to_owned(), proxy_id: None };
        let form = r#"{"isLicenseValid":true,"licenseStatus":"Basic","licenseStatusDescription":""}"#;
        assert_stored_as(&key(&user), &LicenseStatus::new(true, "Basic"), "license/crm/-/7-crm", form);
    }
}
