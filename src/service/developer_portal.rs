//! The developer portal, where connectors are published with their manifests.

use serde_json::Value;

use super::Services;
use crate::engine::exchange::{RequestSpec, UpstreamResponse};
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::send::send;
use crate::engine::text::id_text;

/// A connector of the portal, as a client names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its id there.
    pub connector_id: String,
    /// Who sees it.
    pub access: Access,
}

/// Who sees a connector of the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// The account that owns it, and those that it shares it with.
    Private,
    /// Whoever develops it in this account.
    Developed(String),
}

/// What the portal says of a connector.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Its manifest.
    Manifest(Value),
    /// It has no such connector, or not for this account.
    Unknown,
}

/// The manifest of a connector. The account matters only for private ones: it sees its own, and those
/// that others share with it. Ids are encoded (Q80).
///
/// # Errors
/// If the portal cannot be asked, or answers with something else than a manifest.
pub async fn manifest(
    services: &Services,
    published: &Published,
    account_id: Option<&str>,
) -> Result<Answer, Failure> {
    let id = published.connector_id.as_str();
    let owner = match &published.access {
        Access::Public => None,
        Access::Developed(account) => Some(account.clone()),
        Access::Private => {
            let Some(account_id) = account_id else { return Ok(Answer::Unknown) };
            let Some(owner) = owner(services, id, account_id).await? else { return Ok(Answer::Unknown) };
            Some(owner)
        }
    };
    let spec = RequestSpec::get(services.developer_portal.clone()).path([
        "public-api",
        "connectors",
        id,
        "manifest",
    ])?;
    let spec = match &owner {
        Some(owner) => spec.query("access", "internal").query("type", "connector").query("accountId", owner),
        None => spec,
    };
    match ask(services, &spec).await {
        Ok(response) => match response.into_parts().1 {
            manifest @ Value::Object(_) => Ok(Answer::Manifest(manifest)),
            _ => Err(Failure::new(
                FailureKind::NotJson,
                "the developer portal answered with something else than a manifest",
            )),
        },
        Err(Failure { kind: FailureKind::Status(404 | 410), .. }) => Ok(Answer::Unknown),
        Err(failure) => Err(failure),
    }
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
