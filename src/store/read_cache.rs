//! What a store holds, as far as it was read lately. It is exact if no other process writes there, and if the
//! backend says what it changes.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::codec::Table;
use crate::user::User;

/// Users, and phone numbers with contacts, that are remembered.
const PLACES: usize = 1024;

/// What is remembered of a store that only this process uses: some users, and for some phone numbers which
/// contacts are cached. Its backend says what changes.
pub struct ReadCache {
    pub(super) users: Places<Arc<User>>,
    /// The cached contacts, by [`ReadCache::hash`] of their text.
    pub(super) contacts: Places<u64>,
    hasher: RandomState,
}

impl Default for ReadCache {
    fn default() -> Self {
        Self { users: Places::new(), contacts: Places::new(), hasher: RandomState::new() }
    }
}

impl ReadCache {
    /// Stands for a text in this process: 64 bits under a key that outsiders do not know, so that
    /// nobody can make two texts that have the same.
    pub(super) fn hash(&self, text: &[u8]) -> u64 {
        self.hasher.hash_one(text)
    }

    /// Forgets a row. To be called once reads find another value under its key, or may find one, and before
    /// anybody learns of the change.
    pub fn changed(&self, table: Table, key: &[u8]) {
        match table {
            Table::Users => self.users.changed(key),
            Table::Contacts => self.contacts.changed(key),
            _ => {}
        }
    }

    /// Forgets everything. To be called once reads may find another value under any key.
    pub fn all_changed(&self) {
        self.users.all_changed();
        self.contacts.all_changed();
    }
}

/// Values by key; each key has one place, which the latest of its keys holds.
pub(super) struct Places<T> {
    places: Box<[Mutex<Place<T>>]>,
    hasher: RandomState,
}

struct Place<T> {
    /// Of the keys that have this place.
    changes: u64,
    held: Option<(Box<[u8]>, T)>,
}

/// A look at a place. A value that was read from the backend after it is current unless the place
/// changed meanwhile.
pub(super) struct Look(u64);

impl<T: Clone> Places<T> {
    fn new() -> Self {
        let places = (0..PLACES).map(|_| Mutex::new(Place { changes: 0, held: None })).collect();
        Self { places, hasher: RandomState::new() }
    }

    /// The value under a key where it is remembered.
    pub(super) fn look(&self, key: &[u8]) -> (Option<T>, Look) {
        let place = self.place(key);
        let held = place.held.as_ref().filter(|(holder, _)| **holder == *key);
        (held.map(|(_, value)| value.clone()), Look(place.changes))
    }

    /// Remembers a value that was read after a look.
    pub(super) fn keep(&self, key: &[u8], look: &Look, value: T) {
        let mut place = self.place(key);
        if place.changes == look.0 {
            place.held = Some((key.into(), value));
        }
    }

    fn changed(&self, key: &[u8]) {
        self.place(key).change();
    }

    fn all_changed(&self) {
        for place in &self.places {
            place.lock().unwrap_or_else(PoisonError::into_inner).change();
        }
    }

    fn place(&self, key: &[u8]) -> MutexGuard<'_, Place<T>> {
        // A remainder by the number of places is an index into them.
        let index = (self.hasher.hash_one(key) % PLACES as u64) as usize;
        self.places[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Place<T> {
    fn change(&mut self) {
        self.changes += 1;
        self.held = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_remembered_until_it_changes() {
        let places = Places::new();
        let (none, look) = places.look(b"a");
        assert_eq!(none, None);
        places.keep(b"a", &look, 1);
        assert_eq!(places.look(b"a").0, Some(1));
        places.changed(b"a");
        assert_eq!(places.look(b"a").0, None);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_remembered() {
        let places = Places::new();
        let (_, look) = places.look(b"a");
        places.changed(b"a");
        places.keep(b"a", &look, 1);
        assert_eq!(places.look(b"a").0, None);

        let (_, look) = places.look(b"a");
        places.all_changed();
        places.keep(b"a", &look, 1);
        assert_eq!(places.look(b"a").0, None);
    }

    #[test]
    fn another_key_of_the_place_is_no_hit() {
        let places = Places::new();
        let others: Vec<String> = (0..20 * PLACES).map(|number| number.to_string()).collect();
        for other in &others {
            let (_, look) = places.look(other.as_bytes());
            places.keep(other.as_bytes(), &look, other.clone());
        }
        let held = others.iter().filter_map(|other| Some((other, places.look(other.as_bytes()).0?)));
        let held: Vec<_> = held.collect();
        assert!(!held.is_empty() && held.len() <= PLACES);
        assert!(held.iter().all(|(other, value)| *other == value));
    }
}
