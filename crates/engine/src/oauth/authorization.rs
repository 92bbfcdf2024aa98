//! Where a user's browser goes to sign in.

use url::Url;

use super::fields::Values;
use super::{Endpoint, OAuth, OAuthError};
use crate::budget::{self, RENDER_STEPS};
use crate::exchange::HostPolicy;
use crate::host::host_label;
use crate::inputs::Inputs;
use crate::missing::{Demand, Demands};
use crate::template::Scope;

/// What must be there: all that an address is made from. Other values are left out where they are missing.
const DEMANDS: Demands = Demands { path: Demand::Everything, query: Demand::Nothing, body: Demand::Nothing };

impl OAuth {
    /// The URL of the CRM's sign-in page for one sign-in: `state` comes back with the code, and `challenge` is that
    /// of a [PKCE verifier](super::pkce). No credential stands in it.
    ///
    /// # Errors
    /// If the client id or the URL is missing, or a template chose a host that is not allowed.
    pub fn authorization_url(
        &self,
        inputs: &Inputs<'_>,
        state: &str,
        challenge: Option<&str>,
    ) -> Result<Url, OAuthError> {
        budget::within(RENDER_STEPS, || {
            let endpoint = self.authorization_url.as_ref().filter(|url| !url.as_str().trim().is_empty());
            let endpoint = endpoint.ok_or(OAuthError::NoAuthorizationUrl)?;
            let scope = self.scope(inputs);
            let client_id = self.client_id(&scope)?.ok_or(OAuthError::NoClientId)?;
            let (mut url, hosts) = endpoint.render(&scope, "authorizationUrl")?;
            if !hosts.allows(&url) {
                return Err(OAuthError::Host(host_label(&url)));
            }
            let mut parameters = Values::default();
            parameters.text("response_type", "code").text("client_id", &client_id);
            if let Some(redirect_uri) = self.redirect_uri.as_deref().filter(|uri| !uri.is_empty()) {
                parameters.text("redirect_uri", redirect_uri);
            }
            if let Some(scopes) = self.scopes.as_deref().filter(|scopes| !scopes.is_empty()) {
                parameters.text("scope", scopes);
            }
            self.additions.extra.authorization.apply_public(
                &scope,
                "authorizationParameters",
                &mut parameters,
            )?;
            parameters.text("state", state);
            if let Some(challenge) = challenge {
                parameters.text("code_challenge", challenge).text("code_challenge_method", "S256");
            }
            append_query(&mut url, &parameters.to_form());
            Ok(url)
        })
    }

    /// The variables of one sign-in.
    pub(super) fn scope<'s>(&'s self, inputs: &'s Inputs<'s>) -> Scope<'s> {
        Scope::new(inputs, &self.additions.extra.wanted).demanding(DEMANDS)
    }
}

impl Endpoint {
    /// The URL, and the hosts that it may name.
    pub(super) fn render(
        &self,
        scope: &Scope<'_>,
        name: &'static str,
    ) -> Result<(Url, HostPolicy), OAuthError> {
        let (mut url, hosts) = match &self.template {
            Some(template) => template.render(scope, "").map_err(|error| error.at(name))?,
            None => {
                let url = crate::url::check(self.as_str().trim()).map_err(|_| OAuthError::Url(name))?;
                (url, HostPolicy::Literal)
            }
        };
        url.set_fragment(None);
        Ok((url, hosts))
    }
}

/// Appends parameters to those that a URL has.
pub(super) fn append_query(url: &mut Url, parameters: &str) {
    if parameters.is_empty() {
        return;
    }
    let query = match url.query().filter(|query| !query.is_empty()) {
        Some(query) => format!("{query}&{parameters}"),
        None => parameters.to_owned(),
    };
    url.set_query(Some(&query));
}
