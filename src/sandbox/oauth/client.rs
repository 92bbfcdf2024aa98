//! Which OAuth client asks, and how it proves that.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::form::{Form, Refusal};
use super::rules::ClientAuthentication;
use crate::sandbox::auth::basic;

/// A registered client.
pub(crate) struct Client {
    pub id: &'static str,
    /// Absent for a public client, which proves by PKCE alone that a code is its own.
    pub secret: Option<&'static str>,
}

impl Client {
    /// The one with an id.
    pub(crate) fn named<'a>(clients: &'a [Self], id: Option<&str>) -> Option<&'a Self> {
        clients.iter().find(|client| Some(client.id) == id)
    }
}

/// What a request says of its client.
pub(crate) struct Credentials {
    has_header: bool,
    /// Of the `Authorization` header.
    basic: Option<(String, String)>,
    /// Of the form.
    form: (Option<String>, Option<String>),
}

impl Credentials {
    pub(crate) fn of(request: &HttpRequest, form: &Form) -> Self {
        let header = request.headers().get(header::AUTHORIZATION);
        let text = header.and_then(|value| value.to_str().ok());
        let encoded = text.and_then(|text| text.split_once(' '));
        let encoded = encoded.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        let owned = |name: &str| form.text(name).map(str::to_owned);
        Self {
            has_header: header.is_some(),
            basic: encoded.and_then(|(_, encoded)| basic(encoded.trim())),
            form: (owned("client_id"), owned("client_secret")),
        }
    }

    /// The client that these credentials are of.
    pub(crate) fn client<'a>(
        &self,
        clients: &'a [Client],
        how: ClientAuthentication,
    ) -> Result<&'a Client, Refusal> {
        let refuse = |words: &str| Err(Refusal::new("invalid_client", words));
        if how == ClientAuthentication::Form && self.has_header {
            return refuse("Send client_id and client_secret in the form, and no Authorization header.");
        }
        let (id, secret) = match &self.basic {
            Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str())),
            None => (self.form.0.as_deref(), self.form.1.as_deref()),
        };
        let client = Client::named(clients, id);
        match client {
            Some(client) if client.secret.is_some() && client.secret != secret => {
                refuse("client_id or client_secret is wrong or missing.")
            }
            Some(client) if client.secret.is_none() && secret.is_some_and(|secret| !secret.is_empty()) => {
                refuse("This client is public and has no secret.")
            }
            Some(client)
                if how == ClientAuthentication::Basic && client.secret.is_some() && self.basic.is_none() =>
            {
                refuse("Send client_id and client_secret in the Authorization header.")
            }
            Some(client) => Ok(client),
            None => refuse("client_id or client_secret is wrong or missing."),
        }
    }
}
