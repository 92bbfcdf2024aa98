//! Who has reports: admins of the account, by RingCentral's word that is a minute old at most.
use super::{
    AGGREGATION, EXTENSION, RANGE, Scene, TOKEN, assert_done, assert_refused, assert_report, assert_told,
};
use crate::support::crm::Answer;
use serde_json::json;

#[test]
fn who_is_no_admin_is_refused() {
    let mut scene = Scene::start();
    scene.admin();
    let ben = scene.sign_in("2", Some("1001/32/user"));
    let before = scene.asked().len();
    for reply in [scene.bring(&ben, "1001/32/user"), scene.report(&ben), scene.user_report(&ben)] {
        assert_refused(&reply, 403, "Admin validation failed");
    }
    assert_eq!(scene.asked().len(), before, "nobody was asked, and the code is not spent");
    // Also when what RingCentral said is forgotten: he has no token by which it could be asked.
    scene.forget_standings();
    assert_refused(&scene.report(&ben), 403, "Admin validation failed");
    assert_refused(&scene.user_report(&ben), 403, "Admin validation failed");
    assert_refused(&scene.bring(&ben, "1001/32/user"), 403, "Admin validation failed");
    // Nor does an admin's code make an admin of him.
    assert_refused(&scene.bring(&ben, "1001/31/admin"), 403, "Admin validation failed");
    assert_eq!(scene.count(AGGREGATION), 0);
}

#[test]
fn another_accounts_admin_sees_nothing_of_this_one() {
    let scene = Scene::start();
    scene.admin();
    let cleo = scene.sign_in("3", Some("2002/33/admin"));
    assert_told(&scene.report(&cleo), "There is no RingCentral token");
    let bearer = format!("Bearer {cleo}");
    for token in ["1001/31/admin", "1001/40/user"] {
        let headers = [("Authorization", bearer.as_str()), ("X-RC-Access-Token", token)];
        let reply = scene.app.send("GET", &format!("/ringcentral/admin/report?{RANGE}"), &headers, None);
        assert_eq!(reply.status, 403, "{}", reply.text());
    }
    assert_eq!(scene.count(AGGREGATION), 0);
}

#[test]
fn a_user_without_an_account_has_none_until_a_token_proves_it() {
    let scene = Scene::start();
    scene.admin();
    let lone = scene.sign_in("4", None);
    let words = "It is not known to which RingCentral account";
    assert_refused(&scene.report(&lone), 403, words);
    assert_refused(&scene.bring(&lone, "1001/34/user"), 403, "Admin validation failed");
    assert_refused(&scene.report(&lone), 403, words);
    scene.ringcentral.answer_instead(EXTENSION, Answer::json(&json!({})).status(503));
    assert_refused(
        &scene.bring(&lone, "1001/34/admin"),
        400,
        "It could not be found out whose RingCentral token",
    );
    scene.ringcentral.change(|changing| changing.instead.clear());
    assert_refused(&scene.report(&lone), 403, words);
    assert_done(&scene.bring(&lone, "1001/34/admin"));
    assert_report(&scene.report(&lone));
    // The account is proved now, and stays.
    assert_refused(
        &scene.bring(&lone, "2002/77/admin"),
        403,
        "is not the one that this CRM connection belongs to",
    );
}

#[test]
fn after_a_minute_ringcentral_is_asked_again() {
    let mut scene = Scene::start();
    let session = scene.admin();
    let before = scene.count(EXTENSION);
    assert_report(&scene.report(&session));
    assert_eq!(scene.count(EXTENSION), before, "what the sign-in said counts for a minute");
    scene.forget_standings();
    assert_report(&scene.report(&session));
    assert_report(&scene.report(&session));
    assert_eq!(scene.count(EXTENSION), before + 1);
    let asked = scene.platform.received();
    let asked = asked.iter().rfind(|request| request.path() == EXTENSION).unwrap();
    assert_eq!(
        asked.header("authorization"),
        Some("Bearer 1001/31/admin#at1"),
        "by the token that she brought"
    );
    scene.ringcentral.change(|changing| changing.demoted.push("31".to_owned()));
    scene.forget_standings();
    let before = scene.count(AGGREGATION);
    assert_refused(&scene.report(&session), 403, "Admin validation failed");
    assert_eq!(scene.count(AGGREGATION), before);
}

#[test]
fn an_outage_opens_nothing() {
    let mut scene = Scene::start();
    let session = scene.admin();
    scene.forget_standings();
    scene.ringcentral.answer_instead(EXTENSION, Answer::json(&json!({})).status(503));
    assert_told(&scene.report(&session), "did not say whether you are an admin");
    assert_eq!(scene.count(AGGREGATION), 0);
}

#[test]
fn an_admin_without_a_token_has_that_of_another_admin() {
    let mut scene = Scene::start();
    scene.admin();
    let dora = scene.sign_in("5", Some("1001/35/admin"));
    assert_report(&scene.report(&dora));
    scene.forget_standings();
    assert_refused(&scene.report(&dora), 403, "Admin validation failed");
    let bearer = format!("Bearer {dora}");
    let headers = [("Authorization", bearer.as_str()), ("X-RC-Access-Token", "1001/35/admin")];
    let target = format!("/ringcentral/admin/report?{RANGE}&groupBy=Users");
    assert_report(&scene.app.send("GET", &target, &headers, None));
    assert_report(&scene.report(&dora));
}

#[test]
fn who_signed_out_has_no_reports() {
    let scene = Scene::start();
    let session = scene.admin();
    assert_eq!(scene.app.post("/unAuthorize", &session, &json!({})).status, 200);
    let before = scene.asked().len();
    for reply in [scene.bring(&session, "1001/31/admin"), scene.report(&session), scene.user_report(&session)]
    {
        assert_refused(&reply, 400, "User not found");
    }
    assert_eq!((scene.asked().len(), scene.count(TOKEN)), (before, 1));
    // The session ends with the next sign-in.
    scene.sign_in("1", Some("1001/31/admin"));
    assert_refused(&scene.report(&session), 400, "Invalid request");
}
