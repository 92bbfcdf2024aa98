//! How much one run may work: rendering a request, judging a reply, mapping it.
//!
//! Documents, users and CRMs decide how long lists and texts are, and how often a template goes through
//! them. So everything that can take long says what it costs before or right after it is done, in steps.
//! A run that has spent its steps fails. Within one thread a run holds one budget, and whatever runs inside
//! of it shares it: many small templates cost what one long template costs.

use std::cell::Cell;

use serde_json::Value;

/// The most steps of rendering one request, or of one text outside of a run.
///
/// A step is a value that is looked at. Two million of them take about 50 ms.
pub const RENDER_STEPS: u64 = 2_000_000;

/// The steps of judging or mapping a reply, apart from what its size adds.
const REPLY_STEPS: u64 = 2_000_000;

/// How often each value of a reply may be looked at, on average, beyond [`REPLY_STEPS`].
const LOOKS: u64 = 8;

/// What a call of a helper or a pass of a loop costs besides its values: Handlebars copies paths and names.
pub(crate) const CALL: u64 = 10;

/// How many bytes of a text are looked at in a step.
const BYTES: usize = 16;

/// No run.
const NONE: u64 = u64::MAX;

thread_local! {
    /// The steps that are left, and one; 0 if more was asked for than there was.
    static LEFT: Cell<u64> = const { Cell::new(NONE) };
    /// What the run began with.
    static LIMIT: Cell<u64> = const { Cell::new(0) };
}

/// More work was asked for than the run may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work takes too many steps")]
pub struct Spent;

/// Runs something that may take at most so many steps. Within another run it shares that run's.
pub fn within<T>(steps: u64, work: impl FnOnce() -> T) -> T {
    /// Ends the run, also if the work panics.
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            LEFT.set(NONE);
        }
    }
    if LEFT.get() != NONE {
        return work();
    }
    LEFT.set(steps.saturating_add(1).min(NONE - 1));
    LIMIT.set(steps);
    let _end = End;
    work()
}

/// Takes steps off the run's budget. Outside of a run everything is allowed.
///
/// # Errors
/// If there are not as many left. From then on none are.
pub fn spend(steps: u64) -> Result<(), Spent> {
    let left = LEFT.get();
    if left == NONE {
        return Ok(());
    }
    if left > steps {
        LEFT.set(left - steps);
        return Ok(());
    }
    LEFT.set(0);
    Err(Spent)
}

/// Whether the run has asked for more steps than it had.
pub fn is_spent() -> bool {
    LEFT.get() == 0
}

/// The steps that the run began with.
pub(crate) fn limit() -> u64 {
    LIMIT.get()
}

/// What it costs to go through a text of so many bytes.
pub(crate) const fn text(bytes: usize) -> u64 {
    (bytes / BYTES) as u64 + 1
}

/// What it costs to go through a value, or to copy it.
pub fn weight(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(value) => text(value.len()),
        Value::Array(items) => 1 + items.iter().map(weight).sum::<u64>(),
        Value::Object(members) => {
            1 + members.iter().map(|(key, member)| text(key.len()) + weight(member)).sum::<u64>()
        }
    }
}

/// The steps that a reply may cost.
pub(crate) fn of_reply(reply: &Value) -> u64 {
    REPLY_STEPS + LOOKS * weight(reply)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_has_one_budget_and_ends_with_it() {
        assert_eq!(spend(u64::MAX), Ok(()));
        within(10, || {
            assert_eq!(spend(4), Ok(()));
            within(1000, || assert_eq!(spend(6), Ok(())));
            assert!(!is_spent());
            assert_eq!(spend(1), Err(Spent));
            assert!(is_spent());
            assert_eq!(spend(0), Err(Spent));
        });
        assert!(!is_spent());
        assert_eq!(spend(1), Ok(()));
        assert!(std::panic::catch_unwind(|| within(1, || panic!("on purpose"))).is_err());
        assert_eq!(spend(5), Ok(()));
    }

    #[test]
    fn values_weigh_what_they_hold() {
        assert_eq!(weight(&json!(null)), 1);
        assert_eq!(weight(&json!("x".repeat(160))), 11);
        assert_eq!(weight(&json!([1, [2], {"a": "b"}])), 1 + 1 + 2 + 3);
    }
}
