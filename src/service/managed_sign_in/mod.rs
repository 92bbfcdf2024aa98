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

use super::developer_portal::Published;

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
