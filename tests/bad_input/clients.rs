//! What clients send.
use super::JSON;
use crate::support::client::Response;
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, PATIENCE, TestServer, call, document};
use serde_json::json;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// A server whose CRM works, with somebody signed in.
fn ordinary() -> (Crm, TestServer, String) {
    let crm = Crm::start(test_server::ordinary);
    let app = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    (crm, app, token)
}

/// Sends bytes as they are and reads until the server closes. Empty where it closed at once.
fn raw(app: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.server.address()).unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(bytes);
    // A client that closes its side has gone, so the answer comes first, where there is one.
    let mut reply = vec![0; 64 * 1024];
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let length = stream.read(&mut reply).unwrap_or(0);
    reply.truncate(length);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

fn status_of(reply: &str) -> Option<u16> {
    reply.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn error_of(reply: &Response) -> String {
    reply.json()["error"].as_str().unwrap_or_else(|| panic!("no error: {}", reply.text())).to_owned()
}

#[test]
fn bodies_that_cannot_be_used_get_words() {
    let (crm, app, token) = ordinary();
    let bearer = format!("Bearer {token}");
    let before = crm.received().len();
    let nested =
        |open: &str, close: &str| format!("{{\"a\":{}{}}}", open.repeat(10_000), close.repeat(10_000));
    let cases: [(u16, &str, Vec<u8>); 14] = [
        (413, " bytes", vec![b' '; 10 * 1024 * 1024 + 1]),
        (413, " bytes", format!("{{\"note\":\"{}\"}}", "x".repeat(11 << 20)).into_bytes()),
        (400, "not JSON: it ends too early", b"{\"phoneNumber\": \"+1".to_vec()),
        (400, "not JSON: a syntax error at line 1, column 1", b"phoneNumber".to_vec()),
        (400, "not JSON: a syntax error at line 1", b"{'phoneNumber': 1}".to_vec()),
        (400, "not JSON", b"{} trailing".to_vec()),
        (400, "not JSON", b"{\"note\": \"\xff\xfe\"}".to_vec()),
        (400, "not JSON", vec![0; 64]),
        (400, "it has to be a JSON object", b"[1, 2]".to_vec()),
        (400, "it has to be a JSON object", b"\"text\"".to_vec()),
        (400, "it has to be a JSON object", b"null".to_vec()),
        (400, "it has to be a JSON object", b"17".to_vec()),
        (400, "nested too deeply", nested("[", "]").into_bytes()),
        (400, "nested too deeply", nested("{\"a\":", "}").replace("}}", "0}}").into_bytes()),
    ];
    for (status, words, body) in cases {
        for target in ["/callLog", "/contact"] {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let reply = app.send("POST", target, &[("Authorization", &bearer), JSON], Some(body.clone()));
            assert_eq!(reply.status, status, "{shown}: {}", reply.text());
            assert!(error_of(&reply).contains(words), "{shown}: {}", reply.text());
            assert!(reply.text().len() < 300, "no echo: {}", reply.text());
        }
    }
    assert_eq!(crm.received().len(), before, "nothing was sent");
    app.assert_alive();
}

#[test]
fn a_body_that_breaks_off_harms_nobody() {
    let (_crm, app, token) = ordinary();
    for framing in
        ["Content-Length: 500", "Transfer-Encoding: chunked", "Content-Length: abc", "Content-Length: -1"]
    {
        let head = format!(
            "POST /callLog HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n"
        );
        let reply = raw(&app, format!("{head}{{\"logInfo\": {{").as_bytes());
        // The client is gone: it gets an error or nothing, never a success.
        assert!(status_of(&reply).is_none_or(|status| status == 400), "{framing}: {reply}");
    }
    app.assert_alive();
}

#[test]
fn members_of_the_wrong_type_are_named() {
    let (crm, app, token) = ordinary();
    let before = crm.received().len();
    let full = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "1-key"});
    for (member, value, words) in [
        ("platform", json!(5), "`platform` has to be text"),
        ("platform", json!({"a": 1}), "`platform` has to be text"),
        ("proxyId", json!(["crm"]), "`proxyId` has to be text"),
        ("apiKey", json!({"$ne": null}), "`apiKey` has to be text"),
        ("hostname", json!(true), "`hostname` has to be text"),
        ("additionalInfo", json!("text"), "`additionalInfo` has to be an object"),
        ("additionalInfo", json!([1]), "`additionalInfo` has to be an object"),
        ("rcAccessToken", json!(1), "`rcAccessToken` has to be text"),
    ] {
        let mut login = full.clone();
        login[member] = value.clone();
        let reply = app.send_login(&login);
        assert_eq!(
            (reply.status, error_of(&reply).contains(words)),
            (400, true),
            "{member} {value}: {}",
            reply.text()
        );
    }
    assert_eq!(crm.received().len(), before, "nothing was sent");
    // What a template takes as it is may be of any type; it must not harm anybody.
    for value in [json!(null), json!(5), json!([]), json!({"deep": {"er": [1, {"a": null}]}}), json!("")] {
        let body = json!({
            "logInfo": {"sessionId": format!("s{value}"), "startTime": null, "duration": value, "direction": value,
                        "from": value, "to": value, "customSubject": value, "accountId": value, "voicemail": value},
            "note": value, "contactId": "c1", "contactName": value, "additionalSubmission": value,
            "hashedExtensionId": value, "extensionNumber": value,
        });
        let reply = app.post("/callLog", &token, &body);
        assert_eq!(
            (reply.status, &reply.json()["successful"]),
            (200, &json!(true)),
            "{value}: {}",
            reply.text()
        );
        let body = json!({"phoneNumber": value, "newContactName": value, "newContactType": value});
        let reply = app.post("/contact", &token, &body);
        assert_eq!(
            (reply.status, &reply.json()["successful"]),
            (200, &json!(true)),
            "{value}: {}",
            reply.text()
        );
    }
    app.assert_alive();
}

#[test]
fn forms_and_query_strings_that_are_bombs_cost_little() {
    let (_crm, app, token) = ordinary();
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), FORM];
    let bombs = [
        format!("a{}=1", "[b]".repeat(20_000)),
        format!("a{}=1", "[]".repeat(30_000)),
        format!("a{}", "[".repeat(40_000)),
        (0..4_000).fold(String::new(), |mut text, n| {
            write!(text, "a[{n}]={n}&").unwrap();
            text
        }),
        "a[]=1&".repeat(9_000),
        "a=1&a[b]=2&a[]=3&a[b][c]=4&".repeat(2_000),
        "&=&==&[]=&[=&]=&%=&%zz=&%ff=%fe&".repeat(2_000),
        "__proto__[polluted]=1&constructor[prototype][polluted]=1".to_owned(),
    ];
    for bomb in bombs {
        let shown = &bomb[..bomb.len().min(40)];
        let reply = app.send("POST", "/contact", &headers, Some(bomb.clone().into_bytes()));
        assert_eq!(
            (reply.status, &reply.json()["successful"]),
            (200, &json!(true)),
            "{shown}: {}",
            reply.text()
        );
    }
    // In the query, within the size that a request line may have.
    for bomb in [format!("a{}=1", "[b]".repeat(10_000)), "a=1&".repeat(8_000), "sessionIds=,&".repeat(2_000)]
    {
        let reply = app.get(&format!("/callLog?sessionIds=s1&{bomb}"), &token);
        assert_eq!((reply.status, &reply.json()["successful"]), (200, &json!(true)), "{}", reply.text());
    }
    let many: String = (0..5_000).map(|n| format!("{n},")).collect();
    let reply = app.get(&format!("/callLog?sessionIds={many}"), &token);
    assert_eq!(reply.json()["logs"].as_array().map(Vec::len), Some(5_000));
    app.assert_alive();
}

#[test]
fn heads_that_are_too_large_or_broken_are_refused() {
    let (_crm, app, _token) = ordinary();
    let huge = "x".repeat(2 << 20);
    let many: String = (0..500).map(|n| format!("X-{n}: 1\r\n")).collect();
    let cases = [
        format!("GET /contact?phoneNumber={huge} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET /isAlive HTTP/1.1\r\nHost: x\r\nX-Large: {huge}\r\n\r\n"),
        format!("GET /isAlive HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
        "GET /isAlive HTTP/9.9\r\nHost: x\r\n\r\n".to_owned(),
        "not http at all\r\n\r\n".to_owned(),
        "GET  /isAlive HTTP/1.1\r\n\r\n".to_owned(),
        "GET /isAlive HTTP/1.1\r\nHost : x\r\n\r\n".to_owned(),
        "POST /contact HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        "POST /contact HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            .to_owned(),
        "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
    ];
    for case in cases {
        let reply = raw(&app, case.as_bytes());
        let status = status_of(&reply);
        let shown = &case[..case.len().min(60)];
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{shown:?}: {reply}");
        app.assert_alive();
    }
}

#[test]
fn bytes_that_are_no_text_harm_nobody() {
    let (_crm, app, token) = ordinary();
    let head = |target: &[u8], header: &[u8]| {
        let mut bytes = b"GET ".to_vec();
        bytes.extend(target);
        bytes.extend(b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        bytes.extend(header);
        bytes.extend(b"\r\n\r\n");
        bytes
    };
    let session = format!("Authorization: Bearer {token}").into_bytes();
    for (target, header) in [
        (&b"/cont\xffact"[..], &session[..]),
        (b"/%ff%fe/%00", &session),
        (b"/contact?phoneNumber=\xff\xfe", &session),
        (b"/contact?phoneNumber=%ff%fe%00", &session),
        (b"/contact?%ff=%fe&phoneNumber=1", &session),
        (b"/contact?phoneNumber=1", b"Authorization: Bearer \xff\xfe"),
        (b"/contact?phoneNumber=1&jwtToken=%ff%00", b"X: y"),
        (b"/contact?phoneNumber=1", b"Authorization: Bearer a.b.c"),
        (b"/implementedInterfaces?platform=%ff&proxyId=%00", b"X: y"),
        (b"/callLog?sessionIds=%00,%ff,%0d%0a", &session),
    ] {
        let reply = raw(&app, &head(target, header));
        let shown = String::from_utf8_lossy(target).into_owned();
        let status = status_of(&reply).unwrap_or_else(|| panic!("{shown}: no answer: {reply:?}"));
        assert!(status < 500, "{shown}: {reply}");
        app.assert_alive();
    }
    let forged = app.get("/contact?phoneNumber=1", "a.b.c");
    assert_eq!((forged.status, forged.text().contains("authorize")), (400, true));
    let header = app.send(
        "POST",
        "/callLog",
        &[("rc-account-id", "\u{fc}\u{1f600}"), ("Authorization", &format!("Bearer {token}")), JSON],
        Some(call("s", "c").to_string().into_bytes()),
    );
    assert_eq!(header.json()["successful"], true, "{}", header.text());
}

#[test]
fn what_does_not_exist_is_named() {
    let (_crm, app, token) = ordinary();
    let login = |platform: &str, proxy_id: Option<&str>| {
        app.send_login(&json!({"platform": platform, "proxyId": proxy_id, "apiKey": "1-key"}))
    };
    let unknown = login("testCrm", Some("nobody"));
    assert_eq!(unknown.status, 400);
    assert!(
        unknown.message()["message"].as_str().unwrap().starts_with("Unknown proxyId \"nobody\""),
        "{}",
        unknown.text()
    );
    let unknown = login("nobody", None);
    assert_eq!(unknown.status, 400);
    assert!(
        unknown.message()["message"].as_str().unwrap().starts_with("Unknown platform \"nobody\""),
        "{}",
        unknown.text()
    );
    for escape in ["../crm", "crm.json", "crm/../crm", "/etc/passwd", "crm\0", " crm"] {
        assert_eq!(login("testCrm", Some(escape)).status, 400, "{escape:?}");
    }
    assert_eq!(app.send_login(&json!({})).text(), "Missing platform name");
    let listed = app.send("GET", "/implementedInterfaces?proxyId=nobody", &[], None);
    assert_eq!((listed.status, error_of(&listed).contains("nobody")), (404, true));
    for (method, target) in
        [("GET", "/nothing"), ("DELETE", "/contacts"), ("BREW", "/nothing"), ("GET", "//")]
    {
        let reply = app.send(method, target, &[("Authorization", &format!("Bearer {token}"))], None);
        assert_eq!(reply.status, 404, "{method} {target}");
        assert!(reply.text().contains(&format!("Cannot {method} {target}")), "{}", reply.text());
    }
    let page = app.send("GET", "/%3Cscript%3Ealert(1)%3C/script%3E?<b>", &[], None);
    assert!(!page.text().contains("<script>") && !page.text().contains("<b>"), "{}", page.text());
}

#[test]
fn line_breaks_in_input_never_become_headers_of_their_own() {
    let crm = Crm::start(|request: &Request| match request.path() {
        "/v1/me" => Answer::json(&json!({"id": 1})),
        _ => test_server::ordinary(request),
    });
    let mut injected = document(&crm.origin());
    injected["operations"]["findContactWithName"]["headers"] = json!({"X-Asked": "for {{name}}"});
    injected["auth"] =
        json!({"type": "apiKey", "scheme": "Bearer", "credentialTemplate": "{{apiKey}}", "encode": "none"});
    let app = TestServer::start(&[("crm", &injected)]);
    let token = app.sign_in("crm", "testCrm", "1-key");
    let evil = "a%0d%0aX-Evil:%20yes%0d%0a%0d%0aGET%20/evil%20HTTP/1.1%0d%0a%0d%0a";
    let search = app.get(&format!("/custom/contact/search?name={evil}"), &token);
    assert_eq!(search.status, 200, "{}", search.text());
    let find = app.get(&format!("/contact?phoneNumber={evil}"), &token);
    assert_eq!(find.json()["successful"], true, "{}", find.text());
    let login =
        app.send_login(&json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "key\r\nX-Evil: yes"}));
    assert!(login.status == 400 || login.status == 200, "{}", login.text());
    assert!(!login.text().contains("key\\r\\n"), "{}", login.text());
    for request in crm.received() {
        assert!(
            request.header("x-evil").is_none() && request.path() != "/evil",
            "{} {:?}",
            request.target,
            request.headers
        );
        let values = request.headers.iter().flat_map(|(name, value)| [name, value]);
        assert!(values.into_iter().all(|text| !text.contains(['\r', '\n'])));
    }
    app.assert_alive();
}
