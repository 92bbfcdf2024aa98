//! The client and the endpoints of a connector, and the exchange of a code.

use serde_json::{Map, Value};
use url::Url;

use super::{Callback, CallbackError};
use crate::connector::inputs::{GetUserInfo, OAuthInfoInput, OverridingOAuthOption};
use crate::connector::{CallError, Interface, MessageType, ReturnMessage};
use crate::engine::exchange::{HostPattern, RequestSpec};
use crate::engine::inputs::Inputs;
use crate::engine::oauth::{Grant, Granted, OAuth, OAuthError, granted};
use crate::engine::send::send;
use crate::engine::variables::Variable;
use crate::service::{ResolvedPlatform, users};

/// The settings of the connector.
pub(super) struct Own {
    pub(super) oauth: OAuth,
    /// The CRM's host, if the connector knows it better than the user.
    pub(super) hostname: Option<String>,
}

/// Asks the connector for its client. A token URL of the request is taken only where the document allows its host (Q7).
///
/// # Errors
/// If the connector refuses, in words for the user.
pub(super) async fn settings(
    platform: &ResolvedPlatform<'_>,
    callback: &Callback,
    hostname: Option<&str>,
) -> Result<Own, CallbackError> {
    let Ok(connector) = platform.serving(Interface::GET_OAUTH_INFO) else {
        // As where the document has no client.
        return Ok(Own { oauth: OAuth::default(), hostname: None });
    };
    let input = OAuthInfoInput {
        hostname: hostname.map(str::to_owned),
        token_url: callback.token_url.clone(),
        user_email: callback.user_email.clone(),
        claimed_account_id: callback.claimed_account_id.clone(),
    };
    let reply = connector.get_oauth_info(&platform.call(None, None), &input).await;
    let info = match reply {
        Ok(reply) => reply.value,
        Err(CallError::Message(message)) => return Err(CallbackError::Refused(*message)),
        Err(error) => return Err(users::call_failed(&error).into()),
    };
    if let Some(words) = info.fail_message {
        let message = ReturnMessage::new(MessageType::Danger, words, 3000).type_first();
        return Err(CallbackError::Refused(message));
    }
    let mut oauth = info.oauth;
    if let Some(asked) = callback.token_url.as_deref().filter(|url| !url.is_empty())
        && let Some(proxy) = &platform.proxy
    {
        let own = oauth.token_url.as_ref().map(|url| url.as_str().to_owned());
        if own.as_deref() != Some(asked) {
            match allowed(asked, own.as_deref(), &proxy.config.allowed_hosts) {
                true => oauth.token_url = Some(asked.into()),
                false => tracing::warn!(
                    proxy_id = proxy.proxy_id,
                    "the request names a token URL whose host the document does not allow; its own is used"
                ),
            }
        }
    }
    Ok(Own { oauth, hostname: info.hostname })
}

/// Whether a token URL of a request is at a place that the document allows: where its own one is, or `allowedHosts`.
fn allowed(asked: &str, own: Option<&str>, hosts: &[HostPattern]) -> bool {
    let Ok(asked) = Url::parse(asked) else { return false };
    let own = own.and_then(|own| Url::parse(own).ok());
    let is_encrypted = |url: &Url| url.scheme() == "https";
    match own {
        Some(own) if own.origin() == asked.origin() => true,
        own => {
            let is_weaker = own.as_ref().is_none_or(is_encrypted) && !is_encrypted(&asked);
            !is_weaker && hosts.iter().any(|pattern| pattern.matches(&asked))
        }
    }
}

/// What is missed first on the reference server, in its words.
///
/// # Errors
/// If there is no client, or no token URL.
pub(super) fn check_settings(
    platform: &ResolvedPlatform<'_>,
    oauth: &OAuth,
    submitted: &GetUserInfo,
) -> Result<(), CallbackError> {
    let trial = Grant::Code { code: "code", redirect_uri: "", verifier: None };
    match oauth.token_request(&trial, &inputs(platform, submitted)) {
        Err(error @ (OAuthError::NoClientId | OAuthError::NoTokenUrl)) => {
            Err(CallbackError::Failed(error.to_string()))
        }
        // What else is wrong is told where the request is made.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Exchanges a code.
///
/// # Errors
/// If the CRM refuses it, or gives no token (Q8).
pub(super) async fn exchange_code(
    platform: &ResolvedPlatform<'_>,
    oauth: &OAuth,
    code: &str,
    verifier: Option<&crate::store::Secret>,
    submitted: &GetUserInfo,
) -> Result<Granted, CallbackError> {
    let redirect_uri = oauth.redirect_uri.as_deref().unwrap_or_default();
    let grant = Grant::Code { code, redirect_uri, verifier };
    let inputs = inputs(platform, submitted);
    let failed = |words: String| CallbackError::Failed(words);
    let mut request = oauth.token_request(&grant, &inputs).map_err(|error| failed(error.to_string()))?;
    if let Ok(connector) = platform.serving(Interface::GET_OVERRIDING_OAUTH_OPTION) {
        let input = OverridingOAuthOption { code: code.to_owned(), oauth: oauth.clone() };
        let call = platform.call(None, None);
        let options = connector.get_overriding_oauth_option(&call, &input).await;
        let options = options.map_err(|error| users::call_failed(&error))?.value;
        merge(&mut request, &options).map_err(failed)?;
    }
    let services = platform.services;
    let answer = send(services.client(), &request).await;
    let granted = granted(answer, oauth, &grant).map_err(|refusal| {
        tracing::warn!(platform = platform.name, %refusal, "a code could not be exchanged");
        failed(refusal.to_string())
    })?;
    if let Some(warning) = granted.warning {
        tracing::warn!(platform = platform.name, warning, "token reply");
    }
    Ok(granted)
}

/// The variables of `auth`.
pub(crate) fn inputs<'a>(platform: &'a ResolvedPlatform<'_>, submitted: &'a GetUserInfo) -> Inputs<'a> {
    let mut inputs = Inputs::new();
    if let Some(proxy) = &platform.proxy {
        let key = proxy.config.secret_key.as_ref().map(|key| key.expose());
        inputs.text_if(Variable::SecretKey, key);
    }
    if let Some(fields) = &submitted.additional_info {
        inputs.object(Variable::AdditionalInfo, fields);
    }
    inputs.text(Variable::Platform, platform.name.as_str());
    inputs.text_if(Variable::Hostname, submitted.hostname.as_deref());
    inputs.text_if(Variable::UserEmail, submitted.user_email.as_deref());
    inputs
}

/// Puts `body`, `query` and `headers` of a connector over those of the token request. An empty text or null takes a
/// member away.
///
/// # Errors
/// If they are no objects, or HTTP cannot carry a header.
fn merge(request: &mut RequestSpec, options: &Map<String, Value>) -> Result<(), String> {
    let part = |name: &str| match options.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(format!("getOverridingOAuthOption: `{name}` is no object")),
    };
    let merged = |pairs: Vec<(String, String)>, members: &Map<String, Value>| {
        let mut pairs = pairs;
        for (name, value) in members {
            let text = match value {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            match (pairs.iter().position(|(known, _)| known == name), text) {
                (Some(at), Some(text)) => pairs[at].1 = text,
                (Some(at), None) => drop(pairs.remove(at)),
                (None, Some(text)) => pairs.push((name.clone(), text)),
                (None, None) => {}
            }
        }
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        form.finish()
    };
    let pairs = |bytes: &[u8]| url::form_urlencoded::parse(bytes).into_owned().collect::<Vec<_>>();
    if let Some(members) = part("body")? {
        let form = pairs(request.body.as_deref().unwrap_or_default());
        request.body = Some(merged(form, members).into_bytes());
    }
    if let Some(members) = part("query")? {
        let query = merged(pairs(request.url.query().unwrap_or_default().as_bytes()), members);
        request.url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
    }
    for (name, value) in part("headers")?.into_iter().flatten() {
        let wrong = || format!("getOverridingOAuthOption: the header `{name}` cannot be sent");
        let header = http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        match value.as_str().filter(|text| !text.is_empty()) {
            None => drop(request.headers.remove(&header)),
            Some(text) => {
                let mut value = http::HeaderValue::from_str(text).map_err(|_| wrong())?;
                value.set_sensitive(true);
                request.headers.insert(header, value);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_url_of_a_request_needs_a_host_that_the_document_allows() {
        let hosts = [HostPattern::parse("*.crm.test").unwrap()];
        for (asked, own, expected) in [
            ("https://a.test/other", Some("https://a.test/token"), true),
            ("http://a.test/token", Some("https://a.test/token"), false),
            ("https://a.test:8443/token", Some("https://a.test/token"), false),
            ("https://evil.test/token", Some("https://a.test/token"), false),
            ("https://eu.crm.test/token", Some("https://a.test/token"), true),
            ("http://eu.crm.test/token", Some("https://a.test/token"), false),
            ("https://eu.crm.test/token", None, true),
            ("http://eu.crm.test/token", None, false),
            ("not a URL", Some("https://a.test/token"), false),
        ] {
            assert_eq!(allowed(asked, own, &hosts), expected, "{asked} {own:?}");
        }
    }

    #[test]
    fn a_connector_puts_its_options_over_the_request() {
        let mut request = RequestSpec::post("https://a.test/token?x=1".parse().unwrap());
        request.body = Some(b"code=c&grant_type=authorization_code".to_vec());
        request.headers.insert("authorization", "Basic abc".parse().unwrap());
        let options = json!({
            "body": {"code": "d e", "client_id": "i", "grant_type": null},
            "query": {"tenant": 5},
            "headers": {"authorization": "", "X-App": "key"}
        });
        merge(&mut request, options.as_object().unwrap()).unwrap();
        assert_eq!(request.body.as_deref(), Some(&b"code=d+e&client_id=i"[..]));
        assert_eq!(request.url.as_str(), "https://a.test/token?x=1&tenant=5");
        assert!(!request.headers.contains_key("authorization"));
        assert!(request.headers["x-app"].is_sensitive());
        assert!(merge(&mut request, json!({"body": 1}).as_object().unwrap()).is_err());
    }
}
