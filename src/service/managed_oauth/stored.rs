//! The clients of an account, as they are stored.

use serde::{Deserialize, Serialize};

use super::place::Place;
use super::values::ClientValues;
use crate::service::Services;
use crate::store::{DocumentKind, Key, Prefix, StoreError, StoredDocument};

/// A client that was entered and that nobody has signed in with yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pending {
    /// Absent if nobody knows it yet.
    pub(super) platform: Option<String>,
    /// Absent for every document of the platform.
    pub(super) proxy_id: Option<String>,
    /// Whether the platform is the one that its admin had asked about, and none that the admin named: until an
    /// admin sees the client.
    pub(super) is_guessed: bool,
    /// The hashed id of the extension that entered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) entered_by: Option<String>,
    pub(super) values: ClientValues,
    /// In milliseconds since 1970.
    pub(super) expires_at: i64,
}

impl StoredDocument for Pending {
    const KIND: DocumentKind = DocumentKind::ManagedOAuth;
}

/// The client of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountClient {
    pub(super) platform: String,
    /// Absent for every document of the platform.
    pub(super) proxy_id: Option<String>,
    pub(super) values: ClientValues,
}

impl StoredDocument for AccountClient {
    const KIND: DocumentKind = DocumentKind::ManagedOAuth;
}

/// A client that belongs to a platform, and perhaps to one document.
trait Placed {
    fn platform(&self) -> Option<&str>;
    fn proxy_id(&self) -> Option<&str>;
}

impl Placed for Pending {
    fn platform(&self) -> Option<&str> {
        self.platform.as_deref()
    }

    fn proxy_id(&self) -> Option<&str> {
        self.proxy_id.as_deref()
    }
}

impl Placed for AccountClient {
    fn platform(&self) -> Option<&str> {
        Some(&self.platform)
    }

    fn proxy_id(&self) -> Option<&str> {
        self.proxy_id.as_deref()
    }
}

/// The pending clients of an account.
pub(super) fn pending_of(account: &str) -> Prefix<Pending> {
    Prefix::new([Some("pending".to_owned()), Some(account.to_owned())])
}

pub(super) fn pending_key(account: &str, platform: Option<&str>, proxy_id: Option<&str>) -> Key<Pending> {
    pending_of(account).key([platform.map(str::to_owned), proxy_id.map(str::to_owned)])
}

fn clients_of(account: &str) -> Prefix<AccountClient> {
    Prefix::new([Some("account".to_owned()), Some(account.to_owned())])
}

pub(super) fn client_key(account: &str, platform: &str, proxy_id: Option<&str>) -> Key<AccountClient> {
    clients_of(account).key([Some(platform.to_owned()), proxy_id.map(str::to_owned)])
}

impl Pending {
    pub(super) fn key(&self, account: &str) -> Key<Self> {
        pending_key(account, self.platform.as_deref(), self.proxy_id.as_deref())
    }
}

/// The pending clients of an account that have not expired.
pub(super) async fn all_pending(services: &Services, account: &str) -> Result<Vec<Pending>, StoreError> {
    let now = services.clock.now_ms();
    let mut all = services.store.list(&pending_of(account)).await?;
    all.retain(|pending| pending.expires_at > now);
    Ok(all)
}

/// The client of an account at a place.
pub(super) async fn client_at(
    services: &Services,
    account: &str,
    place: &Place,
) -> Result<Option<AccountClient>, StoreError> {
    Ok(chosen(services.store.list(&clients_of(account)).await?, place))
}

/// The pending client of an account at a place.
pub(super) async fn pending_at(
    services: &Services,
    account: &str,
    place: &Place,
) -> Result<Option<Pending>, StoreError> {
    Ok(chosen(all_pending(services, account).await?, place))
}

/// The pending client of an account whose platform nobody knows, for whoever entered it.
pub(super) async fn pending_of_nowhere(
    services: &Services,
    account: &str,
    extension_hash: &str,
) -> Result<Option<Pending>, StoreError> {
    let all = all_pending(services, account).await?;
    let is_own = |pending: &Pending| {
        pending.platform.is_none() && pending.entered_by.as_deref() == Some(extension_hash)
    };
    Ok(all.into_iter().find(is_own))
}

/// The one that is meant at a place: that of the document, else that of the whole platform. If no document is named,
/// that of the platform, else the only one of its documents.
fn chosen<T: Placed>(all: Vec<T>, place: &Place) -> Option<T> {
    let of_platform = all.into_iter().filter(|item| item.platform() == Some(place.platform.as_str()));
    let (whole, mut of_documents): (Vec<T>, Vec<T>) = of_platform.partition(|item| item.proxy_id().is_none());
    let whole = whole.into_iter().next();
    match &place.proxy_id {
        Some(proxy_id) => {
            let own = of_documents.into_iter().find(|item| item.proxy_id() == Some(proxy_id.as_str()));
            own.or(whole)
        }
        None if whole.is_none() && of_documents.len() == 1 => of_documents.pop(),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;

    fn client(platform: &str, proxy_id: Option<&str>) -> AccountClient {
        let values = ClientValues { client_id: Some("id".to_owned()), ..ClientValues::default() };
        AccountClient { platform: platform.to_owned(), proxy_id: proxy_id.map(str::to_owned), values }
    }

    #[test]
    fn clients_are_stored_as_they_were() {
        assert_stored_as(
            &client_key("a", "p", Some("d")),
            &client("p", Some("d")),
            "managedOAuth/account/a/p/d",
            r#"{"platform":"p","proxyId":"d","values":{"clientId":"id"}}"#,
        );
        let pending = Pending {
            platform: Some("p".to_owned()),
            proxy_id: None,
            is_guessed: true,
            entered_by: Some("e".to_owned()),
            values: client("p", None).values,
            expires_at: 1,
        };
        assert_stored_as(
            &pending.key("a"),
            &pending,
            "managedOAuth/pending/a/p/-",
            r#"{"platform":"p","proxyId":null,"isGuessed":true,"enteredBy":"e","values":{"clientId":"id"},"expiresAt":1}"#,
        );
    }

    #[test]
    fn the_client_of_the_document_goes_before_that_of_the_platform() {
        let all =
            || vec![client("p", None), client("p", Some("a")), client("p", Some("b")), client("q", None)];
        let at = |all: Vec<AccountClient>, proxy_id: Option<&str>| {
            let place = Place { platform: "p".to_owned(), proxy_id: proxy_id.map(str::to_owned) };
            chosen(all, &place).map(|client| client.proxy_id)
        };
        assert_eq!(at(all(), Some("b")), Some(Some("b".to_owned())));
        assert_eq!(at(all(), Some("c")), Some(None));
        assert_eq!(at(all(), None), Some(None));
        // Another document's is nobody else's.
        assert_eq!(at(vec![client("p", Some("a"))], Some("c")), None);
        assert_eq!(at(vec![client("p", Some("a"))], None), Some(Some("a".to_owned())));
        assert_eq!(at(vec![client("p", Some("a")), client("p", Some("b"))], None), None);
        assert_eq!(at(vec![client("q", None)], None), None);
    }
}
