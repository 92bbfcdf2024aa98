//! What a user wants in a log.

use std::marker::PhantomData;

use crate::store::User;

/// Which parts a user wants.
pub struct Settings<'a>(PhantomData<&'a User>);

impl<'a> Settings<'a> {
    /// Those of a user.
    pub fn of(_user: &'a User) -> Self {
        Self(PhantomData)
    }
}
