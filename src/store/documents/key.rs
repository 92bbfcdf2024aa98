//! The types of documents and their keys.

use std::{
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::store::{DocumentKey, DocumentKind};

/// The type of a stored document. Its JSON is the stored form: a form may get a new member that has a
/// default, but no member changes its name or meaning.
///
/// Several types may share a kind if parts of their keys tell them apart.
pub trait StoredDocument: Serialize + DeserializeOwned + Send + Sync {
    /// The kind, which is the first part of every key.
    const KIND: DocumentKind;
}

/// Names one document of a type.
pub struct Key<D> {
    pub(super) raw: DocumentKey,
    of: PhantomData<fn() -> D>,
}

/// What the keys of some documents of a type begin with.
pub struct Prefix<D> {
    pub(super) raw: DocumentKey,
    of: PhantomData<fn() -> D>,
}

impl<D: StoredDocument> Key<D> {
    /// The document with these parts, the most general first. Parts are ids, never phone numbers or names:
    /// keys are not sealed.
    pub fn new(parts: impl IntoIterator<Item = Option<String>>) -> Self {
        Prefix::new(parts).key([])
    }
}

impl<D> Key<D> {
    /// The key as the untyped methods of [`Store`](crate::store::Store) take it.
    pub fn as_document_key(&self) -> &DocumentKey {
        &self.raw
    }
}

impl<D: StoredDocument> Prefix<D> {
    /// All documents of the type's kind.
    pub fn all() -> Self {
        Self::new([])
    }

    /// The documents whose first parts are these.
    pub fn new(parts: impl IntoIterator<Item = Option<String>>) -> Self {
        let parts = parts.into_iter().collect();
        Self { raw: DocumentKey { kind: D::KIND, parts }, of: PhantomData }
    }

    /// The document whose further parts are these.
    pub fn key(self, parts: impl IntoIterator<Item = Option<String>>) -> Key<D> {
        let mut raw = self.raw;
        raw.parts.extend(parts);
        Key { raw, of: PhantomData }
    }
}

impl<D> Clone for Key<D> {
    fn clone(&self) -> Self {
        Self { raw: self.raw.clone(), of: PhantomData }
    }
}

impl<D> Hash for Key<D> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl<D> fmt::Debug for Key<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.raw)
    }
}
