//! The developer portal, where connectors are published with their manifests.

use serde_json::Value;

use super::Services;
use crate::engine::exchange::{RequestSpec, UpstreamResponse};
use crate::engine::failure::Failure;
use crate::engine::send::send;
use crate::engine::text::id_text;

/// A connector of the portal, as a client names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its id there.
    pub connector_id: String,
    /// Whether only some accounts see it.
    pub is_private: bool,
}

/// The manifest of a connector. The account matters only for private ones: it sees its own, and those
/// that others share with it; of any other there is no manifest.
///
/// # Errors
/// If the portal cannot be asked, or refuses.
pub async fn manifest(
    services: &Services,
    published: &Published,
    account_id: &str,
) -> Result<Option<Value>, Failure> {
    let id = published.connector_id.as_str();
    let path = ["public-api", "connectors", id, "manifest"];
    let spec = if published.is_private {
        let Some(owner) = owner(services, id, account_id).await? else { return Ok(None) };
        let spec = RequestSpec::get(services.developer_portal.clone()).path(path)?;
        spec.query("access", "internal").query("type", "connector").query("accountId", &owner)
    } else {
        RequestSpec::get(services.developer_portal.clone()).path(path)?
    };
    Ok(Some(ask(services, &spec).await?.into_parts().1))
}

/// The account that owns a private connector which this account may use.
async fn owner(services: &Services, id: &str, account_id: &str) -> Result<Option<String>, Failure> {
    let spec = RequestSpec::get(services.developer_portal.clone())
        .path(["public-api", "connectors", "internal"])?
        .query("accountId", account_id);
    let response = ask(services, &spec).await?;
    let listed = |name: &str| {
        let all = response.body().get(name).and_then(Value::as_array).into_iter().flatten();
        all.into_iter().find(|connector| connector.get("id").and_then(id_text).as_deref() == Some(id))
    };
    if listed("privateConnectors").is_some() {
        return Ok(Some(account_id.to_owned()));
    }
    Ok(listed("sharedConnectors").and_then(|shared| shared.get("accountId")).and_then(id_text))
}

async fn ask(services: &Services, spec: &RequestSpec) -> Result<UpstreamResponse, Failure> {
    send(services.client(), spec).await
}
