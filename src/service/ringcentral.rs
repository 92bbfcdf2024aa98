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

/// Asks the platform whose token this is. A token without a scheme is a bearer token.
///
/// # Errors
/// If the platform refuses the token, or cannot be asked.
pub async fn extension(services: &Services, token: &str) -> Result<Extension, Failure> {
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
    let account_id = response.body().pointer("/account/id").and_then(id_text).ok_or_else(|| {
        Failure::new(
            FailureKind::NotJson,
            "the RingCentral platform did not say which account the token belongs to",
        )
    })?;
    let extension = Extension {
        account_id,
        extension_id: response.body().get("id").and_then(id_text),
        region: response
            .body()
            .pointer("/regionalSettings/homeCountry/isoCode")
            .and_then(Value::as_str)
            .filter(|code| parse_region(code).is_some())
            .map(str::to_owned),
        is_admin: response.body().pointer("/permissions/admin/enabled") == Some(&Value::Bool(true)),
    };
    if let Some(id) = &extension.extension_id {
        let (hash, now) = (hashed(services, id), services.clock.elapsed());
        services.standings.note(&extension.account_id, &hash, extension.is_admin, now);
    }
    Ok(extension)
}

/// A failure in one line, as clients of the reference server know it.
pub fn explain(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Status(status) => format!("Request failed with status code {status}"),
        _ => failure.message.clone(),
    }
}
