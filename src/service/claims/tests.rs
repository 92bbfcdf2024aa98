use super::*;

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
