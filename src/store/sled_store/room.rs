//! Room on the disk: a write that may not fit is refused before sled sees it.
//!
//! A write that fails in the middle ends all writing, because nobody knows what is on the disk then. Sled's own
//! writer may even lose the wake-up of whoever waits for it. So the disk is asked first. What else fills the disk
//! between the question and the write is caught by [`watchdog`](super::watchdog).

use std::path::Path;

use super::layout::SEGMENT_BYTES;
use crate::store::StoreError;

/// Stays free beside what is written. Sled pads a segment when it begins the next one, and cleans older segments as
/// it writes: both take less than a segment.
const RESERVE: u64 = SEGMENT_BYTES as u64;

/// Sled writes a record together with the others of its node, now and then.
const FACTOR: u64 = 8;

/// Refuses a write of so many bytes if the disk under `path` has too little room for it.
///
/// # Errors
/// [`StoreError::LowSpace`].
pub(super) fn check(path: &Path, bytes: usize) -> Result<(), StoreError> {
    // A file system that cannot tell is written to: it reports itself what does not fit.
    let Ok(free) = fs2::available_space(path) else { return Ok(()) };
    let needed = RESERVE + FACTOR * u64::try_from(bytes).unwrap_or(u64::MAX / FACTOR / 2);
    if free >= needed {
        return Ok(());
    }
    Err(StoreError::LowSpace { path: path.display().to_string(), free, needed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_fit_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        check(folder.path(), 1).unwrap();
        let text = check(folder.path(), usize::MAX / 32).unwrap_err().to_string();
        assert!(text.contains("Free space"), "{text}");
        assert!(text.contains(&folder.path().display().to_string()), "{text}");
        check(Path::new("/nowhere/at/all"), usize::MAX).unwrap();
    }
}
