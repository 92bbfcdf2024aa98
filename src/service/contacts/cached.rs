//! The contacts that an account shares. They belong to the revision of the document that mapped them:
//! another one may show other names, other people, or call somebody else by the same id.

use serde::Serialize;
use serde_json::Value;

use crate::connector::Interface;
use crate::engine::json;
use crate::engine::results::Contact;
use crate::service::ResolvedPlatform;
use crate::service::wording::store_failed;
use crate::store::{ContactKey, StoreError, User};

/// Contacts as they are kept. A list alone is what a code connector found, or what was imported: it
/// counts until the CRM is asked again.
#[derive(Serialize)]
struct Kept<'a> {
    revision: &'a str,
    contacts: &'a [Contact],
}

/// Only users of a RingCentral account share a cache (recordings 06, `two-matches`).
fn key(platform: &ResolvedPlatform<'_>, user: &User, phone_number: &str) -> Option<ContactKey> {
    Some(ContactKey {
        rc_account_id: user.rc_account_id.clone()?,
        platform: user.key.platform.clone(),
        proxy_id: user.key.proxy_id.clone(),
        tenant_host: platform.tenant_host(user),
        phone_number: phone_number.to_owned(),
    })
}

/// The revision whose mapping makes contacts; absent if no document does.
fn revision<'p>(platform: &'p ResolvedPlatform<'_>) -> Option<&'p str> {
    let proxy = platform.proxy.as_ref().filter(|proxy| proxy.serves(Interface::FIND_CONTACT));
    proxy.map(|proxy| proxy.revision.as_str())
}

/// The contacts that the account has for a number, where the document that serves now mapped them. A
/// cache that cannot be read costs a request to the CRM, nothing more.
pub(in crate::service) async fn read(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    phone_number: &str,
) -> Option<Value> {
    let key = key(platform, user, phone_number)?;
    match platform.services.store.cached_contacts(&key).await {
        Ok(Some(Value::Object(mut kept))) => {
            let is_current = kept.get("revision").and_then(Value::as_str) == revision(platform);
            kept.remove("contacts").filter(|_| is_current)
        }
        Ok(kept) => kept,
        Err(error) => {
            store_failed(&error);
            None
        }
    }
}

/// Keeps what the CRM found; nothing is kept where that is nobody.
pub(super) async fn keep(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    phone_number: &str,
    found: &[Contact],
) {
    if let Some(key) = key(platform, user, phone_number) {
        replace(platform, &key, found).await;
    }
}

async fn replace(platform: &ResolvedPlatform<'_>, key: &ContactKey, contacts: &[Contact]) {
    let store = &platform.services.store;
    let kept = match contacts {
        [] => store.forget_contacts(key).await.map(drop),
        contacts => store.cache_contacts(key, &encoded(platform, contacts)).await,
    };
    // What is too long to be kept must not leave what was true before.
    let kept = match kept {
        Err(StoreError::TooLarge { .. }) => store.forget_contacts(key).await.map(drop),
        kept => kept,
    };
    if let Err(error) = kept {
        store_failed(&error);
    }
}

fn encoded(platform: &ResolvedPlatform<'_>, contacts: &[Contact]) -> Vec<u8> {
    match revision(platform) {
        Some(revision) => json::to_vec(&Kept { revision, contacts }),
        None => json::to_vec(contacts),
    }
}
