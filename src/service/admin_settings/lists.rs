//! How the mappings of an account are kept: one list for each CRM (Q89), in parts, because a record has a limit.
//!
//! What lists there are stands with the settings, so every change of one is a change of these, and none is lost.
//! Parts are never changed: a new list has new ones, and takes the place of the old list in one commit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mappings::{self, Mapping};
use super::stored::{Crm, ListHead, Stored, key};
use crate::service::Services;
use crate::service::stored_limits::{Limit, TooMuch, bytes};
use crate::store::{DocumentChange, DocumentKind, Key, Prefix, StoreError, StoredDocument, Versioned};

/// How long the mappings of a CRM are: some forty thousand users.
const MOST_OF_MAPPINGS: Limit = Limit {
    what: "The mappings (userMappings)",
    unit: "bytes of JSON",
    most: 2 * 1024 * 1024,
    mend: "Remove those of users who are gone.",
};

/// How long a part is about: with its seal it stays below the limit of a record.
const PART: usize = 64 * 1024;

/// How often a list is read again that changed meanwhile.
const ATTEMPTS: usize = 20;

/// A part of a list, as it is stored.
#[derive(Serialize, Deserialize)]
struct Part {
    mappings: Vec<Mapping>,
}

impl StoredDocument for Part {
    const KIND: DocumentKind = DocumentKind::AdminSettings;
}

fn parts_of(account: &str, number: u64) -> Prefix<Part> {
    Prefix::new([account.to_owned(), "mappings".to_owned(), number.to_string()].map(Some))
}

fn part_key(account: &str, number: u64, part: usize) -> Key<Part> {
    parts_of(account, number).key([Some(format!("{part:04}"))])
}

/// The list of a CRM as it was read, which may be changed.
pub(in crate::service) struct KeptMappings {
    before: Versioned<Stored>,
    account: String,
    crm: Crm,
    /// The list; absent if there was never one.
    pub(in crate::service) list: Option<Vec<Mapping>>,
}

/// Reads the list of a CRM: its own, else the one that holds for all.
///
/// # Errors
/// If the store fails.
pub(in crate::service) async fn kept_mappings(
    services: &Services,
    account: &str,
    crm: &Crm,
) -> Result<KeptMappings, StoreError> {
    for _ in 0..ATTEMPTS {
        let before = services.store.versioned(&key(account)).await?;
        if let Some(list) = list_in(services, account, before.content.as_ref(), crm).await? {
            return Ok(KeptMappings { before, account: account.to_owned(), crm: crm.clone(), list });
        }
    }
    let what = "the user mappings of an account".to_owned();
    Err(StoreError::Corrupt { what, why: "parts of the list are missing".to_owned() })
}

impl KeptMappings {
    /// Puts a list in the place of the one that was read; false, and nothing stored, if anything of the account's
    /// settings changed meanwhile.
    ///
    /// # Errors
    /// If the list is too long, or the store fails.
    pub(in crate::service) async fn replaced_by(
        self,
        services: &Services,
        list: &[Mapping],
    ) -> Result<Result<bool, TooMuch>, StoreError> {
        let Self { before, account, crm, list: former } = self;
        if let Err(error) = check(list, former.as_deref()) {
            return Ok(Err(error));
        }
        let now = services.clock.now_ms();
        let mut settings = before.content.clone().unwrap_or_else(|| Stored::new(now));
        let mut changes =
            remove(services, &account, &mut settings, |head| head.crm.as_ref() == Some(&crm)).await?;
        changes.extend(add(&account, &mut settings, Some(crm), list)?);
        settings.updated_at = now;
        changes.push(before.changed_to(&settings)?);
        services.store.change_documents(&changes).await.map(Ok)
    }
}

/// What an admin submits in the place of lists: one for the CRM, or none. Without a CRM it is for all of them, which
/// is clear only as long as there are no lists of several.
///
/// # Errors
/// If the store fails. Inside: what is wrong with the submission, in words or by its length.
pub(super) async fn submit(
    services: &Services,
    account: &str,
    settings: &mut Stored,
    crm: Option<&Crm>,
    list: Option<&[Mapping]>,
) -> Result<Result<Vec<DocumentChange>, Unsaved>, StoreError> {
    if let Err(error) = check(list.unwrap_or_default(), None) {
        return Ok(Err(Unsaved::TooMuch(error)));
    }
    let lists = settings.mapping_lists.as_slice();
    let Some(crm) = crm else {
        if lists.iter().filter(|head| head.crm.is_some()).count() > 1 {
            return Ok(Err(Unsaved::Ambiguous));
        }
        settings.user_mappings = None;
        let mut changes = remove(services, account, settings, |_| true).await?;
        if let Some(list) = list {
            changes.extend(add(account, settings, None, list)?);
        }
        return Ok(Ok(changes));
    };
    let holds_for_all = settings.user_mappings.is_some() || lists.iter().any(|head| head.crm.is_none());
    let mut changes = remove(services, account, settings, |head| head.crm.as_ref() == Some(crm)).await?;
    // Without a list of its own the CRM would have the one for all again.
    if let Some(list) = list.or(holds_for_all.then_some(&[])) {
        changes.extend(add(account, settings, Some(crm.clone()), list)?);
    }
    Ok(Ok(changes))
}

/// Why mappings are not saved.
pub(super) enum Unsaved {
    /// They are too long.
    TooMuch(TooMuch),
    /// Nobody knows which CRM is meant.
    Ambiguous,
}

/// The mappings of a CRM as admins see them.
///
/// # Errors
/// If the store fails.
pub(super) async fn shown(
    services: &Services,
    account: &str,
    crm: &Crm,
    settings: &Stored,
) -> Result<Option<Value>, StoreError> {
    if settings.mapping_lists.is_empty() {
        return Ok(settings.user_mappings.clone());
    }
    let list = kept_mappings(services, account, crm).await?.list;
    Ok(list.and_then(|list| serde_json::to_value(list).ok()))
}

fn check(list: &[Mapping], before: Option<&[Mapping]>) -> Result<(), TooMuch> {
    MOST_OF_MAPPINGS.check(bytes(&list), before.map_or(0, |before| bytes(&before)))
}

/// Outer `None` if the list changed while it was read.
async fn list_in(
    services: &Services,
    account: &str,
    settings: Option<&Stored>,
    crm: &Crm,
) -> Result<Option<Option<Vec<Mapping>>>, StoreError> {
    let Some(settings) = settings else { return Ok(Some(None)) };
    let head = |crm: Option<&Crm>| settings.mapping_lists.iter().find(|head| head.crm.as_ref() == crm);
    let Some(head) = head(Some(crm)).or_else(|| head(None)) else {
        return Ok(Some(settings.user_mappings.as_ref().map(mappings::stored)));
    };
    let parts = services.store.list(&parts_of(account, head.number)).await?;
    if parts.len() != head.parts {
        return Ok(None);
    }
    Ok(Some(Some(parts.into_iter().flat_map(|part| part.mappings).collect())))
}

/// Takes lists off the settings.
async fn remove(
    services: &Services,
    account: &str,
    settings: &mut Stored,
    which: impl Fn(&ListHead) -> bool,
) -> Result<Vec<DocumentChange>, StoreError> {
    let (gone, kept) = std::mem::take(&mut settings.mapping_lists).into_iter().partition(|head| which(head));
    settings.mapping_lists = kept;
    let gone: Vec<ListHead> = gone;
    let mut changes = Vec::new();
    for head in gone {
        for part in 0..head.parts {
            let part = services.store.versioned(&part_key(account, head.number, part)).await?;
            if !part.is_absent() {
                changes.push(part.removed());
            }
        }
    }
    Ok(changes)
}

/// Adds a list to the settings.
fn add(
    account: &str,
    settings: &mut Stored,
    crm: Option<Crm>,
    list: &[Mapping],
) -> Result<Vec<DocumentChange>, StoreError> {
    settings.last_mapping_list += 1;
    let number = settings.last_mapping_list;
    let mut changes = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let mut length = 0;
        let fits = rest.iter().take_while(|mapping| {
            length += bytes(mapping) + 1;
            length <= PART
        });
        // One mapping alone always fits: its ids have limits.
        let (part, others) = rest.split_at(fits.count().max(1));
        let key = part_key(account, number, changes.len());
        changes.push(DocumentChange::create(&key, &Part { mappings: part.to_vec() })?);
        rest = others;
    }
    settings.mapping_lists.push(ListHead { crm, number, parts: changes.len() });
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::stored::imported;
    use super::*;
    use crate::connector::Registry;
    use crate::service::clock::Clock;
    use crate::service::testing::services;
    use crate::store::assert_stored_as;

    fn mapping(id: &str) -> Mapping {
        Mapping { crm_user_id: json!(id), rc_extension_id: vec![json!("201"), json!(202)] }
    }

    #[test]
    fn lists_are_stored_as_they_were() {
        let form = r#"{"mappings":[{"crmUserId":"u1","rcExtensionId":["201",202]}]}"#;
        let part = Part { mappings: vec![mapping("u1")] };
        assert_stored_as(&part_key("h", 7, 3), &part, "adminSettings/h/mappings/7/0003", form);
        let mut settings = Stored::new(1);
        let host = Some("a.example".to_owned());
        let crm = Crm { platform: "crm".to_owned(), proxy_id: Some("acme".to_owned()), tenant_host: host };
        add("h", &mut settings, Some(crm), &[mapping("u1")]).unwrap();
        add("h", &mut settings, None, &[]).unwrap();
        let form = r#"{"userSettings":null,"customAdapter":null,"userMappings":null,"mappingLists":[{"crm":{"platform":"crm","proxyId":"acme","tenantHost":"a.example"},"number":1,"parts":1},{"number":2,"parts":0}],"lastMappingList":2,"createdAt":1,"updatedAt":1}"#;
        assert_stored_as(&key("h"), &settings, "adminSettings/h", form);
    }

    /// What the reference kept, or this server before each CRM had a list, is read until the CRM has a list of its own.
    #[tokio::test]
    async fn a_list_from_before_there_were_several_is_read() {
        let services = services(Clock::system(), Registry::default(), Vec::new()).await;
        let row = json!({"userMappings": [{"crmUserId": "u1", "rcExtensionId": "201"}, "odd", {"crmUserId": "u2"}]});
        let (key, settings) = imported("h", &row, 1, 2);
        services.store.save(&key, &settings).await.unwrap();
        let crm = |platform: &str| Crm { platform: platform.to_owned(), proxy_id: None, tenant_host: None };
        let before = kept_mappings(&services, "h", &crm("one")).await.unwrap();
        let old =
            json!([{"crmUserId": "u1", "rcExtensionId": ["201"]}, {"crmUserId": "u2", "rcExtensionId": []}]);
        assert_eq!(json!(before.list), old);
        let late = kept_mappings(&services, "h", &crm("one")).await.unwrap();
        assert_eq!(before.replaced_by(&services, &[mapping("u3")]).await.unwrap(), Ok(true));
        // Who read before that change writes nothing.
        assert_eq!(late.replaced_by(&services, &[]).await.unwrap(), Ok(false));
        let kept = async |platform| json!(kept_mappings(&services, "h", &crm(platform)).await.unwrap().list);
        assert_eq!(kept("one").await, json!([mapping("u3")]));
        assert_eq!(kept("two").await, old);
    }

    /// A part that is lost is an error, and no shorter list.
    #[tokio::test]
    async fn a_list_that_lacks_a_part_is_not_read() {
        let services = services(Clock::system(), Registry::default(), Vec::new()).await;
        let crm = Crm { platform: "one".to_owned(), proxy_id: None, tenant_host: None };
        let none = kept_mappings(&services, "h", &crm).await.unwrap();
        assert_eq!(none.list, None);
        none.replaced_by(&services, &[mapping("u1")]).await.unwrap().unwrap();
        assert!(services.store.delete(&part_key("h", 1, 0)).await.unwrap());
        let Err(error) = kept_mappings(&services, "h", &crm).await else { panic!("it was read") };
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }

    #[test]
    fn a_long_list_has_parts_that_a_store_takes() {
        let list: Vec<Mapping> = (0..30_000).map(|n| mapping(&format!("user-{n}"))).collect();
        let mut settings = Stored::new(1);
        let changes = add("h", &mut settings, None, &list).unwrap();
        assert_eq!(settings.mapping_lists[0].parts, changes.len());
        let parts: Vec<Value> = changes.into_iter().map(|change| change.after.unwrap()).collect();
        assert!(
            parts.len() > 20 && parts.iter().all(|part| bytes(part) < crate::store::MAX_RECORD_BYTES * 3 / 4)
        );
        let again = parts.iter().flat_map(|part| part["mappings"].as_array().unwrap().clone());
        assert!(again.eq(list.iter().map(|mapping| json!(mapping))));
        let too_long: Vec<Mapping> = (0..60_000).map(|n| mapping(&format!("user-{n}"))).collect();
        assert!(check(&list, None).is_ok() && check(&too_long, None).is_err());
    }
}
