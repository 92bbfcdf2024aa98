//! `GET /ringcentral/oauth/callback`: an admin brings RingCentral's token.
use super::{AGGREGATION, EXTENSION, Scene, TOKEN, assert_done, assert_refused, assert_report, assert_told};
use crate::support::crm::Answer;
use crate::support::test_server::try_send;
use serde_json::{Value, json};

#[test]
fn the_code_is_exchanged_as_the_server_is_known_to_ringcentral() {
    let scene = Scene::start();
    let session = scene.admin();
    let received = scene.platform.received();
    let exchange = received.iter().find(|request| request.path() == TOKEN).unwrap();
    let form = String::from_utf8(exchange.body.clone()).unwrap();
    let expected = "code=1001%2F31%2Fadmin&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.example%2Fringcentral%2Foauth%2Fcallback";
    assert_eq!(form, expected);
    assert_eq!(scene.count(EXTENSION), 1, "the sign-in; the reply with the token says the rest");
    assert_report(&scene.report(&session));
}

#[test]
fn a_code_that_is_not_exchanged_gets_words() {
    let scene = Scene::start();
    let session = scene.sign_in("1", Some("1001/31/admin"));
    let list = vec![json!({"access_token": "x"}); 3];
    for (answer, words) in [
        (
            Answer::json(&json!({"error": "invalid_grant", "error_description": "c-secret"})).status(400),
            "invalid_grant",
        ),
        (Answer::json(&json!({})).status(500), "in trouble"),
        (Answer::text("text/html", "<html></html>"), "no report"),
        (Answer::json(&json!(list)), "no report"),
        (Answer::json(&json!({"access_token": ""})), "no report"),
        (Answer::json(&json!({"access_token": 5, "refresh_token": "rt"})), "no report"),
        (Answer::text("application/json", &"x".repeat(10 * 1024 * 1024)), "more than is read"),
        (Answer::reset(), "could not be reached"),
    ] {
        scene.ringcentral.answer_instead(TOKEN, answer);
        let reply = scene.bring(&session, "c-secret");
        assert_refused(&reply, 400, "The sign-in to RingCentral was not completed");
        assert!(reply.text().contains(words), "{words}: {}", reply.text());
        assert!(!reply.text().contains("c-secret"), "{}", reply.text());
    }
    scene.app.assert_alive();
    assert_told(&scene.report(&session), "There is no RingCentral token");
    assert!(!scene.app.server.log().contains("c-secret"), "{}", scene.app.server.log());
}

#[test]
fn a_callback_without_a_code_asks_nobody() {
    let scene = Scene::start();
    let session = scene.sign_in("1", Some("1001/31/admin"));
    let long = format!("code={}", "x".repeat(5000));
    for (query, words) in [
        ("", "code is missing"),
        ("code=", "code is missing"),
        ("code=undefined", "code is missing"),
        ("code=a&code=b", "code is missing"),
        ("code[a]=b", "code is missing"),
        ("error=access_denied&error_description=x", "did not let you sign in"),
        (long.as_str(), "longer than 4096 bytes"),
    ] {
        let reply = scene.app.get(&format!("/ringcentral/oauth/callback?{query}"), &session);
        assert_refused(&reply, 400, words);
    }
    assert_eq!(scene.count(TOKEN), 0);
}

#[test]
fn somebody_elses_token_is_not_kept() {
    let scene = Scene::start();
    let session = scene.sign_in("1", Some("1001/31/admin"));
    assert_refused(
        &scene.bring(&session, "2002/77/admin"),
        403,
        "is not the one that this CRM connection belongs to",
    );
    assert_refused(&scene.bring(&session, "1001/40/user"), 403, "Admin validation failed");
    assert_eq!(scene.count(EXTENSION), 3, "the sign-in, and one for each token");
    assert_told(&scene.report(&session), "There is no RingCentral token");
    // A colleague's, who is an admin too, serves as well as her own.
    assert_done(&scene.bring(&session, "1001/32/admin"));
    assert_report(&scene.report(&session));
}

/// Where RingCentral does not say whose token it is, the token serves whoever brought it, and only until RingCentral
/// has to be asked about that person again.
#[test]
fn a_token_that_is_not_proved_yet_serves_nobody_else() {
    let mut scene = Scene::start();
    let ada = scene.sign_in("1", Some("1001/31/admin"));
    let colleague = scene.sign_in("2", Some("1001/32/admin"));
    scene.ringcentral.answer_instead(EXTENSION, Answer::json(&json!({})).status(503));
    assert_done(&scene.bring(&ada, "2002/77/admin"));
    assert_report(&scene.report(&ada));
    assert_told(&scene.report(&colleague), "There is no RingCentral token");
    scene.ringcentral.change(|changing| changing.instead.clear());
    scene.forget_standings();
    let before = scene.count(AGGREGATION);
    assert_refused(&scene.report(&ada), 403, "is not the one that this CRM connection belongs to");
    assert_eq!(scene.count(AGGREGATION), before);
}

#[test]
fn tokens_are_handed_out_nowhere() {
    let scene = Scene::start();
    let session = scene.admin();
    let bearer = format!("Bearer {session}");
    let headers = [("Authorization", bearer.as_str()), ("X-RC-Access-Token", "1001/31/admin")];
    let settings = scene.app.send("GET", "/admin/settings", &headers, None);
    let body = settings.json();
    for member in ["adminAccessToken", "adminRefreshToken", "adminTokenExpiry"] {
        assert_eq!(body.get(member), Some(&Value::Null), "{body}");
    }
    let mut shown = vec![settings.text(), scene.app.server.log()];
    for target in
        ["/user/settings", "/ringcentral/admin/report", "/ringcentral/admin/userReport", "/hostname"]
    {
        shown.push(scene.app.get(&format!("{target}?{}", super::RANGE), &session).text());
    }
    // What admins submit does not take their place.
    let forged = json!({"adminSettings": {"adminAccessToken": "forged", "adminRefreshToken": "forged"}});
    let all = [headers[0], headers[1], ("Content-Type", "application/json")];
    let saved = try_send(
        scene.app.server.address(),
        "POST",
        "/admin/settings",
        &all,
        Some(forged.to_string().into_bytes()),
    );
    assert_eq!(saved.unwrap().status, 200);
    assert_report(&scene.report(&session));
    for text in shown {
        assert!(!text.contains("#at") && !text.contains("rt 1001") && !text.contains("the-secret"), "{text}");
    }
}

#[test]
fn a_server_that_ringcentral_does_not_know_keeps_nothing() {
    let mut scene = Scene::start();
    scene.app.kill_and_restart_with(|options| {
        options.env.retain(|(name, _)| !name.starts_with("RINGCENTRAL_CLIENT"))
    });
    let session = scene.sign_in("1", Some("1001/31/admin"));
    assert_done(&scene.bring(&session, "1001/31/admin"));
    assert_eq!(scene.count(TOKEN), 0);
    assert_told(&scene.report(&session), "RINGCENTRAL_CLIENT_ID");
    assert_told(&scene.user_report(&session), "RINGCENTRAL_CLIENT_ID");
}
