use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::ProxyConnector;
use super::variables::{of_this_run, set_user};
use crate::config::operations::OperationName;
use crate::credential::Credential;
use crate::engine::inputs::Inputs;
use crate::engine::load::load;
use crate::engine::variables::Variable;
use crate::secret::Secret;
use crate::user::{User, UserKey};

fn user(key: &str) -> User {
    User {
        key: UserKey {
            id: "77-oracleCrm".to_owned(),
            platform: "oracleCrm".to_owned(),
            proxy_id: Some("rich".to_owned()),
        },
        name: Some("Ada".to_owned()),
        hostname: None,
        timezone_name: None,
        timezone_offset: None,
        credential: Credential::new(Secret::new(key)),
        rc_account_id: None,
        rc_extension_hash: None,
        claimed_account_id: None,
        claimed_extension_hash: None,
        region: None,
        platform_additional_info: Map::new(),
        user_settings: None,
        tenant_host: None,
        session_epoch: 0,
        managed: Default::default(),
        was_alone: false,
        created_at: 0,
        updated_at: 0,
    }
}

fn variables(user: &User) -> Value {
    let mut inputs = Inputs::new();
    set_user(&mut inputs, user);
    inputs
        .variables()
        .map(|(variable, input)| (variable.name().to_owned(), input.to_value()))
        .collect::<Map<_, _>>()
        .into()
}

/// Recordings 01, `rich-stored-values`.
#[test]
fn what_the_user_has_not_got_is_null() {
    let expected = json!({
        "apiKey": "override-key",
        "user.accessToken": "override-key",
        "user.id": "77",
        "user.platform": "oracleCrm",
        "user.hostname": null,
        "user.timezoneName": null,
        "user.timezoneOffset": null,
        "user.refreshToken": null,
        "user.tokenExpiry": null,
        "user.platformAdditionalInfo": {},
    });
    assert_eq!(variables(&user("override-key")), expected);
}

#[test]
fn what_the_user_has_is_there() {
    let mut user = user("key-1");
    user.hostname = Some("acme.example.com".to_owned());
    user.timezone_name = Some("America/New_York".to_owned());
    user.timezone_offset = Some(json!(-300));
    user.credential.refresh = Some(Secret::new("rt-1"));
    user.credential.expires_at = Some(1_767_225_600_000);
    user.platform_additional_info.insert("tenant".to_owned(), json!("t-9"));
    let expected = json!({
        "apiKey": "key-1",
        "user.accessToken": "key-1",
        "user.id": "77",
        "user.platform": "oracleCrm",
        "user.hostname": "acme.example.com",
        "user.timezoneName": "America/New_York",
        "user.timezoneOffset": -300,
        "user.refreshToken": "rt-1",
        "user.tokenExpiry": "2026-01-01T00:00:00.000Z",
        "user.platformAdditionalInfo": {"tenant": "t-9"},
    });
    assert_eq!(variables(&user), expected);
}

#[test]
fn a_user_who_signed_out_has_no_key() {
    let variables = variables(&user(""));
    assert_eq!((variables.get("apiKey"), variables.get("user.accessToken")), (None, None));
}

#[test]
fn an_expiry_out_of_range_is_null() {
    let mut user = user("key-1");
    user.credential.expires_at = Some(i64::MAX);
    assert_eq!(variables(&user)["user.tokenExpiry"], Value::Null);
}

fn connector(change: impl Fn(&mut Value)) -> Arc<ProxyConnector> {
    let mut document = json!({
        "requestDefaults": {"baseUrl": "https://crm.example.com"},
        "operations": {
            "getUserInfo": {"url": "/me", "responseMapping": {"idPath": "body.id"}},
            "createCallLog": {"method": "POST", "url": "/calls", "responseMapping": {"idPath": "body.id"}},
            "updateCallLog": {"method": "PATCH", "url": "/calls/{{thirdPartyLogId}}"},
            "upsertCallDisposition": {"method": "PUT", "url": "/calls/{{thirdPartyLogId}}/outcome"},
            "createMessageLog": {"method": "POST", "url": "/messages", "responseMapping": {"idPath": "body.id"}}
        }
    });
    change(&mut document);
    let loaded = load("crm", &document.to_string(), &|_| None);
    let config = loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.findings.diagnostics));
    Arc::new(ProxyConnector::new("crm".to_owned(), loaded.revision, Arc::new(config)))
}

#[test]
fn an_operation_is_safe_to_repeat_under_a_key_that_is_always_there() {
    let safe = |connector: &ProxyConnector| -> Vec<OperationName> {
        [
            OperationName::GET_USER_INFO,
            OperationName::CREATE_CALL_LOG,
            OperationName::UPDATE_CALL_LOG,
            OperationName::UPSERT_CALL_DISPOSITION,
            OperationName::CREATE_MESSAGE_LOG,
            OperationName::CREATE_CONTACT,
        ]
        .into_iter()
        .filter(|operation| connector.is_safe_to_repeat(*operation))
        .collect()
    };
    assert_eq!(
        safe(&connector(|_| {})),
        [OperationName::GET_USER_INFO, OperationName::UPSERT_CALL_DISPOSITION]
    );
    let keyed = connector(|document| {
        document["requestDefaults"]["idempotencyHeader"] = json!({"name": "Idempotency-Key"});
        document["operations"]["updateCallLog"]["idempotencyHeader"] =
            json!({"name": "X-Key", "value": "{{additionalSubmission.key}}"});
        document["operations"]["createMessageLog"]["headers"] = json!({"idempotency-key": "{{message.id}}"});
    });
    assert_eq!(
        safe(&keyed),
        [
            OperationName::GET_USER_INFO,
            OperationName::CREATE_CALL_LOG,
            OperationName::UPSERT_CALL_DISPOSITION
        ]
    );
}

#[test]
fn the_key_of_the_service_is_sent_and_else_each_run_has_its_own() {
    let connector = connector(|document| {
        document["requestDefaults"]["idempotencyHeader"] =
            json!({"name": "Idempotency-Key", "value": "ac-{{idempotencyKey}}"});
    });
    let sent = |name: OperationName, key: Option<&str>| {
        let mut inputs = Inputs::new();
        inputs.text(Variable::AuthHeader, "Basic x").text(Variable::ThirdPartyLogId, "1");
        inputs.text_if(Variable::IdempotencyKey, key);
        let operation = connector.config.operation(name).unwrap();
        let request = crate::engine::render(operation, &of_this_run(operation, &inputs)).unwrap();
        request.headers.get("idempotency-key").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(sent(OperationName::CREATE_CALL_LOG, Some("claim-1")).as_deref(), Some("ac-claim-1"));
    let (first, second) =
        (sent(OperationName::CREATE_CALL_LOG, None), sent(OperationName::CREATE_CALL_LOG, None));
    assert!(first.as_ref().is_some_and(|key| key.len() == 35) && first != second, "{first:?} {second:?}");
    assert_eq!(sent(OperationName::UPSERT_CALL_DISPOSITION, Some("claim-1")), None, "PUT needs no key");
}

#[test]
fn the_key_is_made_wherever_a_request_names_it() {
    for (member, value) in [
        ("url", json!("/me?run={{idempotencyKey}}")),
        ("query", json!({"run": "{{idempotencyKey}}"})),
        ("auth", json!({"credentialTemplate": "{{idempotencyKey}}", "encode": "none"})),
    ] {
        let connector = connector(|document| document["operations"]["getUserInfo"][member] = value.clone());
        let mut inputs = Inputs::new();
        inputs.text(Variable::AuthHeader, "Basic x");
        let operation = connector.config.operation(OperationName::GET_USER_INFO).unwrap();
        let request = crate::engine::render(operation, &of_this_run(operation, &inputs)).unwrap();
        let in_query = request.url.query_pairs().any(|(name, value)| name == "run" && value.len() == 32);
        let authorization = request.headers.get("authorization").and_then(|value| value.to_str().ok());
        let in_header = authorization.is_some_and(|value| value.len() >= 32);
        assert!(in_query || in_header, "{member}: {}", request.url);
    }
}

#[test]
fn a_revision_with_the_same_limits_goes_on_with_them() {
    let limited = |requests: u32| {
        connector(|document| document["rateLimit"] = json!({"requests": requests, "perSeconds": 60}))
    };
    let next = |requests: u32, before: &Arc<ProxyConnector>| {
        let fresh = limited(requests);
        ProxyConnector::new("crm".to_owned(), "2".to_owned(), fresh.config.clone())
            .succeeding(Some(before.limits()))
    };
    let before = limited(5);
    assert!(Arc::ptr_eq(&before.limits, &next(5, &before).limits));
    assert!(!Arc::ptr_eq(&before.limits, &next(6, &before).limits));
    assert_eq!(connector(|_| {}).limits.settings().max_concurrent, 256);
}
