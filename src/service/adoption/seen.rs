//! Who was seen of an account, as it is stored: in sixteen parts, so that the people of a large account do not wait
//! for one record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::service::Services;
use crate::service::hashing::hashed;
use crate::store::{DocumentKind, Key, StoredDocument, UserKey};

/// How long somebody counts who was not seen again, in milliseconds: 90 days.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// How old what is stored may be until it is written again, in milliseconds: a day.
const FRESH_MS: i64 = 24 * 60 * 60 * 1000;

/// The most extensions, and users, of one part: an account has sixteen times as many.
const MOST: usize = 2000;

/// The parts of an account.
pub(super) const SHARDS: std::ops::Range<u8> = 0..16;

/// Who was seen.
#[derive(Debug, Clone)]
pub(super) enum Someone {
    /// An extension, by its hash.
    Extension(String),
    /// A user.
    User(UserKey),
}

impl Someone {
    /// Tells them apart. No two have the same, because a hash has no space.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Extension(hash) => hash.clone(),
            Self::User(key) => {
                format!("{} {} {}", key.platform, key.proxy_id.as_deref().unwrap_or_default(), key.id)
            }
        }
    }
}

/// A part of an account; or, without a number, that RingCentral named the account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    /// By the hash of an extension: when it was seen, in milliseconds.
    extensions: BTreeMap<String, i64>,
    /// Users, and when they were seen.
    users: Vec<(UserKey, i64)>,
    /// When nobody of it counts any more: the sweep removes it then.
    expires_at: i64,
}

impl StoredDocument for Seen {
    const KIND: DocumentKind = DocumentKind::Adoption;
}

impl Seen {
    /// That the account is known.
    pub(super) fn account(now: i64) -> Self {
        Self { expires_at: now + KEPT_MS, ..Self::default() }
    }

    /// Whether it was written within the last day.
    pub(super) fn is_fresh(&self, now: i64) -> bool {
        self.expires_at >= now + KEPT_MS - FRESH_MS
    }

    /// Notes somebody; false if nothing changes. Who was not seen for long makes room, and nobody else does.
    pub(super) fn note(&mut self, who: &Someone, now: i64) -> bool {
        let counts = |at: i64| at > now - KEPT_MS;
        let is_fresh = |at: i64| at > now - FRESH_MS;
        match who {
            Someone::Extension(hash) => {
                if self.extensions.get(hash).copied().is_some_and(is_fresh) {
                    return false;
                }
                self.extensions.retain(|_, at| counts(*at));
                if self.extensions.len() >= MOST && !self.extensions.contains_key(hash) {
                    return false;
                }
                self.extensions.insert(hash.clone(), now);
            }
            Someone::User(key) => {
                if self.users.iter().any(|(known, at)| known == key && is_fresh(*at)) {
                    return false;
                }
                self.users.retain(|(known, at)| counts(*at) && known != key);
                if self.users.len() >= MOST {
                    return false;
                }
                self.users.push((key.clone(), now));
            }
        }
        self.expires_at = now + KEPT_MS;
        true
    }

    /// The users, who may have signed out since.
    pub(super) fn users(&self) -> impl Iterator<Item = &UserKey> {
        self.users.iter().map(|(key, _)| key)
    }

    /// The hashes of the extensions.
    pub(super) fn into_extensions(self) -> impl Iterator<Item = String> {
        self.extensions.into_keys()
    }
}

/// A part of an account, by its hashed id.
pub(super) fn key(account: &str, shard: Option<u8>) -> Key<Seen> {
    Key::new([Some(account.to_owned()), shard.map(|shard| shard.to_string())])
}

/// In which part somebody is.
pub(super) fn shard_of(services: &Services, who: &Someone) -> u8 {
    let hash = hashed(services, &who.name());
    u8::from_str_radix(hash.get(..1).unwrap_or("0"), 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assert_stored_as;

    fn user(id: &str) -> Someone {
        Someone::User(UserKey { id: id.to_owned(), platform: "acme".to_owned(), proxy_id: None })
    }

    fn extension(hash: &str) -> Someone {
        Someone::Extension(hash.to_owned())
    }

    #[test]
    fn who_was_seen_is_stored_as_it_was() {
        let mut seen = Seen::default();
        assert!(seen.note(&extension("aa"), 5) && seen.note(&user("7-acme"), 6));
        let form = r#"{"extensions":{"aa":5},"users":[[{"id":"7-acme","platform":"acme","proxy_id":null},6]],"expiresAt":7776000006}"#;
        assert_stored_as(&key("h", Some(3)), &seen, "adoption/h/3", form);
        let known = r#"{"extensions":{},"users":[],"expiresAt":7776000001}"#;
        assert_stored_as(&key("h", None), &Seen::account(1), "adoption/h/-", known);
    }

    #[test]
    fn the_same_day_changes_nothing_and_a_later_one_does() {
        let mut seen = Seen::default();
        for who in [extension("aa"), user("7")] {
            assert!(seen.note(&who, 0));
            assert!(!seen.note(&who, FRESH_MS - 1));
            assert!(seen.note(&who, FRESH_MS));
        }
        assert_eq!((seen.users().count(), seen.into_extensions().count()), (1, 1));
        assert!(Seen::account(0).is_fresh(FRESH_MS) && !Seen::account(0).is_fresh(FRESH_MS + 1));
    }

    #[test]
    fn a_full_part_takes_nobody_until_somebody_has_gone() {
        let mut seen = Seen::default();
        for n in 0..MOST {
            assert!(seen.note(&extension(&n.to_string()), 0) && seen.note(&user(&n.to_string()), 0));
        }
        assert!(!seen.note(&extension("new"), 1) && !seen.note(&user("new"), 1));
        assert!(seen.note(&extension("1"), FRESH_MS), "who is known stays");
        assert!(seen.note(&extension("new"), KEPT_MS) && seen.note(&user("new"), KEPT_MS));
        assert_eq!((seen.users().count(), seen.into_extensions().count()), (1, 2));
    }
}
