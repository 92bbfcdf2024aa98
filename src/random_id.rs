//! Ids that nothing else has, from the system's random numbers.

use crate::hex::hex;

/// The system gives no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandomness;

/// `N` random bytes.
///
/// # Errors
/// If the system gives none.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// `N` random bytes in hexadecimal: twice as many characters.
///
/// # Errors
/// If the system gives none.
pub(crate) fn random_hex<const N: usize>() -> Result<String, NoRandomness> {
    random_bytes::<N>().map(|bytes| hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_length_and_differ() {
        let ids: Vec<_> = (0..100).map(|_| random_hex::<16>().unwrap()).collect();
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
