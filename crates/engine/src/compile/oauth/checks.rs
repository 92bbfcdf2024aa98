//! What OAuth settings lack, and what of them does nothing.

use crate::config::diagnostic::Code;
use crate::config::document::Auth;
use crate::config::pointer;
use crate::config::problem::{Part, Problem, Problems};
use crate::oauth::GrantType;

/// Reports what is missing for anybody to sign in.
pub(super) fn complete(auth: &Auth, grant: GrantType, problems: &mut Problems) {
    let is_given = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
    let needs_page = !grant.takes_form();
    let needs_client = needs_page
        || auth
            .token_request
            .as_ref()
            .is_none_or(|request| request.client_authentication.as_deref() != Some("none"));
    let client_id = is_given(auth.client_id.as_deref()) || is_given(auth.client_id_env.as_deref());
    let missing: Vec<String> = [
        ("clientId", client_id || !needs_client),
        ("tokenUrl", is_given(auth.token_url.as_deref())),
        ("authorizationUrl", is_given(auth.authorization_url.as_deref()) || !needs_page),
        ("redirectUri", is_given(auth.redirect_uri.as_deref()) || !needs_page),
    ]
    .into_iter()
    .filter(|(_, is_there)| !is_there)
    .map(|(name, _)| format!("`{name}`"))
    .collect();
    if !missing.is_empty() {
        problems.push(
            Problem::new(
                Code::IncompleteOAuth,
                "/auth",
                format!("`auth` has no {}: nobody can sign in with OAuth", missing.join(", ")),
            )
            .part(Part::Key)
            .help("copy what is missing from the app that you registered at the CRM"),
        );
    }
}

/// The settings that documents had no use for before there was OAuth.
fn given(auth: &Auth) -> impl Iterator<Item = &'static str> {
    [
        ("clientIdEnv", auth.client_id_env.is_some()),
        ("grant", auth.grant.is_some()),
        ("pkce", auth.pkce.is_some()),
        ("authorizationParameters", auth.authorization_parameters.is_some()),
        ("tokenRequest", auth.token_request.is_some()),
        ("refresh", auth.refresh.is_some()),
    ]
    .into_iter()
    .filter(|(_, is_given)| *is_given)
    .map(|(name, _)| name)
}

/// Reports settings of OAuth where users paste a key.
pub(super) fn without_oauth(auth: &Auth, problems: &mut Problems) {
    for name in given(auth) {
        problems.push(
            Problem::new(
                Code::UnknownAuth,
                format!("/auth/{name}"),
                format!("`{name}` has no effect: it belongs to OAuth, and `type` is not `oauth`"),
            )
            .part(Part::Key)
            .help("write `\"type\": \"oauth\"` in `auth`, or leave it out"),
        );
    }
}

/// Reports settings of OAuth in the `auth` of an operation.
pub(super) fn of_operation(auth: &Auth, at: &str, problems: &mut Problems) {
    for name in given(auth) {
        problems.push(
            Problem::new(
                Code::UnknownAuth,
                format!("{at}/{name}"),
                format!("`{name}` has no effect here: all operations use the tokens of one sign-in"),
            )
            .part(Part::Key)
            .help("write it into the document's own `auth`"),
        );
    }
}

/// Reports settings that do nothing beside the others.
pub(super) fn effect(auth: &Auth, grant: GrantType, problems: &mut Problems) {
    let mut idle = |at: &str, message: String, help: &str| {
        problems.push(Problem::new(Code::UnknownAuth, at, message).part(Part::Key).help(help));
    };
    if grant.takes_form() {
        for (name, is_given) in [
            ("authorizationUrl", auth.authorization_url.is_some()),
            ("authorizationParameters", auth.authorization_parameters.is_some()),
            ("pkce", auth.pkce.is_some()),
        ] {
            if is_given {
                let message =
                    format!("`{name}` has no effect: with this `grant` nobody is sent to a page of the CRM");
                idle(&format!("/auth/{name}"), message, "leave it out");
            }
        }
    }
    let Some(request) = &auth.token_request else { return };
    let has_secret = auth.client_secret.is_some() || auth.client_secret_env.is_some();
    if request.client_authentication.as_deref() == Some("none") && has_secret {
        let message = "the client's secret is not sent: `clientAuthentication` is `none`".to_owned();
        idle(
            "/auth/tokenRequest/clientAuthentication",
            message,
            "write `form` or `basic`, or leave the secret out",
        );
    }
    for name in request.headers.iter().flat_map(|headers| headers.keys()) {
        if name.eq_ignore_ascii_case("content-type") {
            let message = "the content type of a token request follows from `format`; this value is not sent"
                .to_owned();
            idle(
                &pointer::join("/auth/tokenRequest/headers", name),
                message,
                "leave it out, and write `\"format\": \"json\"` where the CRM wants JSON",
            );
        }
    }
}
