//! Sign-in fields that admins fill in for the users of their account.

use actix_web::{HttpResponse, web};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use crate::connector::AuthOption;
use crate::members::{Given, members};
use crate::server::extract::{Body, Headers, Query};
use crate::server::public::Public;
use crate::server::reply;
use crate::server::ringcentral::{RingCentralHeaders, filled, refused, token};
use crate::server::route::{Route, get, post};
use crate::server::session::Authenticated;
use crate::service::Services;
use crate::service::developer_portal::{Access, Published};
use crate::service::managed_sign_in::{
    AskedOptions, ManagedError, ManagedFields, Meant, OptionsError, State, Submitted, options, read, save,
    state,
};
use crate::service::stored_ids::check_id;

/// The routes.
pub(super) fn table() -> Vec<Route> {
    let not_admin = "The RingCentral user is no admin, or of another account than the session's user";
    vec![
        get(
            "/apiKeyManagedAuthState",
            sign_in_state,
            "Tells which fields of the sign-in page are left to fill in",
        )
        .reply::<State>(200, "The fields; no value is told")
        .text(400, "No platform is named, or the RingCentral token is missing")
        .error(400, "RingCentral could not be asked, or an id is too long")
        .error(500, "The store failed"),
        get("/admin/managedAuth", fields, "Reads which sign-in fields admins fill in, and for whom")
            .reply::<ManagedFields>(200, "The fields, and a mask for each value")
            .text(400, "The user is unknown")
            .error(
                400,
                "The RingCentral token is missing, or RingCentral or the developer portal could not be asked",
            )
            .text(403, not_admin)
            .error(500, "The store failed"),
        post("/admin/managedAuth", change, "Fills in sign-in fields for the account or for one of its users")
            .text(200, "They are filled in")
            .text(400, "The user is unknown")
            .error(400, "A field is unknown, or RingCentral could not be asked")
            .text(403, not_admin)
            .error(500, "The store failed"),
        post(
            "/admin/managedAuth/options",
            field_options,
            "Lists what may be chosen for a sign-in field of one user",
        )
        .reply::<Vec<AuthOption>>(200, "The options; documents offer none")
        .text(400, "No platform or no field is named")
        .error(400, "The field has no options, or RingCentral, the developer portal or the connector failed")
        .text(403, not_admin)
        .error(500, "The store failed"),
    ]
}

members! {
    /// The connector whose sign-in page is meant.
    pub(super) struct ConnectorQuery {
        /// The platform name.
        #[schemars(required)]
        platform as "platform": Option<Given<String>>,
        /// The document; else the one that the connector's manifest names.
        proxy_id as "proxyId": Option<Given<String>>,
        /// The connector in the developer portal, whose manifest has the page.
        connector_id as "connectorId": Option<Given<String>>,
        /// The account of whoever develops the connector.
        dev_account_id as "devRcAccountId": Option<Given<String>>,
        /// `true` if only some accounts see the connector.
        is_private as "isPrivate": Option<Given<String>>,
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

members! {
    /// The connector of the session whose sign-in page is meant.
    pub(super) struct SessionConnectorQuery {
        /// The connector in the developer portal, whose manifest has the page.
        connector_id as "connectorId": Option<Given<String>>,
        /// The account of whoever develops the connector.
        dev_account_id as "devRcAccountId": Option<Given<String>>,
        /// `true` if only some accounts see the connector.
        is_private as "isPrivate": Option<Given<String>>,
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

members! {
    /// Values to fill in.
    pub(super) struct ChangeManagedAuthRequest {
        /// `user` for the values of one extension; anything else for those of the account.
        scope as "scope": Option<Given<String>>,
        /// The extension.
        rc_extension_id as "rcExtensionId": Option<Given<String>>,
        /// Its name.
        rc_user_name as "rcUserName": Option<Given<String>>,
        /// The values by field. An empty value, and the mask that stands for a stored one, change nothing.
        values as "values": Option<Map<String, Value>>,
        /// The fields whose values are removed.
        fields_to_remove as "fieldsToRemove": Option<BTreeSet<String>>,
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

members! {
    /// A field whose options are asked for.
    pub(super) struct OptionsRequest {
        /// The field (`const`).
        #[schemars(required)]
        field_const as "fieldConst": Option<Given<String>>,
        /// The account's values as they are typed; else those that are stored are used.
        account_values as "accountValues": Option<Map<String, Value>>,
        /// A RingCentral access token. The document tells the header `X-RC-Access-Token`, which is better.
        #[schemars(skip)]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

/// Which connector a request names. Only the text `true` means a private one (recordings 23, `state-private-false`).
fn published(
    connector_id: Option<Given<String>>,
    dev_account_id: Option<Given<String>>,
    is_private: Option<Given<String>>,
) -> Option<Published> {
    let connector_id = filled(connector_id)?;
    let access = match (filled(dev_account_id), filled(is_private).as_deref()) {
        (Some(account), _) => Access::Developed(account),
        (None, Some("true")) => Access::Private,
        (None, _) => Access::Public,
    };
    Some(Published { connector_id, access })
}

/// Refuses ids that could not be part of a key, in words.
fn checked(meant: Meant) -> Result<Meant, String> {
    let published = meant.published.as_ref();
    let account = published.and_then(|published| match &published.access {
        Access::Developed(account) => Some(account.as_str()),
        _ => None,
    });
    for (what, id) in [
        ("platform", Some(meant.platform.as_str())),
        ("proxyId", meant.proxy_id.as_deref()),
        ("connectorId", published.map(|published| published.connector_id.as_str())),
        ("devRcAccountId", account),
    ] {
        check_id(what, id.unwrap_or_default()).map_err(|refusal| refusal.return_message.message)?;
    }
    Ok(meant)
}

/// `GET /apiKeyManagedAuthState?platform=`
pub(super) async fn sign_in_state(
    _: Public,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    query: Query<ConnectorQuery>,
) -> HttpResponse {
    let query = query.0;
    let Some(platform) = filled(query.platform) else { return reply::text(400, "Missing platform name") };
    let Some(token) = token(headers.0, [query.rc_access_token]) else {
        return reply::text(400, "Missing RingCentral access token");
    };
    let published = published(query.connector_id, query.dev_account_id, query.is_private);
    let meant = match checked(Meant { platform, proxy_id: filled(query.proxy_id), published }) {
        Ok(meant) => meant,
        Err(words) => return reply::error(400, &words),
    };
    match state(&services, &meant, &token).await {
        Ok(state) => reply::json(200, &state),
        Err(error) => refused(&error),
    }
}

/// `GET /admin/managedAuth`
pub(super) async fn fields(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<RingCentralHeaders>,
    query: Query<SessionConnectorQuery>,
) -> HttpResponse {
    let query = query.0;
    let token = token(headers.0, [query.rc_access_token]);
    let published = published(query.connector_id, query.dev_account_id, query.is_private);
    let meant = match checked(Meant { published, ..Meant::default() }) {
        Ok(meant) => meant,
        Err(words) => return reply::error(400, &words),
    };
    match read(&services, &session.0, token.as_deref(), &meant).await {
        Ok(fields) => reply::json(200, &fields),
        Err(error) => not_managed(&error),
    }
}

/// `POST /admin/managedAuth`
pub(super) async fn change(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<RingCentralHeaders>,
    query: Query<SessionConnectorQuery>,
    body: Body<ChangeManagedAuthRequest>,
) -> HttpResponse {
    let (query, body) = (query.0, body.0);
    let token = token(headers.0, [body.rc_access_token, query.rc_access_token]);
    let published = published(query.connector_id, query.dev_account_id, query.is_private);
    let meant = match checked(Meant { published, ..Meant::default() }) {
        Ok(meant) => meant,
        Err(words) => return reply::error(400, &words),
    };
    let submitted = Submitted {
        is_of_extension: filled(body.scope).as_deref() == Some("user"),
        rc_extension_id: body.rc_extension_id.map(Given::into_value),
        rc_user_name: filled(body.rc_user_name),
        values: body.values.unwrap_or_default(),
        fields_to_remove: body.fields_to_remove.unwrap_or_default().into_iter().collect(),
    };
    match save(&services, &session.0, token.as_deref(), &meant, submitted).await {
        Ok(()) => reply::text(200, "Shared authentication updated"),
        Err(error) => not_managed(&error),
    }
}

/// `POST /admin/managedAuth/options`
pub(super) async fn field_options(
    _: Public,
    services: web::Data<Services>,
    headers: Headers<RingCentralHeaders>,
    query: Query<ConnectorQuery>,
    body: Body<OptionsRequest>,
) -> HttpResponse {
    let (query, body) = (query.0, body.0);
    let Some(platform) = filled(query.platform) else { return reply::text(400, "Missing platform name") };
    let Some(field) = filled(body.field_const) else {
        return reply::text(400, "Missing managed auth field");
    };
    let token = token(headers.0, [body.rc_access_token, query.rc_access_token]);
    let published = published(query.connector_id, query.dev_account_id, query.is_private);
    let meant = match checked(Meant { platform, proxy_id: filled(query.proxy_id), published }) {
        Ok(meant) => meant,
        Err(words) => return reply::error(400, &words),
    };
    let asked = AskedOptions { field, account_values: body.account_values.unwrap_or_default() };
    match options(&services, token.as_deref(), &meant, asked).await {
        Ok(options) => reply::json(200, &options),
        Err(OptionsError::Account(error)) => refused(&error),
        Err(OptionsError::Wrong(words)) => reply::error(400, &words),
    }
}

fn not_managed(error: &ManagedError) -> HttpResponse {
    match error {
        ManagedError::Account(error) => refused(error),
        ManagedError::UnknownUser => reply::text(400, "User not found"),
        ManagedError::Wrong(words) => reply::error(400, words),
    }
}
