//! Fields of the sign-in page that an account's admins fill in for its users, as a connector's manifest
//! marks them (`managed`): who signs in leaves them out, or never sees them.
//!
//! `form` has the page, `values` what admins filled in. `sign_in` fills them in, `state` says beforehand what is left
//! to fill in, `administration` shows and changes them, and `options` are what a connector offers to choose from.

mod administration;
mod fields;
mod form;
mod options;
mod sign_in;
mod state;
mod values;

pub use administration::{ManagedError, ManagedFields, PersonsValues, Submitted, read, save};
pub use options::{AskedOptions, OptionsError, options};
pub use sign_in::{ManagedSignIn, Unfilled};
pub use state::{State, state};

use serde_json::Map;

use self::fields::Reach;
use self::values::Place;
use super::Services;
use super::developer_portal::Published;
use crate::store::{StoreError, User};

/// Which connector's page is meant.
#[derive(Debug, Clone, Default)]
pub struct Meant {
    /// The platform name.
    pub platform: String,
    /// The document, if the request names one.
    pub proxy_id: Option<String>,
    /// The connector in the developer portal.
    pub published: Option<Published>,
}

/// The user with the values that admins filled in, as they are now: an admin who changes or removes one does so for
/// everybody (Q76).
///
/// # Errors
/// If the store fails.
pub(super) async fn with_values(services: &Services, mut user: User) -> Result<User, StoreError> {
    let Some(account_id) = user.rc_account_id.as_deref().filter(|_| !user.managed.names.is_empty()) else {
        return Ok(user);
    };
    let place = Place::new(services, account_id, &user.key.platform, user.key.proxy_id.as_deref());
    let mut values = Map::new();
    for reach in [Reach::Account, Reach::Extension] {
        let mut of_reach = place.values(services, reach, user.managed.extension_id.as_deref()).await?;
        of_reach.retain(|name, _| user.managed.names.contains(name));
        values.extend(of_reach);
    }
    user.managed.values = values;
    Ok(user)
}
