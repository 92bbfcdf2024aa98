use super::*;
use crate::engine::failure::{Failure, FailureKind};
use crate::store::{self, ClaimSubject, Keys, Owner, Secret, Tenant};

fn claim(instance: &str, uptime: i64, known_age: i64) -> Claim {
    Claim {
        extension: Extension::default(),
        message_id: None,
        holder: unique(),
        instance: instance.to_owned(),
        idempotency_key: unique(),
        claimed_at: 1_000_000,
        uptime,
        known_age,
        busy_until: 0,
        expires_at: 0,
        in_doubt: true,
        is_undone: false,
    }
}

fn seconds(age: Duration) -> u64 {
    age.as_secs()
}

#[test]
fn a_claim_is_as_old_as_clocks_say_that_nobody_sets() {
    let instance = Instance::default();
    let now = instance.uptime();
    // Of this start: by its own clock, whatever stands in `claimed_at`.
    assert_eq!(seconds(instance.age(&claim(instance.name(), now - 61_000, 0), None)), 61);
    // Of another one, which is over: as long as this one runs, and what was known before.
    assert_eq!(seconds(instance.age(&claim("another", 5, 0), None)), 0);
    assert_eq!(seconds(instance.age(&claim("another", 5, 90_000), None)), 90);
    // Of several: by the store's clock, and never less than nothing.
    assert_eq!(seconds(instance.age(&claim("another", 5, 0), Some(1_030_000))), 30);
    assert_eq!(seconds(instance.age(&claim("another", 5, 0), Some(0))), 0);
}

#[test]
fn what_is_left_in_doubt_keeps_its_age() {
    let instance = Instance::default();
    let left = instance.doubted_since(claim("another", 5, 0), Duration::from_secs(70));
    assert!(left.in_doubt && seconds(instance.age(&left, None)) >= 70);
    assert!(seconds(Instance::default().age(&left, None)) >= 70);
}

#[test]
fn a_lookup_counts_after_a_minute_and_nothing_is_asked_for_during_ten() {
    let doubt = |age| Doubt { claim: claim("another", 0, 0), age: Duration::from_secs(age) };
    assert!(!doubt(59).is_settled() && doubt(60).is_settled());
    assert!(!doubt(599).is_over() && doubt(600).is_over());
    assert_ne!(doubt(0).until(), doubt(300).until());
}

/// A claim on a call in a store of one process.
struct Scene {
    instance: Instance,
    store: std::sync::Arc<dyn Store>,
    key: ClaimKey,
    extension: Extension,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::from_secret(&Secret::new("a secret")).unwrap();
        let store = store::open(&format!("sled:{}", folder.path().join("s").display()), keys).await.unwrap();
        let owner = Owner::User("1".to_owned());
        let scope = Tenant { platform: "crm".to_owned(), proxy_id: None, owner, tenant_host: None };
        Self {
            instance: Instance::default(),
            store,
            key: ClaimKey { scope, subject: ClaimSubject::Call("s-1".to_owned()) },
            extension: Extension::default(),
            _folder: folder,
        }
    }

    async fn claim(&self, doubted: Option<&Doubt>) -> Claiming {
        let wanted = Wanted {
            store: &*self.store,
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
    let mut held = scene.held(None).await;
    held.claim.uptime -= 90_000;
    held.claim.claimed_at -= 90_000;
    let claimed_at = held.claim.claimed_at;
    held.failed(&*scene.store, &timed_out()).await.unwrap();
    let doubt = scene.doubt().await;
    assert!(!doubt.is_settled() && seconds(doubt.age) < 30, "{doubt:?}");
    assert!(doubt.claim.claimed_at >= claimed_at + 90_000, "{doubt:?}");
}

/// What did nothing makes the doubt before it no younger; what is in doubt itself does.
#[tokio::test]
async fn a_doubt_that_stands_again_keeps_its_age() {
    let scene = Scene::start().await;
    scene.held(None).await.failed(&*scene.store, &timed_out()).await.unwrap();
    let doubt = scene.doubt().await;
    let mut held = scene.held(Some(&doubt)).await;
    held.former = held.former.map(|former| scene.instance.doubted_since(former, Duration::from_secs(90)));
    held.unused(&*scene.store).await.unwrap();
    let doubt = scene.doubt().await;
    assert!((90..120).contains(&seconds(doubt.age)), "{doubt:?}");
    scene.held(Some(&doubt)).await.failed(&*scene.store, &timed_out()).await.unwrap();
    assert!(seconds(scene.doubt().await.age) < 30);
}

#[test]
fn a_holder_is_waited_for_longer_than_its_exchange_takes() {
    let exchange = LONGEST_TIMEOUT + fitting::BUDGET;
    assert!(Duration::from_millis(BUSY_MS.unsigned_abs()) > exchange);
}
