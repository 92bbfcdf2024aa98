//! SIGTERM: what is in flight is answered, then the process ends with success.

use crate::support::crm::{Crm, Gate};
use crate::support::http;
use crate::support::test_server::{self, PATIENCE, TestServer, call, document, try_send, until};
use serde_json::json;
use std::io::{BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn a_request_that_waits_for_the_crm_is_answered_before_the_process_ends() {
    let gate = Gate::default();
    let crm = Crm::start({
        let gate = gate.clone();
        move |request| {
            if request.method == "POST" {
                gate.pass();
            }
            test_server::ordinary(request)
        }
    });
    let mut app = TestServer::start(&[("crm", &document(&crm.origin()))]);
    let token = app.sign_in("crm", "testCrm", "one-key");
    let address = app.server.address();
    let bearer = format!("Bearer {token}");
    let in_flight = std::thread::spawn(move || {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let body = call("session-1", "contact-1").to_string().into_bytes();
        try_send(address, "POST", "/callLog", &headers, Some(body))
    });
    crm.wait_for("/v1/activities", 1, PATIENCE);
    app.server.terminate();
    // It takes no new work while it finishes the old.
    until("the end of listening", || TcpStream::connect(address).is_err());
    gate.open();
    let reply = in_flight.join().unwrap().expect("the request in flight is answered");
    assert_eq!((reply.status, &reply.json()["logId"]), (200, &json!("a-contact-1")), "{}", reply.text());
    let status = app.server.wait(PATIENCE).expect("the process ends");
    assert_eq!(status.code(), Some(0), "{}", app.server.log());

    app.kill_and_restart();
    let found = app.get("/callLog?sessionIds=session-1", &token);
    assert_eq!(found.json()["logs"][0]["logId"], "a-contact-1", "{}", found.text());
}

#[test]
fn idle_connections_do_not_hold_the_process() {
    let mut app = TestServer::start(&[]);
    let mut idle = TcpStream::connect(app.server.address()).unwrap();
    idle.write_all(b"GET /isAlive HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut reader = BufReader::new(idle.try_clone().unwrap());
    let head = http::read_head(&mut reader).unwrap().unwrap();
    assert_eq!(http::read_response_body(&mut reader, &head, 200, "GET").unwrap(), b"OK");
    let told = Instant::now();
    app.server.terminate();
    let status = app.server.wait(PATIENCE).expect("the process ends");
    println!("ended {} ms after SIGTERM with an idle connection open", told.elapsed().as_millis());
    assert_eq!(status.code(), Some(0), "{}", app.server.log());
    // Half of the time that requests in flight are given, and far from it on an idle machine.
    assert!(told.elapsed() < Duration::from_secs(15), "{:?}", told.elapsed());
}
