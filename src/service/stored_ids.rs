//! Ids that become part of a key of the store. They are judged before a CRM is asked, so that nothing is made there
//! that cannot be stored here.

use super::wording::Refusal;
use crate::connector::ReturnMessage;

/// The longest id, in bytes. A key has up to six of them, and
/// [`MAX_KEY_BYTES`](crate::store::MAX_KEY_BYTES) holds that many.
pub(crate) const MAX_ID_BYTES: usize = 400;

/// Refuses an id that is too long to be stored. `what` says where it stands.
pub(crate) fn check_id(what: &str, id: &str) -> Result<(), Refusal> {
    if id.len() <= MAX_ID_BYTES {
        return Ok(());
    }
    let text = format!(
        "The {what} is too long: it takes {} bytes, and at most {MAX_ID_BYTES} can be stored. Nothing was done.",
        id.len()
    );
    Err(Refusal::new(ReturnMessage::warning(text, 5000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_is_refused_with_the_limit() {
        assert!(check_id("id", &"x".repeat(MAX_ID_BYTES)).is_ok());
        let refusal = check_id("id", &"é".repeat(MAX_ID_BYTES)).unwrap_err();
        assert_eq!(
            refusal.return_message.message,
            "The id is too long: it takes 800 bytes, and at most 400 can be stored. Nothing was done."
        );
    }
}
