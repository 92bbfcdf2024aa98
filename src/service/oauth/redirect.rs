//! What the CRM sent the browser back with, as clients pass it on: the whole address in `callbackUri`, encoded or not,
//! or the parameters of this server's own page. Older clients do not encode the address, so that what follows its
//! first `&` arrives as parameters of the request.

use percent_encoding::percent_decode_str;
use url::Url;
use url::form_urlencoded::parse;

use super::{Callback, CallbackError};

/// The last segment of the path at which this server itself is the redirect URI.
const OWN_PATH: &str = "/oauth-callback";

/// The parameter of a state that this server signed.
pub(super) const SIGNED: &str = "signed";

/// A browser that came back from the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirect {
    /// Where it came back to; absent if that is this server.
    pub(super) uri: Option<Url>,
    /// The platform that is signed in to.
    pub(super) platform: String,
    /// The authorization code.
    pub(super) code: Option<String>,
    /// Why there is none.
    pub(super) error: Option<String>,
    /// What the state says beside the platform.
    pub(super) state: State,
}

/// What a state may say beside the platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The CRM's host.
    pub(super) hostname: Option<String>,
    /// The document.
    pub(super) proxy_id: Option<String>,
    /// What this server signed when it began the sign-in.
    pub(super) signed: Option<String>,
}

/// Reads the redirect.
///
/// # Errors
/// If the request names no address to which the browser came back, or no platform.
pub(super) fn read(callback: &Callback) -> Result<Redirect, CallbackError> {
    let given = callback.callback_uri.as_deref().filter(|uri| !uri.is_empty() && *uri != "undefined");
    let uri = match given {
        Some(uri) => Some(Url::parse(uri).map_err(|_| CallbackError::Failed("Invalid URL".to_owned()))?),
        // The browser itself came here.
        None if callback.code.is_some() || callback.error.is_some() => None,
        None => return Err(CallbackError::Bare("Missing callbackUri")),
    };
    let in_uri = |name: &str| uri.as_ref().and_then(|uri| parameter(uri.query().unwrap_or_default(), name));
    let state = in_uri("state").or_else(|| filled(callback.state.as_ref()));
    let platform = match (&state, given) {
        (Some(state), _) if platform_of(state).is_some() => platform_of(state),
        (state, given) => {
            let after = [given, state.as_deref()].into_iter().flatten().find_map(after_platform);
            if after.is_none() && state.is_none() {
                return Err(CallbackError::Failed(
                    "The callback has no state: it does not say which platform was signed in to.".to_owned(),
                ));
            }
            after
        }
    };
    let platform = platform.ok_or(CallbackError::Bare("Missing platform name"))?;
    let code = in_uri("code").or_else(|| filled(callback.code.as_ref()));
    let error = in_uri("error").or_else(|| filled(callback.error.as_ref()));
    let state = state.map(|state| beside_platform(&state)).unwrap_or_default();
    Ok(Redirect { uri, platform, code, error, state })
}

impl Redirect {
    /// Whether the browser came back to where the connector says: the path as on the reference server, and the host.
    ///
    /// # Errors
    /// If it did not.
    pub(super) fn check(&self, redirect_uri: Option<&str>) -> Result<(), CallbackError> {
        let Some(configured) = redirect_uri.and_then(|uri| Url::parse(uri).ok()) else { return Ok(()) };
        let Some(uri) = &self.uri else {
            return match configured.path().ends_with(OWN_PATH) {
                true => Ok(()),
                false => Err(other_path(OWN_PATH)),
            };
        };
        if uri.path() != configured.path() {
            return Err(other_path(uri.path()));
        }
        let place = |uri: &Url| (uri.host_str().map(str::to_owned), uri.port_or_known_default());
        if place(uri) != place(&configured) {
            let host = uri.host_str().unwrap_or("no host");
            return Err(CallbackError::Failed(format!(
                "Redirected host should match configured host, but got: {host}. The code may be somebody else's, so it was not used."
            )));
        }
        Ok(())
    }
}

fn other_path(path: &str) -> CallbackError {
    CallbackError::Failed(format!("Redirected path should match configured path, but got: {path}"))
}

fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty() && *text != "undefined").cloned()
}

/// A parameter that is there and not empty.
fn parameter(query: &str, name: &str) -> Option<String> {
    let (_, value) = parse(query.as_bytes()).find(|(known, value)| known == name && !value.is_empty())?;
    Some(value.into_owned())
}

/// Clients encode the state once more, or not.
fn decoded(state: &str) -> String {
    percent_decode_str(state).decode_utf8().map_or_else(|_| state.to_owned(), std::borrow::Cow::into_owned)
}

fn platform_of(state: &str) -> Option<String> {
    parameter(&decoded(state), "platform")
}

/// The platform in a state of a manifest (`customState`), such as `fill,platform=netsuite`. What follows it in an
/// address is no part of it.
fn after_platform(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("platform=")?;
    let name = decoded(rest.split(['&', '#', ',']).next().unwrap_or_default());
    Some(name).filter(|name| !name.is_empty())
}

fn beside_platform(state: &str) -> State {
    let state = decoded(state);
    State {
        hostname: parameter(&state, "hostname"),
        proxy_id: parameter(&state, "proxyId"),
        signed: parameter(&state, SIGNED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback(uri: &str) -> Callback {
        Callback { callback_uri: Some(uri.to_owned()), ..Callback::default() }
    }

    #[test]
    fn platforms_are_found_in_every_spelling_of_a_state() {
        let https = "https://a.test/redirect?code=c&state=";
        for (uri, state, expected) in [
            (format!("{https}platform%3Dacme"), None, "acme"),
            (format!("{https}platform=acme"), None, "acme"),
            (format!("{https}platform%253Dacme"), None, "acme"),
            ("https://a.test/redirect?code=c".to_owned(), Some("platform=acme"), "acme"),
            ("https://a.test/redirect?code=c".to_owned(), Some("platform%3Dacme"), "acme"),
            (format!("{https}fill%2Cplatform%3Dnetsuite"), None, "netsuite"),
            ("https://a.test/redirect?state=fill,platform=netsuite&code=c".to_owned(), None, "netsuite"),
            ("https://a.test/redirect?code=c&platform=acme".to_owned(), None, "acme"),
            (format!("{https}hostname%3Dh%26platform%3Dmy%2520crm"), None, "my crm"),
        ] {
            let read = read(&Callback { state: state.map(str::to_owned), ..callback(&uri) });
            assert_eq!(read.map(|redirect| redirect.platform).ok().as_deref(), Some(expected), "{uri}");
        }
    }

    #[test]
    fn code_and_error_are_found_wherever_they_arrive() {
        let with_state = "https://a.test/redirect?state=platform%3Dacme";
        let outer = Callback { code: Some("outer".to_owned()), ..callback(with_state) };
        assert_eq!(read(&outer).unwrap().code.as_deref(), Some("outer"));
        let both = Callback {
            code: Some("outer".to_owned()),
            ..callback("https://a.test/redirect?code=inner&state=platform%3Dacme")
        };
        assert_eq!(read(&both).unwrap().code.as_deref(), Some("inner"));
        let none = read(&callback(with_state)).unwrap();
        assert_eq!((none.code, none.error), (None, None));
        let undefined = Callback { code: Some("undefined".to_owned()), ..callback(with_state) };
        assert_eq!(read(&undefined).unwrap().code, None);
        let denied = Callback { error: Some("access_denied".to_owned()), ..callback(with_state) };
        assert_eq!(read(&denied).unwrap().error.as_deref(), Some("access_denied"));
    }

    /// Whatever a state is, it is read or refused.
    #[test]
    fn odd_states_are_read_or_refused() {
        let long = "x".repeat(100_000);
        for (state, platform) in [
            ("%", None),
            ("%ff%fe", None),
            ("platform=%ff", Some("\u{fffd}")),
            ("platform=", None),
            ("platform", None),
            ("=platform=acme", Some("acme")),
            ("&&platform=a&platform=b", Some("a")),
            (r#"{"from":"plugin","redirectTo":"x"}"#, None),
            (long.as_str(), None),
        ] {
            let given = Callback {
                callback_uri: Some("https://a.test/redirect?code=c".to_owned()),
                state: Some(state.to_owned()),
                ..Callback::default()
            };
            let read = read(&given).ok().map(|redirect| redirect.platform);
            assert_eq!(read.as_deref(), platform, "{}", &state[..state.len().min(40)]);
        }
    }

    #[test]
    fn a_browser_comes_back_to_the_configured_path_and_host() {
        let redirect = |uri: &str| read(&callback(&format!("{uri}?code=c&state=platform%3Da"))).unwrap();
        let own = Callback {
            code: Some("c".to_owned()),
            state: Some("platform=a".to_owned()),
            ..Callback::default()
        };
        let own = read(&own).unwrap();
        for (redirect, configured, accepted) in [
            (redirect("https://a.test/redirect"), Some("https://a.test/redirect"), true),
            (redirect("https://a.test:443/redirect"), Some("https://a.test/redirect"), true),
            (redirect("https://a.test/redirect"), None, true),
            (redirect("https://a.test/else"), Some("https://a.test/redirect"), false),
            (redirect("https://evil.test/redirect"), Some("https://a.test/redirect"), false),
            (redirect("https://a.test:8443/redirect"), Some("https://a.test/redirect"), false),
            (own.clone(), Some("https://server.test/oauth-callback"), true),
            (own, Some("https://a.test/redirect"), false),
        ] {
            assert_eq!(redirect.check(configured).is_ok(), accepted, "{redirect:?} {configured:?}");
        }
    }
}
