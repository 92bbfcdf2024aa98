//! OAuth 2: authorization code and refresh token (RFC 6749, sections 4.1, 5 and 6).
//!
//! `/oauth/authorize` asks no one and redirects with a code at once. Codes work once, access
//! tokens expire, and each refresh replaces the refresh token. Tokens are numbered, so a sandbox
//! answers the same requests with the same tokens each time: they protect nothing.

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use url::Url;

use super::auth::basic;
use super::grants::{Code, Holder};
use super::reply::{ApiError, resource};
use super::state::Crm;
use super::{CLIENT_ID, CLIENT_SECRET, Shared};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/oauth/authorize", [(Method::GET, web::to(authorize))]))
        .service(resource("/oauth/token", [(Method::POST, web::to(token))]));
}

/// Redirects back with `code` and `state`. `login_hint` chooses the user by email, else the first.
async fn authorize(shared: web::Data<Shared>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let parameters = form(request.query_string().as_bytes());
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    // Without a known client and a usable address there is nowhere to redirect to (4.1.2.1).
    let refuse = |message| Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message));
    if text("client_id") != Some(CLIENT_ID) {
        return refuse("client_id is not that of the sandbox; GET / shows it.");
    }
    let Some(redirect_uri) = text("redirect_uri") else {
        return refuse("redirect_uri is missing.");
    };
    let target = Url::parse(redirect_uri).ok();
    let Some(mut target) = target.filter(|url| matches!(url.scheme(), "http" | "https")) else {
        return refuse("redirect_uri must be an absolute http or https address.");
    };
    if text("response_type") == Some("code") {
        let mut crm = shared.crm();
        let user_id = match text("login_hint") {
            None => Some("usr-1".to_owned()),
            Some(email) => user_with_email(&crm, email),
        };
        match user_id {
            None => drop(target.query_pairs_mut().append_pair("error", "access_denied")),
            Some(user_id) => {
                let code = format!("sandbox-code-{}", crm.grants.number());
                target.query_pairs_mut().append_pair("code", &code);
                let redirect_uri = redirect_uri.to_owned();
                let waiting = Code { user_id, redirect_uri };
                crm.grants.codes.insert(code, waiting);
            }
        }
    } else {
        let mut query = target.query_pairs_mut();
        query.append_pair("error", "unsupported_response_type");
    }
    if let Some(state) = text("state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    Ok(HttpResponse::Found().insert_header((header::LOCATION, target.as_str())).finish())
}

fn user_with_email(crm: &Crm, email: &str) -> Option<String> {
    let mut users = crm.users.rows();
    let found = users.find(|(_, user)| user.email.eq_ignore_ascii_case(email));
    found.map(|(id, _)| id.to_owned())
}

/// Exchanges a code or a refresh token. Takes a form or JSON.
async fn token(shared: web::Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    match exchange(&shared, &request, &body) {
        Ok(tokens) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(tokens),
        Err((error, description)) => {
            let status =
                if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
            let mut response = HttpResponse::build(status);
            if status == StatusCode::UNAUTHORIZED {
                response.insert_header((header::WWW_AUTHENTICATE, r#"Basic realm="sandbox""#));
            }
            response.json(json!({ "error": error, "error_description": description }))
        }
    }
}

/// Error code and description of RFC 6749, section 5.2.
type Refusal = (&'static str, &'static str);

fn exchange(shared: &Shared, request: &HttpRequest, body: &Bytes) -> Result<Value, Refusal> {
    let parameters = parameters(request, body)?;
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let required = |name: &str, refusal| text(name).ok_or(("invalid_request", refusal));
    check_client(request, text("client_id"), text("client_secret"))?;
    let mut crm = shared.crm();
    let holder = match required("grant_type", "grant_type is missing.")? {
        "authorization_code" => {
            let code = required("code", "code is missing.")?;
            let code = crm.grants.codes.remove(code);
            let code = code.ok_or(("invalid_grant", "The code is unknown or was used before."))?;
            if text("redirect_uri") != Some(&code.redirect_uri) {
                return Err(("invalid_grant", "redirect_uri differs from the one of the code."));
            }
            let grant = crm.grants.number();
            let user_id = code.user_id;
            Holder { user_id, grant }
        }
        "refresh_token" => {
            let token = required("refresh_token", "refresh_token is missing.")?;
            let holder = crm.grants.refresh.remove(token);
            let refusal = "The refresh token is unknown, revoked or was used before.";
            holder.ok_or(("invalid_grant", refusal))?
        }
        _ => {
            let known = "grant_type must be authorization_code or refresh_token.";
            return Err(("unsupported_grant_type", known));
        }
    };
    let lifetime = shared.access_token_lifetime;
    let seconds = lifetime.as_secs();
    let lifetime = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
    let expires_at = crm.now().checked_add(lifetime).unwrap_or(Timestamp::MAX);
    let (access, refresh) = crm.grants.issue(holder, expires_at);
    Ok(json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": seconds,
        "refresh_token": refresh,
    }))
}

fn check_client(request: &HttpRequest, id: Option<&str>, secret: Option<&str>) -> Result<(), Refusal> {
    let header = request.headers().get(header::AUTHORIZATION);
    let header = header.and_then(|value| value.to_str().ok());
    let header = header.and_then(|value| value.strip_prefix("Basic "));
    let in_header = header.and_then(basic);
    let matches = match &in_header {
        Some((id, secret)) => id == CLIENT_ID && secret == CLIENT_SECRET,
        None => id == Some(CLIENT_ID) && secret == Some(CLIENT_SECRET),
    };
    if matches { Ok(()) } else { Err(("invalid_client", "client_id or client_secret is wrong or missing.")) }
}

fn parameters(request: &HttpRequest, body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    use actix_web::HttpMessage as _;
    match request.content_type() {
        "application/x-www-form-urlencoded" => Ok(form(body)),
        "application/json" => {
            serde_json::from_slice(body).map_err(|_| ("invalid_request", "The body is not a JSON object."))
        }
        _ => Err(("invalid_request", "Send a form or JSON, and say so in Content-Type.")),
    }
}

fn form(encoded: &[u8]) -> Map<String, Value> {
    url::form_urlencoded::parse(encoded)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}
