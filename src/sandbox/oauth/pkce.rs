//! PKCE: whoever redeems a code is who asked for it (RFC 7636). Only `S256`: `plain` proves little.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::form::{Form, Refusal};

/// The challenge of an authorization request, where it has one.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn challenge(form: &Form) -> Result<Option<String>, &'static str> {
    let Some(challenge) = form.text("code_challenge") else {
        return match form.text("code_challenge_method") {
            None => Ok(None),
            Some(_) => Err("code_challenge is missing."),
        };
    };
    if form.text("code_challenge_method") != Some("S256") {
        return Err("code_challenge_method must be S256.");
    }
    let is_hash = URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|bytes| bytes.len() == SHA256.output_len());
    if !is_hash {
        return Err("code_challenge must be the base64url of a SHA-256 hash, without padding.");
    }
    Ok(Some(challenge.to_owned()))
}

/// Holds a verifier against the challenge of the code.
pub(super) fn check(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Refusal> {
    let refuse = |words: &str| Err(Refusal::new("invalid_grant", words));
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => refuse("A code_verifier came, but the code was asked for without a challenge."),
        (Some(_), None) => refuse("code_verifier is missing."),
        (Some(challenge), Some(verifier)) => {
            let is_mark = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(is_mark) {
                return refuse("code_verifier must be 43 to 128 letters, digits or -._~.");
            }
            if URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) != challenge {
                return refuse("code_verifier does not fit the code_challenge.");
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_fits_and_nothing_else_does() {
        assert!(check(Some(CHALLENGE), Some(VERIFIER)).is_ok());
        assert!(check(None, None).is_ok());
        let long = "a".repeat(129);
        let refused = [
            (Some(CHALLENGE), None),
            (None, Some(VERIFIER)),
            (Some(CHALLENGE), Some(CHALLENGE)),
            (Some(CHALLENGE), Some("short")),
            (Some(CHALLENGE), Some(long.as_str())),
        ];
        for (challenge, verifier) in refused {
            let refusal = check(challenge, verifier).unwrap_err();
            assert_eq!(refusal.error, "invalid_grant", "{challenge:?} {verifier:?}");
        }
    }

    #[test]
    fn only_hashes_are_challenges() {
        let read = |query: &str| challenge(&Form::decoded(query.as_bytes()));
        let asked = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
        assert_eq!(read(&asked), Ok(Some(CHALLENGE.to_owned())));
        assert_eq!(read(""), Ok(None));
        for query in [
            format!("code_challenge={CHALLENGE}"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
            "code_challenge=abc&code_challenge_method=S256".to_owned(),
            format!("code_challenge={CHALLENGE}%3D&code_challenge_method=S256"),
            "code_challenge_method=S256".to_owned(),
        ] {
            assert!(read(&query).is_err(), "{query}");
        }
    }
}
