//! What was worked out lately, kept by key: a fixed number of places, no lock, no upkeep.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

/// Each key has one place, which the latest value of its keys holds. Keys are spread by a hash
/// that outsiders cannot foresee.
pub(crate) struct Recent<T> {
    places: Box<[ArcSwapOption<T>]>,
    hasher: RandomState,
}

impl<T> Recent<T> {
    /// So many places, at least one.
    pub(crate) fn new(places: usize) -> Self {
        let places = (0..places.max(1)).map(|_| ArcSwapOption::empty()).collect();
        Self { places, hasher: RandomState::new() }
    }

    /// What holds the key's place. It may be another key's: whoever asks compares.
    pub(crate) fn at(&self, key: &[u8]) -> Guard<Option<Arc<T>>> {
        self.place(key).load()
    }

    /// Gives the key's place to a value.
    pub(crate) fn keep(&self, key: &[u8], value: T) {
        self.place(key).store(Some(Arc::new(value)));
    }

    fn place(&self, key: &[u8]) -> &ArcSwapOption<T> {
        let count = self.places.len() as u64;
        // A remainder by the number of places is an index into them.
        let index = (self.hasher.hash_one(key) % count) as usize;
        &self.places[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_holds_what_came_last() {
        let recent = Recent::new(1);
        assert!(recent.at(b"a").is_none());
        recent.keep(b"a", ("a", 1));
        recent.keep(b"b", ("b", 2));
        assert_eq!(recent.at(b"a").as_deref(), Some(&("b", 2)));
        assert_eq!(recent.at(b"b").as_deref(), Some(&("b", 2)));
    }
}
