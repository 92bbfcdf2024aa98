//! OAuth clients that an account's admins supply (managed OAuth): entered as a *pending* client, which becomes the
//! *account's* client once somebody has signed in with it.
//!
//! A client belongs to an account, a platform and, if the request named one, a document. `change` has what admins do,
//! `state` what is told of it, and `sign_in` which client a sign-in is made with, and for whom.

mod asked;
mod change;
mod place;
mod sign_in;
mod state;
mod stored;
mod values;

pub use change::{ClientError, forget, forget_pending, save_pending};
pub use place::Place;
pub use sign_in::{Claims, SignInClient, client};
pub use state::{OAuthState, ShownClient, state};
pub use values::ClientValues;
