//! The record of somebody who signs in: whose it is, and what is kept of an earlier one.

use serde_json::{Map, Value};

use super::{Admission, LoginError, refused};
use crate::connector::inputs::GetUserInfo;
use crate::credential::Credential;
use crate::engine::results::UserInfo;
use crate::service::hashing::hashed;
use crate::service::{ResolvedPlatform, Services, ringcentral};
use crate::store::{User, UserKey};
use crate::user::{ManagedFields, TENANT_HOST_MARK};

/// What a client says of the RingCentral user without proving it. It is kept, and opens nothing of an account.
#[derive(Debug, Clone, Default)]
pub(in crate::service) struct Claimed {
    /// The account's id.
    pub(in crate::service) account_id: Option<String>,
    /// The hashed id of the extension.
    pub(in crate::service) extension_hash: Option<String>,
}

/// Stores the user. Of one who signs in again, what is not submitted now is kept, and additional
/// info is merged (recordings 01, `relogin-same-user`).
pub(super) async fn save(
    services: &Services,
    admission: Admission<'_>,
    info: &UserInfo,
) -> Result<User, LoginError> {
    let Admission { platform, proxy_id, mut submitted, credential, extension, claimed, managed, .. } =
        admission;
    let asked = host_of_sign_in(platform, &submitted);
    if let Some(hostname) = &info.overriding_hostname {
        submitted.hostname = Some(hostname.clone());
    }
    let extension_id = extension.and_then(|extension| extension.extension_id.as_deref());
    let extension_hash = extension_id.map(|id| hashed(services, id));
    let who = SigningIn { platform, proxy_id, submitted: &submitted, id: &info.id, asked };
    // Whoever has this id, at whichever host.
    let _turn = services.record_locks.take(&who.key(None)).await;
    loop {
        let (key, before) = who.record(services).await?;
        let now = services.clock.now_ms();
        let mut user = signed_in(before.as_ref(), &key, &submitted, info, extension, now);
        // Values that admins filled in are kept with the account alone (Q76).
        user.platform_additional_info.retain(|name, _| !managed.names.contains(name));
        user.managed = ManagedFields { values: Map::new(), ..managed.clone() };
        user.credential = credential.clone();
        user.tenant_host = who.asked.clone();
        user.rc_extension_hash = extension_hash.clone().or(user.rc_extension_hash);
        user.claimed_account_id = claimed.account_id.clone().or(user.claimed_account_id);
        user.claimed_extension_hash = claimed.extension_hash.clone().or(user.claimed_extension_hash);
        if services.store.change_user(before.as_ref(), &user).await? {
            return Ok(user);
        }
    }
}

/// Somebody who signs in, whom the CRM told apart by an id.
struct SigningIn<'a> {
    platform: &'a ResolvedPlatform<'a>,
    proxy_id: Option<String>,
    submitted: &'a GetUserInfo,
    /// The CRM's id.
    id: &'a str,
    /// The host that was asked, where it is one of several: the id means somebody there alone.
    asked: Option<String>,
}

impl SigningIn<'_> {
    fn key(&self, tenant_host: Option<&str>) -> UserKey {
        let name = &self.platform.name;
        let id = match tenant_host {
            Some(tenant_host) => format!("{}{TENANT_HOST_MARK}{tenant_host}-{name}", self.id),
            None => format!("{}-{name}", self.id),
        };
        UserKey { id, platform: name.clone(), proxy_id: self.proxy_id.clone() }
    }

    /// The record of this person, or the place for it: two people never become one user (Q1). The first
    /// of an id has it alone, as everybody has on the reference server; at further hosts the host stands
    /// in the key.
    async fn record(&self, services: &Services) -> Result<(UserKey, Option<User>), LoginError> {
        let store = &services.store;
        let plain = self.key(None);
        let Some(asked) = &self.asked else {
            let before = store.get_user(&plain).await?;
            return Ok((plain, before));
        };
        let of_host = self.key(Some(asked));
        for (key, may_be_made) in [(of_host.clone(), false), (plain, true), (of_host, true)] {
            match store.get_user(&key).await? {
                None if may_be_made => return Ok((key, None)),
                None => {}
                Some(user) if self.is(&user, asked) => return Ok((key, Some(user))),
                Some(_) => {}
            }
        }
        Err(refused("Somebody else has this user id already. Ask whoever made the connector."))
    }

    /// Whether a stored user is of the host that was asked. Of one that was imported, this is the host
    /// that would be asked with what is stored, or else the host name says it.
    fn is(&self, stored: &User, asked: &str) -> bool {
        if let Some(tenant_host) = &stored.tenant_host {
            return tenant_host == asked;
        }
        let again = GetUserInfo {
            additional_info: Some(stored.platform_additional_info.clone()),
            hostname: stored.hostname.clone(),
            ..GetUserInfo::default()
        };
        match (host_of_sign_in(self.platform, &again), &stored.hostname, &self.submitted.hostname) {
            (Some(host), ..) => host == asked,
            (None, Some(stored), Some(submitted)) => stored.eq_ignore_ascii_case(submitted),
            _ => true,
        }
    }
}

/// The host that is asked who signs in, where a template chooses it.
fn host_of_sign_in(platform: &ResolvedPlatform<'_>, submitted: &GetUserInfo) -> Option<String> {
    platform.proxy.as_ref()?.host_of_sign_in(&platform.call(None, None), submitted)
}

fn signed_in(
    before: Option<&User>,
    key: &UserKey,
    submitted: &GetUserInfo,
    info: &UserInfo,
    extension: Option<&ringcentral::Extension>,
    now: i64,
) -> User {
    let mut additional_info = before.map(|user| user.platform_additional_info.clone()).unwrap_or_default();
    for (name, value) in submitted.additional_info.iter().flatten() {
        // A password signs in once; an API key is kept once, as the token (Q51).
        if name != "password" && name != "apiKey" {
            additional_info.insert(name.clone(), value.clone());
        }
    }
    keep_additional_info(&mut additional_info, info);
    if let Some(proxy_id) = &key.proxy_id {
        additional_info.shift_remove("proxyId");
        additional_info.insert("proxyId".to_owned(), proxy_id.as_str().into());
    }
    let kept = |choose: fn(&User) -> Option<String>| before.and_then(choose);
    let (timezone_name, timezone_offset) = zone(before, info);
    User {
        name: info
            .name
            .as_ref()
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| kept(|user| user.name.clone())),
        hostname: submitted.hostname.clone().or_else(|| kept(|user| user.hostname.clone())),
        timezone_name,
        timezone_offset,
        credential: Credential::default(),
        rc_account_id: extension
            .map(|extension| extension.account_id.clone())
            .or_else(|| kept(|user| user.rc_account_id.clone())),
        rc_extension_hash: kept(|user| user.rc_extension_hash.clone()),
        claimed_account_id: kept(|user| user.claimed_account_id.clone()),
        claimed_extension_hash: kept(|user| user.claimed_extension_hash.clone()),
        region: extension
            .and_then(|extension| extension.region.clone())
            .or_else(|| kept(|user| user.region.clone())),
        platform_additional_info: additional_info,
        managed: ManagedFields::default(),
        user_settings: before.and_then(|user| user.user_settings.clone()),
        tenant_host: None,
        session_epoch: before.map_or(0, |user| match user.credential.is_connected() {
            // On several devices one is signed in at the same time.
            true => user.session_epoch,
            // The sessions from before the sign-out stay ended.
            false => user.session_epoch.saturating_add(1),
        }),
        was_alone: before.is_some_and(|user| user.was_alone || user.rc_account_id.is_none()),
        created_at: before.map_or(now, |user| user.created_at),
        updated_at: now,
        key: key.clone(),
    }
}

/// The name and the offset of a user's time zone. They belong together, so the earlier ones stay only
/// where the CRM told neither: with one of them alone, the other would name another zone.
pub(in crate::service) fn zone(before: Option<&User>, info: &UserInfo) -> (Option<String>, Option<Value>) {
    match before {
        Some(user) if !info.tells_zone => (user.timezone_name.clone(), user.timezone_offset.clone()),
        _ => (info.timezone_name.clone(), info.timezone_offset.clone()),
    }
}

/// Keeps what the CRM told of a user beyond name and time zone.
pub(in crate::service) fn keep_additional_info(kept: &mut Map<String, Value>, info: &UserInfo) {
    for name in &info.missing_additional_info {
        kept.shift_remove(name);
    }
    kept.extend(info.platform_additional_info.clone());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_earlier_zone_stays_only_where_the_crm_tells_none() {
        let key = UserKey { platform: "acme".to_owned(), id: "7".to_owned(), proxy_id: None };
        let submitted = GetUserInfo::default();
        let new = UserInfo {
            timezone_name: Some("Europe/Paris".to_owned()),
            timezone_offset: Some(json!(60)),
            tells_zone: true,
            ..UserInfo::new("7")
        };
        let user = signed_in(None, &key, &submitted, &new, None, 1);
        let next = |info: UserInfo| {
            let user = signed_in(Some(&user), &key, &submitted, &info, None, 2);
            (user.timezone_name, user.timezone_offset)
        };
        assert_eq!(next(UserInfo::new("7")), (Some("Europe/Paris".to_owned()), Some(json!(60))));
        let unknown = UserInfo { tells_zone: true, ..UserInfo::new("7") };
        assert_eq!(next(unknown.clone()), (None, None));
        assert_eq!(
            next(UserInfo { timezone_offset: Some(json!(-300)), ..unknown }),
            (None, Some(json!(-300)))
        );
    }
}
