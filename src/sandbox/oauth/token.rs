//! The token endpoint (RFC 6749, sections 4.1.3, 4.3.2, 4.4.2 and 6).

use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::client::{Client, Credentials};
use super::form::{Form, Refusal};
use super::rules::{ExpiresIn, OAuthRules, TokenReply};
use super::{CLIENTS, pkce};
use crate::sandbox::Shared;
use crate::sandbox::grants::{Grants, Holder, Issued};
use crate::sandbox::state::Crm;

/// Exchanges a code, a refresh token, a password, or the client's own credentials. Takes a form or JSON.
pub(super) async fn token(shared: web::Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let mut crm = shared.crm();
    match exchange(&mut crm, &request, &body) {
        Ok(tokens) => told(&crm.rules, tokens),
        Err(refusal) => refusal.response(),
    }
}

fn exchange(crm: &mut Crm, request: &HttpRequest, body: &Bytes) -> Result<Tokens, Refusal> {
    let form = Form::body(request, body)?;
    let credentials = Credentials::of(request, &form);
    let client = credentials.client(&CLIENTS, crm.rules.client_authentication)?;
    for (name, value) in &crm.rules.required_fields {
        if form.text(name) != Some(value) {
            return Err(Refusal::new("invalid_request", format!("{name} is missing or wrong.")));
        }
    }
    let rotates = crm.rules.rotates_refresh_tokens;
    let (holder, with_refresh) = match form.required("grant_type")? {
        "authorization_code" => (by_code(&mut crm.grants, client, &form)?, true),
        "refresh_token" => (by_refresh_token(&mut crm.grants, client, &form, rotates)?, rotates),
        "password" => (by_password(crm, client, &form)?, true),
        // The client is its own user, and can ask again at any time: RFC 6749, section 4.4.3.
        "client_credentials" => (by_client_credentials(crm, client, &form)?, false),
        _ => {
            let known =
                "grant_type must be authorization_code, refresh_token, password or client_credentials.";
            return Err(Refusal::new("unsupported_grant_type", known));
        }
    };
    let seconds = crm.rules.access_token_lifetime_seconds;
    let now = crm.now();
    Ok(issue(&mut crm.grants, holder, seconds, now, with_refresh))
}

/// Whom a code stands for. It works once, for the client and the address that it was asked with.
pub(crate) fn by_code(grants: &mut Grants, client: &Client, form: &Form) -> Result<Holder, Refusal> {
    let refuse = |words: &str| Err(Refusal::new("invalid_grant", words));
    let Some(code) = grants.take_code(form.required("code")?) else {
        return refuse("The code is unknown or was used before.");
    };
    if code.client_id != client.id {
        return refuse("The code was given to another client.");
    }
    if code.redirect_uri.as_deref().is_some_and(|uri| form.text("redirect_uri") != Some(uri)) {
        return refuse("redirect_uri differs from the one of the code.");
    }
    pkce::check(code.challenge.as_deref(), form.text("code_verifier"))?;
    Ok(grants.sign_in(code.user_id, client.id, code.scope))
}

/// Whom a refresh token stands for. It is good for one use where `rotates`.
pub(crate) fn by_refresh_token(
    grants: &mut Grants,
    client: &Client,
    form: &Form,
    rotates: bool,
) -> Result<Holder, Refusal> {
    let token = form.required("refresh_token")?;
    let holder = grants.refreshed(token).filter(|holder| holder.client_id == client.id);
    let holder = holder.cloned().ok_or_else(|| {
        Refusal::new("invalid_grant", "The refresh token is unknown, revoked or was used before.")
    })?;
    if rotates {
        grants.forget_refresh_token(token);
    }
    Ok(holder)
}

/// The email is the name, and the API key the password.
fn by_password(crm: &mut Crm, client: &Client, form: &Form) -> Result<Holder, Refusal> {
    let (name, password) = (form.required("username")?, form.required("password")?);
    let user = crm.user_with_email(name).filter(|id| {
        let user = crm.users.find(id);
        user.is_some_and(|user| user.api_key == password)
    });
    let user = user.ok_or_else(|| Refusal::new("invalid_grant", "username or password is wrong."))?;
    Ok(crm.grants.sign_in(user, client.id, form.text("scope").map(str::to_owned)))
}

/// The first user, who is an admin: the sandbox has no account of services.
fn by_client_credentials(crm: &mut Crm, client: &Client, form: &Form) -> Result<Holder, Refusal> {
    if client.secret.is_none() {
        let words = "A public client has no credentials of its own.";
        return Err(Refusal::new("unauthorized_client", words));
    }
    Ok(crm.grants.sign_in("usr-1".to_owned(), client.id, form.text("scope").map(str::to_owned)))
}

/// What a token request gets.
pub(crate) struct Tokens {
    pub issued: Issued,
    pub expires_in: u64,
    pub scope: Option<String>,
}

/// New tokens, which work for so many seconds from `now`.
pub(crate) fn issue(
    grants: &mut Grants,
    holder: Holder,
    seconds: u64,
    now: Timestamp,
    with_refresh: bool,
) -> Tokens {
    let lifetime = i64::try_from(seconds).map_or(SignedDuration::MAX, SignedDuration::from_secs);
    let expires_at = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
    let scope = holder.scope.clone();
    Tokens { issued: grants.issue(holder, expires_at, with_refresh), expires_in: seconds, scope }
}

fn told(rules: &OAuthRules, tokens: Tokens) -> HttpResponse {
    let mut members = Map::new();
    members.insert("access_token".into(), tokens.issued.access.into());
    members.insert("token_type".into(), "Bearer".into());
    match rules.expires_in {
        ExpiresIn::Number => drop(members.insert("expires_in".into(), tokens.expires_in.into())),
        ExpiresIn::Text => drop(members.insert("expires_in".into(), tokens.expires_in.to_string().into())),
        ExpiresIn::Absent => {}
    }
    if let Some(refresh) = tokens.issued.refresh {
        members.insert("refresh_token".into(), refresh.into());
    }
    if let Some(scope) = tokens.scope {
        members.insert("scope".into(), scope.into());
    }
    let mut response = HttpResponse::Ok();
    // RFC 6749, section 5.1: nobody keeps tokens on their way.
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    match rules.token_reply {
        TokenReply::Json => response.json(members),
        TokenReply::Form => {
            response.content_type("application/x-www-form-urlencoded").body(form_of(&members))
        }
    }
}

fn form_of(members: &Map<String, Value>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in members {
        match value {
            Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish()
}
