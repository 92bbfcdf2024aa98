//! Data of a CRM account that connectors offer by key, such as its types of activity.

use super::Services;
use super::session::Session;
use super::wording::{Refusal, store_failed};
use crate::connector::ReturnMessage;

/// Why there is no account data.
#[derive(Debug)]
pub enum NoData {
    /// The user is unknown or signed out, or the store failed.
    Refused(Refusal),
    /// The connector offers none of these keys.
    UnknownKeys(Refusal),
}

/// Refuses the keys that a request names. The interface contract has no interface for account
/// data, so no connector offers any, as in the reference's proxy connector (recordings 17,
/// `accountData`).
pub async fn refuse(services: &Services, session: &Session, keys: &[&str]) -> NoData {
    let refusal = |text: String| Refusal::new(ReturnMessage::warning(text, 5000));
    match services.connected_user(session).await {
        Ok(Some(_)) => {
            NoData::UnknownKeys(refusal(format!("Unknown account data key(s): {}", keys.join(", "))))
        }
        Ok(None) => NoData::Refused(refusal("User not found".to_owned())),
        Err(error) => NoData::Refused(Refusal::new(store_failed(&error))),
    }
}
