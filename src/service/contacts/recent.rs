//! Contacts that were just created: a CRM's search may know them only after minutes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::phone::is_same_number;
use crate::engine::results::Contact;
use crate::engine::text::id_text;
use crate::service::tenants::Tenants;
use crate::service::wording::store_failed;
use crate::service::{ResolvedPlatform, Services};
use crate::store::{DocumentKind, Key, Owner, StoreError, StoredDocument, User};

/// How long a contact is shown that the CRM's search does not know: longer than indexes take, and not
/// so long that one which was deleted there stays for the day.
const LIFETIME_MS: i64 = 30 * 60 * 1000;

/// How many are kept for one account.
const KEPT: usize = 100;

/// A contact that was created, and where it is looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recent {
    pub(super) id: Value,
    pub(super) name: Value,
    #[serde(rename = "type")]
    pub(super) contact_type: Value,
    pub(super) phone_number: Value,
    pub(super) until: i64,
}

/// The contacts of an account, as they are stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewContacts {
    contacts: Vec<Recent>,
    /// When the last of them is over; the sweep removes what is older.
    expires_at: i64,
}

impl StoredDocument for NewContacts {
    const KIND: DocumentKind = DocumentKind::NewContacts;
}

/// What a search asks for.
#[derive(Clone, Copy)]
pub(super) enum Sought<'a> {
    Number(&'a str),
    Name(&'a str),
}

impl Recent {
    /// Created at `now`, in milliseconds since 1970.
    pub(super) fn new(id: Value, name: Value, contact_type: Value, phone_number: Value, now: i64) -> Self {
        Self { id, name, contact_type, phone_number, until: now + LIFETIME_MS }
    }

    pub(super) fn contact(&self) -> Contact {
        let mut contact = Contact::new(self.id.clone(), self.name.clone());
        contact.contact_type = self.contact_type.clone();
        contact.phone = Some(self.phone_number.clone()).filter(|number| !number.is_null());
        contact
    }

    /// Whether a search means this contact. Numbers without a country code are of the region.
    fn answers(&self, sought: Sought<'_>, region: Option<&str>) -> bool {
        match sought {
            Sought::Number(number) => {
                let own = self.phone_number.as_str();
                own.is_some_and(|own| is_same_number(own, number, region))
            }
            Sought::Name(name) => {
                let own = self.name.as_str().map(str::to_lowercase).unwrap_or_default();
                let sought = name.to_lowercase();
                let mut words = words(&sought).peekable();
                words.peek().is_some() && words.all(|word| self::words(&own).any(|own| own.contains(word)))
            }
        }
    }
}

/// The words of a name, however they are set apart: `Lovelace, Ada` is `Ada  Lovelace`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|character: char| character.is_whitespace() || character == ',')
        .filter(|word| !word.is_empty())
}

/// The region of numbers without a country code.
fn region<'a>(platform: &'a ResolvedPlatform<'_>, user: &'a User) -> Option<&'a str> {
    match &platform.proxy {
        Some(proxy) => proxy.region_of(Some(user)),
        None => user.region.as_deref(),
    }
}

/// Where the contacts that were just created for a user's account are kept.
fn key(platform: &ResolvedPlatform<'_>, user: &User) -> Key<NewContacts> {
    let scope = Tenants::of(platform, user).now;
    let (kind, owner) = match scope.owner {
        Owner::RcAccount(id) => ("account", id),
        Owner::User(id) => ("user", id),
    };
    let mut parts = vec![Some(scope.platform), scope.proxy_id, Some(kind.to_owned()), Some(owner)];
    parts.extend(scope.tenant_host.map(Some));
    Key::new(parts)
}

fn current(stored: Option<NewContacts>, now: i64) -> Vec<Recent> {
    let contacts = stored.map(|stored| stored.contacts).unwrap_or_default();
    // A clock that was put back would keep them for longer.
    contacts.into_iter().filter(|recent| (now..=now + LIFETIME_MS).contains(&recent.until)).collect()
}

/// Changes what is kept, whoever else does.
async fn change(
    services: &Services,
    key: &Key<NewContacts>,
    change: impl Fn(&mut Vec<Recent>),
) -> Result<(), StoreError> {
    loop {
        let mut before = services.store.versioned_lossy(key).await?;
        let mut contacts = current(before.content.take(), services.clock.now_ms());
        change(&mut contacts);
        let change = match contacts.iter().map(|recent| recent.until).max() {
            Some(expires_at) => before.changed_to(&NewContacts { contacts, expires_at })?,
            None => before.removed(),
        };
        if change.changes_nothing() || services.store.change_documents(&[change]).await? {
            return Ok(());
        }
    }
}

/// Remembers a contact that was created. Where that fails, it is found once the CRM's search knows it.
pub(super) async fn remember(platform: &ResolvedPlatform<'_>, user: &User, recent: &Recent) {
    let key = key(platform, user);
    let remembered = change(platform.services, &key, |contacts| {
        contacts.retain(|known| known.id != recent.id);
        contacts.push(recent.clone());
        let surplus = contacts.len().saturating_sub(KEPT);
        contacts.drain(..surplus);
    });
    if let Err(error) = remembered.await {
        store_failed(&error);
    }
}

/// What is kept. Where that cannot be read, what the CRM found is worth more than an error.
async fn kept(services: &Services, key: &Key<NewContacts>) -> Vec<Recent> {
    match services.store.get(key).await {
        Ok(kept) => current(kept, services.clock.now_ms()),
        Err(error) => {
            store_failed(&error);
            Vec::new()
        }
    }
}

/// Adds to the account's cached answer what was created a moment ago. The cache says nothing about what
/// the search knows, so nothing is forgotten.
pub(super) async fn add_to_cached(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    sought: Sought<'_>,
    cached: &mut Value,
) {
    let Value::Array(cached) = cached else { return };
    for recent in kept(platform.services, &key(platform, user)).await {
        let id = id_text(&recent.id);
        let is_there = cached.iter().any(|contact| contact.get("id").and_then(id_text) == id);
        if recent.answers(sought, region(platform, user)) && !is_there {
            cached.push(serde_json::to_value(recent.contact()).unwrap_or_default());
        }
    }
}

/// Adds to what the CRM's search found what was created a moment ago. What the search knows by now is
/// remembered no longer, so that it goes when it is deleted in the CRM.
pub(super) async fn add(
    platform: &ResolvedPlatform<'_>,
    user: &User,
    sought: Sought<'_>,
    found: &mut Vec<Contact>,
) {
    let key = key(platform, user);
    let kept = kept(platform.services, &key).await;
    if kept.is_empty() {
        return;
    }
    let is_found = |recent: &Recent, found: &[Contact]| {
        let id = id_text(&recent.id);
        found.iter().any(|contact| contact.id.as_ref().and_then(id_text) == id)
    };
    let region = region(platform, user);
    let answers = |recent: &Recent| recent.answers(sought, region);
    let (known, missing): (Vec<_>, Vec<_>) =
        kept.into_iter().filter(answers).partition(|recent| is_found(recent, found));
    found.extend(missing.iter().map(Recent::contact));
    if !known.is_empty()
        && let Err(error) = change(platform.services, &key, |contacts| {
            contacts.retain(|recent| known.iter().all(|known| known.id != recent.id));
        })
        .await
    {
        store_failed(&error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;

    #[test]
    fn a_contact_is_found_by_its_number_and_by_a_part_of_its_name() {
        let recent =
            Recent::new("1".into(), "Ada Lovelace".into(), "Lead".into(), "+1 415-555-0123".into(), 0);
        let names = ["love", " ADA ", "Ada  Lovelace", "Lovelace, Ada", "ada\u{a0}love"];
        for sought in names.map(Sought::Name).into_iter().chain([Sought::Number("+14155550123")]) {
            assert!(recent.answers(sought, None));
        }
        for number in ["4155550123", "14155550123", "(415) 555-0123", "0014155550123", "+14155550123;ext=5"] {
            assert!(recent.answers(Sought::Number(number), Some("US")), "{number}");
        }
        for sought in [
            Sought::Number("4155550123"),
            Sought::Number(""),
            Sought::Name(" "),
            Sought::Name(","),
            Sought::Name("Bob"),
            Sought::Name("Ada Bob"),
        ] {
            assert!(!recent.answers(sought, None));
        }
        let national = Recent { phone_number: "(415) 555-0777".into(), ..recent };
        assert!(national.answers(Sought::Number("+14155550777"), Some("US")));
        assert!(!national.answers(Sought::Number("+444155550777"), Some("US")));
        let nameless = Recent::new("1".into(), Value::Null, "Lead".into(), Value::Null, 0);
        assert!(!nameless.answers(Sought::Number(""), None) && !nameless.answers(Sought::Name("a"), None));
    }

    #[test]
    fn what_is_over_is_not_read() {
        let recent =
            |until| Recent { until, ..Recent::new(1.into(), "A".into(), "C".into(), "+1".into(), 0) };
        let now = 1_760_000_000_000;
        let kept = [recent(now - 1), recent(now + 10_000), recent(now + 10 * LIFETIME_MS)];
        let stored = NewContacts { contacts: kept.to_vec(), expires_at: now };
        assert_eq!(current(Some(stored), now), [kept[1].clone()]);
        assert_eq!(current(None, now), []);
    }

    #[test]
    fn new_contacts_are_stored_as_they_were() {
        let recent = Recent::new(1.into(), "A".into(), Value::Null, "+1".into(), 0);
        let stored = NewContacts { contacts: vec![recent], expires_at: 1_800_000 };
        let form = r#"{"contacts":[{"id":1,"name":"A","type":null,"phoneNumber":"+1","until":1800000}],"expiresAt":1800000}"#;
        assert_stored_as(&Key::new([Some("crm".to_owned())]), &stored, "newContacts/crm", form);
    }
}
