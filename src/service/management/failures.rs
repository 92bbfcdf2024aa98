//! How often wrong tokens come from an address: a few at once, then one every few seconds.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// As many failures come at once.
const AT_ONCE: i64 = 10;

/// After that, one in so many milliseconds.
const INTERVAL: i64 = 6_000;

/// So many addresses are remembered: an attacker with more of them is not held back by memory of ours.
const ADDRESSES: usize = 4_096;

/// When each address will have made up for its failures, in milliseconds.
#[derive(Default)]
pub(super) struct Failures {
    until: Mutex<HashMap<Option<IpAddr>, i64>>,
}

impl Failures {
    /// How many seconds an address has to wait before it may fail again.
    pub(super) fn wait(&self, address: Option<IpAddr>, now: i64) -> Option<u64> {
        let until = self.locked().get(&network(address)).copied().unwrap_or_default();
        let over = until - now - (AT_ONCE - 1) * INTERVAL;
        u64::try_from(over).ok().filter(|over| *over > 0).map(|over| over.div_ceil(1_000))
    }

    /// Another failure.
    pub(super) fn add(&self, address: Option<IpAddr>, now: i64) {
        let (address, mut all) = (network(address), self.locked());
        if all.len() >= ADDRESSES && !all.contains_key(&address) {
            all.retain(|_, until| *until > now);
            // Still full: the one that has least to make up for goes.
            if all.len() >= ADDRESSES
                && let Some(least) = all.iter().min_by_key(|(_, until)| **until).map(|(address, _)| *address)
            {
                all.remove(&least);
            }
        }
        let until = all.entry(address).or_insert(now);
        *until = (*until).max(now) + INTERVAL;
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Option<IpAddr>, i64>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn failures_are_made_up_for_by_waiting() {
        let failures = Failures::default();
        let (one, other) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..AT_ONCE {
            assert_eq!(failures.wait(one, 1_000), None);
            failures.add(one, 1_000);
        }
        assert_eq!(failures.wait(one, 1_000), Some(6));
        assert_eq!(failures.wait(one, 6_999), Some(1));
        assert_eq!(failures.wait(one, 7_000), None);
        failures.add(one, 7_000);
        assert_eq!(failures.wait(one, 7_000), Some(6));
        assert_eq!(failures.wait(other, 7_000), None);
        assert_eq!(failures.wait(one, 7_000 + AT_ONCE * INTERVAL), None);
    }

    #[test]
    fn one_network_is_one_address_and_memory_is_bounded() {
        let failures = Failures::default();
        for host in 0..AT_ONCE {
            failures.add(address(&format!("2001:db8:1:2::{host}")), 0);
        }
        assert!(failures.wait(address("2001:db8:1:2:ffff::1"), 0).is_some());
        assert!(failures.wait(address("2001:db8:1:3::1"), 0).is_none());
        for network in 0..20_000 {
            failures.add(address(&format!("2001:db8:{:x}:{:x}::1", network / 256, network % 256)), 0);
        }
        assert!(failures.locked().len() <= ADDRESSES);
        assert!(
            failures.wait(address("2001:db8:1:2::1"), 0).is_some(),
            "who failed most is not forgotten first"
        );
    }
}
