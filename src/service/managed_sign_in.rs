//! Fields of the sign-in page that an account's admins fill in for its users, as a connector's manifest
//! marks them (`managed`): who signs in leaves them out, or never sees them.
//!
//! Values belong to one account, platform and document: what an admin wrote for one document is never
//! sent where another one points.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Services;
use super::developer_portal::{self, Published};
use super::hashing::hashed;
use super::ringcentral::Extension;
use crate::connector::inputs::GetUserInfo;
use crate::store::{DocumentKind, Key, Prefix, Secret, StoreError, StoredDocument};

/// The field whose value is the API key.
const API_KEY: &str = "apiKey";

/// For whom a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// For everybody of the account.
    Account,
    /// For one extension.
    Extension,
}

/// A field of the sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    is_required: bool,
    managed: Option<Reach>,
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

/// Why a sign-in cannot go on.
#[derive(Debug)]
pub enum Unfilled {
    /// Required fields that nobody filled in.
    Missing(Vec<String>),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Unfilled {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One sign-in of a RingCentral user, as far as admins manage its fields.
pub struct ManagedSignIn<'s> {
    services: &'s Services,
    /// Account, platform, document.
    place: Vec<Option<String>>,
    extension_id: Option<String>,
    is_admin: bool,
    fields: Vec<Field>,
    /// What this person filled in of the managed fields.
    submitted: Vec<(Reach, String, Value)>,
}

impl<'s> ManagedSignIn<'s> {
    /// Asks for the manifest of the connector, where the request names one, else takes the server's own.
    /// Without any there are no managed fields, and whoever signs in fills in everything.
    pub async fn begin(
        services: &'s Services,
        extension: &Extension,
        platform: &str,
        proxy_id: Option<&str>,
        published: Option<&Published>,
    ) -> Self {
        let asked = match published {
            Some(published) => {
                match developer_portal::manifest(services, published, &extension.account_id).await {
                    Ok(manifest) => manifest,
                    Err(failure) => {
                        tracing::warn!(%failure, "the manifest of the connector cannot be read; no sign-in field is filled in");
                        None
                    }
                }
            }
            None => None,
        };
        let own = services.manifest.as_ref().and_then(|manifest| manifest.for_platform(Some(platform)));
        let fields = asked
            .as_ref()
            .and_then(|manifest| fields(manifest, platform))
            .or_else(|| fields(own?, platform))
            .unwrap_or_default();
        Self {
            services,
            place: vec![
                Some(hashed(services, &extension.account_id)),
                Some(platform.to_owned()),
                proxy_id.map(str::to_owned),
            ],
            extension_id: extension.extension_id.clone(),
            is_admin: extension.is_admin,
            fields,
            submitted: Vec::new(),
        }
    }

    fn is_managed(&self) -> bool {
        self.fields.iter().any(|field| field.managed.is_some())
    }

    /// Fills in what admins manage. Their values go before submitted ones, until they were refused
    /// once: then people may correct them. What an admin submits now goes before what one did earlier.
    ///
    /// # Errors
    /// If a required field has no value, or the store fails.
    pub async fn fill(&mut self, input: &mut GetUserInfo) -> Result<(), Unfilled> {
        if self.fields.is_empty() {
            return Ok(());
        }
        let mut kept = Vec::new();
        for reach in [Reach::Account, Reach::Extension] {
            kept.push((reach, self.kept(reach).await?));
        }
        let prefers_submitted = self.is_managed() && (self.is_admin || self.was_refused().await?);
        let mut missing = Vec::new();
        for field in &self.fields {
            let submitted = value_of(input, &field.name).filter(is_filled);
            if let Some(reach) = field.managed {
                let (_, values) = &kept[usize::from(reach == Reach::Extension)];
                let value = values.get(&field.name).filter(|value| is_filled(value));
                if let Some(value) = value
                    && !(prefers_submitted && submitted.is_some())
                {
                    set(input, &field.name, value.clone());
                    continue;
                }
                // Only what the CRM is asked with may be kept for the others.
                if let Some(value) = &submitted {
                    self.submitted.push((reach, field.name.clone(), value.clone()));
                }
            }
            if field.is_required && submitted.is_none() {
                missing.push(field.name.clone());
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(Unfilled::Missing(missing)) }
    }

    /// The CRM took the values. What an admin submitted is kept for the others.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn accepted(&self) -> Result<(), StoreError> {
        if !self.is_managed() {
            return Ok(());
        }
        if let Some(key) = self.refusal_key() {
            self.services.store.delete(&key).await?;
        }
        if !self.is_admin {
            return Ok(());
        }
        for reach in [Reach::Account, Reach::Extension] {
            let new: Vec<_> = self.submitted.iter().filter(|(of, ..)| *of == reach).collect();
            let Some(key) = self.key(reach).filter(|_| !new.is_empty()) else { continue };
            let _turn = self.services.record_locks.take(&key).await;
            loop {
                let mut before = self.services.store.versioned_lossy(&key).await?;
                let mut kept = before.content.take().unwrap_or_default();
                kept.fields.extend(new.iter().map(|(_, name, value)| (name.clone(), value.clone())));
                if self.services.store.change_documents(&[before.changed_to(&kept)?]).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The CRM refused the values: the next sign-in lets people type them.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn refused(&self) -> Result<(), StoreError> {
        match self.refusal_key().filter(|_| self.is_managed()) {
            Some(key) => {
                let refusal = Refusal { failed_at: self.services.clock.now_ms() };
                self.services.store.save(&key, &refusal).await
            }
            None => Ok(()),
        }
    }

    async fn was_refused(&self) -> Result<bool, StoreError> {
        match self.refusal_key() {
            Some(key) => Ok(!self.services.store.versioned_lossy(&key).await?.is_absent()),
            None => Ok(false),
        }
    }

    async fn kept(&self, reach: Reach) -> Result<Map<String, Value>, StoreError> {
        let Some(key) = self.key(reach) else { return Ok(Map::new()) };
        let kept = self.services.store.versioned_lossy(&key).await?.content;
        Ok(kept.unwrap_or_default().fields)
    }

    fn key(&self, reach: Reach) -> Option<Key<KeptFields>> {
        match reach {
            Reach::Account => Some(self.document("managedSignIn", None)),
            Reach::Extension => {
                self.extension_id.as_ref().map(|id| self.document("managedSignInOfExtension", Some(id)))
            }
        }
    }

    fn refusal_key(&self) -> Option<Key<Refusal>> {
        self.extension_id.as_ref().map(|id| self.document("managedSignInRefused", Some(id)))
    }

    /// The part `name` tells apart what is kept in one place.
    fn document<D: StoredDocument>(&self, name: &str, extension_id: Option<&String>) -> Key<D> {
        let extension_id = extension_id.map(|id| Some(id.clone()));
        let parts = std::iter::once(Some(name.to_owned())).chain(extension_id);
        Prefix::new(self.place.iter().cloned()).key(parts)
    }
}

/// The fields of a platform's sign-in page; `None` if the manifest says nothing of them.
fn fields(manifest: &Value, platform: &str) -> Option<Vec<Field>> {
    let content = manifest.get("platforms")?.get(platform)?.pointer("/auth/apiKey/page/content")?;
    let read = |field: &Value| {
        let is = |name: &str| field.get(name) == Some(&Value::Bool(true));
        let managed = match field.get("managedScope").and_then(Value::as_str) {
            Some("account") if is("managed") => Some(Reach::Account),
            Some("user") if is("managed") => Some(Reach::Extension),
            _ => None,
        };
        let name = field.get("const").and_then(Value::as_str).filter(|name| !name.is_empty())?.to_owned();
        Some(Field { name, is_required: is("required"), managed })
    };
    Some(content.as_array()?.iter().filter_map(read).collect())
}

fn is_filled(value: &Value) -> bool {
    !matches!(value, Value::Null) && value.as_str() != Some("")
}

fn value_of(input: &GetUserInfo, name: &str) -> Option<Value> {
    let typed = input.additional_info.as_ref().and_then(|info| info.get(name)).cloned();
    let key = || input.api_key.as_ref().filter(|_| name == API_KEY).map(|key| Value::from(key.expose()));
    typed.filter(is_filled).or_else(key)
}

fn set(input: &mut GetUserInfo, name: &str, value: Value) {
    if name == API_KEY
        && let Value::String(key) = value
    {
        input.api_key = Some(Secret::from(key));
        return;
    }
    input.additional_info.get_or_insert_default().insert(name.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;
    use serde_json::json;

    #[test]
    fn kept_fields_and_refusals_are_stored_as_they_were() {
        let kept = KeptFields { fields: Map::from_iter([("tenant".to_owned(), json!("t"))]) };
        assert_stored_as(&Key::new([]), &kept, "accountData", r#"{"fields":{"tenant":"t"}}"#);
        assert_stored_as(&Key::new([]), &Refusal { failed_at: 1 }, "accountData", r#"{"failedAt":1}"#);
    }

    #[test]
    fn fields_are_read_from_the_platform_of_the_manifest() {
        let manifest = json!({"platforms": {"acme": {"auth": {"apiKey": {"page": {"content": [
            {"const": "apiKey", "required": true},
            {"const": "tenant", "required": true, "managed": true, "managedScope": "account"},
            {"const": "seat", "managed": true, "managedScope": "user"},
            {"const": "odd", "managed": true, "managedScope": "planet"},
            {"title": "no name"}, "no object"
        ]}}}}}});
        let field = |name: &str, is_required, managed| Field { name: name.to_owned(), is_required, managed };
        assert_eq!(
            fields(&manifest, "acme").unwrap(),
            [
                field("apiKey", true, None),
                field("tenant", true, Some(Reach::Account)),
                field("seat", false, Some(Reach::Extension)),
                field("odd", false, None),
            ]
        );
        assert_eq!(fields(&manifest, "other"), None);
    }
}
