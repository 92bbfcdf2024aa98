//! Sealed values: what lies on disk is unreadable and unchangeable without
//! `APP_SERVER_SECRET_KEY`.
//!
//! Envelope: version (1 byte), key id (1 byte), nonce (12 bytes), AES-256-GCM
//! ciphertext and tag. The associated data is the version, the key id and the
//! record's kind and key, so a value opens only where it was sealed. Every
//! record has its own key, derived from the master key and the record's
//! identity: the bound on random nonces (2^32 for one key) then counts the
//! writes of one record, not those of the whole store.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, Prk},
    hmac, rand,
};

use super::{Secret, StoreError};

const VERSION: u8 = 1;
const HEADER_LEN: usize = 2;
const TAG_LEN: usize = 16;
/// How much longer an envelope is than the text in it.
pub(super) const SEALED_EXTRA: usize = HEADER_LEN + NONCE_LEN + TAG_LEN;
/// The only key so far; a rotation adds the next.
const KEY_ID: u8 = 1;
const SALT: &[u8] = b"app-connect store";
const SEAL_INFO: &[u8] = b"app-connect store: seal v1:";
const HASH_INFO: &[u8] = b"app-connect store: key hash v1";
const MARK_IDENTITY: &[u8] = b"check";
const MARK_TEXT: &[u8] = b"app-connect store";

/// The keys of a store, derived from one secret with HKDF-SHA256. Cheap to
/// clone.
#[derive(Clone)]
pub struct Keys(Arc<Derived>);

struct Derived {
    master: Prk,
    hash: hmac::Key,
}

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsealable {
    /// It is not an envelope of a known version and key.
    Envelope,
    /// Another key, another record's value, or changed bytes.
    Authentication,
}

impl fmt::Display for Unsealable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Envelope => "it is not an envelope of a known version and key",
            Self::Authentication => "its bytes were changed, or it belongs to another record or another key",
        })
    }
}

impl Keys {
    /// Derives the keys from `APP_SERVER_SECRET_KEY`. The derivation does not
    /// stretch: the secret has to be long and random.
    ///
    /// # Errors
    /// [`StoreError::EmptyKey`] where the secret is blank.
    pub fn from_secret(secret: &Secret) -> Result<Self, StoreError> {
        if secret.expose().trim().is_empty() {
            return Err(StoreError::EmptyKey);
        }
        // The extract step of HKDF, once: the library's own would repeat it for every record.
        let extracted = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SALT), secret.expose().as_bytes());
        let master = Prk::new_less_safe(HKDF_SHA256, extracted.as_ref());
        let hash = master
            .expand(&[HASH_INFO], HKDF_SHA256.hmac_algorithm())
            .map(hmac::Key::from)
            .map_err(|_| library_failure())?;
        Ok(Self(Arc::new(Derived { master, hash })))
    }

    /// A value that opens only with these keys. A backend keeps one beside the rows, and compares it at each
    /// opening.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn mark(&self) -> Result<Vec<u8>, StoreError> {
        self.seal(MARK_IDENTITY, MARK_TEXT.to_vec())
    }

    /// Whether these keys made a mark.
    pub fn made(&self, mark: &[u8]) -> bool {
        self.open(MARK_IDENTITY, mark).as_deref() == Ok(MARK_TEXT)
    }

    /// HMAC-SHA256 of `data` under a key of its own.
    pub(super) fn hash(&self, data: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0.hash, data)
    }

    /// Seals `plain` for the record that `identity` names.
    pub(super) fn seal(&self, identity: &[u8], mut plain: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        self.record_key(identity)
            .and_then(|key| {
                rand::fill(&mut nonce)?;
                key.seal_in_place_append_tag(
                    Nonce::assume_unique_for_key(nonce),
                    associated(identity),
                    &mut plain,
                )
            })
            .map_err(|_| library_failure())?;
        let mut envelope = Vec::with_capacity(HEADER_LEN + NONCE_LEN + plain.len());
        envelope.extend_from_slice(&[VERSION, KEY_ID]);
        envelope.extend_from_slice(&nonce);
        envelope.append(&mut plain);
        Ok(envelope)
    }

    /// Opens what [`Keys::seal`] sealed for the same identity.
    pub(super) fn open(&self, identity: &[u8], envelope: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let body = envelope.strip_prefix(&[VERSION, KEY_ID]).ok_or(Unsealable::Envelope)?;
        let (nonce, sealed) = body.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable::Envelope)?;
        let mut plain = sealed.to_vec();
        let len = self
            .record_key(identity)
            .and_then(|key| {
                key.open_in_place(Nonce::assume_unique_for_key(*nonce), associated(identity), &mut plain)
                    .map(|opened| opened.len())
            })
            .map_err(|_| Unsealable::Authentication)?;
        plain.truncate(len);
        Ok(plain)
    }

    fn record_key(&self, identity: &[u8]) -> Result<LessSafeKey, Unspecified> {
        // One variable part behind a fixed one: no two identities share an info.
        let info = [SEAL_INFO, identity];
        let key = self.0.master.expand(&info, &AES_256_GCM)?;
        Ok(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys([redacted])")
    }
}

fn associated(identity: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([&[VERSION, KEY_ID], identity].concat())
}

fn library_failure() -> StoreError {
    StoreError::Unavailable {
        what: "sealing a record".to_owned(),
        why: "the cryptographic library refused the operation".to_owned(),
        mend: "Check that the system's random number generator works, then restart the server".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: &str) -> Keys {
        Keys::from_secret(&Secret::new(secret)).unwrap()
    }

    #[test]
    fn opens_only_with_the_same_key_and_identity_and_untouched() {
        let sealed = keys("one").seal(b"users/a", b"token".to_vec()).unwrap();
        assert_eq!(keys("one").open(b"users/a", &sealed).unwrap(), b"token");
        assert_eq!(sealed.len(), b"token".len() + SEALED_EXTRA);
        for (keys, identity) in [(keys("two"), b"users/a".as_slice()), (keys("one"), b"users/b")] {
            assert_eq!(keys.open(identity, &sealed), Err(Unsealable::Authentication));
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let expected = if at < HEADER_LEN { Unsealable::Envelope } else { Unsealable::Authentication };
            assert_eq!(keys("one").open(b"users/a", &changed), Err(expected));
        }
        for len in 0..sealed.len() {
            assert!(keys("one").open(b"users/a", &sealed[..len]).is_err());
        }
    }

    #[test]
    fn one_text_sealed_twice_differs_and_hides_the_text() {
        let keys = keys("one");
        let first = keys.seal(b"a", b"the same token".to_vec()).unwrap();
        let second = keys.seal(b"a", b"the same token".to_vec()).unwrap();
        assert_ne!(first, second);
        assert!(!first.windows(5).any(|bytes| bytes == b"token"));
    }

    #[test]
    fn hashes_depend_on_the_key_and_are_stable() {
        assert_eq!(keys("one").hash(b"1").as_ref(), keys("one").hash(b"1").as_ref());
        assert_ne!(keys("one").hash(b"1").as_ref(), keys("two").hash(b"1").as_ref());
        assert_ne!(keys("one").hash(b"1").as_ref(), keys("one").hash(b"2").as_ref());
    }

    #[test]
    fn keys_are_those_of_hkdf() {
        let by_the_library = aws_lc_rs::hkdf::Salt::new(HKDF_SHA256, SALT).extract(b"one");
        let hash = by_the_library.expand(&[HASH_INFO], HKDF_SHA256.hmac_algorithm()).unwrap();
        assert_eq!(hmac::sign(&hmac::Key::from(hash), b"1").as_ref(), keys("one").hash(b"1").as_ref());
    }

    #[test]
    fn a_blank_secret_is_refused() {
        assert_eq!(Keys::from_secret(&Secret::new(" \n")).err(), Some(StoreError::EmptyKey));
    }
}
