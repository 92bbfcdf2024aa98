//! What RingCentral said lately about who administers an account. It is remembered for a minute at most, because an
//! admin can lose the role at any time. Each process remembers what it was told itself.

use std::time::Duration;

use crate::small_cache::Recent;

/// How long an answer of RingCentral counts.
pub const VALID: Duration = Duration::from_secs(60);

/// Half as many extensions as are remembered.
const PAIRS: usize = 1024;

/// What was said about one extension.
struct Standing {
    account_id: String,
    extension_hash: String,
    is_admin: bool,
    /// By [`Clock::elapsed`](crate::service::clock::Clock::elapsed), which nobody can set.
    said_at: Duration,
}

/// What RingCentral said lately about extensions.
pub struct Standings(Recent<Standing>);

impl Default for Standings {
    fn default() -> Self {
        Self(Recent::new(PAIRS))
    }
}

impl Standings {
    /// Remembers what RingCentral just said. `now` is how long the clock has run.
    pub fn note(&self, account_id: &str, extension_hash: &str, is_admin: bool, now: Duration) {
        let standing = Standing {
            account_id: account_id.to_owned(),
            extension_hash: extension_hash.to_owned(),
            is_admin,
            said_at: now,
        };
        self.0.keep(&key(account_id, extension_hash), standing);
    }

    /// Whether the extension administers the account; absent if RingCentral did not say it within the last minute.
    pub fn is_admin(&self, account_id: &str, extension_hash: &str, now: Duration) -> Option<bool> {
        let is_its = |standing: &Standing| {
            standing.account_id == account_id && standing.extension_hash == extension_hash
        };
        let standing = self.0.find(&key(account_id, extension_hash), is_its)?;
        (now.saturating_sub(standing.said_at) < VALID).then_some(standing.is_admin)
    }
}

/// Hashes have no space.
fn key(account_id: &str, extension_hash: &str) -> Vec<u8> {
    format!("{extension_hash} {account_id}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_counts_for_a_minute_and_the_last_word_counts() {
        let standings = Standings::default();
        let at = Duration::from_secs;
        standings.note("1001", "aa", true, at(10));
        assert_eq!(standings.is_admin("1001", "aa", at(10)), Some(true));
        assert_eq!(standings.is_admin("1001", "aa", at(69)), Some(true));
        assert_eq!(standings.is_admin("1001", "aa", at(70)), None);
        standings.note("1001", "aa", false, at(20));
        assert_eq!(standings.is_admin("1001", "aa", at(21)), Some(false));
    }

    #[test]
    fn it_is_said_of_one_extension_in_one_account() {
        let standings = Standings::default();
        standings.note("1001", "aa", true, Duration::ZERO);
        for (account, extension) in [("1002", "aa"), ("1001", "ab"), ("", ""), ("aa", "1001")] {
            assert_eq!(standings.is_admin(account, extension, Duration::ZERO), None, "{account} {extension}");
        }
    }
}
