//! The sign-in page of a connector: asked for at the developer portal, else as it was last read there, else from
//! the server's own manifest.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{Field, content, document, fields};
use super::values::Place;
use crate::engine::failure::Failure;
use crate::service::Services;
use crate::service::developer_portal::{self, Access, Answer, Published};
use crate::service::hashing::hashed;
use crate::service::stored_limits::bytes;
use crate::store::{DocumentKind, Key, StoreError, StoredDocument};

/// How long a page stays known that the portal no longer gives, in milliseconds.
const KNOWN_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How often a known page is written down again though it is the same, in milliseconds.
const REWRITTEN_MS: i64 = 24 * 60 * 60 * 1000;

/// The longest page that is written down, in bytes of JSON.
const MOST_BYTES: usize = 64 * 1024;

/// A connector's sign-in page.
#[derive(Debug, Clone, Default)]
pub(super) struct Form {
    pub(super) fields: Vec<Field>,
    /// The document that serves the platform, if the manifest names it.
    pub(super) proxy_id: Option<String>,
}

/// Why the page of a connector is not known.
#[derive(Debug)]
pub(super) enum NotKnown {
    /// The portal lists no such connector for this account.
    Unlisted(String),
    /// The portal could not be asked, and nobody has read the page before.
    Failed(Failure),
    Store(StoreError),
}

impl From<StoreError> for NotKnown {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for NotKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlisted(id) => write!(
                f,
                "The developer portal lists no connector \"{id}\" for your account, so its sign-in fields are not \
                 known. Choose the connector again, or ask whoever published it."
            ),
            Self::Failed(failure) => write!(
                f,
                "The developer portal could not be asked for the sign-in fields of this connector ({}). Try again in a \
                 few minutes.",
                failure.message
            ),
            Self::Store(error) => error.fmt(f),
        }
    }
}

/// A page that was read, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    content: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proxy_id: Option<String>,
    /// In milliseconds since 1970.
    expires_at: i64,
}

impl StoredDocument for Known {
    const KIND: DocumentKind = DocumentKind::PortalForm;
}

impl Known {
    fn form(&self) -> Form {
        Form { fields: fields(&self.content), proxy_id: self.proxy_id.clone() }
    }
}

impl Form {
    pub(super) fn is_managed(&self) -> bool {
        self.fields.iter().any(|field| field.is_managed)
    }

    /// The page of a platform in a manifest.
    fn of(manifest: &Value, platform: &str) -> Option<Self> {
        let fields = fields(content(manifest, platform)?);
        Some(Self { fields, proxy_id: document(manifest, platform) })
    }

    /// The page in the server's own manifest.
    fn own(services: &Services, platform: &str) -> Option<Self> {
        let manifest = services.manifest.as_ref()?.for_platform(Some(platform))?;
        Self::of(manifest, platform)
    }

    /// The page of the connector that the request names, else of the server's own manifest. Without any there
    /// are no managed fields. The portal is asked once (Q81). While it fails, the page is the last known one (Q73),
    /// else the server's own (recordings 29, `portal-fails-registered`).
    pub(super) async fn find(
        services: &Services,
        platform: &str,
        published: Option<&Published>,
        account_id: Option<&str>,
    ) -> Result<Self, NotKnown> {
        let own = || Self::own(services, platform);
        let Some(published) = published else { return Ok(own().unwrap_or_default()) };
        let key = known_key(published, account_of(services, published, account_id).as_deref(), platform);
        match developer_portal::manifest(services, published, account_id).await {
            Ok(Answer::Manifest(manifest)) => {
                let read = content(&manifest, platform).cloned();
                remember(services, &key, read, document(&manifest, platform)).await?;
                Ok(Self::of(&manifest, platform).or_else(own).unwrap_or_default())
            }
            Ok(Answer::Unknown) => {
                remember(services, &key, None, None).await?;
                own().ok_or_else(|| NotKnown::Unlisted(published.connector_id.clone()))
            }
            Err(failure) => {
                tracing::warn!(%failure, "the manifest of the connector cannot be read; the last known one is used");
                let known = services.store.versioned_lossy(&key).await?.content;
                let known = known.filter(|known| known.expires_at > services.clock.now_ms());
                known.as_ref().map(Known::form).or_else(own).ok_or(NotKnown::Failed(failure))
            }
        }
    }

    /// The page that an admin of the place saw last, for a request that names no connector.
    pub(super) async fn seen(services: &Services, place: &Place, platform: &str) -> Result<Self, StoreError> {
        if let Some(own) = Self::own(services, platform) {
            return Ok(own);
        }
        let known = services.store.versioned_lossy(&seen_key(place)).await?.content;
        Ok(known.as_ref().map(Known::form).unwrap_or_default())
    }

    /// Remembers that an admin of the place saw this page.
    pub(super) async fn is_seen(&self, services: &Services, place: &Place) -> Result<(), StoreError> {
        let content = self.fields.iter().map(|field| field.described.clone()).collect();
        remember(services, &seen_key(place), Some(content), self.proxy_id.clone()).await
    }
}

/// The account whose view of a connector is asked for, hashed; absent if everybody sees the same.
fn account_of(services: &Services, published: &Published, account_id: Option<&str>) -> Option<String> {
    let account = match &published.access {
        Access::Public => None,
        Access::Private => account_id,
        Access::Developed(account) => Some(account.as_str()),
    };
    account.map(|id| hashed(services, id))
}

/// The page of a connector, as those see it who ask for it in this way.
fn known_key(published: &Published, account: Option<&str>, platform: &str) -> Key<Known> {
    let access = match &published.access {
        Access::Public => "public",
        Access::Private => "private",
        Access::Developed(_) => "developed",
    };
    Key::new([
        Some("connector".to_owned()),
        Some(access.to_owned()),
        account.map(str::to_owned),
        Some(published.connector_id.clone()),
        Some(platform.to_owned()),
    ])
}

fn seen_key(place: &Place) -> Key<Known> {
    place.beside("seen").key([])
}

/// Writes down a page, or that there is none.
async fn remember(
    services: &Services,
    key: &Key<Known>,
    content: Option<Vec<Value>>,
    proxy_id: Option<String>,
) -> Result<(), StoreError> {
    let before = services.store.versioned_lossy(key).await?;
    let Some(content) = content.filter(|content| bytes(content) <= MOST_BYTES) else {
        return if before.is_absent() { Ok(()) } else { services.store.delete(key).await.map(drop) };
    };
    let expires_at = services.clock.now_ms().saturating_add(KNOWN_MS);
    let known = Known { content, proxy_id, expires_at };
    let is_written = before.content.is_some_and(|before| {
        before.expires_at > expires_at - REWRITTEN_MS && Known { expires_at, ..before } == known
    });
    if is_written { Ok(()) } else { services.store.save(key, &known).await }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;
    use serde_json::json;

    #[test]
    fn a_known_page_is_stored_as_it_was() {
        let published = Published { connector_id: "c-1".to_owned(), access: Access::Private };
        let known = Known {
            content: vec![json!({"const": "tenant"})],
            proxy_id: Some("acme".to_owned()),
            expires_at: 1,
        };
        assert_stored_as(
            &known_key(&published, Some("a"), "p"),
            &known,
            "portalForm/connector/private/a/c-1/p",
            r#"{"content":[{"const":"tenant"}],"proxyId":"acme","expiresAt":1}"#,
        );
        let published = Published { access: Access::Public, ..published };
        assert_stored_as(
            &known_key(&published, None, "p"),
            &Known { proxy_id: None, ..known },
            "portalForm/connector/public/-/c-1/p",
            r#"{"content":[{"const":"tenant"}],"expiresAt":1}"#,
        );
    }
}
