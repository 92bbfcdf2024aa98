//! Who may have reports of an account: its admins, by RingCentral's word that is a minute old at most.

use super::NoReport;
use crate::secret::Secret;
use crate::service::Services;
use crate::service::accounts::{AccountError, administered};
use crate::service::admin_tokens::{self, Unusable};
use crate::service::hashing::hashed;
use crate::service::ringcentral::grants::told;
use crate::store::User;

/// The token with which the account's reports are made for this user.
///
/// That the user is an admin is proved in one of three ways: by a RingCentral token that comes with the request, by
/// what RingCentral said within the last minute, or by the token that the user brought, about which RingCentral is
/// asked again. An admin who brought none has the one that another admin brought.
pub(super) async fn token(
    services: &Services,
    user: &User,
    rc_access_token: Option<&str>,
) -> Result<Secret, NoReport> {
    let account_id = user.rc_account_id.as_ref().ok_or(AccountError::NoAccount)?;
    let mut is_admin = match rc_access_token {
        Some(token) => {
            let administered = administered(services, Some(token), Some(user)).await?;
            debug_assert_eq!(administered.extension.account_id, *account_id);
            true
        }
        None => match admin_tokens::standing(services, user) {
            Some(false) => return Err(AccountError::NotAdmin.into()),
            Some(true) => true,
            None => false,
        },
    };
    if services.ringcentral_app.is_none() {
        return Err(NoReport::Failed(
            "This server makes no reports: RingCentral does not know it. Its operator has to set RINGCENTRAL_CLIENT_ID, RINGCENTRAL_CLIENT_SECRET and APP_SERVER.".to_owned(),
        ));
    }
    let account = hashed(services, account_id);
    let key = admin_tokens::key(&account, &user.key);
    if let Some(own) = services.store.versioned_lossy(&key).await?.content {
        let own = admin_tokens::usable(services, &key, own).await.map_err(unusable)?;
        if !is_admin {
            admin_tokens::asked_again(services, user, &own.access_token).await.map_err(unproved)?;
            is_admin = true;
            if !own.is_verified {
                admin_tokens::verified(services, &key).await?;
            }
        }
        debug_assert!(is_admin);
        return Ok(own.access_token);
    }
    if !is_admin {
        return Err(AccountError::NotAdmin.into());
    }
    let Some(token) = admin_tokens::newest_verified(services, &account).await? else {
        return Err(NoReport::Failed(
            "There is no RingCentral token for reports of this account. Sign in to RingCentral again as an admin."
                .to_owned(),
        ));
    };
    let key = admin_tokens::key(&account, &token.brought_by);
    Ok(admin_tokens::usable(services, &key, token).await.map_err(unusable)?.access_token)
}

fn unusable(why: Unusable) -> NoReport {
    match why {
        Unusable::Ended => NoReport::Failed(
            "The RingCentral token for reports has expired. Sign in to RingCentral again as an admin."
                .to_owned(),
        ),
        Unusable::Failed(failure) => NoReport::Failed(format!(
            "The RingCentral token for reports could not be renewed: RingCentral {}. Sign in to RingCentral again as an admin if it stays so.",
            told(&failure)
        )),
        Unusable::Busy => NoReport::Failed(
            "The RingCentral token for reports is being renewed. Try again in a moment.".to_owned(),
        ),
        Unusable::Store(error) => error.into(),
    }
}

/// RingCentral did not say that the user is an admin. An answer that does not come is told as what it is.
fn unproved(error: AccountError) -> NoReport {
    match error {
        AccountError::Upstream(_) => NoReport::Failed(
            "RingCentral did not say whether you are an admin of the account. Sign in to RingCentral again as an admin if it stays so."
                .to_owned(),
        ),
        other => other.into(),
    }
}
