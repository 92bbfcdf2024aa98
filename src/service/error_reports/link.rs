//! Links under which one report can be uploaded: signed by this server, for five minutes.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Origin;
use crate::secret::Secret;

/// What a link is for.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    /// The id of the report: it names the file.
    pub(super) id: String,
    /// Whose report it is.
    pub(super) origin: Origin,
    /// When it ends, in milliseconds.
    pub(super) until: i64,
}

/// Signs links. The key is made from the server's secret for this use alone, so no other token of the server is a link.
pub(super) struct Signer(hmac::Key);

impl Signer {
    pub(super) fn new(secret: &Secret) -> Self {
        let server = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let derived = hmac::sign(&server, b"links for reports of errors");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// The link as text for a URL; `None` if it cannot be written, which is a defect.
    pub(super) fn signed(&self, link: &Link) -> Option<String> {
        let content = URL_SAFE_NO_PAD.encode(serde_json::to_vec(link).ok()?);
        let signature = hmac::sign(&self.0, content.as_bytes());
        Some(format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }

    /// The link of a text; `None` if this server did not sign it. The comparison takes the same time for every text.
    pub(super) fn opened(&self, text: &str) -> Option<Link> {
        let (content, signature) = text.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.0, content.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(content).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        let origin = Origin { user_id: "7-acme".to_owned(), platform: "acme".to_owned() };
        Link { id: "ab12".to_owned(), origin, until: 5 }
    }

    #[test]
    fn a_link_is_opened_by_whoever_signed_it() {
        let signer = Signer::new(&Secret::new("a secret"));
        let text = signer.signed(&link()).unwrap();
        assert_eq!(signer.opened(&text), Some(link()));
        assert_eq!(Signer::new(&Secret::new("another")).opened(&text), None);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{text}");
    }

    #[test]
    fn a_changed_link_is_none() {
        let signer = Signer::new(&Secret::new("a secret"));
        let text = signer.signed(&link()).unwrap();
        let (content, signature) = text.split_once('.').unwrap();
        let other = serde_json::to_vec(&Link { until: 6, ..link() }).unwrap();
        for wrong in [
            format!("{}.{signature}", URL_SAFE_NO_PAD.encode(other)),
            format!("{content}."),
            format!("{content}.{}", URL_SAFE_NO_PAD.encode([0; 32])),
            content.to_owned(),
            format!(".{signature}"),
            String::new(),
        ] {
            assert_eq!(signer.opened(&wrong), None, "{wrong}");
        }
    }
}
