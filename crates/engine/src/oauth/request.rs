//! The request that asks for tokens.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Method, header};

use super::authorization::append_query;
use super::fields::Values;
use super::{ClientAuthentication, OAuth, OAuthError, TokenFormat};
use crate::budget::{self, RENDER_STEPS};
use crate::encode::{Slot, header_value};
use crate::exchange::RequestSpec;
use crate::inputs::Inputs;
use crate::json;
use crate::render::{MAX_URL, RenderError, USER_AGENT, check_length, render_header};
use crate::secret::Secret;
use crate::template::Scope;
use crate::variables::Variable;

/// How long a token endpoint may take, redirects and body included.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What a token endpoint is shown in exchange for tokens.
#[derive(Debug, Clone, Copy)]
pub enum Grant<'a> {
    /// The code that a CRM sent the user back with.
    Code {
        /// The code.
        code: &'a str,
        /// The redirect URI that the code was asked for with.
        redirect_uri: &'a str,
        /// The PKCE verifier, where a challenge was sent.
        verifier: Option<&'a Secret>,
    },
    /// A refresh token.
    Refresh {
        /// The refresh token.
        token: &'a Secret,
    },
    /// Nothing but the client.
    ClientCredentials,
    /// The resource owner's password. Empty ones are left out: the document's own `fields` may stand for them.
    Password {
        /// User name.
        username: &'a str,
        /// Password.
        password: &'a Secret,
    },
}

impl Grant<'_> {
    /// The texts that are nobody else's business.
    pub(super) fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Code { code, verifier, .. } => {
                std::iter::once(*code).chain(verifier.map(Secret::expose)).collect()
            }
            Self::Refresh { token } => vec![token.expose()],
            Self::ClientCredentials => Vec::new(),
            Self::Password { password, .. } => vec![password.expose()],
        }
    }

    fn members(&self, scopes: Option<&str>) -> Values {
        let mut members = Values::default();
        match self {
            // The order of recordings 20.
            Self::Code { code, redirect_uri, .. } => {
                members.text("code", code).text("grant_type", "authorization_code");
                members.text("redirect_uri", redirect_uri);
            }
            Self::Refresh { token } => {
                members.text("refresh_token", token.expose()).text("grant_type", "refresh_token");
            }
            Self::ClientCredentials => {
                members.text("grant_type", "client_credentials");
            }
            Self::Password { username, password } => {
                for (name, text) in [("username", *username), ("password", password.expose())] {
                    if !text.is_empty() {
                        members.text(name, text);
                    }
                }
                members.text("grant_type", "password");
            }
        }
        if let (Self::ClientCredentials | Self::Password { .. }, Some(scopes)) = (self, scopes) {
            members.text("scope", scopes);
        }
        members
    }
}

impl OAuth {
    /// The request that asks for tokens. Its body goes to no other host, whatever the token endpoint answers.
    ///
    /// In the plain case it is what recordings 20 and 22 have: a form, and the client in the `Authorization`
    /// header; a client without a secret names its id in the form instead.
    ///
    /// # Errors
    /// If the client id or the URL is missing, a value cannot stand in its place, or the request would be too long.
    pub fn token_request(&self, grant: &Grant<'_>, inputs: &Inputs<'_>) -> Result<RequestSpec, OAuthError> {
        // Not for a token endpoint that somebody else chose.
        let narrowed = self.additions.is_elsewhere.then(|| inputs.without(Variable::SecretKey));
        let inputs = narrowed.as_ref().unwrap_or(inputs);
        budget::within(RENDER_STEPS, || self.rendered(grant, inputs))
    }

    fn rendered(&self, grant: &Grant<'_>, inputs: &Inputs<'_>) -> Result<RequestSpec, OAuthError> {
        let scope = self.scope(inputs);
        let (client_id, client_secret) = (self.client_id(&scope)?, self.client_secret(&scope)?);
        let way = self.client_authentication;
        if client_id.is_none() && way != Some(ClientAuthentication::None) {
            return Err(OAuthError::NoClientId);
        }
        let client_id = client_id.unwrap_or_default();
        let own = self.refresh_url.as_ref().filter(|_| matches!(grant, Grant::Refresh { .. }));
        let endpoint = own.or(self.token_url.as_ref()).filter(|url| !url.as_str().trim().is_empty());
        let (mut url, hosts) = endpoint.ok_or(OAuthError::NoTokenUrl)?.render(&scope, "tokenUrl")?;
        let mut query = Values::default();
        self.additions.extra.query.apply(&scope, "tokenRequest/query", &mut query)?;
        append_query(&mut url, &query.to_form());
        check_length("URL", url.as_str().len(), MAX_URL)?;

        let mut members = grant.members(self.scopes.as_deref().filter(|scopes| !scopes.is_empty()));
        let mut authorization = None;
        let basic =
            || Some(format!("Basic {}", STANDARD.encode(format!("{client_id}:{}", text_of(&client_secret)))));
        match (way, &client_secret) {
            (Some(ClientAuthentication::None), _) => {}
            (Some(ClientAuthentication::Form), secret) => {
                members.text("client_id", &client_id);
                if let Some(secret) = secret {
                    members.text("client_secret", secret.expose());
                }
            }
            (_, Some(_)) => authorization = basic(),
            // As on the reference server: only where codes are exchanged the client is named in the form.
            (None, None) if matches!(grant, Grant::Refresh { .. }) && self.pkce != Some(true) => {
                authorization = basic();
            }
            (_, None) => {
                members.text("client_id", &client_id);
            }
        }
        if let Grant::Code { verifier: Some(verifier), .. } = grant {
            members.text("code_verifier", verifier.expose());
        }
        self.additions.extra.fields.apply(&scope, "tokenRequest/fields", &mut members)?;
        let headers = self.headers(authorization.as_deref(), &scope)?;
        let body = match self.format {
            TokenFormat::Form => members.to_form().into_bytes(),
            TokenFormat::Json => json::to_vec(&members.into_json()),
        };
        check_length("body", body.len(), MAX_URL)?;
        if budget::is_spent() {
            return Err(RenderError::from(crate::blocks::RenderProblem::from(budget::Spent)).into());
        }
        Ok(RequestSpec {
            method: Method::POST,
            url,
            headers,
            body: Some(body),
            sensitive_body: true,
            timeout: TIMEOUT,
            hosts,
        })
    }

    /// In the order of recordings 20.
    fn headers(&self, authorization: Option<&str>, scope: &Scope<'_>) -> Result<HeaderMap, OAuthError> {
        let mut headers = HeaderMap::with_capacity(self.additions.extra.headers.len() + 4);
        let accept = "application/json, application/x-www-form-urlencoded";
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        let content_type = match self.format {
            TokenFormat::Form => "application/x-www-form-urlencoded",
            TokenFormat::Json => "application/json",
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(authorization) = authorization {
            let mut clean = String::with_capacity(authorization.len());
            Slot::Header.encode(authorization, &mut clean);
            let value = header_value(&clean).ok_or_else(|| RenderError::Header("authorization".to_owned()));
            let mut value = value?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        for (name, template) in &self.additions.extra.headers {
            render_header(name, template, scope, &mut headers)
                .map_err(|error| error.below(&format!("tokenRequest/headers/{name}")))?;
        }
        Ok(headers)
    }

    pub(super) fn client_id(&self, scope: &Scope<'_>) -> Result<Option<String>, OAuthError> {
        if let Some(id) = self.client_id.as_deref().filter(|id| !id.is_empty()) {
            return Ok(Some(id.to_owned()));
        }
        let template = self.additions.client.as_ref().and_then(|client| client.id.as_ref());
        let Some(template) = template else { return Ok(None) };
        let id = template
            .render(scope, Slot::Json)
            .map_err(|problem| RenderError::from(problem).at("clientId"))?;
        Ok(id.filter(|id| !id.is_empty()))
    }

    fn client_secret(&self, scope: &Scope<'_>) -> Result<Option<Secret>, OAuthError> {
        if let Some(secret) = self.client_secret.as_ref().filter(|secret| !secret.expose().is_empty()) {
            return Ok(Some(secret.clone()));
        }
        let template = self.additions.client.as_ref().and_then(|client| client.secret.as_ref());
        let Some(template) = template else { return Ok(None) };
        let secret = template
            .render(scope, Slot::Json)
            .map_err(|problem| RenderError::from(problem).at("clientSecret"))?;
        Ok(secret.filter(|secret| !secret.is_empty()).map(Secret::from))
    }
}

fn text_of(secret: &Option<Secret>) -> &str {
    secret.as_ref().map(Secret::expose).unwrap_or_default()
}
