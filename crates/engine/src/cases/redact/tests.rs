use serde_json::json;

use super::*;

#[test]
fn input_and_reply_agree_after_redaction() {
    let input = json!({
        "phoneNumber": "+14154561234",
        "authHeader": "Bearer tok-1234567",
        "user": {"accessToken": "tok-1234567", "id": "u1", "timezoneName": "Europe/Paris"},
        "note": "Grace said to write to grace@navy.mil",
    });
    let masked = json!({
        "phoneNumber": "+14154561234",
        "authHeader": "Bearer <authHeader>",
        "user": {"accessToken": "<user.accessToken>", "id": "u1", "timezoneName": "Europe/Paris"},
        "note": "Grace said to write to grace@navy.mil",
    });
    let reply = json!({
        "contacts": [{
            "id": "c-100000123456", "name": "Grace Hopper", "phones": ["(415) 456-1234", 4154561234u64],
            "email": "GRACE@navy.mil", "type": "Hopper", "company": "Navy Yard", "address": "2 Ship Lane",
            "access_token": "whatever", "refreshToken": "", "created_at": "2026-01-03T09:00:00Z", "count": 3,
        }],
        "self": "https://crm.example.org/c?phone=%2B14154561234&key=tok-1234567&key2=tok%2D1234567&mail=grace%40navy.mil",
        "text": "Call of Grace Hopper (Navy Yard), +1 415-456-1234",
        "zone": "Europe/Paris",
    });
    let mut redaction =
        Redaction::new(input.as_object().unwrap(), masked.as_object().unwrap(), &["Ship".to_owned()]);
    redaction.collect(&masked);
    redaction.collect(&reply);
    let (input, reply) = (redaction.apply(&masked), redaction.apply(&reply));
    assert_eq!(
        input,
        json!({
            "phoneNumber": "+12025550100",
            "authHeader": "Bearer <authHeader>",
            "user": {"accessToken": "<user.accessToken>", "id": "u1", "timezoneName": "Europe/Paris"},
            "note": "Alex said to write to person1@example.com",
        })
    );
    assert_eq!(
        reply,
        json!({
            "contacts": [{
                "id": "c-100000123456", "name": "Alex Example", "phones": ["(202) 555-0100", 2025550100u64],
                "email": "person1@example.com", "type": "Hopper", "company": "Example Company 1",
                "address": "1 Example Street, Exampletown", "access_token": "<access_token>",
                "refreshToken": "", "created_at": "2026-01-03T09:00:00Z", "count": 3,
            }],
            "self": "https://crm.example.org/c?phone=%2B12025550100&key=<authHeader>&key2=<authHeader>&mail=person1%40example.com",
            "text": "Call of Alex Example (Example Company 1), +1 202-555-0100",
            "zone": "Europe/Paris",
        })
    );
    assert_eq!(redaction.summary(), "5 secrets, 1 phone number, 1 e-mail address, 2 names");
    // What was redacted stays as it is.
    let mut again = Redaction::default();
    again.collect(&reply);
    assert_eq!(again.apply(&reply), reply);
}

#[test]
fn words_of_the_document_are_no_names() {
    let document =
        json!({"path": "$.phones[?(@.name == 'Mobile')].number", "text": "{{default x \"Home\"}}"});
    let reply = json!([{"name": "Mobile"}, {"name": "Home"}, {"name": "Grace"}]);
    let none = Map::new();
    let mut redaction = Redaction::new(&none, &none, &[]).keeping_literals_of(&document);
    redaction.collect(&reply);
    assert_eq!(redaction.apply(&reply), json!([{"name": "Mobile"}, {"name": "Home"}, {"name": "Alex"}]));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_a_reply_holds_is_redacted_without_harm(
        name in "\\PC{0,12}", text in "\\PC{0,30}", phone in "[+0-9 ()./-]{0,20}", company in "\\PC{0,8}", number in 0..u64::MAX,
    ) {
        let reply = json!({
            "name": name, "company": company, "phone": phone, "mobile": number,
            "text": format!("{text}{name} {phone}{company}{text}"),
        });
        let none = Map::new();
        let mut redaction = Redaction::new(&none, &none, &[text]);
        redaction.collect(&reply);
        let redacted = redaction.apply(&reply);
        proptest::prop_assert!(redacted.as_object().unwrap().keys().eq(reply.as_object().unwrap().keys()));
    }
}
