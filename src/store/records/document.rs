//! Documents: small records that only one service knows. Sealed JSON; key: kind, and whatever parts the kind
//! has. Their types are declared where they are used: see `store::documents`.

use std::{borrow::Cow, fmt};

use serde_json::Value;

use super::Record;
use crate::store::codec::{Table, encode_key};

/// Small records that only one service knows: JSON, sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// The note of a call that server-side logging will log.
    Note,
    /// An item of a user's call-down list.
    CallDown,
    /// Data of an account that connectors keep.
    AccountData,
    /// The settings that an account's admins manage.
    AdminSettings,
    /// The last known licence of a user.
    License,
    /// Who does, for a while, what only one may do at a time.
    Lease,
    /// An API token.
    ApiToken,
    /// An uploaded connector.
    Connector,
    /// A revision of an uploaded connector.
    ConnectorRevision,
    /// A part of a text that revisions refer to.
    ConnectorText,
    /// The audit log.
    Audit,
    /// The contacts that were just created for an account.
    NewContacts,
    /// Which server may send how much of a connector's `rateLimit`.
    RateLimit,
    /// A sign-in that this server began and that a browser has not come back from.
    OAuthSignIn,
    /// What belongs to the sign-in fields that an account's admins fill in, beside their values.
    ManagedSignIn,
    /// The sign-in page of a connector of the developer portal, as it was last read.
    PortalForm,
    /// The OAuth clients that an account's admins supply.
    ManagedOAuth,
    /// A RingCentral token that an account's reports are made with.
    AdminToken,
    /// Who was seen lately of an account.
    Adoption,
}

/// Names a document: its kind and the parts of its key, the most general first. Parts are ids,
/// never phone numbers or names: keys are not sealed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DocumentKey {
    /// The kind.
    pub kind: DocumentKind,
    /// The parts.
    pub parts: Vec<Option<String>>,
}

/// A change of a document, which holds only where nobody else changed it.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentChange {
    /// Which document.
    pub key: DocumentKey,
    /// The document as it was read; absent if there was none.
    pub before: Option<Value>,
    /// The document as it is to be; absent to remove it. Where it is as before, the change is a condition only.
    pub after: Option<Value>,
}

impl DocumentKind {
    /// The kinds whose documents may have a member `expiresAt`, which the sweep heeds.
    pub(super) const EXPIRING: [Self; 8] = [
        Self::Note,
        Self::NewContacts,
        Self::RateLimit,
        Self::OAuthSignIn,
        Self::PortalForm,
        Self::ManagedOAuth,
        Self::AdminToken,
        Self::Adoption,
    ];

    /// Its name in keys. Stored keys begin with it, so it never changes.
    fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::CallDown => "callDown",
            Self::AccountData => "accountData",
            Self::AdminSettings => "adminSettings",
            Self::License => "license",
            Self::Lease => "lease",
            Self::ApiToken => "consoleToken",
            Self::Connector => "connector",
            Self::ConnectorRevision => "connectorRevision",
            Self::ConnectorText => "connectorText",
            Self::Audit => "audit",
            Self::NewContacts => "newContacts",
            Self::RateLimit => "rateLimit",
            Self::OAuthSignIn => "oauthSignIn",
            Self::ManagedSignIn => "managedSignIn",
            Self::PortalForm => "portalForm",
            Self::ManagedOAuth => "managedOAuth",
            Self::AdminToken => "adminToken",
            Self::Adoption => "adoption",
        }
    }
}

impl DocumentKey {
    /// The key, or what all keys begin with that have these parts first.
    pub(in crate::store) fn row_key(&self) -> Vec<u8> {
        let mut key = encode_key(&[Some(self.kind.name())]);
        for part in &self.parts {
            key.extend_from_slice(&encode_key(&[part.as_deref()]));
        }
        key
    }
}

/// Kind and parts, as messages name a document; `-` is an absent part.
impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        self.parts.iter().try_for_each(|part| write!(f, "/{}", part.as_deref().unwrap_or("-")))
    }
}

/// A document's content.
pub(in crate::store) struct Document<'v>(Cow<'v, Value>);

impl<'v> Document<'v> {
    pub(in crate::store) fn new(content: &'v Value) -> Self {
        Self(Cow::Borrowed(content))
    }

    pub(in crate::store) fn into_content(self) -> Value {
        self.0.into_owned()
    }

    pub(super) fn is_expired(&self, now: i64) -> bool {
        self.0.get("expiresAt").and_then(Value::as_i64).is_some_and(|at| at <= now)
    }
}

impl Record for Document<'_> {
    const TABLE: Table = Table::Documents;

    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self.0)
    }

    fn from_json(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json).map(|content| Self(Cow::Owned(content)))
    }
}
