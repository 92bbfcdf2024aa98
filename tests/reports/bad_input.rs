//! Requests for reports that cannot be used.
use super::{AGGREGATION, Scene, assert_refused};

const FROM: &str = "timeFrom=2024-01-01T00:00:00Z";
const TO: &str = "timeTo=2024-01-31T00:00:00Z";

#[test]
fn an_odd_request_gets_words_and_asks_nobody() {
    let scene = Scene::start();
    let session = scene.admin();
    let long = format!("{FROM}&{TO}&rcExtensionId={}", "5".repeat(200));
    let cases = [
        ("report", "timeFrom=2004-01-01T00:00:00Z&timeTo=2024-01-01T00:00:00Z", "longer than five years"),
        ("report", "timeFrom=2024-02-01T00:00:00Z&timeTo=2024-01-31T00:00:00Z", "before it begins"),
        ("report", "timeFrom=yesterday&timeTo=2024-01-31T00:00:00Z", "`timeFrom` is no time"),
        ("report", "timeFrom=a&timeFrom=b", "`timeFrom` has to be one text"),
        ("report", "timezone=UTC&timezone=CET", "`timezone` has to be one text"),
        ("report", "groupBy[a]=b", "`groupBy` has to be one of the groupings"),
        ("userReport", "timeFrom=2004-01-01T00:00:00Z&timeTo=2024-01-01T00:00:00Z", "longer than five years"),
        ("userReport", "timeFrom=2024-02-01T00:00:00Z&timeTo=2024-01-31T00:00:00Z", "before it begins"),
        ("userReport", "rcExtensionId=5001", "The range is missing"),
        ("userReport", FROM, "The range is missing"),
        ("userReport", &format!("{FROM}&{TO}&rcExtensionId=5001%2F..%2F5002"), "`rcExtensionId`"),
        ("userReport", &format!("{FROM}&{TO}&rcExtensionId=.."), "`rcExtensionId`"),
        ("userReport", &format!("{FROM}&{TO}&rcExtensionId=5001%3Fx%3D1%23"), "`rcExtensionId`"),
        ("userReport", &format!("{FROM}&{TO}&rcExtensionId=1&rcExtensionId=2"), "`rcExtensionId`"),
        ("userReport", &long, "`rcExtensionId` is longer"),
    ];
    let before = scene.asked().len();
    for (route, query, words) in cases {
        let reply = scene.app.get(&format!("/ringcentral/admin/{route}?{query}"), &session);
        assert_refused(&reply, 400, words);
    }
    assert_eq!(scene.asked().len(), before);
}

#[test]
fn a_time_is_encoded() {
    let scene = Scene::start();
    let session = scene.admin();
    let offset = "timeFrom=2024-01-01T00:00:00%2B02:00&timeTo=2024-01-02T00:00:00%2B02:00";
    let reply = scene.app.get(&format!("/ringcentral/admin/userReport?{offset}"), &session);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let received = scene.platform.received();
    let calls = received.iter().find(|request| request.path().ends_with("/call-log")).unwrap();
    assert_eq!(
        calls.target,
        "/restapi/v1.0/account/~/extension/~/call-log?dateFrom=2024-01-01T00:00:00%2B02:00&dateTo=2024-01-02T00:00:00%2B02:00&page=1&view=Simple&perPage=1000"
    );
}

#[test]
fn who_has_no_session_is_told_so() {
    let scene = Scene::start();
    for target in ["oauth/callback?code=c", "admin/report", "admin/userReport"] {
        for token in ["garbage", ""] {
            assert_refused(&scene.app.get(&format!("/ringcentral/{target}"), token), 400, "Invalid request");
        }
        assert_refused(
            &scene.app.send("GET", &format!("/ringcentral/{target}"), &[], None),
            400,
            "Invalid request",
        );
    }
    assert_eq!((scene.count(AGGREGATION), scene.asked().len()), (0, 0));
}
