//! The stored forms: what was written by any version is read, and what is written stays the same text.

use serde_json::{Map, json};

use super::*;
use crate::credential::{Credential, OAuthClient};
use crate::store::{Secret, codec::encode_key};
use crate::user::{ManagedFields, User, UserKey};

fn keys() -> Keys {
    Keys::from_secret(&Secret::new("key")).unwrap()
}

fn tenant() -> Tenant {
    Tenant {
        platform: "crm".to_owned(),
        proxy_id: Some("acme".to_owned()),
        owner: Owner::RcAccount("37".to_owned()),
        tenant_host: None,
    }
}

/// The form is exactly this text, under this key.
fn is_stored_as<R: Record>(record: &R, key: Vec<u8>, parts: &[Option<&str>], form: &str) {
    assert_eq!(String::from_utf8(record.to_json().unwrap()).unwrap(), form);
    assert_eq!(codec::decode_key(&key).unwrap(), parts);
    let row = record.to_row(&keys(), key).unwrap();
    assert_eq!(row.table, R::TABLE);
    assert_eq!(verify(&keys(), &row), Ok(()));
}

#[test]
fn users() {
    let user = User {
        key: UserKey {
            id: "7-crm".to_owned(),
            platform: "crm".to_owned(),
            proxy_id: Some("acme".to_owned()),
        },
        name: Some("Zoë".to_owned()),
        hostname: Some("a.example".to_owned()),
        timezone_name: None,
        timezone_offset: Some(json!("+01:00")),
        credential: Credential {
            secret: Secret::new("access"),
            refresh: Some(Secret::new("refresh")),
            expires_at: Some(1),
            client: None,
            grant_fields: None,
        },
        rc_account_id: Some("37".to_owned()),
        rc_extension_hash: None,
        claimed_account_id: None,
        claimed_extension_hash: None,
        region: Some("PT".to_owned()),
        platform_additional_info: json!({"z": 1, "a": 2}).as_object().unwrap().clone(),
        user_settings: None,
        tenant_host: Some("a.example".to_owned()),
        session_epoch: 0,
        managed: Default::default(),
        was_alone: true,
        created_at: 2,
        updated_at: 3,
    };
    is_stored_as(
        &StoredUser::new(&user),
        StoredUser::key_of(&user.key),
        &[Some("crm"), Some("7-crm"), Some("acme")],
        r#"{"key":{"id":"7-crm","platform":"crm","proxy_id":"acme"},"name":"Zoë","hostname":"a.example","timezone_name":null,"timezone_offset":"+01:00","access_token":"access","refresh_token":"refresh","token_expiry":1,"rc_account_id":"37","region":"PT","platform_additional_info":{"z":1,"a":2},"user_settings":null,"site":"a.example","was_alone":true,"created_at":2,"updated_at":3}"#,
    );
    let returned = User { session_epoch: 2, ..user.clone() };
    let form = String::from_utf8(StoredUser::new(&returned).to_json().unwrap()).unwrap();
    assert!(form.contains(r#""site":"a.example","session_epoch":2,"was_alone":true"#), "{form}");
    assert_eq!(StoredUser::from_json(form.as_bytes()).unwrap().into_user(), returned);
    let client = OAuthClient {
        client_id: "of-37".to_owned(),
        client_secret: Some(Secret::new("s")),
        token_url: "https://a.example/token".to_owned(),
    };
    let signed_in = User {
        credential: Credential {
            client: Some(client),
            grant_fields: Some(Secret::new("{}")),
            ..user.credential.clone()
        },
        rc_extension_hash: Some("e".to_owned()),
        claimed_account_id: Some("38".to_owned()),
        claimed_extension_hash: Some("f".to_owned()),
        ..user.clone()
    };
    let form = String::from_utf8(StoredUser::new(&signed_in).to_json().unwrap()).unwrap();
    let new = r#""client":{"client_id":"of-37","client_secret":"s","token_url":"https://a.example/token"},"grant_fields":"{}","rc_account_id":"37","rc_extension_hash":"e","claimed_account_id":"38","claimed_extension_hash":"f","region""#;
    assert!(form.contains(new), "{form}");
    assert_eq!(StoredUser::from_json(form.as_bytes()).unwrap().into_user(), signed_in);
    let names = vec!["tenant".to_owned()];
    let values = Map::from_iter([("tenant".to_owned(), json!("never stored"))]);
    let managed = ManagedFields { extension_id: Some("11".to_owned()), names, values };
    let of_admins = User { managed, ..user.clone() };
    let form = String::from_utf8(StoredUser::new(&of_admins).to_json().unwrap()).unwrap();
    let new = r#""managed":{"extension_id":"11","names":["tenant"]},"user_settings""#;
    assert!(form.contains(new) && !form.contains("never stored"), "{form}");
    let read = StoredUser::from_json(form.as_bytes()).unwrap().into_user();
    assert_eq!((read.managed.names, read.managed.values), (of_admins.managed.names, Map::new()));
    let oldest = r#"{"key":{"id":"7-crm","platform":"crm","proxy_id":"acme"},"name":"Zoë","hostname":"a.example","timezone_name":null,"timezone_offset":"+01:00","access_token":"access","refresh_token":"refresh","token_expiry":1,"rc_account_id":"37","platform_additional_info":{"z":1,"a":2},"user_settings":null,"created_at":2,"updated_at":3}"#;
    let read = StoredUser::from_json(oldest.as_bytes()).unwrap().into_user();
    assert_eq!(read, User { region: None, tenant_host: None, was_alone: false, ..user });
}

#[test]
fn logs() {
    let log = CallLog {
        scope: tenant(),
        session_id: "s-1".to_owned(),
        call_id: "c-1".to_owned(),
        extension: Extension { number: Some("101".to_owned()), hashed_id: None },
        third_party_log_id: "l-1".to_owned(),
        contact_id: None,
        user_id: "7-crm".to_owned(),
        platform: "crm".to_owned(),
        created_at: 1,
        updated_at: 2,
    };
    let scope = r#"{"platform":"crm","proxy_id":"acme","owner":{"RcAccount":"37"}}"#;
    let begins = [Some("crm"), Some("acme"), Some("account"), Some("37")];
    let parts = |rest: &[Option<&'static str>]| [&begins[..], rest].concat();
    let form = format!(
        r#"{{"scope":{scope},"session_id":"s-1","call_id":"c-1","extension":{{"number":"101","hashed_id":null}},"third_party_log_id":"l-1","contact_id":null,"user_id":"7-crm","platform":"crm","created_at":1,"updated_at":2}}"#
    );
    is_stored_as(&log, log.row_key(), &parts(&[Some("s-1"), Some("101"), None]), &form);
    assert!(log.row_key().starts_with(&CallLog::session_prefix(&log.scope, "s-1")));

    let talk = Conversation {
        scope: tenant(),
        conversation_log_id: "c-1".to_owned(),
        conversation_id: None,
        first_message_id: "m-1".to_owned(),
        third_party_log_id: "l-1".to_owned(),
        user_id: "7-crm".to_owned(),
        created_at: 1,
        updated_at: 2,
    };
    let form = format!(
        r#"{{"scope":{scope},"conversation_log_id":"c-1","conversation_id":null,"first_message_id":"m-1","third_party_log_id":"l-1","user_id":"7-crm","created_at":1,"updated_at":2}}"#
    );
    is_stored_as(&talk, talk.row_key(), &parts(&[Some("c-1")]), &form);

    let message = MessageLog {
        scope: tenant(),
        message_id: "m-1".to_owned(),
        conversation_log_id: "c-1".to_owned(),
        third_party_log_id: "l-1".to_owned(),
        user_id: "7-crm".to_owned(),
        created_at: 1,
    };
    let form = format!(
        r#"{{"scope":{scope},"message_id":"m-1","conversation_log_id":"c-1","third_party_log_id":"l-1","user_id":"7-crm","created_at":1}}"#
    );
    is_stored_as(&message, message.row_key(), &parts(&[Some("m-1")]), &form);

    let at_host = Tenant {
        owner: Owner::User("7-crm".to_owned()),
        tenant_host: Some("a.example".to_owned()),
        ..tenant()
    };
    let key = MessageLog::key_of(&at_host, "m-1");
    let parts = ["crm", "acme", "user at site", "7-crm", "a.example", "m-1"].map(Some);
    assert_eq!(codec::decode_key(&key).unwrap(), parts);
    let form = serde_json::to_string(&at_host).unwrap();
    assert_eq!(form, r#"{"platform":"crm","proxy_id":"acme","owner":{"User":"7-crm"},"site":"a.example"}"#);
}

/// What is not sealed is tied to its key by nothing else.
#[test]
fn a_log_under_another_key_is_refused() {
    let message = MessageLog {
        scope: tenant(),
        message_id: "m-1".to_owned(),
        conversation_log_id: "c-1".to_owned(),
        third_party_log_id: "l-1".to_owned(),
        user_id: "7-crm".to_owned(),
        created_at: 1,
    };
    let moved = message.to_row(&keys(), MessageLog::key_of(&tenant(), "m-2")).unwrap();
    let error = verify(&keys(), &moved).unwrap_err();
    assert!(error.to_string().contains("another record's key"), "{error}");
}

#[test]
fn claims_and_documents_and_contacts() {
    let claims = Claims {
        claims: vec![Claim {
            extension: Extension::default(),
            message_id: None,
            holder: "h".to_owned(),
            instance: "i".to_owned(),
            idempotency_key: "k".to_owned(),
            claimed_at: 1,
            uptime: 2,
            known_age: 3,
            busy_until: 4,
            expires_at: 5,
            in_doubt: false,
            is_undone: false,
        }],
    };
    let key = |subject| ClaimKey { scope: tenant(), subject }.row_key();
    let parts = |kind, id| [Some("crm"), Some("acme"), Some("account"), Some("37"), Some(kind), Some(id)];
    is_stored_as(
        &claims,
        key(ClaimSubject::Call("s-1".to_owned())),
        &parts("call", "s-1"),
        r#"{"claims":[{"extension":{"number":null,"hashed_id":null},"holder":"h","instance":"i","idempotency_key":"k","claimed_at":1,"uptime":2,"known_age":3,"busy_until":4,"expires_at":5,"in_doubt":false}]}"#,
    );
    let oldest = r#"{"claims":[{"extension":{"number":null,"hashed_id":null},"holder":"h","instance":"i","idempotency_key":"k","claimed_at":1,"busy_until":4,"expires_at":5,"in_doubt":false}]}"#;
    let read = Claims::from_json(oldest.as_bytes()).unwrap();
    assert_eq!((read.claims[0].uptime, read.claims[0].known_age), (0, 0));
    for (subject, kind) in [
        (ClaimSubject::Conversation("x".to_owned()), "conversation"),
        (ClaimSubject::Contact("x".to_owned()), "contact"),
    ] {
        assert_eq!(codec::decode_key(&key(subject)).unwrap(), parts(kind, "x"));
    }

    let content = json!({"z": 1, "a": 9_007_199_254_740_993_u64});
    for (kind, name) in [
        (DocumentKind::Note, "note"),
        (DocumentKind::CallDown, "callDown"),
        (DocumentKind::AccountData, "accountData"),
        (DocumentKind::AdminSettings, "adminSettings"),
        (DocumentKind::License, "license"),
        (DocumentKind::Lease, "lease"),
        (DocumentKind::ApiToken, "consoleToken"),
        (DocumentKind::Connector, "connector"),
        (DocumentKind::ConnectorRevision, "connectorRevision"),
        (DocumentKind::ConnectorText, "connectorText"),
        (DocumentKind::Audit, "audit"),
        (DocumentKind::NewContacts, "newContacts"),
    ] {
        let key = DocumentKey { kind, parts: vec![None, Some("x".to_owned())] };
        let parts = [Some(name), None, Some("x")];
        is_stored_as(&Document::new(&content), key.row_key(), &parts, r#"{"z":1,"a":9007199254740993}"#);
    }

    let contact = ContactKey {
        rc_account_id: "37".to_owned(),
        platform: "crm".to_owned(),
        proxy_id: None,
        tenant_host: Some("a.example".to_owned()),
        phone_number: "+1650".to_owned(),
    };
    let hash = "e3158b0adf7b083d15d9c30c3717d87ea57d143de6e9487f20f3ccd00b942bb2";
    let row_key = contact.row_key(&keys());
    is_stored_as(
        &Contacts(json!([])),
        row_key,
        &[Some("37"), Some("crm"), None, Some("a.example"), Some(hash)],
        "[]",
    );
}

/// A program that is older than a record says so, and does not call the record damaged.
#[test]
fn a_form_of_a_newer_program_is_not_damaged() {
    let key = || encode_key(&[Some("a")]);
    let row = |json: &[u8]| codec::row(&keys(), Table::Claims, key(), json.to_vec()).unwrap();
    let newer = verify(&keys(), &row(br#"{"formVersion":2,"held":[]}"#)).unwrap_err();
    let what = "a record of claims".to_owned();
    assert_eq!(newer, StoreError::Format { what, found: "2".to_owned(), known: 1 });
    // Also if it can be read as a form of today: what is new in it would be lost.
    let readable = verify(&keys(), &row(br#"{"formVersion":2,"claims":[],"more":1}"#)).unwrap_err();
    assert!(matches!(readable, StoreError::Format { .. }), "{readable}");
    assert_eq!(verify(&keys(), &row(br#"{"formVersion":1,"claims":[]}"#)), Ok(()));
    for damaged in [&br#"{"formVersion":1,"held":[]}"#[..], br#"{"held":[]}"#, b"{"] {
        let error = verify(&keys(), &row(damaged)).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }
}
