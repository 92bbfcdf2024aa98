//! What a mapping does: `assignedUser.id` in the requests that log (Q92).
use super::*;
use crate::support::test_server::call;

/// A world where user `u1` of the CRM is extension 201 and user `5` is 202.
fn mapped() -> (World, String) {
    let world = World::start();
    let session = world.admin();
    let mappings = json!([{"crmUserId": "u1", "rcExtensionId": ["201"]}, {"crmUserId": 5, "rcExtensionId": [202, "203"]}]);
    assert_eq!(world.save(&session, ADMIN, &mappings).status, 200);
    (world, session)
}

impl World {
    /// Logs a call as server-side logging does; gives the owner that the CRM was told.
    #[track_caller]
    fn owner(&self, session: &str, session_id: &str, submission: &Value) -> Value {
        let mut call = call(session_id, "c1");
        call["additionalSubmission"] = submission.clone();
        call["hashedExtensionId"] = "h".into();
        let headers = [
            ("Authorization", &*format!("Bearer {session}")),
            ("Content-Type", "application/json"),
            ("User-Agent", "SSCL"),
        ];
        let reply = self.app.send("POST", "/callLog", &headers, Some(call.to_string().into_bytes()));
        assert_eq!(reply.json()["successful"], true, "{}", reply.text());
        self.logged().pop().expect("a request")["owner"].clone()
    }
}

#[test]
fn the_mapping_says_who_an_extension_is() {
    let (world, session) = mapped();
    for (n, (members, owner)) in [
        (json!({"isAssignedToUser": true, "adminAssignedUserRcId": "201"}), json!("u1")),
        (json!({"isAssignedToUser": true, "adminAssignedUserRcId": 201}), json!("u1")),
        (json!({"isAssignedToUser": true, "adminAssignedUserRcId": "202"}), json!("5")),
        (json!({"isAssignedToUser": true, "adminAssignedUserRcId": 203}), json!("5")),
        (json!({"adminAssignedUserRcId": "201"}), json!("u1")),
        (json!({"isAssignedToUser": false, "adminAssignedUserRcId": "201"}), Value::Null),
        (json!({"isAssignedToUser": true, "adminAssignedUserRcId": "204"}), Value::Null),
        (json!({"isAssignedToUser": true, "adminAssignedUserRcId": ["201"]}), Value::Null),
        (json!({"isAssignedToUser": true}), Value::Null),
        (json!({}), Value::Null),
        (json!("text"), Value::Null),
        (Value::Null, Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(world.owner(&session, &format!("s-{n}"), &members), owner, "{members}");
    }
}

#[test]
fn updates_and_messages_have_it_too() {
    let (world, session) = mapped();
    let assigned = json!({"isAssignedToUser": true, "adminAssignedUserRcId": "202"});
    assert_eq!(world.owner(&session, "s-1", &json!({})), Value::Null);
    let update =
        json!({"sessionId": "s-1", "hashedExtensionId": "h", "note": "n", "additionalSubmission": assigned});
    let headers = [("Authorization", &*format!("Bearer {session}")), ("Content-Type", "application/json")];
    let reply = world.app.send("PATCH", "/callLog", &headers, Some(update.to_string().into_bytes()));
    assert_eq!(reply.json()["successful"], false, "the CRM has no such route: {}", reply.text());
    assert_eq!(world.logged().pop().unwrap()["owner"], "5");
    let messages = json!({
        "logInfo": {
            "conversationId": "c", "conversationLogId": "c-day", "type": "SMS",
            "messages": [{"id": 1, "subject": "Hello", "direction": "Outbound", "creationTime": 1_704_103_200_000_i64}],
            "correspondents": [{"phoneNumber": "+14155550123"}]
        },
        "contactId": "c1", "contactType": "Contact", "contactName": "Ada", "additionalSubmission": assigned
    });
    assert_eq!(world.app.post("/messageLog", &session, &messages).json()["successful"], true);
    assert_eq!(world.logged().pop().unwrap(), json!({"contact_id": "c1", "text": "Hello", "owner": "5"}));
}

/// The session of a colleague says more than the mapping; anybody else's says nothing.
#[test]
fn the_session_of_a_colleague_says_who_is_assigned() {
    let (world, session) = mapped();
    let colleague = world.sign_in("one", "testCrm", "7-key", Some("1/207"));
    let strangers = [
        ("another account", world.sign_in("one", "testCrm", "8-key", Some("2/208"))),
        ("no account", world.sign_in("one", "testCrm", "9-key", None)),
        ("another document", world.sign_in("two", "testCrm", "10-key", Some("1/210"))),
        ("another platform", world.sign_in("one", "otherCrm", "11-key", Some("1/211"))),
        ("no session", "garbage".to_owned()),
    ];
    let with = |token: &str, more: Value| {
        let mut members = json!({"isAssignedToUser": true, "adminAssignedUserToken": token});
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        members
    };
    let extension = || json!({"adminAssignedUserRcId": "201"});
    assert_eq!(world.owner(&session, "s-1", &with(&colleague, extension())), "7");
    assert_eq!(world.owner(&session, "s-2", &with(&session, json!({}))), "1", "oneself");
    for (n, (what, token)) in strangers.iter().enumerate() {
        assert_eq!(world.owner(&session, &format!("a-{n}"), &with(token, json!({}))), Value::Null, "{what}");
        assert_eq!(world.owner(&session, &format!("b-{n}"), &with(token, extension())), "u1", "{what}");
    }
    // A session that has ended says nothing either.
    assert_eq!(world.app.post("/unAuthorize", &colleague, &json!({})).status, 200);
    world.sign_in("one", "testCrm", "7-key", Some("1/207"));
    assert_eq!(world.owner(&session, "s-3", &with(&colleague, json!({}))), Value::Null);
}

/// Only what RingCentral proved opens the mappings of an account: neither a header nor the call does.
#[test]
fn a_claimed_account_has_no_mappings() {
    let (world, _) = mapped();
    let assigned = json!({"isAssignedToUser": true, "adminAssignedUserRcId": "201"});
    let hash = world.app.get("/userInfoHash?accountId=1", "").json()["accountId"].clone();
    let strangers = [
        world.sign_in("one", "testCrm", "8-key", Some("2/208")),
        world.sign_in("one", "testCrm", "9-key", None),
        world.sign_in("two", "testCrm", "10-key", Some("1/210")),
        world.sign_in("one", "otherCrm", "11-key", Some("1/211")),
    ];
    for stranger in &strangers {
        let mut call = call("s-1", "c1");
        call["additionalSubmission"] = assigned.clone();
        call["logInfo"]["accountId"] = "1".into();
        let headers = [
            ("Authorization", &*format!("Bearer {stranger}")),
            ("Content-Type", "application/json"),
            ("rc-account-id", hash.as_str().unwrap()),
            ("User-Agent", "SSCL"),
        ];
        let reply = world.app.send("POST", "/callLog", &headers, Some(call.to_string().into_bytes()));
        assert_eq!(reply.json()["successful"], true, "{}", reply.text());
        assert_eq!(world.logged().pop().unwrap()["owner"], Value::Null);
    }
}
