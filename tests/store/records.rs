//! Records that the tests of both stores keep.

use app_connect::credential::Credential;
use app_connect::store::{CallLog, ContactKey, Extension, Keys, Owner, Secret, Tenant, User, UserKey};
use base64::Engine;
use serde_json::json;

pub const SECRET: &str = "a secret key for the tests of the store";

pub fn keys(secret: &str) -> Keys {
    Keys::from_secret(&Secret::new(secret)).unwrap()
}

pub fn user(id: &str, proxy_id: Option<&str>) -> User {
    let info = json!({"zeta": 1, "alpha": {"y": "first", "b": [1.5, null]}, "id": 9_007_199_254_740_993_u64});
    User {
        key: UserKey { id: id.to_owned(), platform: "crm".to_owned(), proxy_id: proxy_id.map(str::to_owned) },
        name: Some("Zoë O'Neill".to_owned()),
        hostname: Some("acme.crm.example".to_owned()),
        timezone_name: Some("Europe/Lisbon".to_owned()),
        timezone_offset: Some(json!("+01:00")),
        credential: Credential {
            secret: Secret::new("access-9f86d081884c7d659a2feaa0"),
            refresh: Some(Secret::new("refresh-60303ae22b998861bce3b28f")),
            expires_at: Some(1_760_000_000_000),
            client: None,
            grant_fields: None,
        },
        rc_account_id: Some("37439510".to_owned()),
        rc_extension_hash: None,
        claimed_account_id: None,
        claimed_extension_hash: None,
        region: Some("PT".to_owned()),
        platform_additional_info: info.as_object().unwrap().clone(),
        user_settings: Some(json!({"popUp": {"value": true}, "advancedLog": {"value": false}})),
        tenant_host: Some("acme.crm.example".to_owned()),
        session_epoch: 3,
        was_alone: true,
        created_at: 1_750_000_000_000,
        updated_at: 1_750_000_000_001,
    }
}

pub fn scope(platform: &str, proxy_id: Option<&str>, owner: Owner) -> Tenant {
    Tenant { platform: platform.to_owned(), proxy_id: proxy_id.map(str::to_owned), owner, tenant_host: None }
}

pub fn account(id: &str) -> Owner {
    Owner::RcAccount(id.to_owned())
}

pub fn call_log(scope: Tenant, session_id: &str, extension: Option<&str>, created_at: i64) -> CallLog {
    CallLog {
        platform: scope.platform.clone(),
        scope,
        session_id: session_id.to_owned(),
        call_id: format!("call-{session_id}"),
        extension: Extension { number: extension.map(str::to_owned), hashed_id: None },
        third_party_log_id: format!("log-{created_at}"),
        contact_id: Some("contact-1".to_owned()),
        user_id: "7-crm".to_owned(),
        created_at,
        updated_at: created_at,
    }
}

pub fn contact_key(phone_number: &str) -> ContactKey {
    ContactKey {
        rc_account_id: "37439510".to_owned(),
        platform: "crm".to_owned(),
        proxy_id: Some("acme".to_owned()),
        tenant_host: None,
        phone_number: phone_number.to_owned(),
    }
}

/// The texts that must not be found, as they are and as base64 at each offset.
pub fn forbidden() -> Vec<Vec<u8>> {
    let one = user("7-crm", None);
    let mut texts = Vec::new();
    for text in [
        one.credential.secret.expose(),
        one.credential.refresh.as_ref().unwrap().expose(),
        "+16505550107",
        "16505550107",
        "Ada Lovelace",
        "Neill",
        "first",
        SECRET,
    ] {
        texts.push(text.as_bytes().to_vec());
        for offset in 0..3 {
            let shifted = [&b"\0\0\0"[..offset], text.as_bytes()].concat();
            let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(shifted);
            // The characters at both ends depend on the neighbours.
            let inner = &encoded.as_bytes()[if offset == 0 { 0 } else { 4 }..encoded.len() - 4];
            if inner.len() >= 6 {
                texts.push(inner.to_vec());
            }
        }
    }
    texts
}

pub fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
