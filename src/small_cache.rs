//! What was worked out lately, kept by key: a fixed number of places, no lock, no upkeep.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// Each key has a pair of places, which the two latest values of its keys hold. Keys are spread by a
/// hash that outsiders cannot foresee.
pub(crate) struct Recent<T> {
    pairs: Box<[[ArcSwapOption<T>; 2]]>,
    hasher: RandomState,
}

impl<T> Recent<T> {
    /// So many pairs of places, at least one.
    pub(crate) fn new(pairs: usize) -> Self {
        let pairs = (0..pairs.max(1)).map(|_| Default::default()).collect();
        Self { pairs, hasher: RandomState::new() }
    }

    /// The value among those in the key's places that is the key's.
    pub(crate) fn find(&self, key: &[u8], is_its: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        self.pair(key).iter().find_map(|place| place.load_full().filter(|value| is_its(value)))
    }

    /// Gives one of the key's places to a value: that of the older value.
    pub(crate) fn keep(&self, key: &[u8], value: T) {
        let [latest, older] = self.pair(key);
        older.store(latest.swap(Some(Arc::new(value))));
    }

    fn pair(&self, key: &[u8]) -> &[ArcSwapOption<T>; 2] {
        let count = self.pairs.len() as u64;
        // A remainder by the number of pairs is an index into them.
        let index = (self.hasher.hash_one(key) % count) as usize;
        &self.pairs[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_holds_what_came_last() {
        let recent = Recent::new(1);
        let find = |key: &str| recent.find(key.as_bytes(), |value| *value == key).as_deref().copied();
        assert_eq!(find("a"), None);
        for key in ["a", "b", "c"] {
            recent.keep(key.as_bytes(), key);
        }
        assert_eq!((find("a"), find("b"), find("c")), (None, Some("b"), Some("c")));
    }
}
