use serde_json::{Map, Value, json};

use super::variables::{crm_id, set_user};
use crate::engine::inputs::Inputs;
use crate::store::{Secret, User, UserKey};

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
        assert_eq!(crm_id(id, platform), expected, "{id} at {platform}");
    }
}

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
        access_token: Secret::new(key),
        refresh_token: None,
        token_expiry: None,
        rc_account_id: None,
        platform_additional_info: Map::new(),
        user_settings: None,
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
    user.refresh_token = Some(Secret::new("rt-1"));
    user.token_expiry = Some(1_767_225_600_000);
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
    user.token_expiry = Some(i64::MAX);
    assert_eq!(variables(&user)["user.tokenExpiry"], Value::Null);
}
