//! RingCentral's sign-in: codes from its page or from another session, tokens, renewals.

use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::caller::Caller;
use super::people::PEOPLE;
use super::reply::RcError;
use crate::sandbox::grants::Code;
use crate::sandbox::oauth::{
    Client, ClientAuthentication, Credentials, Form, Redirection, Refusal, token as tokens,
};
use crate::sandbox::reply::ApiError;
use crate::sandbox::state::Crm;
use crate::sandbox::{RINGCENTRAL_CLIENT_ID, RINGCENTRAL_CLIENT_SECRET, Shared};

const CLIENTS: [Client; 1] = [Client { id: RINGCENTRAL_CLIENT_ID, secret: Some(RINGCENTRAL_CLIENT_SECRET) }];

/// How long an access token works, in seconds.
const ACCESS_SECONDS: u64 = 3600;

/// What the platform says of refresh tokens: a week.
const REFRESH_SECONDS: u64 = 604_800;

/// Redirects back with a code at once. `login_hint` chooses the person by email, else the admin.
pub(super) async fn authorize(
    shared: web::Data<Shared>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let form = Form::decoded(request.query_string().as_bytes());
    let back = Redirection::of(&form, &CLIENTS)?;
    let person = match form.text("login_hint") {
        None => PEOPLE.first(),
        Some(email) => PEOPLE.iter().find(|person| person.email.eq_ignore_ascii_case(email)),
    };
    let outcome = match (form.text("response_type"), person) {
        (Some("code"), Some(person)) => {
            let code = Code {
                user_id: person.id.to_string(),
                client_id: back.client.id,
                redirect_uri: Some(back.redirect_uri.clone()),
                challenge: None,
                scope: None,
            };
            Ok(shared.crm().ringcentral.grants.code(code))
        }
        (Some("code"), None) => Err(("access_denied", "No extension has the email of login_hint.")),
        _ => Err(("unsupported_response_type", "response_type must be code.")),
    };
    Ok(back.answer(outcome, form.text("state")))
}

/// `{"clientId"}` → `{"code"}`: a code for another client, from whoever is signed in. App Connect's clients hand
/// it to the server, which gets tokens of its own for it.
pub(super) async fn generate_code(
    shared: web::Data<Shared>,
    caller: Caller,
    body: Bytes,
) -> Result<HttpResponse, RcError> {
    let body: serde_json::Value =
        serde_json::from_slice(&body).map_err(|_| RcError::unreadable("The body is not JSON."))?;
    let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str);
    let client = Client::named(&CLIENTS, text("clientId"))
        .ok_or_else(|| RcError::parameter("clientId", "is not that of the sandbox; GET / shows it"))?;
    let code = shared.crm().ringcentral.grants.code(Code {
        user_id: caller.0.id.to_string(),
        client_id: client.id,
        redirect_uri: text("redirectUri").map(str::to_owned),
        challenge: None,
        scope: None,
    });
    Ok(HttpResponse::Ok().json(json!({ "code": code })))
}

/// Exchanges a code or a refresh token. Each renewal replaces the refresh token.
pub(super) async fn token(shared: web::Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    match exchange(&mut shared.crm(), &request, &body) {
        Ok(reply) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(reply),
        Err(refusal) => refusal.response(),
    }
}

fn exchange(crm: &mut Crm, request: &HttpRequest, body: &Bytes) -> Result<serde_json::Value, Refusal> {
    let form = Form::body(request, body)?;
    let credentials = Credentials::of(request, &form);
    let client = credentials.client(&CLIENTS, ClientAuthentication::Any)?;
    let now = crm.now();
    let grants = &mut crm.ringcentral.grants;
    let holder = match form.required("grant_type")? {
        "authorization_code" => tokens::by_code(grants, client, &form)?,
        "refresh_token" => tokens::by_refresh_token(grants, client, &form, true)?,
        _ => {
            let known = "grant_type must be authorization_code or refresh_token.";
            return Err(Refusal::new("unsupported_grant_type", known));
        }
    };
    let owner = holder.user_id.clone();
    let tokens = tokens::issue(grants, holder, ACCESS_SECONDS, now, true);
    Ok(json!({
        "access_token": tokens.issued.access,
        "token_type": "bearer",
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.issued.refresh,
        "refresh_token_expires_in": REFRESH_SECONDS,
        "scope": "ReadAccounts ReadCallLog ReadMessages Analytics",
        "owner_id": owner,
        "endpoint_id": "sandbox-endpoint",
    }))
}
