//! What a client says of its RingCentral account at the callback proves nothing; a RingCentral token does, then or later.
use super::{World, callback_target, refused, session};
use crate::support::client::Response;
use serde_json::{Value, json};

fn admin_settings(world: &World, token: &str, rc_token: &str) -> Response {
    let bearer = format!("Bearer {token}");
    world.send("/admin/settings", &[("Authorization", &bearer), ("X-RC-Access-Token", rc_token)])
}

/// Whether the user is known to belong to another account than `other`.
fn belongs_elsewhere(world: &World, token: &str) -> bool {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("X-RC-Access-Token", "other/1/admin")];
    let reply = world.app.send("GET", "/user/settings?rcAccountId=x", &headers, None);
    reply.status == 403
}

/// Finds a contact; the CRM is asked only if the account's cache has none.
fn find(world: &World, token: &str) -> (Value, usize) {
    let before = world.crm.count("/v1/contacts");
    let reply = world.app.get("/contact?phoneNumber=14155550100", token).json();
    (reply["contact"][0]["name"].clone(), world.crm.count("/v1/contacts") - before)
}

#[test]
fn a_claimed_account_shares_nothing_and_a_proved_one_does() {
    let world = World::start();
    let with = |code: &str, rc_token: Option<&str>| {
        let target = callback_target(code, "&rcAccountId=5150");
        let token = rc_token.map(|token| ("X-RC-Access-Token", token));
        session(&world.send(&target, token.as_slice()))
    };
    let proved = with("p1", Some("5150/7"));
    assert_eq!(find(&world, &proved), (json!("of p1"), 1));
    // A colleague sees what the account has cached.
    let colleague = with("p2", Some("5150/8"));
    assert_eq!(find(&world, &colleague), (json!("of p1"), 0));
    // Who only says so asks the CRM, and leaves nothing for the account.
    let stranger = with("p3", None);
    assert_eq!(find(&world, &stranger), (json!("of p3"), 1));
    assert_eq!(find(&world, &colleague), (json!("of p1"), 0));
    // With the header of the extension as well.
    let target = callback_target("p4", "&rcAccountId=5150");
    let stranger =
        session(&world.send(&target, &[("rc-extension-id", "a hash"), ("rc-account-id", "a hash")]));
    assert_eq!(find(&world, &stranger), (json!("of p4"), 1));
    assert!(!belongs_elsewhere(&world, &stranger), "it is not known where they belong");
    assert!(belongs_elsewhere(&world, &proved));
}

/// The client asks for the admin's settings right after every sign-in, and sends its RingCentral token.
#[test]
fn a_later_request_with_a_ringcentral_token_proves_the_account() {
    let world = World::start();
    let proved = session(&world.send(&callback_target("l1", ""), &[("X-RC-Access-Token", "5150/7")]));
    assert_eq!(find(&world, &proved), (json!("of l1"), 1));
    let token = session(&world.callback("l2", "&rcAccountId=6160"));
    let reply = admin_settings(&world, &token, "5150/8");
    assert_eq!(reply.status, 403, "no admin: {}", reply.text());
    assert_eq!(find(&world, &token), (json!("of l1"), 0), "what RingCentral says holds, not the claim");
    // Once it is known, it stays.
    admin_settings(&world, &token, "6160/9/admin");
    assert!(belongs_elsewhere(&world, &token), "a token of another account moves nobody");
    assert_eq!(find(&world, &token), (json!("of l1"), 0));
    // And through the next sign-in.
    let again = session(&world.callback("l2", "&rcAccountId=6160"));
    assert_eq!(find(&world, &again), (json!("of l1"), 0));
}

/// What somebody logged before the account was known is found afterwards.
#[test]
fn logs_from_before_the_proof_are_found_after_it() {
    let world = World::start();
    let token = world.sign_in("b1");
    let call = crate::support::test_server::call("s-1", "c1");
    let logged = world.app.post("/callLog", &token, &call).json();
    assert_eq!(logged["successful"], true, "{logged}");
    admin_settings(&world, &token, "5150/8/admin");
    let found = world.app.get("/callLog?sessionIds=s-1", &token).json();
    assert_eq!((&found["logs"][0]["matched"], &found["logs"][0]["logId"]), (&json!(true), &logged["logId"]));
}

#[test]
fn a_ringcentral_token_that_is_none_refuses_before_the_code_is_spent() {
    let world = World::start();
    let reply = world.send(&callback_target("t1", ""), &[("X-RC-Access-Token", "bad")]);
    assert_eq!((reply.status, refused(&reply).as_str()), (400, "Request failed with status code 401"));
    assert_eq!(world.token_requests(), 0);
    session(&world.callback("t1", ""));
}
