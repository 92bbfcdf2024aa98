//! Token endpoints and CRMs that answer badly: words, nothing stored, nobody signed out.
use super::{World, refused, session};
use crate::support::crm::Answer;
use serde_json::json;

fn replies() -> Vec<(&'static str, Answer, &'static str)> {
    let json_text = |text: &str| Answer::text("application/json", text);
    vec![
        ("without a token", Answer::json(&json!({})), "no access token"),
        ("an empty token", Answer::json(&json!({"access_token": " "})), "no access token"),
        ("a list", json_text(r#"[{"access_token": "at"}]"#), "a list"),
        ("a page", Answer::text("text/html", "<html><body>Sign in</body></html>"), ""),
        ("nothing", Answer::text("text/plain", ""), ""),
        ("broken JSON", json_text(r#"{"access_token": "at"#), ""),
        ("10 MiB", json_text(&format!(r#"{{"access_token": "{}"}}"#, "x".repeat(10 << 20))), ""),
        ("an error with 200", Answer::json(&json!({"error": "invalid_scope"})), "scope is invalid"),
        (
            "an error of its own",
            Answer::json(&json!({"error": "odd", "error_description": "Not today"})),
            "Not today",
        ),
        ("a status", Answer::text("text/plain", "down").status(503), "503"),
        ("a broken connection", Answer::reset(), ""),
    ]
}

#[test]
fn a_sign_in_fails_with_words_and_stores_nothing() {
    let world = World::start();
    for (what, answer, words) in replies() {
        world.authorization.next(answer);
        let reply = world.callback("n1", "");
        let said = refused(&reply);
        assert!((400..500).contains(&reply.status), "{what}: {}", reply.status);
        assert!(said.contains(words) && said.len() < 400, "{what}: {said}");
    }
    assert_eq!(world.crm.count("/v1/"), 0, "nobody asked who it is");
    world.app.assert_alive();
}

#[test]
fn a_renewal_that_fails_signs_nobody_out() {
    let world = World::start();
    let token = world.sign_in("r1~60");
    for (what, answer, _) in replies() {
        let asked = world.crm.count("/v1/contacts");
        world.authorization.next(answer);
        let reply = world.contacts(&token);
        assert_eq!(reply.status, 200, "{what}: {}", reply.text());
        assert_eq!(reply.json()["successful"], false, "{what}: {}", reply.text());
        assert_eq!(reply.json()["returnMessage"]["message"], "Error finding contact", "{what}");
        assert_eq!(world.crm.count("/v1/contacts"), asked, "{what}: the CRM was asked with the old token");
    }
    assert_eq!(world.contacts(&token).json()["contact"][0]["name"], "of r1");
}

/// `expires_in` of every kind.
#[test]
fn odd_lifetimes_do_not_keep_anybody_out() {
    let world = World::start();
    for (at, (expires_in, is_due)) in [
        (json!("3600"), false),
        (json!("60"), true),
        (json!(-5), true),
        (json!(1e308), false),
        (json!("soon"), false),
        (json!(null), false),
        (json!([60]), false),
        (json!(60.5), true),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("e{at}");
        world.authorization.0.lock().unwrap().granted.insert(id.clone(), (1, None));
        world.authorization.next(Answer::json(&json!({
            "access_token": format!("at-{id}-1"), "refresh_token": format!("rt-{id}-1"), "expires_in": expires_in
        })));
        let token = world.sign_in(&id);
        let before = world.token_requests();
        assert_eq!(world.contacts(&token).json()["successful"], true, "{expires_in}");
        assert_eq!(world.token_requests() > before, is_due, "{expires_in}");
    }
}

#[test]
fn form_replies_and_missing_refresh_tokens_work() {
    let world = World::start();
    world.authorization.0.lock().unwrap().granted.insert("form".to_owned(), (1, None));
    let form = "access_token=at-form-1&expires_in=3600";
    world.authorization.next(Answer::text("application/x-www-form-urlencoded", form));
    let token = world.sign_in("form");
    assert_eq!(world.contacts(&token).json()["contact"][0]["name"], "of form");
    // Without a refresh token there is nothing to renew it with: the CRM's refusal is shown.
    world.authorization.0.lock().unwrap().granted.insert("form".to_owned(), (2, None));
    let reply = world.contacts(&token).json();
    assert_eq!(reply["returnMessage"]["message"], "Authorization error");
    assert_eq!(reply["errorCode"], "CRM_SESSION_INVALID");
}

#[test]
fn a_crm_that_does_not_say_who_signed_in_gets_nobody_in() {
    let world = World::start_with(|document| {
        document["operations"]["getUserInfo"]["responseMapping"]["idPath"] = "body.nothing".into();
    });
    let reply = world.callback("w1", "");
    assert_eq!(reply.status, 200, "clients read the message");
    assert!(refused(&reply).contains("body.nothing"), "{}", reply.text());
    let world = World::start();
    world.authorization.next(Answer::json(&json!({"access_token": "at-w2-9", "expires_in": 60})));
    let reply = world.callback("w2", "");
    assert_eq!((reply.status, refused(&reply).as_str()), (400, "Request failed with status code 401"));
    session(&world.callback("w2", ""));
}
