//! Tokens that have expired.
use super::{Scene, TOKEN, assert_done, assert_report, assert_told};
use crate::support::client::Response;
use crate::support::crm::Answer;
use serde_json::json;

/// An admin whose token has expired at once; the next one lives for an hour.
fn with_expired_token(scene: &Scene) -> String {
    let session = scene.sign_in("1", Some("1001/31/admin"));
    scene.ringcentral.change(|changing| changing.expires_in = json!(-120));
    assert_done(&scene.bring(&session, "1001/31/admin"));
    scene.ringcentral.change(|changing| changing.expires_in = json!("3600"));
    session
}

#[test]
fn an_expired_token_is_renewed_once() {
    let scene = Scene::start();
    let session = with_expired_token(&scene);
    let replies: Vec<Response> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..20).map(|_| scope.spawn(|| scene.report(&session))).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    replies.iter().for_each(assert_report);
    assert_eq!(scene.count(TOKEN), 2, "the code, and one renewal");
    let received = scene.platform.received();
    let renewal = received.iter().rfind(|request| request.path() == TOKEN).unwrap();
    assert_eq!(renewal.body, b"grant_type=refresh_token&refresh_token=rt+1001%2F31%2Fadmin%231");
    let last = received.last().unwrap();
    assert_eq!(last.header("authorization"), Some("Bearer 1001/31/admin#at2"));
}

/// A refresh token that is good for one use is never used twice, and what it gave is on the disk.
#[test]
fn a_rotated_token_survives_a_kill() {
    let mut scene = Scene::start();
    let session = with_expired_token(&scene);
    scene.ringcentral.change(|changing| changing.expires_in = json!(0));
    for _ in 0..3 {
        assert_report(&scene.report(&session));
        scene.forget_standings();
    }
    scene.ringcentral.change(|changing| assert_eq!(changing.used.len(), 3));
}

#[test]
fn a_reply_without_a_refresh_token_leaves_the_old_one() {
    let scene = Scene::start();
    let session = with_expired_token(&scene);
    scene.ringcentral.change(|changing| (changing.expires_in, changing.rotates) = (json!(0), false));
    for _ in 0..3 {
        assert_report(&scene.report(&session));
    }
    assert_eq!(scene.count(TOKEN), 4);
}

#[test]
fn a_renewal_that_is_refused_is_told_and_ends_nothing() {
    let scene = Scene::start();
    let session = with_expired_token(&scene);
    for (answer, words) in [
        (Answer::json(&json!({"error": "invalid_grant"})).status(400), "invalid_grant"),
        (Answer::json(&json!({})).status(503), "in trouble"),
        (Answer::text("text/html", "<html></html>"), "no report"),
    ] {
        scene.ringcentral.answer_instead(TOKEN, answer);
        for reply in [scene.report(&session), scene.user_report(&session)] {
            assert_told(&reply, "could not be renewed");
            assert!(reply.text().contains(words), "{}", reply.text());
        }
    }
    scene.ringcentral.change(|changing| changing.instead.clear());
    assert_report(&scene.report(&session));
}
