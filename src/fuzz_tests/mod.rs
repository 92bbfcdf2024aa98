//! Fuzz targets of this package stand beside what they try: composed texts, and requests. What runs them is the
//! engine's.

#[path = "../../crates/engine/src/fuzz_tests/harness.rs"]
pub(crate) mod harness;
#[path = "../../crates/engine/src/fuzz_tests/mutate.rs"]
mod mutate;

use std::hash::{DefaultHasher, Hash, Hasher as _};

/// What tells an outcome apart from others.
pub(crate) fn outcome(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
