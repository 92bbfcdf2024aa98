//! Which interfaces a platform has.

use serde_json::{Map, Value};

use super::Services;
use crate::connector::Interface;
use crate::connector::documents::Audience;

/// What the reference lists for a platform that is served by documents, in its order; true where
/// its proxy connector has the function.
const PROXY: &[(&str, bool)] = &[
    ("getAuthType", true),
    ("getBasicAuth", true),
    ("getOauthInfo", true),
    ("getUserInfo", true),
    ("createCallLog", true),
    ("updateCallLog", true),
    ("getCallLog", true),
    ("createMessageLog", true),
    ("updateMessageLog", true),
    ("createContact", true),
    ("findContact", true),
    ("listAppointments", false),
    ("createAppointment", false),
    ("updateAppointment", false),
    ("refreshAppointment", false),
    ("confirmAppointment", false),
    ("cancelAppointment", false),
    ("unAuthorize", true),
    ("upsertCallDisposition", true),
    ("findContactWithName", true),
    ("getUserList", true),
    ("getLicenseStatus", true),
    ("getLogFormatType", true),
    ("refreshUserInfo", false),
    ("cacheCallNote", false),
];

/// Why interfaces cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No document with this id is in service.
    #[error("Unknown proxyId \"{0}\".")]
    ProxyId(String),
}

/// The interfaces of a platform: with a proxy id, or for a platform with a registered connector,
/// exactly what is fulfilled; else what documents can have (Q28).
///
/// # Errors
/// If the proxy id is unknown.
pub fn implemented(
    services: &Services,
    platform: &str,
    proxy_id: Option<&str>,
) -> Result<Map<String, Value>, Unknown> {
    let view = services.platform(platform, proxy_id, Audience::Anybody);
    if let Some(proxy_id) = proxy_id
        && view.proxy.is_none()
    {
        return Err(Unknown::ProxyId(proxy_id.to_owned()));
    }
    if !view.is_known() {
        return Ok(PROXY.iter().map(|(name, has)| ((*name).to_owned(), Value::Bool(*has))).collect());
    }
    let fulfilled = services.registry.capabilities(platform, view.proxy.as_ref());
    let has = |name: &str| {
        let signing_out = name == "unAuthorize" && view.proxy.is_some();
        signing_out || fulfilled.iter().any(|(interface, _)| interface.as_str() == name)
    };
    let listed = PROXY.iter().map(|(name, _)| *name);
    let others = Interface::ALL
        .iter()
        .map(|interface| interface.as_str())
        .filter(|name| !PROXY.iter().any(|(known, _)| known == name));
    Ok(listed.chain(others).map(|name| (name.to_owned(), Value::Bool(has(name)))).collect())
}
