//! Who the RingCentral user is: asked at the platform with the client's own token.

pub mod grants;
pub mod standing;

use serde_json::Value;

use super::Services;
use super::hashing::hashed;
use crate::engine::exchange::RequestSpec;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::phone::parse_region;
use crate::engine::send::send;
use crate::engine::text::id_text;

/// A RingCentral user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The account's id.
    pub account_id: String,
    /// The extension's id.
    pub extension_id: Option<String>,
    /// The country of its numbers, two letters.
    pub region: Option<String>,
    /// Whether the user administers the account.
    pub is_admin: bool,
}

/// Whoever brings a RingCentral token, as far as the platform says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whoever {
    /// The account's id.
    pub account_id: Option<String>,
    /// The extension's id.
    pub extension_id: Option<String>,
    /// The country of its numbers, two letters.
    pub region: Option<String>,
    /// Whether the user administers the account, or the operator counts the extension among those who do.
    pub is_admin: bool,
}

/// Asks the platform whose token this is, and of which account. A token without a scheme is a bearer token.
///
/// # Errors
/// If the platform refuses the token, cannot be asked, or names no account.
pub async fn extension(services: &Services, token: &str) -> Result<Extension, Failure> {
    let Whoever { account_id, extension_id, region, is_admin } = whoever(services, token).await?;
    let account_id = account_id.ok_or_else(|| {
        Failure::new(
            FailureKind::NotJson,
            "the RingCentral platform did not say which account the token belongs to",
        )
    })?;
    if let Some(id) = &extension_id {
        let (hash, now) = (hashed(services, id), services.clock.elapsed());
        services.standings.note(&account_id, &hash, is_admin, now);
    }
    Ok(Extension { account_id, extension_id, region, is_admin })
}

/// As [`extension`], also where the platform names no account (recordings 23, `state-rc-without-ids`).
///
/// # Errors
/// If the platform refuses the token, or cannot be asked.
pub async fn whoever(services: &Services, token: &str) -> Result<Whoever, Failure> {
    let token = token.trim();
    let bearer = if token.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")) {
        token.to_owned()
    } else {
        format!("Bearer {token}")
    };
    let mut url = services.ringcentral_server.clone();
    url.set_path("/restapi/v1.0/account/~/extension/~");
    let spec = RequestSpec::get(url).authorization(&bearer)?;
    let response = send(services.client(), &spec).await?;
    let extension_id = response.body().get("id").and_then(id_text);
    let is_admin = response.body().pointer("/permissions/admin/enabled") == Some(&Value::Bool(true))
        || extension_id.as_ref().is_some_and(|id| services.admin_extensions.contains(id));
    Ok(Whoever {
        account_id: response.body().pointer("/account/id").and_then(id_text),
        extension_id,
        region: response
            .body()
            .pointer("/regionalSettings/homeCountry/isoCode")
            .and_then(Value::as_str)
            .filter(|code| parse_region(code).is_some())
            .map(str::to_owned),
        is_admin,
    })
}

/// A failure in one line, as clients of the reference server know it.
pub fn explain(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Status(status) => format!("Request failed with status code {status}"),
        _ => failure.message.clone(),
    }
}
