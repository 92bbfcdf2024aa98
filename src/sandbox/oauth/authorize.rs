//! The authorization endpoint (RFC 6749, section 4.1.1).

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use url::Url;

use super::client::Client;
use super::form::Form;
use super::{CLIENTS, pkce};
use crate::sandbox::Shared;
use crate::sandbox::grants::Code;
use crate::sandbox::reply::ApiError;
use crate::sandbox::state::Crm;

/// Where an authorization request wants its answer.
pub(crate) struct Redirection<'a> {
    pub client: &'a Client,
    pub redirect_uri: String,
    target: Url,
}

impl<'a> Redirection<'a> {
    /// Without a known client and a usable address there is nowhere to redirect to (4.1.2.1).
    pub(crate) fn of(form: &Form, clients: &'a [Client]) -> Result<Self, ApiError> {
        let refuse = |message| Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message));
        let Some(client) = Client::named(clients, form.text("client_id")) else {
            return refuse("client_id is not that of the sandbox; GET / shows it.");
        };
        let Some(redirect_uri) = form.text("redirect_uri") else {
            return refuse("redirect_uri is missing.");
        };
        let target = Url::parse(redirect_uri).ok();
        let Some(target) = target.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return refuse("redirect_uri must be an absolute http or https address.");
        };
        Ok(Self { client, redirect_uri: redirect_uri.to_owned(), target })
    }

    /// Back with a code, or with the name of an error and words.
    pub(crate) fn answer(
        mut self,
        outcome: Result<String, (&str, &str)>,
        state: Option<&str>,
    ) -> HttpResponse {
        {
            let mut query = self.target.query_pairs_mut();
            match outcome {
                Ok(code) => query.append_pair("code", &code),
                Err((error, description)) => {
                    query.append_pair("error", error).append_pair("error_description", description)
                }
            };
            if let Some(state) = state {
                query.append_pair("state", state);
            }
        }
        HttpResponse::Found().insert_header((header::LOCATION, self.target.as_str())).finish()
    }
}

/// Redirects back with `code` and `state`. `login_hint` chooses the user by email, else the first.
pub(super) async fn authorize(
    shared: web::Data<Shared>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let form = Form::decoded(request.query_string().as_bytes());
    let back = Redirection::of(&form, &CLIENTS)?;
    let outcome = code(&mut shared.crm(), &form, &back);
    Ok(back.answer(outcome, form.text("state")))
}

fn code(crm: &mut Crm, form: &Form, back: &Redirection<'_>) -> Result<String, (&'static str, &'static str)> {
    if form.text("response_type") != Some("code") {
        return Err(("unsupported_response_type", "response_type must be code."));
    }
    let challenge = pkce::challenge(form).map_err(|words| ("invalid_request", words))?;
    if challenge.is_none() && (crm.rules.requires_pkce || back.client.secret.is_none()) {
        return Err(("invalid_request", "code_challenge is missing; this sign-in needs PKCE."));
    }
    let user_id = match form.text("login_hint") {
        None => Some("usr-1".to_owned()),
        Some(email) => crm.user_with_email(email),
    };
    let user_id = user_id.ok_or(("access_denied", "No user has the email of login_hint."))?;
    Ok(crm.grants.code(Code {
        user_id,
        client_id: back.client.id,
        redirect_uri: Some(back.redirect_uri.clone()),
        challenge,
        scope: form.text("scope").map(str::to_owned),
    }))
}
