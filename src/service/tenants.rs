//! Where logs and contacts of a user are kept: never outside of the platform, the document, the CRM's
//! host and the RingCentral account or, without one, the user (Q4).

use super::ResolvedPlatform;
use super::clock::Clock;
use crate::store::{ClaimKey, ClaimSubject, Owner, Store, StoreError, Tenant, User, UserKey};

/// Where the logs of a user are kept as far as the user's record says: not at which host.
pub fn tenant(user: &User) -> Tenant {
    Tenant {
        platform: user.key.platform.clone(),
        proxy_id: user.key.proxy_id.clone(),
        owner: match &user.rc_account_id {
            Some(account) => Owner::RcAccount(account.clone()),
            None => Owner::User(user.key.id.clone()),
        },
        tenant_host: None,
    }
}

/// Where the logs of a user are kept, and where they were before more was known of the user.
pub(crate) struct Tenants {
    pub(crate) now: Tenant,
    former: Vec<Tenant>,
    user_id: String,
}

impl Tenants {
    pub(crate) fn of(platform: &ResolvedPlatform<'_>, user: &User) -> Self {
        let now = Tenant { tenant_host: platform.tenant_host(user), ..tenant(user) };
        let mut former = Vec::new();
        if user.was_alone && user.rc_account_id.is_some() {
            former.push(Tenant { owner: Owner::User(user.key.id.clone()), ..now.clone() });
        }
        if now.tenant_host.is_some() {
            // What was imported is kept without the host.
            let imported = |scope: &Tenant| Tenant { tenant_host: None, ..scope.clone() };
            let all: Vec<Tenant> = std::iter::once(&now).chain(&former).map(imported).collect();
            former.extend(all);
        }
        Self { now, former, user_id: user.key.id.clone() }
    }

    /// All of them, the one of now first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Tenant> {
        std::iter::once(&self.now).chain(&self.former)
    }

    /// Whether what a user logged in one of the scopes is of the host that is asked now: without a host,
    /// those of several stand side by side.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn reaches(
        &self,
        platform: &ResolvedPlatform<'_>,
        scope: &Tenant,
        logged_by: &str,
    ) -> Result<bool, StoreError> {
        if scope.tenant_host == self.now.tenant_host || logged_by == self.user_id {
            return Ok(true);
        }
        let key = UserKey {
            id: logged_by.to_owned(),
            platform: scope.platform.clone(),
            proxy_id: scope.proxy_id.clone(),
        };
        let colleague = platform.services.store.get_user(&key).await?;
        Ok(colleague.is_some_and(|colleague| platform.tenant_host(&colleague) == self.now.tenant_host))
    }

    /// Under what a subject is claimed: where it is claimed already, else where its log will be kept.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn claim_key(
        &self,
        store: &dyn Store,
        clock: &Clock,
        subject: ClaimSubject,
    ) -> Result<ClaimKey, StoreError> {
        for scope in &self.former {
            let key = ClaimKey { scope: scope.clone(), subject: subject.clone() };
            let now = clock.now_ms();
            let claims = store.claims(&key).await?;
            if claims.is_some_and(|claims| claims.claims.iter().any(|claim| claim.expires_at > now)) {
                return Ok(key);
            }
        }
        Ok(ClaimKey { scope: self.now.clone(), subject })
    }
}
