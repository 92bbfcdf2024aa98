//! Reports of errors: a signed link, an upload within its limits, and what the operator finds.

use crate::support::client::Response;
use crate::support::crm::Crm;
use crate::support::test_server::{ADMIN_TOKEN, TestServer, document, ordinary, try_send};
use aws_lc_rs::{digest, hmac};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn start(more: &[(&str, &str)]) -> (TestServer, String, Crm) {
    let crm = Crm::start(ordinary);
    let app = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        let options = options.env("ADMIN_TOKEN", ADMIN_TOKEN);
        more.iter().fold(options, |options, (name, value)| options.env(*name, *value))
    });
    let session = app.sign_in("crm", "testCrm", "1-key");
    (app, session, crm)
}

fn link(app: &TestServer, session: &str) -> String {
    let reply = app.get("/debug/report/url", session);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["presignedUrl"].as_str().unwrap().to_owned()
}

fn target(link: &str) -> String {
    let url: url::Url = link.parse().unwrap();
    url.path().to_owned()
}

fn put(app: &TestServer, target: &str, body: impl Into<Vec<u8>>) -> Response {
    app.send("PUT", target, &[("Content-Type", "application/json")], Some(body.into()))
}

fn listed(app: &TestServer) -> Vec<Value> {
    let reply = app.get("/debug/reports", ADMIN_TOKEN);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["reports"].as_array().unwrap().clone()
}

#[test]
fn a_report_goes_from_the_client_to_the_operator() {
    let (mut app, session, _crm) = start(&[]);
    let link = link(&app, &session);
    assert!(link.starts_with(&format!("http://{}/debug/report/", app.server.address())), "{link}");
    let report = r#"{"error": "it broke", "when": [1, 2]}"#;
    let reply = put(&app, &target(&link), report);
    assert_eq!((reply.status, reply.text().as_str()), (200, ""));
    assert_eq!(put(&app, &target(&link), "{}").status, 409, "once");
    app.kill_and_restart();
    let all = listed(&app);
    assert_eq!(all.len(), 1, "{all:?}");
    let about = (&all[0]["userId"], &all[0]["platform"], &all[0]["bytes"]);
    assert_eq!(about, (&json!("1-testCrm"), &json!("testCrm"), &json!(report.len())));
    let id = all[0]["id"].as_str().unwrap();
    let read = app.get(&format!("/debug/reports/{id}"), ADMIN_TOKEN);
    assert_eq!((read.status, read.text().as_str()), (200, report));
    assert_eq!(app.get("/debug/reports/unknown", ADMIN_TOKEN).status, 404);
    // Nobody else reads it.
    for token in ["guess", &session] {
        assert_eq!(app.get("/debug/reports", token).status, 401);
        assert_eq!(app.get(&format!("/debug/reports/{id}"), token).status, 401);
    }
    assert!(!app.server.log().contains(&target(&link)["/debug/report/".len()..]), "{}", app.server.log());
}

#[test]
fn the_link_names_the_address_that_the_operator_set() {
    let (app, session, _crm) = start(&[("APP_SERVER", "https://app.example/connect/")]);
    assert!(link(&app, &session).starts_with("https://app.example/connect/debug/report/"));
}

#[test]
fn an_upload_that_cannot_be_used_gets_words_and_leaves_nothing() {
    let (app, session, _crm) = start(&[]);
    let good = target(&link(&app, &session));
    let (content, signature) = good.split_once('.').unwrap();
    let other = app.sign_in("crm", "testCrm", "2-key");
    let others = target(&link(&app, &other));
    let mixed = format!("{content}.{}", others.split_once('.').unwrap().1);
    for (target, status) in [
        ("/debug/report/url".to_owned(), 403),
        (format!("{content}.AAAA"), 403),
        (mixed, 403),
        (format!("/debug/report/.{signature}"), 403),
        (format!("/debug/report/{session}"), 403),
    ] {
        assert_eq!(put(&app, &target, "{}").status, status, "{target}");
    }
    for (body, status) in [("", 400), ("{\"a\":", 400), ("plain text", 400)] {
        assert_eq!(put(&app, &good, body).status, status, "{body}");
    }
    let large = format!("\"{}\"", "x".repeat(2 * 1024 * 1024));
    assert_eq!(put(&app, &good, large).status, 413);
    assert_eq!(listed(&app), Vec::<Value>::new());
    // The link is still good.
    assert_eq!(put(&app, &good, "[]").status, 200);
}

#[test]
fn one_user_cannot_fill_the_folder() {
    let (app, session, _crm) = start(&[]);
    for _ in 0..20 {
        assert_eq!(put(&app, &target(&link(&app, &session)), "{}").status, 200);
    }
    let full = app.get("/debug/report/url", &session);
    assert_eq!(full.status, 429, "{}", full.text());
    assert!(full.text().contains("twenty reports"), "{}", full.text());
    let other = app.sign_in("crm", "testCrm", "2-key");
    assert_eq!(put(&app, &target(&link(&app, &other)), "{}").status, 200);
}

#[test]
fn who_has_no_session_gets_no_link() {
    let (app, session, _crm) = start(&[]);
    for token in ["garbage", ""] {
        let reply = app.get("/debug/report/url", token);
        assert_eq!((reply.status, reply.text().as_str()), (400, "Invalid request"));
    }
    assert_eq!(app.post("/unAuthorize", &session, &json!({})).status, 200);
    assert_eq!(app.get("/debug/report/url", &session).text(), "User not found");
}

/// What an S3 server does with a presigned URL (AWS Signature Version 4), by its own words and not by the library
/// that signed it.
fn signature(secret: &str, region: &str, method: &str, host: &str, url: &url::Url) -> String {
    let pairs: BTreeMap<String, String> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let encoded = |text: &str| {
        let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        text.bytes()
            .map(|b| if kept(b) { (b as char).to_string() } else { format!("%{b:02X}") })
            .collect::<String>()
    };
    let query: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let canonical =
        format!("{method}\n{}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", url.path(), query.join("&"));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let at = &pairs["X-Amz-Date"];
    let scope = format!("{}/{region}/s3/aws4_request", &at[..8]);
    let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashed}");
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [&at[..8], region, "s3", "aws4_request", text.as_str()] {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    hex(&key)
}

#[test]
fn a_link_to_a_bucket_is_one_that_s3_accepts() {
    let secret = "the/secret+key-of-the-bucket";
    let (app, session, _crm) = start(&[
        ("ERROR_REPORT_S3_BUCKET", "reports"),
        ("ERROR_REPORT_S3_ENDPOINT", "http://files.example:9000"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ]);
    let reply = app.get("/debug/report/url", &session);
    let url: url::Url = reply.json()["presignedUrl"].as_str().unwrap().parse().unwrap();
    let value =
        |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    assert!(url.path().starts_with("/reports/error-reports/20"), "{url}");
    assert!(url.path().contains("/1-testCrm-") && url.path().ends_with(".json"), "{url}");
    assert_eq!(value("X-Amz-Expires").as_deref(), Some("300"));
    assert_eq!(value("x-amz-meta-user-id").as_deref(), Some("1-testCrm"));
    assert!(value("X-Amz-Credential").unwrap().starts_with("AKIDEXAMPLE/"), "{url}");
    let expected = signature(secret, "eu-central-1", "PUT", "files.example:9000", &url);
    assert_eq!(value("X-Amz-Signature"), Some(expected));
    assert!(!reply.text().contains(secret) && !app.server.log().contains(secret));
    let elsewhere = app.get("/debug/reports", ADMIN_TOKEN);
    assert_eq!(elsewhere.status, 404);
    assert!(elsewhere.text().contains("ERROR_REPORT_S3_BUCKET"), "{}", elsewhere.text());
    assert_eq!(put(&app, "/debug/report/x.y", "{}").status, 404);
}

/// The local server that signs by itself agrees with Amazon's published example of the same algorithm.
#[test]
fn the_check_of_signatures_is_amazons() {
    let url: url::Url = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host".parse().unwrap();
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    assert_eq!(
        signature(secret, "us-east-1", "GET", "examplebucket.s3.amazonaws.com", &url),
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
}

#[test]
fn half_a_bucket_is_told_at_the_start() {
    use crate::support::server::{Options, Server};
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("configs")).unwrap();
    for (set, words) in [
        (vec![("ERROR_REPORT_S3_BUCKET", "reports")], "AWS_ACCESS_KEY_ID is not"),
        (
            vec![
                ("ERROR_REPORT_S3_BUCKET", "reports"),
                ("ERROR_REPORT_S3_ENDPOINT", "files"),
                ("AWS_ACCESS_KEY_ID", "a"),
                ("AWS_SECRET_ACCESS_KEY", "b"),
            ],
            "ERROR_REPORT_S3_ENDPOINT is not a URL",
        ),
        (vec![("RINGCENTRAL_CLIENT_ID", "a")], "RINGCENTRAL_CLIENT_SECRET is not"),
    ] {
        let options = Options::new(folder.path().join("configs"), folder.path().join("data"));
        let options = set.iter().fold(options, |options, (name, value)| options.env(*name, *value));
        let Err(error) = Server::start(&options) else { panic!("{words}: it started") };
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let (app, session, _crm) = start(&[]);
    let target = target(&link(&app, &session));
    let broken = std::net::TcpStream::connect(app.server.address()).map(|mut stream| {
        use std::io::Write as _;
        let head = format!("PUT {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{\"a\"");
        stream.write_all(head.as_bytes()).unwrap();
    });
    broken.unwrap();
    assert_eq!(listed(&app), Vec::<Value>::new());
    let whole = try_send(app.server.address(), "PUT", &target, &[], Some(b"{}".to_vec())).unwrap();
    assert_eq!(whole.status, 200, "{}", whole.text());
}
