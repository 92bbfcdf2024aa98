//! Whose a token is, by RingCentral's word.
//!
//! RingCentral says twice who somebody is: the reply with a token names the extension that it belongs to
//! (`owner_id`), and `extension/~` says which account that is and whether the extension administers it. The second
//! is asked unless both are known: the token is the user's own, and RingCentral said within the last minute that the
//! user is an admin.

use super::NotKept;
use crate::secret::Secret;
use crate::service::accounts::AccountError;
use crate::service::hashing::hashed;
use crate::service::ringcentral::grants::{Granted, told};
use crate::service::ringcentral::{self, Extension};
use crate::service::{Services, user_record};
use crate::store::User;

/// What is known of a token that may be kept.
pub(super) struct Proof {
    pub(super) account_id: String,
    /// Whether RingCentral said that the token is of this account. If it could not be asked, the token serves whoever
    /// brought it, and for no longer than RingCentral's word on that person counts.
    pub(super) is_verified: bool,
}

/// Whether the user administers the account; absent if RingCentral did not say it within the last minute, or the
/// user's account is not proved.
pub(in crate::service) fn standing(services: &Services, user: &User) -> Option<bool> {
    let (account, extension) = (user.rc_account_id.as_ref()?, user.rc_extension_hash.as_ref()?);
    services.standings.is_admin(account, extension, services.clock.elapsed())
}

/// Proves that a token which was just granted is one of an admin of the user's account. Where the user has no account
/// yet, the token proves which one it is.
pub(super) async fn of(services: &Services, user: &User, granted: &Granted) -> Result<Proof, NotKept> {
    let is_known_admin = standing(services, user) == Some(true);
    let known_account = user.rc_account_id.clone().filter(|_| is_known_admin);
    let owner = granted.owner_id.as_deref().map(|id| hashed(services, id));
    if let Some(account_id) = &known_account
        && owner.is_some()
        && owner == user.rc_extension_hash
    {
        return Ok(Proof { account_id: account_id.clone(), is_verified: true });
    }
    match (ringcentral::extension(services, granted.access_token.expose()).await, known_account) {
        (Ok(extension), known) => {
            let account_id = is_admins(services, user, extension, known.is_some()).await?;
            Ok(Proof { account_id, is_verified: true })
        }
        (Err(failure), Some(account_id)) => {
            tracing::warn!(%failure, "RingCentral did not say whose token was brought");
            Ok(Proof { account_id, is_verified: false })
        }
        (Err(failure), None) => Err(NotKept::Invalid(format!(
            "It could not be found out whose RingCentral token this is: RingCentral {}. Sign in to RingCentral again.",
            told(&failure)
        ))),
    }
}

/// The account of an extension that administers it and is the user's.
async fn is_admins(
    services: &Services,
    user: &User,
    extension: Extension,
    is_known_admin: bool,
) -> Result<String, AccountError> {
    if user.rc_account_id.as_ref().is_some_and(|own| *own != extension.account_id) {
        return Err(AccountError::OtherAccount);
    }
    let hash = extension.extension_id.as_deref().map(|id| hashed(services, id));
    // Somebody else's token says nothing of the user.
    let is_somebody_elses = user.rc_extension_hash.is_some() && user.rc_extension_hash != hash;
    if !extension.is_admin || (is_somebody_elses && !is_known_admin) {
        return Err(AccountError::NotAdmin);
    }
    if user.rc_account_id.is_none() {
        belongs(services, user, &extension.account_id, hash.as_deref()).await?;
    }
    Ok(extension.account_id)
}

/// Writes down to which account the user belongs: RingCentral said it of a token that the user brought.
async fn belongs(
    services: &Services,
    user: &User,
    account_id: &str,
    extension_hash: Option<&str>,
) -> Result<(), AccountError> {
    let changed = user_record::change(services, &user.key, |user| {
        if user.rc_account_id.is_none() {
            user.rc_account_id = Some(account_id.to_owned());
            user.rc_extension_hash = user.rc_extension_hash.take().or(extension_hash.map(str::to_owned));
            user.was_alone = true;
        }
    });
    match changed.await? {
        Some(user) if user.rc_account_id.as_deref() == Some(account_id) => Ok(()),
        _ => Err(AccountError::OtherAccount),
    }
}

/// Asks RingCentral whether a stored token is that of an admin of the user's account.
///
/// # Errors
/// If it is not, or RingCentral cannot be asked.
pub(in crate::service) async fn asked_again(
    services: &Services,
    user: &User,
    token: &Secret,
) -> Result<(), AccountError> {
    let extension = ringcentral::extension(services, token.expose()).await?;
    is_admins(services, user, extension, false).await.map(drop)
}
