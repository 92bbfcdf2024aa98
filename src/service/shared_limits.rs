//! The budgets of `rateLimit`, kept together by all servers of one store.
//!
//! For each budget the store has a record of who may send how much of it. The shares never make more than the budget:
//!
//! - A share grows only by a commit that finds room for it beside the shares of all others.
//! - One that shrinks counts as what it still may send, until the periods before it are over.
//! - A server renews its shares every second. If it dies, its share counts for a period longer than it could be used,
//!   and goes back to the others then. After a minute only what it told of having sent counts: of a long period the
//!   rest is not lost for all of it.
//! - A server that has not used a budget for a while gives back what it has not used.
//!
//! A request waits for this only if its server has no share at the moment: at its first one, and after the store was
//! away.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::coordination::claims::Instance;
use crate::connector::{Limits, SharedLimits};
use crate::engine::operation::RateBudget;
use crate::store::{DocumentKind, Key, Store, StoreError, StoredDocument};

/// How often shares are renewed and agreed anew.
const RENEW: Duration = Duration::from_secs(1);
/// Between two rounds, however many requests wait for a share.
const PAUSE: Duration = Duration::from_millis(100);
/// A share that is not renewed is lost after this time: a few renewals may fail.
const LEASE: Duration = Duration::from_secs(4);
/// So much earlier its holder stops to use it.
const MARGIN: Duration = Duration::from_millis(500);
/// A server that has not asked for so long gives back what it has not used.
const IDLE: Duration = Duration::from_secs(10);
/// For so long after its lease a dead server may have sent all of its share.
const UNTOLD: Duration = Duration::from_secs(60);
/// How long a server that stops tries to give its shares back.
const LEAVING: Duration = Duration::from_secs(2);

/// Who has which share of a budget, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shares {
    /// By server, or by one of its budgets of this name.
    holders: BTreeMap<String, Share>,
    /// From then on the record means nothing, in milliseconds.
    expires_at: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Share {
    /// No period holds more requests of this server.
    most: u64,
    /// So many of them have a turn already.
    used: u64,
    /// Until then the server may give turns, in milliseconds by the store's clock.
    until: i64,
}

impl StoredDocument for Shares {
    const KIND: DocumentKind = DocumentKind::RateLimit;
}

fn key(proxy_id: &str, budget: RateBudget) -> Key<Shares> {
    let budget = format!("{}/{}", budget.requests, budget.per.as_millis());
    Key::new([Some(proxy_id.to_owned()), Some(budget)])
}

impl Share {
    fn is_live(&self, now: i64) -> bool {
        self.until > now
    }

    /// How many requests of a period that ends now or later may be this server's.
    fn counts(&self, now: i64, per: i64) -> u64 {
        if now < self.until.saturating_add(per.min(ms(UNTOLD))) {
            self.most
        } else if now < self.until.saturating_add(per) {
            self.used
        } else {
            0
        }
    }
}

/// What one server takes, after a look at what the others have.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    /// Its fair part of the budget.
    fair: u64,
    /// What the others leave of the budget.
    left: u64,
}

/// The part of the server `holder`, which wants one, beside `others`.
fn part(holder: &str, others: &BTreeMap<String, Share>, budget: RateBudget, now: i64) -> Part {
    let (requests, per) = (u64::from(budget.requests), ms(budget.per));
    let taken: u64 = others.values().map(|share| share.counts(now, per)).sum();
    let live = || others.iter().filter(|(_, share)| share.is_live(now)).map(|(name, _)| name.as_str());
    let servers = live().count() as u64 + 1;
    let place = live().filter(|name| *name < holder).count() as u64;
    // What cannot be divided goes round, so that everybody gets something of a small budget.
    let round = u64::try_from(now / (2 * per).max(10_000)).unwrap_or_default();
    let extra = u64::from((place + round) % servers < requests % servers);
    Part { fair: requests / servers + extra, left: requests.saturating_sub(taken) }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Agrees with the other servers about the shares of this one.
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    instance: Instance,
    limits: Arc<SharedLimits>,
    /// The budgets of which this server wants nothing and has nothing to renew.
    resting: Mutex<HashSet<u64>>,
}

impl Keeper {
    /// Shares the budgets of these limits from now on.
    pub(crate) fn begin(store: Arc<dyn Store>, instance: Instance, limits: Arc<SharedLimits>) -> Self {
        limits.begin();
        Self { store, instance, limits, resting: Mutex::default() }
    }

    /// Agrees about all budgets in use, every second and when one is wanted.
    pub(crate) async fn run(&self) {
        let mut is_failing = false;
        loop {
            match self.round(true).await {
                Ok(()) => is_failing = false,
                Err(error) if !is_failing => {
                    is_failing = true;
                    tracing::warn!(%error, "the shares of rate limits cannot be renewed");
                }
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
            // Too late is as good as wanted: the shares are renewed.
            let _ = tokio::time::timeout(RENEW - PAUSE, self.limits.wanted()).await;
        }
    }

    /// Gives back what this server has not used.
    pub(crate) async fn leave(&self) {
        let _ = tokio::time::timeout(LEAVING, self.round(false)).await;
    }

    async fn round(&self, is_serving: bool) -> Result<(), StoreError> {
        let limits = self.limits.all();
        let renewed = limits.iter().map(|limits| async move {
            let is_wanted = is_serving && limits.in_use().idle.is_some_and(|idle| idle < IDLE);
            let Some((proxy_id, budget, number)) = limits.shared_budget() else { return Ok(()) };
            if !is_wanted && self.resting().contains(&number) {
                return Ok(());
            }
            let holder = format!("{}-{number}", self.instance.name());
            let renewed = self.renew(limits, &key(proxy_id, budget), holder, is_wanted).await;
            if renewed.is_ok() && !is_wanted {
                self.resting().insert(number);
            } else {
                self.resting().remove(&number);
            }
            renewed
        });
        join_all(renewed).await.into_iter().collect()
    }

    /// Agrees about one budget.
    async fn renew(
        &self,
        limits: &Limits,
        key: &Key<Shares>,
        holder: String,
        is_wanted: bool,
    ) -> Result<(), StoreError> {
        let Some(budget) = limits.settings().budget else { return Ok(()) };
        let per = ms(budget.per);
        loop {
            let since = Instant::now();
            let now = self.instance.now(&*self.store).await?;
            let before = self.store.versioned_lossy(key).await?;
            let mut shares = before.content.clone().unwrap_or_default();
            shares.holders.retain(|_, share| share.counts(now, per) > 0 || share.is_live(now));
            shares.holders.remove(&holder);
            let part = part(&holder, &shares.holders, budget, now);
            let share = if is_wanted { part.fair.min(part.left) } else { 0 };
            // At once, so that what is told below holds.
            limits.narrow(usize::try_from(share).unwrap_or(usize::MAX));
            let used = limits.in_use().most as u64;
            if is_wanted || used > 0 {
                let until = if is_wanted { now + ms(LEASE) } else { now };
                shares.holders.insert(holder.clone(), Share { most: share.max(used), used, until });
            }
            shares.expires_at =
                shares.holders.values().map(|share| share.until.saturating_add(per)).max().unwrap_or(now);
            let change =
                if shares.holders.is_empty() { before.removed() } else { before.changed_to(&shares)? };
            if change.changes_nothing() || self.store.change_documents(&[change]).await? {
                if is_wanted {
                    limits.grant(usize::try_from(share).unwrap_or(usize::MAX), since, LEASE - MARGIN);
                }
                return Ok(());
            }
        }
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    fn shares(list: &[(&str, u64, u64, i64)]) -> BTreeMap<String, Share> {
        let share = |most, used, until| Share { most, used, until };
        list.iter()
            .map(|(name, most, used, until)| ((*name).to_owned(), share(*most, *used, *until)))
            .collect()
    }

    fn budget(requests: u32, seconds: u64) -> RateBudget {
        RateBudget { requests, per: Duration::from_secs(seconds) }
    }

    #[test]
    fn a_budget_is_divided_among_those_who_live() {
        let part = |others: &[(&str, u64, u64, i64)]| {
            let part = part("m", &shares(others), budget(100, 10), 1_000);
            (part.fair, part.left)
        };
        assert_eq!(part(&[]), (100, 100));
        assert_eq!(part(&[("a", 100, 80, 2_000)]), (50, 0));
        assert_eq!(part(&[("a", 60, 60, 2_000), ("z", 0, 0, 2_000)]), (33, 40));
        // Dead: it takes part no more, and what it may have sent counts.
        assert_eq!(part(&[("a", 60, 0, 1_000)]), (100, 40));
        assert_eq!(part(&[("a", 60, 0, -9_000)]), (100, 100));
    }

    #[test]
    fn what_cannot_be_divided_goes_round() {
        let fair = |holder: &str, other: &str, now: i64| {
            part(holder, &shares(&[(other, 0, 0, now + 1)]), budget(1, 10), now).fair
        };
        for now in [0, 20_000, 40_000] {
            let both = [fair("a", "b", now), fair("b", "a", now)];
            assert_eq!(both.iter().sum::<u64>(), 1, "{both:?}");
        }
        assert_ne!(fair("a", "b", 0), fair("a", "b", 20_000));
    }

    #[test]
    fn of_a_long_period_only_what_was_told_stays_taken() {
        let share = Share { most: 500, used: 20, until: 0 };
        let per = 3_600_000;
        assert_eq!(
            [share.counts(59_999, per), share.counts(60_000, per), share.counts(per, per)],
            [500, 20, 0]
        );
    }

    #[test]
    fn shares_are_stored_as_they_were() {
        let stored = Shares { holders: shares(&[("i-0", 2, 1, 5)]), expires_at: 15 };
        let form = r#"{"holders":{"i-0":{"most":2,"used":1,"until":5}},"expiresAt":15}"#;
        store::assert_stored_as(&key("crm", budget(100, 10)), &stored, "rateLimit/crm/100/10000", form);
    }

    /// Two servers, told apart by their instance; the store of a test is not shared, which does not matter here.
    #[tokio::test]
    async fn what_two_servers_have_never_makes_more_than_the_budget() {
        use crate::engine::operation::RateLimit;
        use crate::service::clock::Clock;
        let (store, _folder) = store::testing::empty().await;
        let (clock, hand) = Clock::by_hand(1_760_000_000_000);
        let settings = RateLimit { max_concurrent: 99, budget: Some(budget(10, 10)) };
        let server = || {
            let (instance, all) = (Instance::new(clock.clone()).unwrap(), Arc::new(SharedLimits::default()));
            let keeper = Keeper::begin(Arc::clone(&store), instance, Arc::clone(&all));
            (keeper, Limits::begin(settings, "crm", &all))
        };
        let taken = |limits: Arc<Limits>| async move {
            let mut taken = 0;
            while limits.turn(Instant::now() + Duration::from_millis(5)).await.is_ok() {
                taken += 1;
            }
            taken
        };
        let ((first, one), (second, other)) = (server(), server());
        assert_eq!(taken(Arc::clone(&one)).await, 0);
        first.round(true).await.unwrap();
        assert_eq!(taken(Arc::clone(&one)).await, 10);
        // All of it is used, so the second server gets nothing, although half of it will be its own.
        assert_eq!(taken(Arc::clone(&other)).await, 0);
        second.round(true).await.unwrap();
        first.round(true).await.unwrap();
        second.round(true).await.unwrap();
        assert_eq!(taken(Arc::clone(&other)).await, 0);
        // The first one dies. What it may have sent counts for a period after its lease.
        hand.advance(LEASE + Duration::from_secs(9));
        second.round(true).await.unwrap();
        assert_eq!(taken(Arc::clone(&other)).await, 0);
        hand.advance(Duration::from_secs(1));
        second.round(true).await.unwrap();
        assert_eq!(taken(Arc::clone(&other)).await, 10);
        // One that leaves keeps taken what it used.
        second.leave().await;
        let stored: Shares = store.get(&key("crm", budget(10, 10))).await.unwrap().unwrap();
        let shares: Vec<_> = stored.holders.values().map(|share| (share.most, share.until)).collect();
        assert_eq!(shares, [(10, clock.now_ms())]);
    }
}
