//! OAuth 2.0 (RFC 6749): what a document says about it, the requests that are made of that, and what a token
//! endpoint answers.
//!
//! 1. [`OAuth::authorization_url`] is where the user's browser goes.
//! 2. [`OAuth::token_request`] asks for tokens, for each kind of [`Grant`].
//! 3. [`granted`] reads the answer.
//!
//! All of it is pure. [`exchange`] does the last two with the request between them.

mod authorization;
mod error;
mod exchange;
mod fields;
mod form;
pub mod pkce;
mod reply;
#[cfg(test)]
mod reply_tests;
mod request;
#[cfg(test)]
mod request_tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::error::OAuthError;
pub use self::exchange::exchange;
pub(crate) use self::fields::Fields;
pub use self::form::FormGrant;
pub use self::reply::{Granted, TokenRefusal, granted, refused_in_words};
pub use self::request::Grant;
use super::header_template::HeaderTemplate;
use super::template::TextTemplate;
use super::url::UrlTemplate;
use super::variables::Variable;
use crate::config::operations::{Descriptor, OperationName};
use crate::secret::Secret;

static SIGN_IN_DESCRIPTOR: Descriptor = Descriptor {
    name: "signIn",
    title: "Signing in",
    description: "Asks the CRM for tokens.",
    signs_in: true,
    variables: {
        use Variable::*;
        &[AdditionalInfo, Hostname, Platform, UserEmail]
    },
    ..Descriptor::PLAIN
};

/// Whose variables the templates of `auth` see. It is no operation of the contract: no document defines it.
pub const SIGN_IN: OperationName = OperationName::new(&SIGN_IN_DESCRIPTOR);

/// OAuth settings: compiled from a document's `auth`, or made by a code connector.
///
/// ```
/// use app_connect_engine::oauth::OAuth;
/// use app_connect_engine::secret::Secret;
///
/// let oauth = OAuth {
///     client_id: Some("my-client".to_owned()),
///     client_secret: Some(Secret::new("my-secret")),
///     token_url: Some("https://login.example.com/token".into()),
///     ..OAuth::default()
/// };
/// assert_eq!(oauth.token_url.unwrap().as_str(), "https://login.example.com/token");
/// ```
#[derive(Debug, Clone, Default)]
pub struct OAuth {
    /// OAuth client id.
    pub client_id: Option<String>,
    /// OAuth client secret.
    pub client_secret: Option<Secret>,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: Option<Endpoint>,
    /// Where tokens are renewed, if not at `token_url`.
    pub refresh_url: Option<Endpoint>,
    /// Where the user signs in.
    pub authorization_url: Option<Endpoint>,
    /// Where the CRM sends the user back to.
    pub redirect_uri: Option<String>,
    /// Scopes, separated by spaces.
    pub scopes: Option<String>,
    /// What tokens are given for.
    pub grant: GrantType,
    /// Whether codes are bound to whoever asked for them (PKCE). Absent: where this server begins the sign-in.
    pub pkce: Option<bool>,
    /// Where the client's id and secret stand. Absent: in the header, or without a secret the id in the form.
    pub client_authentication: Option<ClientAuthentication>,
    /// How the body of a token request is written.
    pub format: TokenFormat,
    /// Whether a renewal never brings another refresh token: the first one is kept.
    pub keeps_refresh_token: bool,
    /// How long an access token lives where the reply does not say it.
    pub lifetime: Option<Duration>,
    /// What a document's templates add to requests. A code connector leaves it at its default.
    pub additions: Additions,
}

/// What a document's templates add to requests.
#[derive(Debug, Clone, Default)]
pub struct Additions {
    /// A client that is made from what the user typed.
    pub(crate) client: Option<Arc<ClientTemplates>>,
    /// Parameters, fields and headers.
    pub(crate) extra: Arc<Extra>,
    /// Whether the token URL is another one than the document's: the connector's own secret is not sent there.
    pub(crate) is_elsewhere: bool,
}

/// What tokens are given for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GrantType {
    /// The code that a CRM sends the user back with.
    #[default]
    AuthorizationCode,
    /// The client's id and secret alone.
    ClientCredentials,
    /// A user name and a password.
    Password,
}

impl GrantType {
    /// Reads the document's value; anything unknown is the default.
    pub fn parse(text: Option<&str>) -> Self {
        match text {
            Some("clientCredentials") => Self::ClientCredentials,
            Some("password") => Self::Password,
            _ => Self::AuthorizationCode,
        }
    }

    /// Whether the fields of a sign-in form are enough: no page of the CRM is needed.
    pub fn takes_form(self) -> bool {
        self != Self::AuthorizationCode
    }
}

/// Where a client's id and secret stand in a token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// In the `Authorization` header.
    Basic,
    /// In the body. No `Authorization` header is sent: some CRMs refuse even an empty one.
    Form,
    /// Nowhere.
    None,
}

impl ClientAuthentication {
    /// Reads the document's value.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "basic" => Some(Self::Basic),
            "form" => Some(Self::Form),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// How the body of a token request is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenFormat {
    /// `application/x-www-form-urlencoded`
    #[default]
    Form,
    /// `application/json`
    Json,
}

/// A URL of `auth`: spelled out, or a template.
#[derive(Clone)]
pub struct Endpoint {
    text: String,
    template: Option<Arc<UrlTemplate>>,
}

impl Endpoint {
    /// The URL as it was written, expressions included.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether templates have a part in it.
    pub fn is_templated(&self) -> bool {
        self.template.is_some()
    }

    /// A compiled template.
    pub(crate) fn templated(text: &str, template: UrlTemplate) -> Self {
        Self { text: text.to_owned(), template: Some(Arc::new(template)) }
    }
}

impl From<&str> for Endpoint {
    /// A URL that is spelled out.
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), template: None }
    }
}

impl From<String> for Endpoint {
    /// A URL that is spelled out.
    fn from(text: String) -> Self {
        Self { text, template: None }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.text).finish()
    }
}

/// A client that is made from what the user typed.
#[derive(Debug)]
pub(crate) struct ClientTemplates {
    pub(crate) id: Option<TextTemplate>,
    pub(crate) secret: Option<TextTemplate>,
}

/// What a document adds to the usual requests.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    /// Parameters of the authorization URL.
    pub(crate) authorization: Fields,
    /// Members of the token request's body.
    pub(crate) fields: Fields,
    /// Headers of the token request.
    pub(crate) headers: Vec<(http::HeaderName, HeaderTemplate)>,
    /// Query of the token request.
    pub(crate) query: Fields,
    /// The variables that calls and blocks read.
    pub(crate) wanted: Vec<Variable>,
}

impl OAuth {
    /// The same with another client: that of an account's admins in place of the document's.
    ///
    /// Its secret goes nowhere but to its own `token_url`, renewals included, and the connector's own secret
    /// does not go there unless it is the document's.
    #[must_use]
    pub fn with_client(&self, client_id: &str, client_secret: Option<&Secret>, token_url: &str) -> Self {
        let is_elsewhere = self.token_url.as_ref().is_none_or(|own| own.as_str() != token_url);
        Self {
            client_id: (!client_id.is_empty()).then(|| client_id.to_owned()),
            client_secret: client_secret.filter(|secret| !secret.expose().is_empty()).cloned(),
            token_url: match is_elsewhere {
                false => self.token_url.clone(),
                true => (!token_url.is_empty()).then(|| token_url.into()),
            },
            refresh_url: self.refresh_url.clone().filter(|_| !is_elsewhere),
            additions: Additions { client: None, is_elsewhere, ..self.additions.clone() },
            ..self.clone()
        }
    }
}
