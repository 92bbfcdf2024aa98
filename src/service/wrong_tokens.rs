//! How often wrong tokens are looked at: a few at once, then one every few seconds.
//!
//! What is counted belongs to an address and to the token that was meant, where the text says which one. So
//! whoever guesses at one token holds back no other, and a token that opened before from an address is never
//! held back there. Any other text may be the next guess, right or wrong.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};

use super::clock::Clock;
use crate::secret::Secret;
use crate::small_cache::Recent;

/// As many wrong tokens are looked at at once.
const AT_ONCE: u32 = 10;

/// After that, one in this time.
const INTERVAL: Duration = Duration::from_secs(6);

/// So many places are remembered: an attacker with more addresses is not held back by memory of ours.
const PLACES: usize = 4_096;

/// Half as many tokens are remembered as known. An operator has few, and each is used from few addresses.
const KNOWN_PAIRS: usize = 512;

/// What failures are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    /// The id of the token that is meant; absent if the text names none that exists.
    meant: Option<String>,
    network: Option<IpAddr>,
}

/// Counts wrong tokens, by a clock that nobody can set.
pub struct WrongTokens {
    clock: Clock,
    /// When each place will have made up for its failures, by how long the clock has run.
    until: Mutex<HashMap<Place, Duration>>,
    known: Recent<Fingerprint>,
}

/// A token at an address, as it is remembered: nobody reads the token from it.
type Fingerprint = [u8; 32];

/// Somebody presents a token that is to be judged.
pub struct Attempt<'w> {
    counted: &'w WrongTokens,
    place: Place,
    fingerprint: Fingerprint,
}

impl WrongTokens {
    /// Nothing has failed yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, until: Mutex::default(), known: Recent::new(KNOWN_PAIRS) }
    }

    /// Somebody at `address` presents `token`, which means the token with the id `meant`.
    ///
    /// # Errors
    /// If the token is not to be looked at: how many seconds to wait.
    pub fn attempt(
        &self,
        token: &Secret,
        meant: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<Attempt<'_>, u64> {
        let place = Place { meant: meant.map(str::to_owned), network: network(address) };
        let fingerprint = fingerprint(token, place.network);
        match self.wait(&place) {
            Some(seconds) if !self.knows(&fingerprint) => Err(seconds),
            _ => Ok(Attempt { counted: self, place, fingerprint }),
        }
    }

    /// How many seconds are to be waited before the next guess.
    fn wait(&self, place: &Place) -> Option<u64> {
        let until = self.locked().get(place).copied()?;
        let over = until.checked_sub(self.clock.elapsed() + INTERVAL * (AT_ONCE - 1))?;
        let seconds = over.as_secs() + u64::from(over.subsec_nanos() > 0);
        (seconds > 0).then_some(seconds)
    }

    fn knows(&self, fingerprint: &Fingerprint) -> bool {
        self.known.find(fingerprint, |known| known == fingerprint).is_some()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Place, Duration>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The token opened: it is known at this address from now on.
    pub fn opened(self) {
        if !self.counted.knows(&self.fingerprint) {
            self.counted.known.keep(&self.fingerprint, self.fingerprint);
        }
    }

    /// The token did not open.
    pub fn failed(self) {
        let (now, mut all) = (self.counted.clock.elapsed(), self.counted.locked());
        if all.len() >= PLACES && !all.contains_key(&self.place) {
            all.retain(|_, until| *until > now);
            // Still full: the one that has least to make up for goes.
            if all.len() >= PLACES
                && let Some(least) =
                    all.iter().min_by_key(|(_, until)| **until).map(|(place, _)| place.clone())
            {
                all.remove(&least);
            }
        }
        let until = all.entry(self.place).or_insert(now);
        *until = (*until).max(now) + INTERVAL;
    }
}

/// Whoever has an IPv6 address has the 2^64 of its network.
fn network(address: Option<IpAddr>) -> Option<IpAddr> {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(v6)) => {
            let network = v6.to_bits() & !u128::from(u64::MAX);
            Some(IpAddr::V6(network.into()))
        }
        other => other,
    }
}

fn fingerprint(token: &Secret, network: Option<IpAddr>) -> Fingerprint {
    let mut context = Context::new(&SHA256);
    if let Some(network) = network {
        context.update(network.to_string().as_bytes());
    }
    // No address has a line break, so no two pairs are one text.
    context.update(b"\n");
    context.update(token.expose().as_bytes());
    let mut fingerprint = Fingerprint::default();
    fingerprint.copy_from_slice(context.finish().as_ref());
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::clock::Hand;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    fn counting() -> (WrongTokens, Hand) {
        let (clock, hand) = Clock::by_hand(1_760_000_000_000);
        (WrongTokens::new(clock), hand)
    }

    /// How long a token waits that never opened.
    fn wait(counted: &WrongTokens, meant: Option<&str>, at: Option<IpAddr>) -> Option<u64> {
        counted.attempt(&Secret::new("new"), meant, at).err()
    }

    fn fail(counted: &WrongTokens, meant: Option<&str>, at: Option<IpAddr>) {
        counted.attempt(&Secret::new("wrong"), meant, at).expect("not held back").failed();
    }

    #[test]
    fn failures_are_made_up_for_by_waiting_and_not_by_setting_the_clock() {
        let (counted, hand) = counting();
        let (one, other) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..AT_ONCE {
            assert_eq!(wait(&counted, None, one), None);
            fail(&counted, None, one);
        }
        assert_eq!(wait(&counted, None, one), Some(6));
        for set in [0, 1_660_000_000_000, 1_860_000_000_000] {
            hand.set(set);
            assert_eq!(wait(&counted, None, one), Some(6), "{set}");
        }
        hand.advance(Duration::from_millis(5_999));
        assert_eq!(wait(&counted, None, one), Some(1));
        hand.advance(Duration::from_millis(1));
        assert_eq!(wait(&counted, None, one), None);
        fail(&counted, None, one);
        assert_eq!((wait(&counted, None, one), wait(&counted, None, other)), (Some(6), None));
        hand.advance(INTERVAL * AT_ONCE);
        assert_eq!(wait(&counted, None, one), None);
    }

    #[test]
    fn what_opened_before_waits_nowhere_but_at_other_addresses() {
        let (counted, _) = counting();
        let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
        let right = Secret::new("right");
        counted.attempt(&right, Some("id"), here).expect("not held back").opened();
        for _ in 0..AT_ONCE {
            for at in [here, there] {
                fail(&counted, Some("id"), at);
            }
        }
        assert!(counted.attempt(&right, Some("id"), here).is_ok());
        assert!(counted.attempt(&right, Some("id"), there).is_err());
        assert!(counted.attempt(&Secret::new("right "), Some("id"), here).is_err());
        // Another token is not what was guessed at.
        assert_eq!((wait(&counted, Some("other"), here), wait(&counted, None, here)), (None, None));
    }

    #[test]
    fn one_network_is_one_address_and_memory_is_bounded() {
        let (counted, _) = counting();
        for host in 0..AT_ONCE {
            fail(&counted, None, address(&format!("2001:db8:1:2::{host}")));
        }
        assert!(wait(&counted, None, address("2001:db8:1:2:ffff::1")).is_some());
        assert!(wait(&counted, None, address("2001:db8:1:3::1")).is_none());
        for network in 0..20_000 {
            let of = format!("2001:db8:{:x}:{:x}::1", network / 256, network % 256);
            if counted.attempt(&Secret::new("wrong"), None, address(&of)).map(Attempt::failed).is_err() {
                assert_eq!(of, "2001:db8:1:2::1");
            }
        }
        assert!(counted.locked().len() <= PLACES);
        assert!(
            wait(&counted, None, address("2001:db8:1:2::1")).is_some(),
            "who failed most is not forgotten first"
        );
    }
}
