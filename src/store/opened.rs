//! Users that were opened lately, so that a busy user's record is not unsealed for each request.

use super::{Keys, StoreError, User, codec};
use crate::recent::Recent;

/// Users who are remembered.
const REMEMBERED: usize = 1024;

/// Opened users by their sealed record. Sealing never gives the same bytes twice: where the sealed
/// record is the same, so is the user, whoever wrote it and wherever.
pub(super) struct OpenedUsers(Recent<Opened>);

struct Opened {
    key: Box<[u8]>,
    sealed: Box<[u8]>,
    user: User,
}

impl OpenedUsers {
    pub(super) fn new() -> Self {
        Self(Recent::new(REMEMBERED))
    }

    /// [`codec::read_user`], or what it said of these bytes before.
    pub(super) fn read(&self, keys: &Keys, key: &[u8], sealed: &[u8]) -> Result<User, StoreError> {
        if let Some(opened) = &*self.0.at(key)
            && *opened.key == *key
            && *opened.sealed == *sealed
        {
            return Ok(opened.user.clone());
        }
        let user = codec::read_user(keys, key, sealed)?;
        self.0.keep(key, Opened { key: key.into(), sealed: sealed.into(), user: user.clone() });
        Ok(user)
    }
}
