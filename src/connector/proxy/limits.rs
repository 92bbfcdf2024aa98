//! How many requests a connector sends: a bound on those under way, and a budget for a period. One
//! connector's limits are shared by all workers; another connector never waits for them. A budget may be shared with
//! other servers as well: then this server has its share of it, for as long as it is granted.

mod budget;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout_at};

pub use self::budget::Use;
use self::budget::{Budget, Denied};
pub use self::shared::SharedLimits;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::operation::{RateBudget, RateLimit};

/// The limits of one connector, with what is used of them.
#[derive(Debug)]
pub struct Limits {
    settings: RateLimit,
    places: Semaphore,
    budget: Option<Budget>,
    sharing: Option<Shared>,
}

/// What a budget has beside itself if it is shared.
#[derive(Debug)]
struct Shared {
    proxy_id: String,
    number: u64,
    all: Arc<SharedLimits>,
    /// Told when the share grows.
    has_grown: Notify,
}

impl Limits {
    /// Limits of which nothing is used yet.
    pub fn new(settings: RateLimit) -> Self {
        Self {
            settings,
            places: Semaphore::new(settings.max_concurrent.clamp(1, Semaphore::MAX_PERMITS)),
            budget: settings.budget.map(Budget::whole),
            sharing: None,
        }
    }

    /// As [`Limits::new`]. If budgets are shared, this one is.
    pub fn begin(settings: RateLimit, proxy_id: &str, all: &Arc<SharedLimits>) -> Arc<Self> {
        let Some(budget) = settings.budget.filter(|_| all.is_begun()) else {
            let budget = settings.budget.or(all.default_budget()).map(Budget::whole);
            return Arc::new(Self { budget, ..Self::new(settings) });
        };
        let limits = Arc::new(Self {
            budget: Some(Budget::shared(budget, Instant::now())),
            sharing: Some(Shared {
                proxy_id: proxy_id.to_owned(),
                number: all.number(),
                all: Arc::clone(all),
                has_grown: Notify::new(),
            }),
            ..Self::new(settings)
        });
        all.add(&limits);
        limits
    }

    /// What they were made from.
    pub fn settings(&self) -> RateLimit {
        self.settings
    }

    /// The connector and its budget, if it is shared, and a number that no other budget of this server has.
    pub fn shared_budget(&self) -> Option<(&str, RateBudget, u64)> {
        let shared = self.sharing.as_ref()?;
        Some((shared.proxy_id.as_str(), self.settings.budget?, shared.number))
    }

    /// What is used of the budget here.
    pub fn in_use(&self) -> Use {
        let nothing = Use { idle: None, most: 0 };
        self.budget.as_ref().map_or(nothing, |budget| budget.in_use(Instant::now()))
    }

    /// At most so many are sent in a period from now on. What has a turn keeps it: [`Limits::in_use`] tells how many
    /// those are.
    pub fn narrow(&self, share: usize) {
        if let Some(budget) = &self.budget {
            budget.narrow(share);
        }
    }

    /// So many may be sent in a period, for `lifetime` from `since` on.
    pub fn grant(&self, share: usize, since: Instant, lifetime: Duration) {
        let (Some(budget), Some(sharing)) = (&self.budget, &self.sharing) else { return };
        if budget.grant(share, Instant::now(), since + lifetime) {
            sharing.has_grown.notify_waiters();
        }
    }

    /// Waits for a turn to send one request. The place is free again when the permit is dropped.
    ///
    /// # Errors
    /// [`FailureKind::Limited`] where there is no turn before the deadline. A budget that cannot be
    /// had in time is known at once and not waited for.
    pub async fn turn(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, Failure> {
        let limited = |why: String| Err(Failure::new(FailureKind::Limited, why));
        let place = match self.places.try_acquire() {
            Ok(place) => place,
            Err(_) => match timeout_at(deadline, self.places.acquire()).await {
                Ok(Ok(place)) => place,
                _ => {
                    return limited(format!(
                        "Nothing was sent: {} requests of this connector are waiting for an answer already (rateLimit.maxConcurrent)",
                        self.settings.max_concurrent
                    ));
                }
            },
        };
        let Some(budget) = &self.budget else { return Ok(place) };
        match self.turn_of(budget, deadline).await {
            Ok(()) => Ok(place),
            Err(denied) => {
                let why = match denied {
                    Denied::TooLate => "its turn would come too late",
                    Denied::NoShare => "other servers have all of it at the moment",
                };
                let source = match self.settings.budget {
                    Some(_) => "rateLimit",
                    None => "the server's DEFAULT_RATE_LIMIT, because the document's rateLimit sets none",
                };
                limited(format!(
                    "Nothing was sent: this connector sends at most {} requests in {} s ({source}), and {why}",
                    budget.requests,
                    budget.per.as_secs_f64()
                ))
            }
        }
    }

    async fn turn_of(&self, budget: &Budget, deadline: Instant) -> Result<(), Denied> {
        loop {
            let mut has_grown =
                std::pin::pin!(self.sharing.as_ref().map(|shared| shared.has_grown.notified()));
            // Before the look, so that no change is missed.
            if let Some(has_grown) = has_grown.as_mut().as_pin_mut() {
                has_grown.enable();
            }
            let now = Instant::now();
            match budget.take(now, deadline) {
                Ok(turn) => {
                    if turn.at > now {
                        sleep_until(turn.at).await;
                        if !budget.holds(turn, Instant::now()) {
                            continue;
                        }
                    }
                    return Ok(());
                }
                Err(Denied::NoShare) => {
                    let (Some(shared), Some(has_grown)) = (&self.sharing, has_grown.as_mut().as_pin_mut())
                    else {
                        return Err(Denied::NoShare);
                    };
                    shared.all.want();
                    if timeout_at(deadline, has_grown).await.is_err() {
                        return Err(Denied::NoShare);
                    }
                }
                Err(Denied::TooLate) => return Err(Denied::TooLate),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn places_come_back_and_waiting_ends_at_the_deadline() {
        let limits = Limits::new(RateLimit { max_concurrent: 1, budget: None });
        let place = limits.turn(soon()).await.unwrap();
        let refused = limits.turn(soon()).await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Limited);
        drop(place);
        assert!(limits.turn(soon()).await.is_ok());
    }

    #[tokio::test]
    async fn a_document_without_a_budget_has_the_default_one() {
        let all = Arc::new(SharedLimits::default());
        all.set_default(RateBudget { requests: 2, per: Duration::from_secs(10) });
        all.begin();
        let limits = Limits::begin(RateLimit { max_concurrent: 9, budget: None }, "crm", &all);
        assert_eq!(limits.shared_budget(), None);
        assert!(limits.turn(soon()).await.is_ok() && limits.turn(soon()).await.is_ok());
        let refused = limits.turn(soon()).await.unwrap_err().to_string();
        assert!(refused.contains("at most 2 requests in 10 s (the server's DEFAULT_RATE_LIMIT"), "{refused}");
    }

    #[tokio::test]
    async fn a_shared_budget_is_asked_for_and_waited_for() {
        let budget = RateBudget { requests: 10, per: Duration::from_secs(10) };
        let settings = RateLimit { max_concurrent: 9, budget: Some(budget) };
        let all = Arc::new(SharedLimits::default());
        // Nothing is shared yet.
        assert!(Limits::begin(settings, "crm", &all).turn(soon()).await.is_ok());
        assert_eq!(all.all().len(), 0);
        all.begin();
        let limits = Limits::begin(settings, "crm", &all);
        let refused = limits.turn(soon()).await.unwrap_err();
        assert!(refused.to_string().contains("other servers"), "{refused}");
        all.wanted().await;
        let (late, ()) = tokio::join!(limits.turn(Instant::now() + Duration::from_secs(60)), async {
            all.wanted().await;
            assert_eq!(all.all()[0].shared_budget(), Some(("crm", budget, 0)));
            all.all()[0].grant(1, Instant::now(), Duration::from_secs(60));
        });
        assert!(late.is_ok());
        assert!(limits.turn(soon()).await.is_err());
    }
}
