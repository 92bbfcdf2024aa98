//! A server that is killed between the CRM's answer and the store, while the store takes nothing: a refresh token that is
//! good for one use is not lost.

use crate::support::crm::{Answer, Crm, Request};
use crate::support::postgres::Cluster;
use crate::support::test_server::{TestServer, try_send, until};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

const SECRET: &str = "the signing secret of these tests";

/// Takes each refresh token once. While a renewal is asked for, the database is stopped.
fn crm(cluster: &Arc<Cluster>, forms: &Arc<Mutex<Vec<String>>>) -> Crm {
    let (cluster, forms) = (Arc::clone(cluster), Arc::clone(forms));
    Crm::start(move |request: &Request| match request.path() {
        "/oauth/token" => {
            let form = String::from_utf8(request.body.clone()).unwrap();
            let mut forms = forms.lock().unwrap();
            forms.push(form.clone());
            if form.contains("code=") {
                return Answer::json(
                    &json!({"access_token": "at-1", "refresh_token": "rt-1", "expires_in": 60}),
                );
            }
            if forms.len() == 2 && form.contains("refresh_token=rt-1&") {
                cluster.stop();
                return Answer::json(
                    &json!({"access_token": "at-2", "refresh_token": "rt-2", "expires_in": 60}),
                );
            }
            if forms.len() == 3 && form.contains("refresh_token=rt-2&") {
                return Answer::json(
                    &json!({"access_token": "at-3", "refresh_token": "rt-3", "expires_in": 3600}),
                );
            }
            Answer::json(&json!({"error": "invalid_grant"})).status(400)
        }
        "/v1/me" => Answer::json(&json!({"id": "7", "name": "Olga"})),
        _ => {
            let token = request.header("authorization").unwrap_or_default();
            Answer::json(&json!({"contacts": [{"id": "c1", "name": token}]}))
        }
    })
}

fn document(origin: &str) -> Value {
    json!({
        "meta": {"name": "testCrm"},
        "auth": {
            "type": "oauth", "clientId": "cid", "clientSecret": "csec", "tokenUrl": format!("{origin}/oauth/token"),
            "authorizationUrl": format!("{origin}/oauth/authorize"), "redirectUri": "https://app.test/redirect"
        },
        "requestDefaults": {"baseUrl": format!("{origin}/v1"), "timeoutSeconds": 20},
        "operations": {
            "getUserInfo": {"method": "GET", "url": "/me", "responseMapping": {"idPath": "body.id", "namePath": "body.name"}},
            "findContact": {
                "method": "GET", "url": "/contacts", "query": {"phone": "{{phoneNumber}}"},
                "responseMapping": {"listPath": "body.contacts", "item": {"idPath": "id", "namePath": "name"}}
            }
        }
    })
}

fn files(data_dir: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(data_dir.join("tokens")) else { return Vec::new() };
    let sealed = entries.map(|entry| entry.unwrap().path());
    let sealed = sealed.filter(|path| path.extension().is_some_and(|ending| ending == "sealed"));
    sealed.map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn a_rotated_refresh_token_survives_a_kill_while_the_store_is_stopped() {
    let Some(cluster) = Cluster::start() else { return };
    let (cluster, forms) = (Arc::new(cluster), Arc::default());
    let crm = crm(&cluster, &forms);
    let url = cluster.database();
    let mut app = TestServer::start_with(&[("one", &document(&crm.origin()))], |options| {
        options.env("DATABASE_URL", &url).env("APP_SERVER_SECRET_KEY", SECRET)
    });
    let callback = "/oauth-callback?callbackUri=https%3A%2F%2Fapp.test%2Fredirect%3Fcode%3Dc%26state%3Dplatform%253DtestCrm&proxyId=one";
    let signed_in = app.send("GET", callback, &[], None);
    assert_eq!(signed_in.status, 200, "{}", signed_in.text());
    let token = signed_in.json()["jwtToken"].as_str().unwrap().to_owned();

    let data_dir = app.folder().join("data");
    let (address, bearer) = (app.server.address(), format!("Bearer {token}"));
    let target = "/contact?phoneNumber=1&isForceRefreshAccountData=true";
    let asked = thread::spawn(move || try_send(address, "GET", target, &[("Authorization", &bearer)], None));
    until("the answer is written down", || !files(&data_dir).is_empty());
    app.kill_and_restart_after(|data_dir| {
        let files = files(data_dir);
        assert_eq!(files.len(), 1);
        assert!(!files[0].windows(4).any(|part| part == b"rt-2"), "the token lies there in clear");
        cluster.restart();
    });
    drop(asked.join());
    // Stored before the server listened; the next renewal uses the token that the store did not take.
    assert_eq!(files(&data_dir).len(), 0, "what is stored is not kept twice");
    let reply = app.get(target, &token);
    assert_eq!(reply.json()["contact"][0]["name"], "Bearer at-3", "{}", reply.text());
    let forms = forms.lock().unwrap();
    let renewals =
        ["refresh_token=rt-1&grant_type=refresh_token", "refresh_token=rt-2&grant_type=refresh_token"];
    assert_eq!(forms[1..], renewals);
}
