//! The user of the CRM to whom an admin assigned a record that server-side logging logs. Templates see it as
//! `assignedUser.id` (Q92).
//!
//! Only colleagues count: users of the same RingCentral account, which a RingCentral token proved, and of the same
//! CRM. Whoever cannot be found is nobody, and the record is the user's who logs it.

use serde_json::Value;

use super::ResolvedPlatform;
use super::admin_settings::{Crm, kept_mappings};
use super::hashing::hashed;
use super::wording::{Refusal, store_failed};
use crate::engine::mapping::is_truthy;
use crate::engine::text::id_text;
use crate::store::{StoreError, User};

/// The CRM's id of the user to whom `additionalSubmission` assigns a record: whose session it has
/// (`adminAssignedUserToken`), else to whom the account's user mapping gives the extension that it has
/// (`adminAssignedUserRcId`). A submission with `isAssignedToUser: false` assigns nobody.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn crm_id(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    submission: Option<&Value>,
) -> Result<Option<String>, Refusal> {
    let Some(submission) = submission.filter(|submission| is_assigned(submission)) else { return Ok(None) };
    let found = found(platform, user, submission).await;
    found.map_err(|error| Refusal::new(store_failed(&error)))
}

fn is_assigned(submission: &Value) -> bool {
    let names = |member: &str| submission.get(member).is_some_and(is_truthy);
    submission.get("isAssignedToUser").is_none_or(is_truthy)
        && (names("adminAssignedUserToken") || names("adminAssignedUserRcId"))
}

async fn found(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    submission: &Value,
) -> Result<Option<String>, StoreError> {
    if let Some(token) = submission.get("adminAssignedUserToken").and_then(Value::as_str)
        && let Some(colleague) = of_session(platform, user, token).await?
    {
        return Ok(Some(colleague.crm_id().to_owned()));
    }
    let Some(extension) = submission.get("adminAssignedUserRcId").and_then(id_text) else { return Ok(None) };
    let Some(account) = &user.rc_account_id else { return Ok(None) };
    let account = hashed(platform.services, account);
    let list = kept_mappings(platform.services, &account, &Crm::of(platform, user)).await?.list;
    let mapping = list.into_iter().flatten().find(|mapping| mapping.extensions().any(|id| id == extension));
    Ok(mapping.and_then(|mapping| id_text(&mapping.crm_user_id)))
}

/// The user of a session, if it is valid and of a colleague.
async fn of_session(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    token: &str,
) -> Result<Option<User>, StoreError> {
    let services = platform.services;
    let Some(session) = services.sessions.verify(token) else { return Ok(None) };
    let assigned = session.user(&*services.store).await?;
    Ok(assigned.filter(|assigned| {
        let is_same = assigned.key == user.key;
        let is_colleague = user.rc_account_id.is_some()
            && assigned.rc_account_id == user.rc_account_id
            && assigned.key.platform == user.key.platform
            && assigned.key.proxy_id == user.key.proxy_id
            && platform.tenant_host(assigned) == platform.tenant_host(user);
        is_same || is_colleague
    }))
}
