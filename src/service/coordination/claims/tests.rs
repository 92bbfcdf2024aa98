use super::*;
use crate::engine::failure::{Failure, FailureKind};
use crate::service::clock::{Clock, Hand};
use crate::store::{self, ClaimSubject, Owner, Tenant};

fn claim(instance: &str, uptime: i64, known_age: i64) -> Claim {
    Claim {
        extension: Extension::default(),
        message_id: None,
        holder: unique().unwrap(),
        instance: instance.to_owned(),
        idempotency_key: unique().unwrap(),
        claimed_at: 1_000_000,
        uptime,
        known_age,
        busy_until: 0,
        expires_at: 0,
        in_doubt: true,
        is_undone: false,
    }
}

/// Noon of a day in UTC, in milliseconds since 1970.
const NOON: i64 = 1_760_011_200_000;

/// A start of the server, and the hand of its clock.
fn start() -> (Instance, Hand) {
    let (clock, hand) = Clock::by_hand(NOON);
    (Instance::new(clock).unwrap(), hand)
}

fn seconds(age: Duration) -> u64 {
    age.as_secs()
}

#[test]
fn a_claim_is_as_old_as_clocks_say_that_nobody_sets() {
    let (instance, hand) = start();
    // Of this start: by how long it runs, whatever stands in `claimed_at` and whoever sets the time of day.
    let own = claim(instance.name(), instance.uptime(), 0);
    hand.advance(Duration::from_secs(61));
    hand.set(0);
    assert_eq!(seconds(instance.age(&own, None)), 61);
    // Of another one, which is over: as long as this one runs, and what was known before.
    assert_eq!(seconds(instance.age(&claim("another", 5, 0), None)), 61);
    assert_eq!(seconds(instance.age(&claim("another", 5, 90_000), None)), 151);
    // Of several: by the store's clock, and never less than nothing.
    assert_eq!(seconds(instance.age(&claim("another", 5, 0), Some(1_030_000))), 30);
    assert_eq!(seconds(instance.age(&claim("another", 5, 0), Some(0))), 0);
}

#[test]
fn what_is_left_in_doubt_keeps_its_age() {
    let (instance, hand) = start();
    let left = instance.doubted_since(claim("another", 5, 0), Duration::from_secs(70));
    hand.advance(Duration::from_secs(5));
    assert!(left.in_doubt && seconds(instance.age(&left, None)) == 75);
    assert_eq!(seconds(start().0.age(&left, None)), 70);
}

#[test]
fn a_lookup_counts_after_a_minute_and_nothing_is_asked_for_during_ten() {
    let doubt = |age| Doubt { claim: claim("another", 0, 0), age: Duration::from_secs(age) };
    assert!(!doubt(59).is_settled() && doubt(60).is_settled());
    assert!(!doubt(599).is_over() && doubt(600).is_over());
    let (clock, _) = Clock::by_hand(NOON);
    assert_eq!((doubt(0).until(&clock), doubt(330).until(&clock)), ("12:10 UTC".into(), "12:05 UTC".into()));
}

/// A claim on a call in a store of one process.
struct Scene {
    instance: Instance,
    hand: Hand,
    store: std::sync::Arc<dyn Store>,
    key: ClaimKey,
    extension: Extension,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        let (store, folder) = store::testing::empty().await;
        let owner = Owner::User("1".to_owned());
        let scope = Tenant { platform: "crm".to_owned(), proxy_id: None, owner, tenant_host: None };
        let (instance, hand) = start();
        Self {
            instance,
            hand,
            store,
            key: ClaimKey { scope, subject: ClaimSubject::Call("s-1".to_owned()) },
            extension: Extension::default(),
            _folder: folder,
        }
    }

    async fn claim(&self, doubted: Option<&Doubt>) -> Claiming {
        let wanted = Wanted {
            store: &self.store,
            instance: &self.instance,
            key: &self.key,
            extension: &self.extension,
            message_id: None,
            conflict: |_, _| true,
            sends_key: true,
        };
        wanted.claim(doubted).await.unwrap()
    }

    async fn held(&self, doubted: Option<&Doubt>) -> ClaimGuard {
        let Claiming::Held(held) = self.claim(doubted).await else { panic!("not held") };
        held
    }

    async fn doubt(&self) -> Doubt {
        let Claiming::InDoubt(doubt) = self.claim(None).await else { panic!("not in doubt") };
        doubt
    }
}

fn timed_out() -> CallError {
    Failure::new(FailureKind::Timeout, "no answer").into()
}

/// A request may take minutes, and the CRM is at work until its end at least.
#[tokio::test]
async fn a_doubt_begins_when_the_request_ends() {
    let scene = Scene::start().await;
    let held = scene.held(None).await;
    scene.hand.advance(Duration::from_secs(90));
    held.failed(&scene.store, &timed_out()).await.unwrap();
    let doubt = scene.doubt().await;
    assert!(!doubt.is_settled() && doubt.age.is_zero(), "{doubt:?}");
    assert_eq!(doubt.claim.claimed_at, NOON + 90_000);
    scene.hand.advance(Duration::from_secs(60));
    assert!(scene.doubt().await.is_settled());
    scene.hand.advance(QUIET);
    assert!(scene.doubt().await.is_over());
}

/// What did nothing makes the doubt before it no younger; what is in doubt itself does.
#[tokio::test]
async fn a_doubt_that_stands_again_keeps_its_age() {
    let scene = Scene::start().await;
    scene.held(None).await.failed(&scene.store, &timed_out()).await.unwrap();
    let doubt = scene.doubt().await;
    scene.hand.advance(Duration::from_secs(90));
    let held = scene.held(Some(&doubt)).await;
    scene.hand.advance(Duration::from_secs(5));
    held.unused(&*scene.store).await.unwrap();
    let doubt = scene.doubt().await;
    assert_eq!(seconds(doubt.age), 95, "{doubt:?}");
    scene.held(Some(&doubt)).await.failed(&scene.store, &timed_out()).await.unwrap();
    assert_eq!(seconds(scene.doubt().await.age), 0);
}

#[test]
fn a_holder_is_waited_for_longer_than_its_exchange_takes() {
    let exchange = LONGEST_TIMEOUT + fitting::BUDGET;
    assert!(Duration::from_millis(BUSY_MS.unsigned_abs()) > exchange);
}

#[tokio::test]
async fn a_claim_expires_after_a_week() {
    let scene = Scene::start().await;
    let held = scene.held(None).await;
    let key = held.idempotency_key().to_owned();
    held.failed(&scene.store, &timed_out()).await.unwrap();
    assert_eq!(scene.doubt().await.claim.idempotency_key, key);
    scene.hand.advance(Duration::from_millis(WEEK_MS.unsigned_abs() + 1));
    assert_ne!(scene.held(None).await.idempotency_key(), key);
}
