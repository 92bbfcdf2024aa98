//! Settings: users' own, and what admins manage for their account.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::members::{Given, Member, Members as _, Wrong, members};
use crate::server::extract::{Body, Headers, Query};
use crate::server::intake::SETTINGS_LIMIT;
use crate::server::public::Public;
use crate::server::reply;
use crate::server::ringcentral::{RingCentralHeaders, RingCentralQuery, filled, refused, token};
use crate::server::session::{Authenticated, Visitor};
use crate::service::Services;
use crate::service::admin_settings::{self, Submitted};
use crate::service::settings::{self, Account, SettingsError};

members! {
    /// The RingCentral account whose settings are meant.
    pub(super) struct AccountQuery {
        /// The hashed account id; a RingCentral access token serves as well.
        rc_account_id as "rcAccountId": Option<Given<String>>,
        /// A RingCentral access token; the header `X-RC-Access-Token` is better.
        #[schemars(extend("format" = "password", "deprecated" = true))]
        rc_access_token as "rcAccessToken": Option<Given<String>>,
    }
}

members! {
    /// Settings to change.
    pub(super) struct ChangeSettingsRequest {
        /// The settings to set, by key; others stay.
        user_settings as "userSettings": Option<Map<String, Value>>,
        /// Keys of settings to remove.
        setting_keys_to_remove as "settingKeysToRemove": Option<Given<Vec<String>>>,
    }
}

members! {
    /// Managed settings to change.
    pub(super) struct ChangeAdminSettingsRequest {
        /// The settings.
        #[schemars(with = "Map<String, Value>")]
        admin_settings as "adminSettings": ManagedSettings,
    }
}

members! {
    /// What an admin sets; what is absent stays as it is.
    pub(super) struct ManagedSettings {
        /// Replaces the settings of the account's users.
        user_settings as "userSettings": Option<Map<String, Value>>,
        /// Replaces the member of this name.
        custom_adapter as "customAdapter": Option<Given<Value>>,
        /// Replaces the mappings of the session's CRM: a list of objects with `crmUserId` and `rcExtensionId`, a list
        /// of ids. Null removes them.
        user_mappings as "userMappings": Option<Given<Value>>,
    }
}

impl Member for ManagedSettings {
    fn read(name: &'static str, value: Option<Value>) -> Result<Self, Wrong> {
        let settings: Option<Map<String, Value>> = Member::read(name, value)?;
        Self::take(&mut settings.unwrap_or_default())
    }
}

impl From<ManagedSettings> for Submitted {
    fn from(settings: ManagedSettings) -> Self {
        let filled =
            |given: Option<Given<Value>>| given.map(Given::into_value).filter(|value| !value.is_null());
        Self {
            user_settings: settings.user_settings,
            custom_adapter: filled(settings.custom_adapter),
            // Null removes them (recordings 24, `save-null`).
            user_mappings: settings.user_mappings.map(Given::into_value),
        }
    }
}

/// Settings by key: each an object with `value` and, where admins manage it, `customizable`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserSettings {
    /// The settings.
    user_settings: Map<String, Value>,
}

/// Nothing is managed, as it is told before anybody signs in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("maxProperties" = 0))]
pub(super) struct NothingPreloaded {}

/// Nothing is managed, as it is told to an admin.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NothingManaged {
    /// Null (recordings 24, `nothing-stored`).
    custom_connector: (),
    /// Empty.
    user_settings: Map<String, Value>,
}

/// `GET /user/settings?rcAccountId=`
pub(super) async fn read(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<RingCentralHeaders>,
    query: Query<AccountQuery>,
) -> HttpResponse {
    match settings::read(&services, &session.0, account(headers.0, query.0)).await {
        Ok(settings) => own(Ok(settings)),
        Err(error) => refused(&error),
    }
}

/// `POST /user/settings`
pub(super) async fn change(
    services: web::Data<Services>,
    session: Authenticated,
    body: Body<ChangeSettingsRequest, SETTINGS_LIMIT>,
) -> HttpResponse {
    let set = body.0.user_settings.unwrap_or_default();
    let remove = match body.0.setting_keys_to_remove.map(Given::into_value) {
        Some(Value::Array(keys)) => keys.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(key)) => vec![key],
        _ => Vec::new(),
    };
    match settings::change(&services, &session.0, set, &remove).await {
        Ok(settings) => own(Ok(settings.map(|user_settings| UserSettings { user_settings }))),
        Err(SettingsError::Store(error)) => reply::store_failed(&error),
        Err(SettingsError::TooMuch(error)) => reply::too_much(&error),
    }
}

fn own<T: Serialize>(settings: Result<Option<T>, crate::store::StoreError>) -> HttpResponse {
    match settings {
        Ok(Some(settings)) => reply::json(200, &settings),
        Ok(None) => reply::text(400, "User not found"),
        Err(error) => reply::store_failed(&error),
    }
}

/// `GET /user/preloadSettings?rcAccountId=`
pub(super) async fn preload(
    _: Public,
    services: web::Data<Services>,
    visitor: Visitor,
    headers: Headers<RingCentralHeaders>,
    query: Query<AccountQuery>,
) -> HttpResponse {
    match settings::preload(&services, visitor.session(), account(headers.0, query.0)).await {
        Ok(Some(Some(user_settings))) => reply::json(200, &UserSettings { user_settings }),
        Ok(Some(None)) => reply::json(200, &NothingPreloaded {}),
        Ok(None) => reply::text(400, "Cannot find rc user login"),
        Err(error) => refused(&error),
    }
}

/// `GET /admin/settings`
pub(super) async fn read_managed(
    services: web::Data<Services>,
    session: Authenticated,
    headers: Headers<RingCentralHeaders>,
    query: Query<RingCentralQuery>,
) -> HttpResponse {
    let user = match session.0.user(&*services.store).await {
        Ok(Some(user)) => user,
        Ok(None) => return reply::text(400, "User not found"),
        Err(error) => return reply::store_failed(&error),
    };
    let token = token(headers.0, [query.0.rc_access_token]);
    match admin_settings::load(&services, &user, token.as_deref()).await {
        Ok(Some(settings)) => reply::json(200, &settings),
        Ok(None) => reply::json(200, &NothingManaged { custom_connector: (), user_settings: Map::new() }),
        Err(error) => refused(&error),
    }
}

/// `POST /admin/settings`
pub(super) async fn change_managed(
    _: Public,
    services: web::Data<Services>,
    visitor: Visitor,
    headers: Headers<RingCentralHeaders>,
    query: Query<RingCentralQuery>,
    body: Body<ChangeAdminSettingsRequest, SETTINGS_LIMIT>,
) -> HttpResponse {
    let token = token(headers.0, [query.0.rc_access_token]);
    let settings = body.0.admin_settings.into();
    match admin_settings::save(&services, visitor.session(), token.as_deref(), settings).await {
        Ok(()) => reply::text(200, "Admin settings updated"),
        Err(error) => refused(&error),
    }
}

fn account(headers: RingCentralHeaders, query: AccountQuery) -> Account {
    Account { token: token(headers, [query.rc_access_token]), hashed_id: filled(query.rc_account_id) }
}
