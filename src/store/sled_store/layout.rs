//! How a store lies on the disk: its marks, and the size of sled's segments.

use crate::store::MAX_RECORD_BYTES;

/// Marks in the default tree.
pub(super) const FORMAT: &[u8] = b"format";
pub(super) const CHECK: &[u8] = b"check";
pub(super) const IMPORTING: &[u8] = b"importing";
/// The number of the last commit.
pub(super) const COMMITS: &[u8] = b"commits";
/// The version of the layout of keys and values in the trees.
pub(super) const VERSION: u32 = 2;
/// The making of the marks is a commit too: an empty store has one to lose.
pub(super) const FIRST_COMMIT: u64 = 1;

/// The size of a segment of sled's log, in bytes.
pub(super) const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
const _: () = assert!(18 * (MAX_RECORD_BYTES + 64) < SEGMENT_BYTES / 4 - 4096);
