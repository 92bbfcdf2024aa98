//! How a request names the RingCentral user.

use crate::members::members;

members! {
    /// The RingCentral user who signs in.
    #[derive(Debug)]
    pub(super) struct RingCentralHeaders {
        /// A RingCentral access token, by which the user's account is known.
        access_token as "X-RC-Access-Token": Option<String>,
    }
}
