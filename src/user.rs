//! The user of a CRM: as services keep it, and as connectors see it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::credential::Credential;

/// Stands between a CRM's id and the host that it means somebody at, in the App Connect id of whoever
/// came second with this id.
pub const TENANT_HOST_MARK: char = '|';

/// Who a user is. The proxy id belongs to it: the same id behind another proxy
/// config is another user (Q3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserKey {
    /// `<crmId>-<platform>`, as clients see it.
    pub id: String,
    /// The platform name, e.g. `pipedrive`.
    pub platform: String,
    /// The proxy config, where the platform is served by one.
    pub proxy_id: Option<String>,
}

/// The fields of the sign-in page that an account's admins filled in for a user. Their values are kept with the account
/// and not with the user (Q76).
#[derive(Clone, Default, PartialEq)]
pub struct ManagedFields {
    /// The extension that has values of its own besides the account's.
    pub extension_id: Option<String>,
    /// The names of the fields.
    pub names: Vec<String>,
    /// Their values, as they are at the moment. They are never stored with the user.
    pub values: Map<String, Value>,
}

/// Names no value: they may be secrets.
impl fmt::Debug for ManagedFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedFields").field("names", &self.names).finish_non_exhaustive()
    }
}

/// A signed-in user of a CRM. Not `Serialize`: it holds a credential, and only the
/// store writes those down, sealed.
#[derive(Clone, PartialEq)]
pub struct User {
    /// Who it is.
    pub key: UserKey,
    /// The name that the CRM reports.
    pub name: Option<String>,
    /// The CRM's host for this user, e.g. `acme.pipedrive.com`.
    pub hostname: Option<String>,
    /// IANA time zone name.
    pub timezone_name: Option<String>,
    /// The offset as the CRM reports it: a number or text.
    pub timezone_offset: Option<Value>,
    /// What proves to the CRM who it is.
    pub credential: Credential,
    /// The RingCentral account that the user belongs to, as a RingCentral token proved it.
    pub rc_account_id: Option<String>,
    /// The hashed id of the RingCentral extension, as a RingCentral token proved it.
    pub rc_extension_hash: Option<String>,
    /// The RingCentral account that the client named when the user signed in with OAuth. Nothing proves it, so it
    /// opens nothing that belongs to an account.
    pub claimed_account_id: Option<String>,
    /// The hashed id of the RingCentral extension that the client named. Nothing proves it.
    pub claimed_extension_hash: Option<String>,
    /// The country of that account's numbers, two letters.
    pub region: Option<String>,
    /// What the config keeps about the user; its key order is kept.
    pub platform_additional_info: Map<String, Value>,
    /// The fields that admins filled in.
    pub managed: ManagedFields,
    /// The user's own settings.
    pub user_settings: Option<Value>,
    /// The CRM's host that said who this is, where a template chose it: the id means somebody there
    /// alone.
    pub tenant_host: Option<String>,
    /// How often sessions have ended because the user signed out and came back: those of an earlier number are none.
    pub session_epoch: u64,
    /// Whether logs may be kept under this user although the account is known now.
    pub was_alone: bool,
    /// Created at, in milliseconds.
    pub created_at: i64,
    /// Last changed at, in milliseconds.
    pub updated_at: i64,
}

/// Names no content: settings and additional info can hold personal data.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("key", &self.key)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

impl User {
    /// The CRM's id of the user: the App Connect id without its trailing `-<platform>` (Q2), and without
    /// the site.
    pub fn crm_id(&self) -> &str {
        crm_id(&self.key, self.tenant_host.as_deref())
    }
}

fn crm_id<'k>(key: &'k UserKey, tenant_host: Option<&str>) -> &'k str {
    let id = without_platform(&key.id, &key.platform);
    tenant_host
        .and_then(|tenant_host| id.strip_suffix(tenant_host)?.strip_suffix(TENANT_HOST_MARK))
        .unwrap_or(id)
}

fn without_platform<'a>(id: &'a str, platform: &str) -> &'a str {
    id.strip_suffix(platform).and_then(|rest| rest.strip_suffix('-')).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crm_id_is_the_id_without_its_platform() {
        let table = [
            ("77-acme", "acme", "77"),
            ("a-b-acme", "acme", "a-b"),
            ("77-acme-acme", "acme", "77-acme"),
            ("acme-acme", "acme", "acme"),
            ("-acme", "acme", ""),
            ("77-my-crm", "my-crm", "77"),
            ("77-my-crm", "crm", "77-my"),
            ("77", "acme", "77"),
            ("acme", "acme", "acme"),
            ("77acme", "acme", "77acme"),
            ("77-acme", "", "77-acme"),
            ("77-Acme", "acme", "77-Acme"),
            ("7é-acmé", "acmé", "7é"),
            ("", "", ""),
        ];
        for (id, platform, expected) in table {
            assert_eq!(without_platform(id, platform), expected, "{id} at {platform}");
        }
    }

    #[test]
    fn the_site_is_no_part_of_the_crms_id() {
        let of = |id: &str, tenant_host: Option<&str>| {
            let (id, platform) = (format!("{id}-oracleCrm"), "oracleCrm".to_owned());
            crm_id(&UserKey { id, platform, proxy_id: None }, tenant_host).to_owned()
        };
        assert_eq!(of("77|b.crm.example", Some("b.crm.example")), "77");
        assert_eq!(of("77|b.crm.example", Some("a.crm.example")), "77|b.crm.example");
        assert_eq!(of("ann@b.crm.example", Some("b.crm.example")), "ann@b.crm.example");
        assert_eq!(of("77", Some("b.crm.example")), "77");
        assert_eq!(of("77|b.crm.example", None), "77|b.crm.example");
    }
}
