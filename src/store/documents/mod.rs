//! Documents as types. A service declares what it keeps as one type with a kind and makes its keys from parts;
//! [`Store`] reads and writes the type, and JSON stays in here.
//!
//! Whoever changes a document reads it as a [`Versioned`], which keeps the JSON that was read. A change holds
//! only if the store still has exactly that JSON. Changes of several kinds are one commit:
//! [`Store::change_documents`].

mod key;

use std::fmt;

use serde::Deserializer;
use serde_json::Value;

pub use self::key::{Key, Prefix, StoredDocument};
use super::{DocumentChange, Store, StoreError};

/// What the store held under a key when it was read. That may have been nothing.
pub struct Versioned<D> {
    key: Key<D>,
    stored: Option<Value>,
    /// The document; absent if there was none, or none that could be read.
    pub content: Option<D>,
}

impl<D: Clone> Clone for Versioned<D> {
    fn clone(&self) -> Self {
        Self { key: self.key.clone(), stored: self.stored.clone(), content: self.content.clone() }
    }
}

/// Shows no content: it may hold a secret.
impl<D> fmt::Debug for Versioned<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Versioned").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<D: StoredDocument> Versioned<D> {
    /// For a document that is to be new.
    pub fn absent(key: Key<D>) -> Self {
        Self { key, stored: None, content: None }
    }

    /// Whether the store held nothing, not even what cannot be read.
    pub fn is_absent(&self) -> bool {
        self.stored.is_none()
    }

    /// Puts `after` in the place of what was read.
    ///
    /// # Errors
    /// If `after` cannot be written as JSON, which is a defect.
    pub fn changed_to(&self, after: &D) -> Result<DocumentChange, StoreError> {
        let after = Some(to_json(&self.key, after)?);
        Ok(DocumentChange { after, ..self.removed() })
    }

    /// Removes what was read.
    pub fn removed(&self) -> DocumentChange {
        DocumentChange { key: self.key.raw.clone(), before: self.stored.clone(), after: None }
    }
}

impl DocumentChange {
    /// Stores a document where there is none.
    ///
    /// # Errors
    /// If it cannot be written as JSON, which is a defect.
    pub fn create<D: StoredDocument>(key: &Key<D>, document: &D) -> Result<Self, StoreError> {
        Versioned::absent(key.clone()).changed_to(document)
    }

    /// Whether it leaves the document as it was.
    pub fn changes_nothing(&self) -> bool {
        self.before == self.after
    }

    /// Undoes the writing of this change: removes the document that it stores.
    pub fn then_removed(self) -> Self {
        Self { key: self.key, before: self.after, after: None }
    }
}

/// Documents by their types.
impl dyn Store + '_ {
    /// A document.
    ///
    /// # Errors
    /// If the store fails, or holds something under the key that is not of this type.
    pub async fn get<D: StoredDocument>(&self, key: &Key<D>) -> Result<Option<D>, StoreError> {
        self.document(&key.raw).await?.map(|stored| read(key, stored)).transpose()
    }

    /// A document that may be changed.
    ///
    /// # Errors
    /// As [`get`](#method.get).
    pub async fn versioned<D: StoredDocument>(&self, key: &Key<D>) -> Result<Versioned<D>, StoreError> {
        let stored = self.document(&key.raw).await?;
        let content = stored.as_ref().map(|stored| read(key, stored)).transpose()?;
        Ok(Versioned { key: key.clone(), stored, content })
    }

    /// A document that can be done without: one that cannot be read is logged, and has no content. A change
    /// replaces it.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn versioned_lossy<D: StoredDocument>(&self, key: &Key<D>) -> Result<Versioned<D>, StoreError> {
        let stored = self.document(&key.raw).await?;
        let content = stored.as_ref().and_then(|stored| match read(key, stored) {
            Ok(content) => Some(content),
            Err(error) => {
                tracing::warn!(%error, "a document counts as absent");
                None
            }
        });
        Ok(Versioned { key: key.clone(), stored, content })
    }

    /// The documents whose keys begin with this prefix, in the order of keys.
    ///
    /// # Errors
    /// If the store fails, or one of them is not of this type.
    pub async fn list<D: StoredDocument>(&self, prefix: &Prefix<D>) -> Result<Vec<D>, StoreError> {
        let stored = self.documents(&prefix.raw).await?.into_iter().enumerate();
        let what = |at: usize| format!("document {} of {}", at + 1, prefix.raw);
        stored.map(|(at, stored)| D::deserialize(stored).map_err(|_| damaged(what(at)))).collect()
    }

    /// Whether there is any document whose key begins with this prefix, also one that cannot be read.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn holds_any<D: StoredDocument>(&self, prefix: &Prefix<D>) -> Result<bool, StoreError> {
        Ok(!self.documents(&prefix.raw).await?.is_empty())
    }

    /// Creates or replaces a document, whatever was there.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn save<D: StoredDocument>(&self, key: &Key<D>, document: &D) -> Result<(), StoreError> {
        self.save_document(&key.raw, &to_json(key, document)?).await
    }

    /// Removes a document; false where there was none.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn delete<D: StoredDocument>(&self, key: &Key<D>) -> Result<bool, StoreError> {
        self.delete_document(&key.raw).await
    }

    /// Whether every document is still as its change says that it was before.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn are_unchanged(&self, changes: &[DocumentChange]) -> Result<bool, StoreError> {
        for change in changes {
            if self.document(&change.key).await? != change.before {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn read<'v, D: StoredDocument>(key: &Key<D>, stored: impl Deserializer<'v>) -> Result<D, StoreError> {
    D::deserialize(stored).map_err(|_| damaged(format!("the document {}", key.raw)))
}

/// serde's message can quote the value, so it is not told.
fn damaged(what: String) -> StoreError {
    StoreError::Corrupt { what, why: "it is not of the form that was expected".to_owned() }
}

fn to_json<D: StoredDocument>(key: &Key<D>, document: &D) -> Result<Value, StoreError> {
    serde_json::to_value(document).map_err(|error| StoreError::Unavailable {
        what: format!("encoding the document {}", key.raw),
        why: error.to_string(),
        mend: "Please report this; it is a defect of the program".to_owned(),
    })
}

/// Checks the stored form of a document: kind and parts of its key, and its text.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_stored_as<D: StoredDocument>(key: &Key<D>, document: &D, key_text: &str, form: &str) {
    assert_eq!(key.raw.to_string(), key_text);
    assert_eq!(to_json(key, document).unwrap().to_string(), form);
    let again: D = read(key, to_json(key, document).unwrap()).unwrap();
    assert_eq!(to_json(key, &again).unwrap().to_string(), form);
}

#[cfg(test)]
mod tests;
