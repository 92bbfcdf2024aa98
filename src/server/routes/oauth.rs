//! Signing in with OAuth: where a browser is sent, and what it comes back with.

use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::{HttpResponse, web};
use serde_json::Value;

use super::users::Message;
use crate::members::{Given, members};
use crate::server::extract::{Headers, Query};
use crate::server::public::Public;
use crate::server::reply;
use crate::server::ringcentral::filled;
use crate::server::route::{Route, get};
use crate::service::Services;
use crate::service::oauth::{Callback, CallbackError, Start, callback, start};
use crate::service::users::LoggedIn;

/// How long the browser keeps the cookie of a sign-in, in seconds: as long as its state is good.
const COOKIE_SECONDS: i64 = 600;

pub(super) fn table() -> Vec<Route> {
    vec![
        get("/oauth-callback", come_back, "Signs in with the code that a CRM sent the browser back with")
            .reply::<LoggedIn>(200, "The session")
            .reply::<Message>(200, "The sign-in is refused, and why")
            .text(200, "A page that says that it worked, if `GET /oauth/start` began it")
            .text(400, "The address that the browser came back to, or the platform, is not named")
            .error(400, "The sign-in failed, and why"),
        get("/oauth/start", begin, "Sends a browser to the CRM's sign-in page")
            .empty(302, "The CRM's page, in `Location`")
            .reply::<Message>(400, "The sign-in is refused, and why")
            .text(400, "No platform is named")
            .error(400, "The sign-in cannot be begun, and why"),
    ]
}

members! {
    /// What a browser came back from the CRM with.
    pub(super) struct CallbackQuery {
        /// The whole address that the browser came back to. Absent if that is this server.
        callback_uri as "callbackUri": Option<Given<String>>,
        /// The authorization code, where it is not in that address.
        code as "code": Option<Given<String>>,
        /// The state, where it is not in that address: `platform=NAME`, or what this server made.
        state as "state": Option<Given<String>>,
        /// The error, where it is not in that address.
        error as "error": Option<Given<String>>,
        /// The CRM host that the user named.
        hostname as "hostname": Option<Given<String>>,
        /// The document to sign in through.
        proxy_id as "proxyId": Option<Given<String>>,
        /// Where the code is exchanged, if the document allows its host.
        token_url as "tokenUrl": Option<Given<String>>,
        /// The address of the CRM's API, for connectors.
        api_url as "apiUrl": Option<Given<String>>,
        /// The user's name at the CRM, for connectors.
        username as "username": Option<Given<String>>,
        /// The RingCentral user's email address.
        user_email as "userEmail": Option<Given<String>>,
        /// The RingCentral account. Nothing proves it, so it opens nothing of an account.
        rc_account_id as "rcAccountId": Option<Given<String>>,
        /// The RingCentral extension; not used.
        rc_extension_id as "rcExtensionId": Option<Given<String>>,
        /// A RingCentral access token. The header `X-RC-Access-Token` is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
        ..others
    }
}

members! {
    /// Who signs in.
    #[derive(Debug)]
    pub(super) struct CallbackHeaders {
        /// A RingCentral access token, by which the user's account is proved.
        access_token as "X-RC-Access-Token": Option<String>,
        /// The hashed id of the RingCentral extension. Nothing proves it.
        extension_hash as "rc-extension-id": Option<Given<String>>,
        /// The cookie of the browser that began the sign-in.
        #[schemars(skip)]
        cookies as "Cookie": Option<Given<String>>,
        /// `text/html` asks for a page, if this server began the sign-in.
        #[schemars(skip)]
        accept as "Accept": Option<Given<String>>,
    }
}

members! {
    /// A sign-in to begin.
    pub(super) struct StartQuery {
        /// Name of the platform.
        #[schemars(required)]
        platform as "platform": Option<Given<String>>,
        /// The document to sign in through.
        proxy_id as "proxyId": Option<Given<String>>,
        /// The CRM host that the user named.
        hostname as "hostname": Option<Given<String>>,
        /// The RingCentral user's email address.
        user_email as "userEmail": Option<Given<String>>,
        /// The RingCentral account. Nothing proves it, so it opens nothing of an account.
        rc_account_id as "rcAccountId": Option<Given<String>>,
        /// A RingCentral access token. The header `X-RC-Access-Token` is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

/// `GET /oauth-callback`
pub(super) async fn come_back(
    _: Public,
    services: web::Data<Services>,
    headers: Headers<CallbackHeaders>,
    query: Query<CallbackQuery>,
) -> HttpResponse {
    let CallbackHeaders { access_token, extension_hash, cookies, accept } = headers.0;
    let query = match query.0.into_value() {
        Value::Object(query) => query,
        _ => Default::default(),
    };
    // Of a parameter that came twice, the first counts.
    let text = |name: &str| {
        let value = match query.get(name)? {
            Value::Array(values) => values.first()?,
            value => value,
        };
        value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let arrived = Callback {
        callback_uri: text("callbackUri"),
        code: text("code"),
        state: text("state"),
        error: text("error"),
        hostname: text("hostname"),
        user_email: text("userEmail"),
        proxy_id: text("proxyId"),
        token_url: text("tokenUrl"),
        api_url: text("apiUrl"),
        username: text("username"),
        claimed_account_id: text("rcAccountId"),
        claimed_extension_hash: filled(extension_hash),
        rc_access_token: access_token
            .filter(|token| !token.trim().is_empty())
            .or_else(|| text("rcAccessToken")),
        cookies: filled(cookies),
        query,
    };
    let wants_page = filled(accept).is_some_and(|accept| accept.contains("text/html"));
    match callback(&services, arrived).await {
        Ok(signed_in) if signed_in.is_page && wants_page => {
            reply::text(200, "You are signed in. You can close this page.")
        }
        Ok(signed_in) => reply::json(200, &signed_in.logged_in),
        Err(error) => failed(200, error),
    }
}

/// `GET /oauth/start`
pub(super) async fn begin(
    _: Public,
    services: web::Data<Services>,
    headers: Headers<CallbackHeaders>,
    query: Query<StartQuery>,
) -> HttpResponse {
    let query = query.0;
    let wanted = Start {
        platform: filled(query.platform).unwrap_or_default(),
        proxy_id: filled(query.proxy_id),
        hostname: filled(query.hostname),
        user_email: filled(query.user_email),
        claimed_account_id: filled(query.rc_account_id),
        claimed_extension_hash: filled(headers.0.extension_hash),
        rc_access_token: headers
            .0
            .access_token
            .filter(|token| !token.trim().is_empty())
            .or_else(|| filled(query.rc_access_token)),
    };
    let started = match start(&services, wanted).await {
        Ok(started) => started,
        Err(error) => return failed(400, error),
    };
    let (name, value) = &started.cookie;
    // Lax: it comes along when the CRM sends the browser back.
    let cookie = format!(
        "{name}={}; Max-Age={COOKIE_SECONDS}; Path=/; HttpOnly; SameSite=Lax{}",
        value.expose(),
        if started.is_encrypted { "; Secure" } else { "" }
    );
    HttpResponse::Found()
        .insert_header((LOCATION, started.location.as_str()))
        .insert_header((SET_COOKIE, cookie))
        .finish()
}

/// A refusal in words for the user has its own status: clients of the callback read it with 200.
fn failed(refused: u16, error: CallbackError) -> HttpResponse {
    match error {
        CallbackError::Bare(words) => reply::text(400, words),
        CallbackError::Failed(words) => reply::error(400, &words),
        CallbackError::Refused(return_message) => reply::json(refused, &Message { return_message }),
    }
}
