//! `app-connect explain CONFIG signIn`

use serde_json::{Map, Value};

use super::shown::{show, show_origins};
use super::{CliError, print, subject};
use crate::engine::explain::{curl, sign_in_origins};
use crate::engine::inputs::Inputs;
use crate::engine::oauth::{FormGrant, Grant, GrantType, OAuth, SIGN_IN};
use crate::engine::operation::AuthType;
use crate::engine::trial::{complete, mask};
use crate::secret::Secret;

/// Stands for a secret in what is shown.
const MASK: &str = "***";

/// Shows where a user is sent, and how tokens are asked for and renewed.
pub(super) fn run(document: &subject::Document, arguments: &subject::Arguments) -> Result<u8, CliError> {
    if document.config.auth_type != AuthType::OAuth {
        return Err(CliError(format!(
            "{} does not sign in with OAuth: `auth.type` is not `oauth`",
            arguments.config.display()
        )));
    }
    let mut variables = document.variables(arguments)?;
    complete(&document.config, SIGN_IN, &mut variables, true);
    // Nobody has signed in yet.
    variables.remove("authHeader");
    mask(&mut variables);
    let inputs = Inputs::from_object(&variables);
    let oauth = masked(&document.config.oauth, document.source());
    let (code, verifier, token) = ("CODE", Secret::new(MASK), Secret::new(MASK));
    let with_pkce = oauth.pkce != Some(false);
    if oauth.grant == GrantType::AuthorizationCode {
        let url = oauth
            .authorization_url(&inputs, "STATE", with_pkce.then_some("CHALLENGE"))
            .map_err(|error| format!("nobody would be sent to the sign-in page: {error}"))?;
        print::line(&format!("The user's browser opens:\n{url}"));
        let grant = Grant::Code {
            code,
            redirect_uri: oauth.redirect_uri.as_deref().unwrap_or_default(),
            verifier: with_pkce.then_some(&verifier),
        };
        request(&oauth, "\nThe code is exchanged:", &grant, &inputs)?;
    } else {
        let form = form_of(&oauth, &variables);
        request(&oauth, "What the sign-in form gives is exchanged:", &form.grant(), &inputs)?;
    }
    request(&oauth, "\nTokens are renewed:", &Grant::Refresh { token: &token }, &inputs)?;
    match (oauth.keeps_refresh_token, oauth.lifetime) {
        (false, None) => {}
        (keeps, lifetime) => {
            print::line("\nWhat is made of the reply:");
            if keeps {
                print::line("  The refresh token stays, whatever a renewal brings.");
            }
            if let Some(lifetime) = lifetime {
                print::line(&format!(
                    "  Without `expires_in`, an access token lives {} seconds.",
                    lifetime.as_secs()
                ));
            }
        }
    }
    if let Some(name) = secret_variable(document.source())
        && document.config.oauth.client_secret.is_none()
    {
        print::line(&format!(
            "\nThe client's secret is missing: the environment variable {name} is not set here."
        ));
    }
    let origins = sign_in_origins(document.source(), &inputs);
    if !origins.is_empty() {
        print::line("\nWhere the values come from, each before it is encoded for its place:");
        show_origins(&origins);
    }
    Ok(0)
}

/// The settings without the client's secret. One that the environment will hold is shown as if it were there.
fn masked(oauth: &OAuth, document: &Value) -> OAuth {
    let is_named = secret_variable(document).is_some() || oauth.client_secret.is_some();
    OAuth { client_secret: is_named.then(|| Secret::new(MASK)), ..oauth.clone() }
}

/// The environment variable that holds the client's secret.
fn secret_variable(document: &Value) -> Option<&str> {
    let name = document.pointer("/auth/clientSecretEnv").and_then(Value::as_str);
    name.filter(|name| !name.is_empty())
}

/// What the form gives; the variables are masked already.
fn form_of(oauth: &OAuth, variables: &Map<String, Value>) -> FormGrant {
    let fields = variables.get("additionalInfo").and_then(Value::as_object);
    let api_key = variables.get("apiKey").and_then(Value::as_str).map(Secret::new);
    FormGrant::new(oauth.grant, fields, api_key.as_ref())
}

fn request(oauth: &OAuth, title: &str, grant: &Grant<'_>, inputs: &Inputs<'_>) -> Result<(), CliError> {
    let request = oauth
        .token_request(grant, inputs)
        .map_err(|error| format!("no token would be asked for: {error}"))?;
    print::line(&format!("{title}\n{}", show(&request)));
    if !request.hosts.allows(&request.url) {
        let host = request.url.host_str().unwrap_or_default();
        print::line(&format!("This is not sent: {host} is none of `requestDefaults.allowedHosts`."));
    }
    print::line(&format!("\nAs curl:\n{}", curl(&request)));
    Ok(())
}
