//! What makes an OAuth client: its values, as an admin enters them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::credential::OAuthClient;
use crate::engine::oauth::OAuth;
use crate::secret::Secret;
use crate::service::mask::is_mask;

/// The longest value, in bytes.
const MOST_BYTES: usize = 4 * 1024;

/// The values of an OAuth client. Not everything is needed: what is missing comes from the document.
///
/// Serialised for the store alone, which seals it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientValues {
    /// The client's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its secret; absent for a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Where its tokens are granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_uri: Option<String>,
    /// Where people sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_uri: Option<String>,
    /// Where the sign-in page sends them back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// What is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// The CRM's host for everybody of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
}

/// Names no value: one is a secret.
impl fmt::Debug for ClientValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientValues").finish_non_exhaustive()
    }
}

impl ClientValues {
    /// Reads what an admin submits. Empty values are none; texts alone are values (Q68).
    ///
    /// # Errors
    /// With the field that cannot be used, in words.
    pub(super) fn read(submitted: &Map<String, Value>) -> Result<Self, String> {
        let text = |name: &str| match submitted.get(name) {
            None | Some(Value::Null) => Ok(None),
            // What the client's form has for "no scopes".
            Some(Value::Array(items)) if items.is_empty() => Ok(None),
            Some(Value::String(text)) => {
                let text = text.trim();
                if text.len() > MOST_BYTES {
                    return Err(format!("`{name}` is longer than {MOST_BYTES} bytes. Nothing was stored."));
                }
                Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
            }
            Some(other) => Err(format!(
                "`{name}` has to be text, and it is {}. Nothing was stored.",
                crate::json_kind::kind(other)
            )),
        };
        let address = |name: &str| match text(name)? {
            Some(text) if !is_address(&text) => Err(format!(
                "`{name}` has to be an address that begins with https:// or http://. Nothing was stored."
            )),
            text => Ok(text),
        };
        Ok(Self {
            client_id: text("clientId")?,
            client_secret: text("clientSecret")?,
            access_token_uri: address("accessTokenUri")?,
            authorization_uri: address("authorizationUri")?,
            redirect_uri: address("redirectUri")?,
            scopes: text("scopes")?,
            hostname: text("hostname")?,
        })
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Puts the stored secret in the place of the mask. It stays with its client and its token URL: otherwise
    /// whoever can change the URL could have the secret sent to them.
    ///
    /// # Errors
    /// If no stored secret is meant, in words.
    pub(super) fn unmask<'v>(&mut self, stored: impl IntoIterator<Item = &'v Self>) -> Result<(), String> {
        let is_masked = self.client_secret.as_ref().is_some_and(|secret| is_mask(&secret.as_str().into()));
        if !is_masked {
            return Ok(());
        }
        let same = stored.into_iter().find(|stored| {
            stored.client_secret.is_some()
                && stored.client_id == self.client_id
                && stored.access_token_uri == self.access_token_uri
        });
        let Some(stored) = same else {
            return Err("`clientSecret` stands for a stored secret, and none is stored for this client and token URL. \
                        Type the secret. Nothing was stored."
                .to_owned());
        };
        self.client_secret.clone_from(&stored.client_secret);
        Ok(())
    }

    /// A connector's settings with this client in their place (Q66). A client id, its secret and its token URL belong
    /// together: without an id all three stay the connector's, so that no secret of it goes where an admin points.
    pub fn put_into(&self, own: &OAuth) -> OAuth {
        let mut oauth = match &self.client_id {
            Some(client_id) => {
                let own_url = own.token_url.as_ref().map(|url| url.as_str()).unwrap_or_default();
                let token_url = self.access_token_uri.as_deref().unwrap_or(own_url);
                let secret = self.client_secret.as_deref().map(Secret::new);
                own.with_client(client_id, secret.as_ref(), token_url)
            }
            None => own.clone(),
        };
        if let Some(url) = &self.authorization_uri {
            oauth.authorization_url = Some(url.as_str().into());
        }
        if self.redirect_uri.is_some() {
            oauth.redirect_uri.clone_from(&self.redirect_uri);
        }
        if self.scopes.is_some() {
            oauth.scopes.clone_from(&self.scopes);
        }
        oauth
    }

    /// The client as a credential keeps it, which only this client can renew; `None` for the connector's own.
    pub fn as_client(&self, used: &OAuth) -> Option<OAuthClient> {
        Some(OAuthClient {
            client_id: self.client_id.clone()?,
            client_secret: self.client_secret.as_deref().map(Secret::new),
            token_url: used.token_url.as_ref().map(|url| url.as_str().to_owned()).unwrap_or_default(),
        })
    }
}

/// Whether it is a web address; `{hostname}` may stand for the host, which the client fills in.
fn is_address(text: &str) -> bool {
    let url = Url::parse(&text.replace("{hostname}", "hostname"));
    url.is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::mask::MASK;
    use serde_json::json;

    fn read(values: Value) -> Result<ClientValues, String> {
        ClientValues::read(values.as_object().unwrap())
    }

    fn values(client_id: &str, secret: &str, url: &str) -> ClientValues {
        read(json!({"clientId": client_id, "clientSecret": secret, "accessTokenUri": url})).unwrap()
    }

    #[test]
    fn texts_are_values_and_empty_ones_are_none() {
        let read_all = read(json!({
            "clientId": " id ", "clientSecret": "s", "accessTokenUri": "https://crm.example/token",
            "authorizationUri": "https://{hostname}/authorize", "redirectUri": "https://app.example/r", "scopes": [],
            "hostname": null, "unknown": 5
        }))
        .unwrap();
        assert_eq!(
            serde_json::to_string(&read_all).unwrap(),
            r#"{"clientId":"id","clientSecret":"s","accessTokenUri":"https://crm.example/token","authorizationUri":"https://{hostname}/authorize","redirectUri":"https://app.example/r"}"#
        );
        assert!(read(json!({"scopes": "", "hostname": "  "})).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_text_or_no_address_is_refused_by_name() {
        for (field, value) in [
            ("clientId", json!(12345)),
            ("clientSecret", json!(false)),
            ("accessTokenUri", json!(0)),
            ("scopes", json!(["a", "b"])),
            ("hostname", json!({"a": 1})),
            ("clientId", json!("x".repeat(MOST_BYTES + 1))),
            ("accessTokenUri", json!("ftp://crm.example/token")),
            ("accessTokenUri", json!("https://user:pw@crm.example/token")),
            ("authorizationUri", json!("crm.example/authorize")),
            ("redirectUri", json!("javascript:alert(1)")),
        ] {
            let words = read(json!({field: value})).unwrap_err();
            assert!(words.starts_with(&format!("`{field}`")), "{field}: {words}");
        }
    }

    #[test]
    fn the_mask_is_the_secret_of_the_same_client_at_the_same_url() {
        let stored = values("id", "s3cret", "https://crm.example/token");
        let mut same = values("id", MASK, "https://crm.example/token");
        same.unmask([&stored]).unwrap();
        assert_eq!(same, stored);
        for mut other in [
            values("other", MASK, "https://crm.example/token"),
            values("id", MASK, "https://elsewhere.example/token"),
        ] {
            let words = other.unmask([&stored]).unwrap_err();
            assert!(words.starts_with("`clientSecret`") && !words.contains("s3cret"), "{words}");
        }
        let mut typed = values("other", "typed", "https://elsewhere.example/token");
        typed.unmask([&stored]).unwrap();
        assert_eq!(typed.client_secret.as_deref(), Some("typed"));
    }

    #[test]
    fn what_is_missing_comes_from_the_document_and_no_secret_of_it_goes_elsewhere() {
        let own = OAuth {
            client_id: Some("own".to_owned()),
            client_secret: Some(Secret::new("own-secret")),
            token_url: Some("https://crm.example/token".into()),
            redirect_uri: Some("https://app.example/r".to_owned()),
            ..OAuth::default()
        };
        let facts = |values: &ClientValues| {
            let used = values.put_into(&own);
            let secret = used.client_secret.as_ref().map(|secret| secret.expose().to_owned());
            let url = used.token_url.as_ref().unwrap().as_str().to_owned();
            let renewed_by = values.as_client(&used).map(|client| (client.client_id, client.token_url));
            (used.client_id.unwrap(), secret, url, used.redirect_uri.unwrap(), renewed_by)
        };
        let text = str::to_owned;
        let (own_url, elsewhere) = ("https://crm.example/token", "https://elsewhere.example/token");
        for (values, expected) in [
            (
                json!({"clientId": "id", "clientSecret": "s", "accessTokenUri": elsewhere, "redirectUri": "https://x.example/"}),
                (
                    text("id"),
                    Some(text("s")),
                    text(elsewhere),
                    text("https://x.example/"),
                    Some((text("id"), text(elsewhere))),
                ),
            ),
            // A public client at the document's URL.
            (
                json!({"clientId": "id"}),
                (
                    text("id"),
                    None,
                    text(own_url),
                    text("https://app.example/r"),
                    Some((text("id"), text(own_url))),
                ),
            ),
            // The document's own client stays at the document's own URL.
            (
                json!({"accessTokenUri": elsewhere, "clientSecret": "s", "scopes": "read"}),
                (text("own"), Some(text("own-secret")), text(own_url), text("https://app.example/r"), None),
            ),
        ] {
            assert_eq!(facts(&read(values.clone()).unwrap()), expected, "{values}");
        }
    }
}
