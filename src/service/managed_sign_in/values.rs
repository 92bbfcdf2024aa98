//! The values that admins filled in, where they are stored, and how they change.
//!
//! They belong to one account, platform and document: what an admin wrote for one document is never sent where
//! another one points.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::{Reach, is_filled};
use crate::service::Services;
use crate::service::hashing::hashed;
use crate::service::stored_limits::{Limit, TooMuch, bytes};
use crate::store::{DocumentChange, DocumentKind, Key, Prefix, StoreError, StoredDocument, Versioned};

/// How long one value is.
const MOST_OF_VALUE: Limit = Limit {
    what: "A value of the sign-in page (values)",
    unit: "bytes of JSON",
    most: 16 * 1024,
    mend: "Shorten it.",
};

/// To what values belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The hashed account id.
    account: String,
    platform: String,
    proxy_id: Option<String>,
}

/// Whose values are meant.
#[derive(Debug, Clone)]
pub(super) enum Whose {
    /// Everybody's of the account.
    Account,
    /// One extension's.
    Extension(Person),
}

/// An extension with values of its own, as it is stored: so that admins see whose there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    /// A text or a number, as it was submitted (recordings 23, `store-user-number`).
    pub(super) rc_extension_id: Value,
    /// Empty if nobody gave it.
    pub(super) rc_user_name: String,
}

impl StoredDocument for Person {
    const KIND: DocumentKind = DocumentKind::ManagedSignIn;
}

/// The values that admins filled in, as they are stored: for an account, or for one extension.
#[derive(Default, Serialize, Deserialize)]
struct KeptFields {
    fields: Map<String, Value>,
}

impl StoredDocument for KeptFields {
    const KIND: DocumentKind = DocumentKind::AccountData;
}

/// That the CRM refused the values of an extension, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    /// In milliseconds since 1970.
    failed_at: i64,
}

impl StoredDocument for Refusal {
    const KIND: DocumentKind = DocumentKind::AccountData;
}

/// The documents of a platform for which an account has values, as they are stored.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Documents {
    proxy_ids: Vec<Option<String>>,
}

impl StoredDocument for Documents {
    const KIND: DocumentKind = DocumentKind::ManagedSignIn;
}

/// What changes of the values of an account or extension.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) set: Vec<(String, Value)>,
    /// Goes before `set` (recordings 23, `store-remove`).
    pub(super) remove: HashSet<String>,
}

/// Why values are not stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotStored {
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Place {
    pub(super) fn new(services: &Services, account_id: &str, platform: &str, proxy_id: Option<&str>) -> Self {
        Self {
            account: hashed(services, account_id),
            platform: platform.to_owned(),
            proxy_id: proxy_id.map(str::to_owned),
        }
    }

    /// The place of another document of the platform.
    pub(super) fn of_document(&self, proxy_id: Option<String>) -> Self {
        Self { proxy_id, ..self.clone() }
    }

    fn parts(&self) -> [Option<String>; 3] {
        [Some(self.account.clone()), Some(self.platform.clone()), self.proxy_id.clone()]
    }

    /// The part `name` tells apart what is kept in one place.
    fn account_data<D: StoredDocument>(&self, name: &str, extension_id: Option<&str>) -> Key<D> {
        let extension_id = extension_id.map(|id| Some(id.to_owned()));
        Prefix::new(self.parts()).key(std::iter::once(Some(name.to_owned())).chain(extension_id))
    }

    /// What is kept of a place under `name`, beside the values.
    pub(super) fn beside<D: StoredDocument>(&self, name: &str) -> Prefix<D> {
        Prefix::new(std::iter::once(Some(name.to_owned())).chain(self.parts()))
    }

    fn values_key(&self, extension_id: Option<&str>) -> Key<KeptFields> {
        match extension_id {
            None => self.account_data("managedSignIn", None),
            Some(id) => self.account_data("managedSignInOfExtension", Some(id)),
        }
    }

    fn refusal_key(&self, extension_id: &str) -> Key<Refusal> {
        self.account_data("managedSignInRefused", Some(extension_id))
    }

    fn documents_key(&self) -> Key<Documents> {
        Key::new([Some("documents".to_owned()), Some(self.account.clone()), Some(self.platform.clone())])
    }

    fn people(&self) -> Prefix<Person> {
        self.beside("person")
    }

    /// The values of a reach, as somebody with this extension has them.
    pub(super) async fn values(
        &self,
        services: &Services,
        reach: Reach,
        extension_id: Option<&str>,
    ) -> Result<Map<String, Value>, StoreError> {
        let extension_id = match reach {
            Reach::Account => None,
            Reach::Extension if extension_id.is_none() => return Ok(Map::new()),
            Reach::Extension => extension_id,
        };
        let kept = services.store.versioned_lossy(&self.values_key(extension_id)).await?.content;
        let mut fields = kept.unwrap_or_default().fields;
        fields.retain(|_, value| is_filled(value));
        Ok(fields)
    }

    /// Whether anything is stored that somebody with this extension would be given.
    pub(super) async fn has_values(
        &self,
        services: &Services,
        extension_id: Option<&str>,
    ) -> Result<bool, StoreError> {
        Ok(!self.values(services, Reach::Account, None).await?.is_empty()
            || !self.values(services, Reach::Extension, extension_id).await?.is_empty())
    }

    /// The only document of the platform for which this extension is given values; `None` if there is none, or
    /// several.
    pub(super) async fn only_document(
        &self,
        services: &Services,
        extension_id: Option<&str>,
    ) -> Result<Option<Self>, StoreError> {
        let documents = services.store.versioned_lossy(&self.documents_key()).await?.content;
        let mut only = None;
        for proxy_id in documents.unwrap_or_default().proxy_ids {
            let place = self.of_document(proxy_id);
            if place.has_values(services, extension_id).await? {
                if only.is_some() {
                    return Ok(None);
                }
                only = Some(place);
            }
        }
        Ok(only)
    }

    /// The extensions with values of their own.
    pub(super) async fn persons(&self, services: &Services) -> Result<Vec<Person>, StoreError> {
        services.store.list(&self.people()).await
    }

    /// Whether the CRM refused what this extension signed in with.
    pub(super) async fn was_refused(
        &self,
        services: &Services,
        extension_id: Option<&str>,
    ) -> Result<bool, StoreError> {
        match extension_id {
            Some(id) => Ok(!services.store.versioned_lossy(&self.refusal_key(id)).await?.is_absent()),
            None => Ok(false),
        }
    }

    /// Marks or unmarks that the CRM refused what this extension signed in with.
    pub(super) async fn mark(
        &self,
        services: &Services,
        extension_id: &str,
        is_refused: bool,
    ) -> Result<(), StoreError> {
        let key = self.refusal_key(extension_id);
        if is_refused {
            services.store.save(&key, &Refusal { failed_at: services.clock.now_ms() }).await
        } else {
            services.store.delete(&key).await.map(drop)
        }
    }

    /// Changes values. Whoever has none left is dropped (Q79).
    pub(super) async fn change(
        &self,
        services: &Services,
        whose: &Whose,
        change: &Change,
    ) -> Result<(), NotStored> {
        for (_, value) in &change.set {
            MOST_OF_VALUE.check(bytes(value), 0)?;
        }
        let extension_id = match whose {
            Whose::Account => None,
            Whose::Extension(person) => id_of(person),
        };
        let key = self.values_key(extension_id.as_deref());
        let _turn = services.record_locks.take(&key).await;
        loop {
            let mut before = services.store.versioned_lossy(&key).await?;
            let mut kept = before.content.take().unwrap_or_default();
            kept.fields.extend(change.set.iter().cloned());
            kept.fields.retain(|name, value| is_filled(value) && !change.remove.contains(name));
            let is_empty = kept.fields.is_empty();
            let mut changes = Vec::new();
            if !(is_empty && before.is_absent()) {
                changes.push(if is_empty { before.removed() } else { before.changed_to(&kept)? });
            }
            if let (Whose::Extension(person), Some(id)) = (whose, &extension_id) {
                changes.extend(self.person_change(services, person, id, is_empty).await?);
            }
            if !is_empty {
                changes.extend(self.listed(services).await?);
            }
            if changes.is_empty() || services.store.change_documents(&changes).await? {
                return Ok(());
            }
        }
    }

    /// Lists who has values, with the name that is known.
    async fn person_change(
        &self,
        services: &Services,
        person: &Person,
        id: &str,
        is_gone: bool,
    ) -> Result<Option<DocumentChange>, StoreError> {
        let key = self.people().key([Some(id.to_owned())]);
        let before: Versioned<Person> = services.store.versioned_lossy(&key).await?;
        if is_gone {
            return Ok((!before.is_absent()).then(|| before.removed()));
        }
        let mut after = person.clone();
        if let Some(known) = before.content.as_ref()
            && after.rc_user_name.is_empty()
        {
            after.rc_user_name.clone_from(&known.rc_user_name);
        }
        Ok(Some(before.changed_to(&after)?))
    }

    /// Lists the document among those with values.
    async fn listed(&self, services: &Services) -> Result<Option<DocumentChange>, StoreError> {
        let mut before = services.store.versioned_lossy(&self.documents_key()).await?;
        let mut documents = before.content.take().unwrap_or_default();
        if documents.proxy_ids.contains(&self.proxy_id) {
            return Ok(None);
        }
        documents.proxy_ids.push(self.proxy_id.clone());
        before.changed_to(&documents).map(Some)
    }
}

/// The extension's id as text: 33 and "33" are one (recordings 23, `state-managed-user-33`).
pub(super) fn id_of(person: &Person) -> Option<String> {
    crate::engine::text::id_text(&person.rc_extension_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;
    use serde_json::json;

    #[test]
    fn values_and_what_belongs_to_them_are_stored_as_they_were() {
        let kept = KeptFields { fields: Map::from_iter([("tenant".to_owned(), json!("t"))]) };
        let place =
            Place { account: "a".to_owned(), platform: "p".to_owned(), proxy_id: Some("d".to_owned()) };
        assert_stored_as(
            &place.values_key(None),
            &kept,
            "accountData/a/p/d/managedSignIn",
            r#"{"fields":{"tenant":"t"}}"#,
        );
        assert_stored_as(
            &place.values_key(Some("7")),
            &kept,
            "accountData/a/p/d/managedSignInOfExtension/7",
            r#"{"fields":{"tenant":"t"}}"#,
        );
        assert_stored_as(
            &place.refusal_key("7"),
            &Refusal { failed_at: 1 },
            "accountData/a/p/d/managedSignInRefused/7",
            r#"{"failedAt":1}"#,
        );
        assert_stored_as(
            &place.people().key([Some("7".to_owned())]),
            &Person { rc_extension_id: json!(7), rc_user_name: "Ulla".to_owned() },
            "managedSignIn/person/a/p/d/7",
            r#"{"rcExtensionId":7,"rcUserName":"Ulla"}"#,
        );
        assert_stored_as(
            &place.documents_key(),
            &Documents { proxy_ids: vec![None, Some("d".to_owned())] },
            "managedSignIn/documents/a/p",
            r#"{"proxyIds":[null,"d"]}"#,
        );
    }
}
