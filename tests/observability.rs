//! What an operator sees: metrics that move, request ids that lead from a reply to the log.

use crate::support::client::Response;
use crate::support::crm::{Answer, Crm};
use crate::support::test_server::{ADMIN_TOKEN, TestServer, call, document, ordinary, until};
use serde_json::{Value, json};

/// The value of a sample, `name{labels}` as it is written; 0 where there is none.
fn sample(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

fn scrape(app: &TestServer) -> String {
    let reply = app.get("/metrics", ADMIN_TOKEN);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text()
}

fn id(reply: &Response) -> String {
    reply.header("x-request-id").expect("an id").to_owned()
}

#[test]
fn metrics_are_closed_as_the_list_of_documents_is() {
    let closed = TestServer::start_with(&[], |options| options);
    assert_eq!(closed.get("/metrics", ADMIN_TOKEN).status, 403);
    let app = TestServer::start(&[]);
    assert_eq!(app.get("/metrics", "guess").status, 401);
    assert_eq!(app.send("GET", "/metrics", &[], None).status, 401);
    let reply = app.get("/metrics", ADMIN_TOKEN);
    let content_type = reply.header("content-type");
    assert_eq!(content_type, Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(reply.text().ends_with("# EOF\n"));
}

/// On an address of its own, nobody is asked for a token: who reaches the address may read.
#[test]
fn metrics_have_an_address_of_their_own_where_it_is_set() {
    for adjust in [
        |options: crate::support::server::Options| options.arg("--metrics-listen").arg("127.0.0.1:0"),
        |options: crate::support::server::Options| options.env("METRICS_LISTEN", "127.0.0.1:0"),
    ] {
        let app = TestServer::start_with(&[], adjust);
        let mut address = None;
        until("the address of the metrics", || {
            address = app.log_lines().iter().find_map(|line| {
                let message = line["message"].as_str()?;
                message.strip_prefix("metrics on http://")?.strip_suffix("/metrics").map(str::to_owned)
            });
            address.is_some()
        });
        let address = address.unwrap().parse().unwrap();
        let read = |method, target| {
            crate::support::test_server::try_send(address, method, target, &[], None).unwrap()
        };
        let reply = read("GET", "/metrics");
        assert_eq!(reply.status, 200);
        assert!(reply.text().contains("app_connect_build_info{version=\""), "{}", reply.text());
        assert_eq!(read("GET", "/isAlive").status, 404, "it serves nothing else");
        assert_eq!(app.get("/metrics", "").status, 403, "the other door stays closed");
    }
}

#[test]
fn operations_are_counted_by_document_operation_and_outcome() {
    let crm = Crm::start(|request| match request.query("phone").as_deref() {
        Some("+14155550500") => Answer::json(&json!({"message": "broken"})).status(500),
        Some("+14155550404") => Answer::reset(),
        Some("+14155550111") => Answer::json(&json!({"contacts": [{"name": "Without an id"}]})),
        _ => ordinary(request),
    });
    let app = TestServer::start(&[("crm", &document(&crm.origin())), ("other", &document(&crm.origin()))]);
    let token = app.sign_in("crm", "testCrm", "77-key");
    let find = |number: &str| app.get(&format!("/contact?phoneNumber=%2B{number}"), &token);
    for number in ["14155550101", "14155550102", "14155550500", "14155550404", "14155550111"] {
        find(number);
    }
    assert_eq!(app.post("/callLog", &token, &call("s1", "c1")).json()["successful"], true);
    let text = scrape(&app);
    let operations = |operation: &str, outcome: &str| {
        let labels = format!(r#"{{proxy_id="crm",operation="{operation}",outcome="{outcome}"}}"#);
        let count = sample(&text, &format!("app_connect_operations_total{labels}"));
        let timed = sample(&text, &format!("app_connect_operation_duration_seconds_count{labels}"));
        assert_eq!(count, timed, "{labels}");
        count
    };
    assert_eq!(operations("getUserInfo", "ok"), 1.0);
    assert_eq!(operations("findContact", "ok"), 2.0);
    assert_eq!(operations("findContact", "status"), 1.0);
    assert_eq!(operations("findContact", "reset"), 1.0);
    assert_eq!(operations("findContact", "incomplete"), 1.0);
    assert_eq!(operations("createCallLog", "ok"), 1.0);
    let problem = r#"{proxy_id="crm",operation="findContact",key="item.idPath",path="id"}"#;
    assert_eq!(sample(&text, &format!("app_connect_mapping_problems_total{problem}")), 1.0, "{text}");
    assert!(!text.contains(r#"proxy_id="other""#), "what never ran has no series");
    assert!(sample(&text, "app_connect_store_write_duration_seconds_count") >= 2.0, "a user and a call log");
    assert_eq!(sample(&text, "app_connect_store_write_failures_total"), 0.0);
    let ends = |name: &str| text.contains(name);
    for secret in ["14155550", "77-", "c1", "s1", token.as_str(), ADMIN_TOKEN, "Ada"] {
        assert!(!ends(&format!("=\"{secret}")), "{secret} is a label");
    }
}

#[test]
fn requests_are_counted_by_route_method_and_status_class() {
    let crm = Crm::start(ordinary);
    let app = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = app.sign_in("crm", "testCrm", "77-key");
    app.assert_alive();
    app.get("/contact?phoneNumber=%2B14155550101", &token);
    app.get("/contact?phoneNumber=%2B14155550101", "no token");
    app.get("/wp-login.php?token=14155550101", "");
    app.send("PROPFIND", "/14155550102", &[], None);
    app.send("OPTIONS", "/contact", &[], None);
    let text = scrape(&app);
    for (labels, count) in [
        (r#"{method="POST",route="/apiKeyLogin",status="2xx"}"#, 1.0),
        (r#"{method="GET",route="/isAlive",status="2xx"}"#, 1.0),
        (r#"{method="GET",route="/contact",status="2xx"}"#, 1.0),
        (r#"{method="GET",route="/contact",status="4xx"}"#, 1.0),
        (r#"{method="any",route="none",status="4xx"}"#, 2.0),
        (r#"{method="any",route="none",status="2xx"}"#, 1.0),
    ] {
        assert_eq!(
            sample(&text, &format!("app_connect_http_requests_total{labels}")),
            count,
            "{labels}\n{text}"
        );
        let timed = format!("app_connect_http_request_duration_seconds_count{labels}");
        assert_eq!(sample(&text, &timed), count, "{labels}");
    }
    assert!(!text.contains("wp-login") && !text.contains("14155550"), "{text}");
    let again = scrape(&app);
    let scrapes = r#"app_connect_http_requests_total{method="GET",route="/metrics",status="2xx"}"#;
    assert_eq!(sample(&again, scrapes) - sample(&text, scrapes), 1.0);
}

#[test]
fn documents_are_counted_by_their_state() {
    let good = document("https://crm.example.com");
    let mut broken = good.clone();
    broken["operations"]["findContact"]["method"] = json!(7);
    let app = TestServer::start(&[("a", &good), ("b", &good), ("broken", &broken)]);
    let states = |text: &str| {
        ["active", "kept", "refused"]
            .map(|state| sample(text, &format!("app_connect_documents{{state=\"{state}\"}}")))
    };
    assert_eq!(states(&scrape(&app)), [2.0, 0.0, 1.0]);
    app.write("a", &broken);
    app.wait_for_state("a", |state| state["status"] == "kept");
    assert_eq!(states(&scrape(&app)), [1.0, 1.0, 1.0]);
}

#[test]
fn a_plain_request_id_comes_back_and_any_other_is_replaced() {
    let app = TestServer::start(&[]);
    let with = |given: &str| id(&app.send("GET", "/isAlive", &[("X-Request-Id", given)], None));
    assert_eq!(with("7f3a-11.b:c=d_e"), "7f3a-11.b:c=d_e");
    let mut seen = std::collections::HashSet::new();
    for given in ["", "+14155550101", "two words", "{\"a\":1}", &"x".repeat(65), "a,b"] {
        let generated = with(given);
        assert!(
            generated.len() == 32 && generated.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{generated}"
        );
        assert!(seen.insert(generated));
    }
    // Whatever the answer is.
    for (method, target) in
        [("GET", "/nothing"), ("GET", "/contact"), ("OPTIONS", "/contact"), ("POST", "/apiKeyLogin")]
    {
        let reply = app.send(method, target, &[("X-Request-Id", "mine")], None);
        assert_eq!(id(&reply), "mine", "{method} {target}: {}", reply.status);
    }
}

#[test]
fn every_log_line_of_a_request_carries_its_id() {
    let crm = Crm::start(|request| match request.path() {
        "/v1/contacts" => Answer::json(&json!({"contacts": [{"name": "Without an id"}]})),
        _ => ordinary(request),
    });
    let app = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = app.sign_in("crm", "testCrm", "77-key");
    let headers = [("X-Request-Id", "lookup-1"), ("Authorization", &format!("Bearer {token}"))];
    app.send("GET", "/contact?phoneNumber=%2B14155550101", &headers, None);
    let of = |id: &str| -> Vec<Value> {
        let mut lines = app.log_lines();
        lines.retain(|line| line["spans"][0]["request_id"] == id);
        lines
    };
    until("the lines of the request", || of("lookup-1").len() >= 2);
    let lines = of("lookup-1");
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["operation", "mapping found nothing"]);
    for line in &lines {
        assert_eq!(line["spans"][0]["method"], "GET");
        assert_eq!(line["spans"][0]["route"], "/contact");
    }
    let strangers = app.log_lines().into_iter().filter(|line| {
        line["message"] == "operation" && line["spans"][0]["request_id"].as_str().is_none_or(str::is_empty)
    });
    assert_eq!(strangers.count(), 0, "the sign-in has an id as well");
    assert!(!app.server.log().contains("14155550101"));
}

#[test]
fn text_logs_carry_the_id_as_well() {
    let crm = Crm::start(ordinary);
    let app = TestServer::start_with(&[("crm", &document(&crm.origin()))], |options| {
        options.arg("--log-format").arg("human")
    });
    let login = json!({"platform": "testCrm", "proxyId": "crm", "apiKey": "77-key"}).to_string();
    let headers = [("X-Request-Id", "human-1"), ("Content-Type", "application/json")];
    assert_eq!(app.send("POST", "/apiKeyLogin", &headers, Some(login.into_bytes())).status, 200);
    let line = || app.server.log().lines().find(|line| line.contains("operation")).map(str::to_owned);
    until("the line of the operation", || line().is_some());
    let line = line().unwrap();
    assert!(line.contains("human-1") && line.contains("/apiKeyLogin"), "{line}");
}

/// The trace of the caller's system is not told to a CRM.
#[test]
fn ids_and_traces_of_clients_stay_here() {
    let crm = Crm::start(ordinary);
    let app = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = app.sign_in("crm", "testCrm", "77-key");
    let headers = [
        ("Authorization", format!("Bearer {token}")),
        ("X-Request-Id", "mine".to_owned()),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        ("tracestate", "vendor=1".to_owned()),
    ];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    app.send("GET", "/contact?phoneNumber=%2B14155550101", &headers, None);
    let received = crm.received();
    let lookup = received.iter().find(|request| request.path() == "/v1/contacts").expect("a lookup");
    for name in ["x-request-id", "traceparent", "tracestate"] {
        assert_eq!(lookup.header(name), None);
    }
}
