//! Cases of `signIn`: where the user is sent, how tokens are asked for, and what the reply gives.
//!
//! `input.json` has a member `oauth` beside the template variables, all of whose members may be left out:
//!
//! | member | is |
//! | --- | --- |
//! | `clientId`, `clientSecret` | the client, where the document names environment variables |
//! | `code` | the code that is exchanged, and `redirectUri` the address it came to, if not the document's |
//! | `state`, `codeVerifier` | those of the sign-in; with a verifier it is one with PKCE |
//! | `refreshToken` | a refresh token: the case is about a renewal |
//!
//! `request.json` is the token request, for a code with `authorizationUrl`. `result.json` is `{ "granted": … }` or
//! `{ "refused": … }`.

use serde_json::{Map, Value, json};

use super::{Case, Content, Outcome, REQUEST, RESULT, recorded_exchange};
use crate::exchange::RequestSpec;
use crate::inputs::Inputs;
use crate::oauth::{FormGrant, Grant, GrantType, OAuth, OAuthError, TokenRefusal, granted, pkce};
use crate::operation::{AuthType, CompiledDocument};
use crate::secret::Secret;

const MEMBERS: [&str; 7] =
    ["clientId", "clientSecret", "code", "redirectUri", "state", "codeVerifier", "refreshToken"];

/// Runs a case, and puts into the outcome what came out.
pub(super) fn run(
    case: &Case,
    content: &Content,
    config: &CompiledDocument,
    inputs: &Inputs<'_>,
    outcome: &mut Outcome,
) {
    if config.auth_type != AuthType::OAuth {
        outcome.error =
            Some(format!("{}.json does not sign in with OAuth: `auth.type` is not `oauth`", case.proxy_id));
        return;
    }
    let own = match members(&content.input) {
        Ok(own) => own,
        Err(error) => {
            outcome.error = Some(error);
            return;
        }
    };
    let text = |name: &str| own.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut oauth = config.oauth.clone();
    if let Some(client_id) = text("clientId") {
        oauth.client_id = Some(client_id.to_owned());
    }
    if let Some(secret) = text("clientSecret") {
        oauth.client_secret = Some(Secret::new(secret));
    }
    let verifier = text("codeVerifier").map(Secret::new);
    let refresh = text("refreshToken").map(Secret::new);
    let fields = content.input.get("additionalInfo").and_then(Value::as_object);
    let api_key = content.input.get("apiKey").and_then(Value::as_str).map(Secret::new);
    let form = FormGrant::new(oauth.grant, fields, api_key.as_ref());
    let redirect_uri = text("redirectUri").or(oauth.redirect_uri.as_deref()).unwrap_or_default().to_owned();
    let grant = match (&refresh, oauth.grant) {
        (Some(token), _) => Grant::Refresh { token },
        (None, GrantType::AuthorizationCode) => Grant::Code {
            code: text("code").unwrap_or("fictional-code"),
            redirect_uri: &redirect_uri,
            verifier: verifier.as_ref(),
        },
        (None, _) => form.grant(),
    };
    let challenge = verifier.as_ref().map(pkce::challenge);
    let state = text("state").unwrap_or("fictional-state");
    match requests(&oauth, &grant, inputs, state, challenge.as_deref()) {
        Err(error) => outcome.actual.push((REQUEST, json!({"error": error.to_string()}))),
        Ok(request) => {
            outcome.actual.push((REQUEST, request));
            outcome.actual.push((RESULT, result(&oauth, &grant, content)));
        }
    }
}

/// The member `oauth` of the input.
fn members(input: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let own = match input.get("oauth") {
        None => return Ok(Map::new()),
        Some(Value::Object(own)) => own,
        Some(_) => return Err("input.json: `oauth` must be an object".to_owned()),
    };
    match own.iter().find(|(name, value)| !MEMBERS.contains(&name.as_str()) || !value.is_string()) {
        None => Ok(own.clone()),
        Some((name, _)) if MEMBERS.contains(&name.as_str()) => {
            Err(format!("input.json: `oauth.{name}` must be a text"))
        }
        Some((name, _)) => Err(format!("input.json: `oauth.{name}` is none of {}", MEMBERS.join(", "))),
    }
}

fn requests(
    oauth: &OAuth,
    grant: &Grant<'_>,
    inputs: &Inputs<'_>,
    state: &str,
    challenge: Option<&str>,
) -> Result<Value, OAuthError> {
    let mut file = Map::new();
    if matches!(grant, Grant::Code { .. }) {
        let url = oauth.authorization_url(inputs, state, challenge)?;
        file.insert("authorizationUrl".to_owned(), url.as_str().into());
    }
    let request: RequestSpec = oauth.token_request(grant, inputs)?;
    if !request.hosts.allows(&request.url) {
        return Err(OAuthError::Host(request.url.host_str().unwrap_or_default().to_owned()));
    }
    if let Value::Object(members) = recorded_exchange::request(&request) {
        file.extend(members);
    }
    Ok(Value::Object(file))
}

fn result(oauth: &OAuth, grant: &Grant<'_>, content: &Content) -> Value {
    match granted(content.response.clone(), oauth, grant) {
        Ok(granted) => {
            let mut members = json!({"accessToken": granted.access_token.expose()});
            if let Some(token) = &granted.refresh_token {
                members["refreshToken"] = token.expose().into();
            }
            if let Some(life) = granted.expires_in {
                members["expiresInSeconds"] = life.as_secs().into();
            }
            if let Some(warning) = granted.warning {
                members["warning"] = warning.into();
            }
            json!({"granted": members})
        }
        Err(refusal) => json!({"refused": {
            "words": refusal.to_string(),
            "endsSession": matches!((&refusal, grant), (TokenRefusal::InvalidGrant, Grant::Refresh { .. })),
        }}),
    }
}
