//! RingCentral accounts: to which one somebody belongs, and who administers it, always by RingCentral's word.

use super::hashing::hashed;
use super::ringcentral::{self, Extension};
use super::stored_limits::TooMuch;
use super::{Services, user_record};
use crate::engine::failure::Failure;
use crate::store::{StoreError, User};

/// The account of somebody who brought a RingCentral token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its hashed id, under which everything of the account is kept.
    pub hashed_id: String,
    /// Who brought the token.
    pub extension: Extension,
}

/// Why something of an account cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The request brings no RingCentral token (Q11).
    #[error("The RingCentral access token is missing (header X-RC-Access-Token).")]
    NoToken,
    /// The RingCentral platform does not say who it is; one line.
    #[error("{0}")]
    Upstream(String),
    /// They would be too many or too long.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// The RingCentral user is no admin.
    #[error("Admin validation failed")]
    NotAdmin,
    /// The session's user belongs to another account than the RingCentral token.
    #[error(
        "Your RingCentral account is not the one that this CRM connection belongs to. Sign out of the CRM and connect it again."
    )]
    OtherAccount,
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl From<Failure> for AccountError {
    fn from(failure: Failure) -> Self {
        Self::Upstream(ringcentral::explain(&failure))
    }
}

/// The account that a RingCentral token belongs to. If a session's user comes along, both are of one
/// account: what the user is shown or changes is never another's. A user whose account is unknown may be of any.
///
/// # Errors
/// If the platform refuses the token, or cannot be asked, or the user belongs to another account.
pub async fn account(services: &Services, token: &str, user: Option<&User>) -> Result<Account, AccountError> {
    let extension = ringcentral::extension(services, token).await?;
    prove(services, user, &extension).await?;
    account_of(services, extension, user)
}

/// Remembers whose user this is, if that was not proved yet: who brings a session and a RingCentral token is both. Once it
/// is known, only another sign-in changes it.
async fn prove(services: &Services, user: Option<&User>, extension: &Extension) -> Result<(), StoreError> {
    let is_open = |user: &User| match &user.rc_account_id {
        None => true,
        Some(account) => *account == extension.account_id && user.rc_extension_hash.is_none(),
    };
    let Some(user) = user.filter(|user| is_open(user)) else { return Ok(()) };
    let extension_hash = extension.extension_id.as_deref().map(|id| hashed(services, id));
    let proved = user_record::change(services, &user.key, |user| {
        if !is_open(user) || !user.credential.is_connected() {
            return;
        }
        // What was logged until now is kept under the user alone.
        user.was_alone |= user.rc_account_id.is_none();
        user.rc_account_id = Some(extension.account_id.clone());
        user.rc_extension_hash.clone_from(&extension_hash);
        user.region = extension.region.clone().or(user.region.take());
    });
    proved.await.map(drop)
}

fn account_of(
    services: &Services,
    extension: Extension,
    user: Option<&User>,
) -> Result<Account, AccountError> {
    match user.and_then(|user| user.rc_account_id.as_ref()) {
        Some(own) if *own != extension.account_id => Err(AccountError::OtherAccount),
        _ => Ok(Account { hashed_id: hashed(services, &extension.account_id), extension }),
    }
}

/// The account whose admin this is, as [`account`] finds it. RingCentral is asked each time.
///
/// # Errors
/// As [`account`], and if there is no token, or it is not an admin's.
pub async fn administered(
    services: &Services,
    token: Option<&str>,
    user: Option<&User>,
) -> Result<Account, AccountError> {
    let token = token.ok_or(AccountError::NoToken)?;
    let extension = ringcentral::extension(services, token).await?;
    prove(services, user, &extension).await?;
    if !extension.is_admin {
        return Err(AccountError::NotAdmin);
    }
    account_of(services, extension, user)
}
