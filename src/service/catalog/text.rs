//! Texts of revisions. A record of the store is at most 96 KiB long and a document 1 MiB: a text is
//! deflated and kept in parts, under its hash, once for each connector.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use super::record::damaged;
use crate::engine::load::hash_of;
use crate::store::{DocumentChange, DocumentKind, Key, MAX_RECORD_BYTES, Store, StoreError, StoredDocument};

/// How many bytes of a deflated text a part holds: as base64, with room for its key and its sealing.
const PART: usize = MAX_RECORD_BYTES / 8 * 5;

/// What a text inflates to at most: more than any that is stored.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

const WHAT: &str = "the text of a revision";

/// A part of a text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TextPart {
    /// How many parts the text has.
    pub(super) parts: usize,
    /// Its bytes of the deflated text, as base64.
    pub(super) data: String,
}

impl StoredDocument for TextPart {
    const KIND: DocumentKind = DocumentKind::ConnectorText;
}

pub(super) fn key(proxy_id: &str, hash: &str, part: usize) -> Key<TextPart> {
    Key::new([proxy_id.to_owned(), hash.to_owned(), format!("{part:04}")].map(Some))
}

/// What has to change for a text to be stored; nothing where it is already.
pub(super) async fn storing(
    store: &dyn Store,
    proxy_id: &str,
    text: &str,
) -> Result<Vec<DocumentChange>, StoreError> {
    let hash = hash_of(text);
    // Texts are never removed, and all parts of one come together.
    if !store.versioned_lossy(&key(proxy_id, &hash, 0)).await?.is_absent() {
        return Ok(Vec::new());
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let deflated = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    let deflated = deflated.map_err(|_| damaged(WHAT))?;
    let parts = deflated.chunks(PART).enumerate();
    let count = deflated.chunks(PART).len();
    parts
        .map(|(part, bytes)| {
            let stored = TextPart { parts: count, data: BASE64.encode(bytes) };
            DocumentChange::create(&key(proxy_id, &hash, part), &stored)
        })
        .collect()
}

/// A stored text.
pub(super) async fn read(store: &dyn Store, proxy_id: &str, hash: &str) -> Result<String, StoreError> {
    let mut deflated = Vec::new();
    let mut count = 1;
    let mut part = 0;
    while part < count {
        let found = store.get(&key(proxy_id, hash, part)).await?.ok_or_else(|| damaged(WHAT))?;
        deflated.extend(BASE64.decode(found.data).map_err(|_| damaged(WHAT))?);
        count = found.parts;
        part += 1;
    }
    let mut text = String::new();
    let inflated = DeflateDecoder::new(&*deflated).take(MAX_BYTES).read_to_string(&mut text);
    if inflated.is_err() || hash_of(&text) != hash {
        return Err(damaged(WHAT));
    }
    Ok(text)
}
