//! The user of a row of the table `users`.

use serde_json::{Map, Value};

use super::columns::{secret, text, time};
use crate::credential::Credential;
use crate::engine::text::id_text;
use crate::store::{Secret, User, UserKey};

const NO_ID: &str = "it has no id";

/// The user of a row; why there is none, where there is none.
pub(super) fn read_user(row: &Value) -> Result<User, &'static str> {
    let info = match row.get("platformAdditionalInfo") {
        Some(Value::Object(info)) => info.clone(),
        _ => Map::new(),
    };
    let created_at = time(row, "createdAt").unwrap_or_default();
    Ok(User {
        key: UserKey {
            id: text(row, "id").ok_or(NO_ID)?,
            platform: text(row, "platform").ok_or("it has no platform")?,
            proxy_id: info.get("proxyId").and_then(id_text),
        },
        name: None,
        hostname: text(row, "hostname"),
        timezone_name: text(row, "timezoneName"),
        timezone_offset: text(row, "timezoneOffset").map(Value::from),
        credential: Credential {
            secret: secret(row, "accessToken").unwrap_or_else(|| Secret::new("")),
            refresh: secret(row, "refreshToken"),
            expires_at: time(row, "tokenExpiry"),
            client: None,
            grant_fields: None,
        },
        rc_account_id: text(row, "rcAccountId"),
        rc_extension_hash: text(row, "hashedRcExtensionId"),
        claimed_account_id: None,
        claimed_extension_hash: None,
        region: None,
        platform_additional_info: info,
        user_settings: row.get("userSettings").filter(|settings| settings.is_object()).cloned(),
        tenant_host: None,
        session_epoch: 0,
        managed: Default::default(),
        was_alone: false,
        created_at,
        updated_at: time(row, "updatedAt").unwrap_or(created_at),
    })
}
