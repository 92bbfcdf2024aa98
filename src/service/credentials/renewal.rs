//! A user whose credential is good for a call: renewed before its end, or because the CRM refused it, and once for all
//! who need it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::connector::{CallError, Interface, NotRenewed};
use crate::credential::Credential;
use crate::service::coordination::single_flight::SingleFlight;
use crate::service::wording::store_failed;
use crate::service::{ResolvedPlatform, user_record};
use crate::store::{User, UserKey};

/// For so long no other token is asked for, if the CRM refused a new one as it did the old one: it means something else
/// than the token.
const FUTILE: Duration = Duration::from_secs(60);

/// How many users are remembered whose renewal was futile.
const MOST_FUTILE: usize = 10_000;

/// Why a credential is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Why {
    /// It expires.
    Due,
    /// The CRM refused it.
    Refused,
}

impl Why {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Refused => "refused",
        }
    }
}

/// A token that is being renewed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RenewalKey {
    pub(super) user: UserKey,
    pub(super) access_token: String,
    pub(super) why: Why,
}

/// The renewals of this process.
#[derive(Default)]
pub struct Renewals {
    pub(super) in_flight: Arc<SingleFlight<Result<User, CallError>, RenewalKey>>,
    futile: Mutex<HashMap<UserKey, Instant>>,
}

impl Renewals {
    /// The CRM refused a token that was renewed because it had refused the one before.
    pub(crate) fn was_futile(&self, user: &UserKey) {
        let mut futile = self.futile.lock().unwrap_or_else(PoisonError::into_inner);
        if futile.len() >= MOST_FUTILE {
            futile.retain(|_, at| at.elapsed() < FUTILE);
        }
        if futile.len() < MOST_FUTILE {
            futile.insert(user.clone(), Instant::now());
        }
    }

    fn is_futile(&self, user: &UserKey) -> bool {
        let futile = self.futile.lock().unwrap_or_else(PoisonError::into_inner);
        futile.get(user).is_some_and(|at| at.elapsed() < FUTILE)
    }
}

/// What became of the credential while a request runs: its calls share it.
#[derive(Debug, Default)]
pub(crate) struct OfRequest(tokio::sync::Mutex<Option<Result<Box<User>, CallError>>>);

impl ResolvedPlatform<'_> {
    /// The user with a credential that has not expired, as far as it can be renewed; `None` if it is good as it is.
    ///
    /// # Errors
    /// If it could not be renewed: then the CRM is not asked.
    pub(in crate::service) async fn ready(&self, user: &User) -> Result<Option<Box<User>>, CallError> {
        let mut renewed = self.renewed.0.lock().await;
        if let Some(known) = &*renewed {
            return known.clone().map(Some);
        }
        if !user.credential.is_connected() {
            return Ok(None);
        }
        let is_hooked = self.serves(Interface::CHECK_AND_REFRESH_ACCESS_TOKEN);
        if !is_hooked && !user.credential.is_due(self.services.clock.now_ms()) {
            return Ok(None);
        }
        // Seldom, and by far the larger part: in a box it is not moved around with every request.
        let answer = match is_hooked {
            true => Box::pin(self.by_connector(user)).await,
            false => Box::pin(self.renew(user, Why::Due)).await,
        };
        let answer = answer.map(Box::new);
        self.heed(&answer);
        *renewed = Some(answer.clone());
        answer.map(Some)
    }

    /// The user with another credential, because the CRM refused this one; `None` if there is no way to another.
    ///
    /// # Errors
    /// If the session at the CRM is over.
    pub(in crate::service) async fn renewed_after_refusal(
        &self,
        user: &User,
    ) -> Result<Option<Box<User>>, CallError> {
        let mut renewed = self.renewed.0.lock().await;
        if let Some(Ok(known)) = &*renewed
            && known.credential.secret != user.credential.secret
        {
            return Ok(Some(known.clone()));
        }
        if !user.credential.is_renewable()
            || self.services.renewals.is_futile(&user.key)
            || self.serves(Interface::CHECK_AND_REFRESH_ACCESS_TOKEN)
        {
            return Ok(None);
        }
        let answer = Box::pin(self.renew(user, Why::Refused)).await.map(Box::new);
        self.heed(&answer);
        match answer {
            Ok(other) if other.credential.secret == user.credential.secret => Ok(None),
            Ok(other) => {
                *renewed = Some(Ok(other.clone()));
                Ok(Some(other))
            }
            Err(error @ CallError::NotRenewed(NotRenewed::Revoked)) => Err(error),
            // What the CRM said of the call tells more.
            Err(_) => Ok(None),
        }
    }

    async fn renew(&self, user: &User, why: Why) -> Result<User, CallError> {
        let answer = super::of(self).await?.renewed(self, user.clone(), why).await;
        let outcome = match &answer {
            Ok(_) => "renewed",
            Err(CallError::NotRenewed(NotRenewed::Revoked)) => "revoked",
            Err(_) => "failed",
        };
        self.services.metrics.token_renewal(why.as_str(), outcome);
        answer
    }

    /// Lets the connector renew it. What it changed of credential, host and additional info is stored, unless somebody
    /// changed the credential meanwhile.
    async fn by_connector(&self, user: &User) -> Result<User, CallError> {
        let connector = self.serving(Interface::CHECK_AND_REFRESH_ACCESS_TOKEN)?;
        let changed = connector.check_and_refresh_access_token(&self.call(Some(user), None)).await?.value;
        if changed == *user {
            return Ok(changed);
        }
        let stored = user_record::change(self.services, &user.key, |stored| {
            if is_same(&stored.credential, &user.credential) {
                stored.credential = changed.credential.clone();
                stored.hostname.clone_from(&changed.hostname);
                stored.platform_additional_info.clone_from(&changed.platform_additional_info);
            }
        });
        match stored.await {
            Ok(stored) => Ok(stored.unwrap_or(changed)),
            Err(error) => {
                // The token is good for this request all the same.
                store_failed(&error);
                Ok(changed)
            }
        }
    }

    /// A session that is over at the CRM is over for the client as well: `server::edge` tells it.
    fn heed(&self, answer: &Result<Box<User>, CallError>) {
        if let (Err(CallError::NotRenewed(NotRenewed::Revoked)), Some(revoked)) = (answer, &self.revoked) {
            revoked.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

fn is_same(one: &Credential, other: &Credential) -> bool {
    one.secret == other.secret && one.refresh == other.refresh
}
