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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{Wording, of_data, run as run_case};
    use super::*;
    use crate::load::load;

    const SILENT: Wording = Wording { failure: |_, _, _| None, no_match: |_| None };

    fn outcome(auth: &Value, case: &Value) -> Outcome {
        let document = json!({
            "auth": auth, "secretKey": "app-key", "requestDefaults": {"allowedHosts": ["*.example.com"]},
            "operations": {"getUserInfo": {"url": "https://a.example.com/me", "responseMapping": {"idPath": "body.id"}}}
        });
        let loaded = load("crm.json", &document.to_string(), &|_| None);
        let config = loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        let mut case = case.clone();
        case["operation"] = "signIn".into();
        case["description"] = "A case.".into();
        let cases = of_data("crm", &[case]);
        assert_eq!(cases[0].directory, PathBuf::new());
        run_case(&cases[0], &config, SILENT)
    }

    fn page() -> Value {
        json!({
            "type": "oauth", "clientId": "cid", "tokenUrl": "https://{{hostname}}/token",
            "authorizationUrl": "https://login.example.com/a", "redirectUri": "https://app.example.com/r"
        })
    }

    fn reply(body: Value) -> Value {
        json!({"status": 200, "body": body})
    }

    #[test]
    fn a_case_says_what_is_sent_and_what_is_granted() {
        let case = json!({
            "input": {"hostname": "acme.example.com", "oauth": {"clientSecret": "csec", "code": "c", "state": "s", "codeVerifier": "v"}},
            "response": reply(json!({"access_token": "at", "refresh_token": "rt", "expires_in": "60"}))
        });
        let found = outcome(&page(), &case);
        assert_eq!(found.error, None);
        let [(REQUEST, request), (RESULT, result)] = &found.actual[..] else { panic!("{:?}", found.actual) };
        assert_eq!(request["url"], "https://acme.example.com/token");
        assert!(request["body"].as_str().unwrap().ends_with("&code_verifier=v"), "{request}");
        assert!(
            request["authorizationUrl"].as_str().unwrap().contains("&state=s&code_challenge="),
            "{request}"
        );
        assert_eq!(
            *result,
            json!({"granted": {"accessToken": "at", "refreshToken": "rt", "expiresInSeconds": 60}})
        );
        // Neither is written down yet.
        assert_eq!(found.differences.len(), 2);
        let mut written = case.clone();
        written["request"] = request.clone();
        written["result"] = result.clone();
        assert!(outcome(&page(), &written).passed());
        written["result"]["granted"]["accessToken"] = "other".into();
        assert!(!outcome(&page(), &written).passed());
    }

    #[test]
    fn a_form_and_a_renewal_have_no_page() {
        let form = json!({"type": "oauth", "grant": "password", "clientId": "cid", "tokenUrl": "https://a.example.com/t"});
        let input = json!({"additionalInfo": {"username": "ada", "password": "pw"}});
        let found = outcome(
            &form,
            &json!({"input": input, "response": {"status": 401, "body": {"error": "invalid_grant"}}}),
        );
        assert_eq!(found.actual[0].1["body"], "username=ada&password=pw&grant_type=password&client_id=cid");
        assert_eq!(found.actual[0].1.get("authorizationUrl"), None);
        assert_eq!(found.actual[1].1["refused"]["endsSession"], false);
        let renewal = json!({"input": {"oauth": {"refreshToken": "rt"}}, "response": {"status": 400, "body": {"error": "invalid_grant"}}});
        let found = outcome(&form, &renewal);
        assert_eq!(found.actual[1].1["refused"]["endsSession"], true);
    }

    #[test]
    fn what_cannot_be_run_is_said() {
        let answer = reply(json!({"access_token": "at"}));
        for (auth, input, words) in [
            (json!({"type": "apiKey"}), json!({}), "crm.json does not sign in with OAuth"),
            (page(), json!({"oauth": {"token": "x"}}), "`oauth.token` is none of clientId"),
            (page(), json!({"oauth": {"code": 5}}), "`oauth.code` must be a text"),
            (page(), json!({"oauth": "x"}), "`oauth` must be an object"),
        ] {
            let found = outcome(&auth, &json!({"input": input, "response": answer}));
            assert!(found.error.as_deref().is_some_and(|error| error.contains(words)), "{found:?}");
        }
        for (input, words) in [
            (json!({"hostname": "evil.test"}), "evil.test is not among the hosts"),
            (json!({}), "gives nothing"),
        ] {
            let found = outcome(&page(), &json!({"input": input, "response": answer}));
            let error = found.actual[0].1["error"].as_str().unwrap_or_default().to_owned();
            assert!(error.contains(words), "{error}");
            assert_eq!(found.actual.len(), 1);
        }
    }
}
