//! Hashes that stand for RingCentral ids where the ids themselves should not be known.

use aws_lc_rs::digest::{SHA256, digest};

use super::Services;
use crate::hex::hex;

/// The reference's salted hash of an id, hexadecimal SHA-256 (recordings 17, `userInfoHash`).
pub fn hashed(services: &Services, id: &str) -> String {
    let salted = format!("{id}:{}", services.hash_key.expose());
    hex(digest(&SHA256, salted.as_bytes()).as_ref())
}
