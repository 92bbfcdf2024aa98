//! The record of a user, changed by many at the same time.

use super::Shared;
use crate::store::{StoreError, User, UserKey};

/// Changes a user, and nothing that somebody else changes at the same time, here or at another
/// server; the user as it is then, `None` if there is none. `change` may be asked again.
pub(super) async fn change(
    services: &Shared,
    key: &UserKey,
    change: impl Fn(&mut User),
) -> Result<Option<User>, StoreError> {
    let _turn = services.record_locks.take(key).await;
    loop {
        let Some(before) = services.store.get_user(key).await? else { return Ok(None) };
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok(Some(after));
        }
        after.updated_at = services.clock.now_ms();
        if services.store.change_user(Some(&before), &after).await? {
            return Ok(Some(after));
        }
    }
}
