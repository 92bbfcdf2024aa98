//! `explain` and `call`.
use super::{PUBLIC, folder, run, run_with};
use crate::support::crm::{Answer, Crm, Request};
use crate::support::test_server::{self, api_key, document, pretty};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const KEY: &str = "averysecretapikey";

/// The lines behind "As curl:".
fn curl_of(out: &str) -> &str {
    out.split_once("As curl:\n").expect("a curl line").1.trim_end()
}

fn sh(folder: &Path, arguments: &[&str], script: &str) -> std::process::Output {
    Command::new("sh").args(arguments).arg("-c").arg(script).current_dir(folder).output().unwrap()
}

#[test]
fn explain_shows_the_request_and_where_it_comes_from() {
    let folder = folder();
    std::fs::write(folder.path().join("user.json"), json!({"accessToken": KEY, "id": "7"}).to_string())
        .unwrap();
    std::fs::write(folder.path().join("input.json"), json!({"phoneNumber": "+14155550101"}).to_string())
        .unwrap();
    let explained = |arguments: &[&str]| {
        let mut all = vec!["explain", "clean/crm.json"];
        all.extend(arguments);
        let run = run(folder.path(), &all);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{arguments:?}");
        for secret in [KEY, "YXZlcnlzZWNyZXRhcGlrZXk6"] {
            assert!(!run.out.contains(secret), "{}", run.out);
        }
        run.out
    };
    let found = explained(&["findContact", "--input", "input.json", "--user", "user.json"]);
    insta::assert_snapshot!("explain_find_contact", unversioned(&found));
    insta::assert_snapshot!("explain_create_call_log", unversioned(&explained(&["createCallLog"])));
    // Every operation can be explained without any input, and each as a line that a shell takes.
    for operation in document(PUBLIC)["operations"].as_object().unwrap().keys() {
        let out = explained(&[operation, "--user", "user.json"]);
        let curl = curl_of(&out);
        assert!(curl.starts_with("curl -X ") && curl.contains(PUBLIC), "{curl}");
        let checked = sh(folder.path(), &["-n"], curl);
        assert!(checked.status.success(), "{curl}\n{}", String::from_utf8_lossy(&checked.stderr));
    }
}

/// Where a user is sent, and how tokens are asked for; no secret is shown, wherever it comes from.
#[test]
fn explain_shows_how_users_sign_in() {
    let folder = folder();
    let mut page = document(PUBLIC);
    page["secretKey"] = json!("the-app-key");
    page["requestDefaults"]["allowedHosts"] = json!(["*.example.com"]);
    page["auth"] = json!({
        "type": "oauth", "clientId": "harbor-connect", "clientSecretEnv": "HARBOR_SECRET",
        "tokenUrl": "https://{{hostname}}/oauth/token", "authorizationUrl": "https://{{hostname}}/oauth/authorize",
        "redirectUri": "https://app.example.com/redirect", "scopes": ["a", "b"],
        "authorizationParameters": {"login_hint": "{{userEmail}}"},
        "tokenRequest": {"clientAuthentication": "form", "fields": {"app": "{{secretKey}}"}, "headers": {"X-App": "{{secretKey}}"}},
        "refresh": {"tokenUrl": "https://login.example.com/refresh", "rotates": false, "lifetimeSeconds": 1800}
    });
    let mut form = page.clone();
    form["auth"] = json!({
        "type": "oauth", "grant": "password", "clientId": "{{additionalInfo.client}}", "clientSecret": "the-client-secret",
        "tokenUrl": "https://login.example.com/oauth/token", "tokenRequest": {"format": "json"}
    });
    let typed = json!({"hostname": "acme.example.com", "additionalInfo": {"client": "c-1", "username": "ada", "password": KEY}});
    std::fs::write(folder.path().join("typed.json"), typed.to_string()).unwrap();
    for (name, document) in [("page", page), ("form", form)] {
        std::fs::write(folder.path().join("crm.json"), pretty(&document)).unwrap();
        let arguments = ["explain", "crm.json", "signIn", "--input", "typed.json"];
        let run = run(folder.path(), &arguments);
        assert_eq!(run.code, Some(0), "{}", run.err);
        for secret in [KEY, "the-app-key", "the-client-secret"] {
            assert!(!run.out.contains(secret), "{}", run.out);
        }
        insta::assert_snapshot!(format!("explain_sign_in_{name}"), unversioned(&run.out));
    }
    let run = run(folder.path(), &["explain", "clean/crm.json", "signIn"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("clean/crm.json does not sign in with OAuth: `auth.type` is not `oauth`"),
        "{}",
        run.err
    );
}

#[test]
fn explain_says_what_is_done_about_failures() {
    let folder = folder();
    let mut document = document(PUBLIC);
    document["requestDefaults"]["idempotencyHeader"] = json!({"name": "Idempotency-Key"});
    document["retry"] = json!({"maxAttempts": 4, "on": ["connection", 429, "5xx"]});
    document["rateLimit"] = json!({"maxConcurrent": 8, "requests": 100, "perSeconds": 10});
    document["errorMapping"] = json!([
        {"when": {"status": [409, "500-503"], "header": {"name": "X-Reason", "matches": "^lock"}},
         "outcome": {"message": "{{platform}} is locked"}},
        {"when": {"body": {"path": "body.ok", "equals": false}}, "outcome": {"treatAs": 422}}
    ]);
    document["operations"]["createCallLog"]["errorMapping"] = json!([{"when": {"status": 404, "body": {"path": "body.id", "exists": false}}, "outcome": {"details": ["Gone"]}}]);
    std::fs::write(folder.path().join("crm.json"), pretty(&document)).unwrap();
    let run = run(folder.path(), &["explain", "crm.json", "createCallLog"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!("explain_failures", unversioned(&run.out));
}

#[test]
fn explain_reads_standard_input_and_quotes_for_the_shell() {
    let folder = folder();
    let nasty = "O'Brien $(touch evil) `touch evil` \\ \" ; & \n next";
    let input = json!({"newContactName": nasty, "phoneNumber": "1", "apiKey": KEY}).to_string();
    let run =
        run_with(folder.path(), &["explain", "clean/crm.json", "createContact", "--input", "-"], &[], &input);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(!run.out.contains(KEY), "{}", run.out);
    // The shell hands curl exactly what would be sent: here a function stands for curl.
    let script =
        format!("curl() {{ for word; do printf '%s\\036' \"$word\"; done; }}\n{}", curl_of(&run.out));
    let output = sh(folder.path(), &[], &script);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let words: Vec<_> = text.split('\u{1e}').collect();
    assert_eq!(words[..3], ["-X", "POST", "https://crm.example.com/v1/contacts"]);
    let body = words.iter().skip_while(|word| **word != "--data-raw").nth(1).expect("a body");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["name"], nasty);
    assert!(!folder.path().join("evil").exists());

    for (input, words) in [("[]", "not a JSON object"), ("{", "not JSON"), ("", "not JSON")] {
        let run = run_with(
            folder.path(),
            &["explain", "clean/crm.json", "createContact", "--input", "-"],
            &[],
            input,
        );
        assert_eq!(run.code, Some(2), "{input}");
        assert!(run.err.contains(words) && run.err.lines().count() == 1, "{}", run.err);
    }
}

#[test]
fn explain_says_why_it_cannot() {
    let folder = folder();
    let mut told = String::new();
    for arguments in [
        &["explain", "clean/crm.json", "findContacts"][..],
        &["explain", "clean/crm.json", "frobnicate"],
        &["explain", "clean/crm.json", "getUserList"],
        &["explain", "broken.json", "findContact"],
        &["explain", "nowhere.json", "findContact"],
        &["explain", "clean/crm.json", "findContact", "--input", "nowhere.json"],
    ] {
        let run = run(folder.path(), arguments);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?}");
        told.push_str(&format!("$ {}\n{}\n", arguments.join(" "), run.err));
    }
    assert!(told.contains("did you mean findContact?"), "{told}");
    insta::assert_snapshot!(told);
}

/// A folder with one document for this CRM, and the inputs of a call.
fn calling(crm: &Crm) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("crm.json"), pretty(&document(&crm.origin()))).unwrap();
    let input = json!({"phoneNumber": "+14155550101", "apiKey": KEY});
    std::fs::write(folder.path().join("input.json"), input.to_string()).unwrap();
    folder
}

fn shown(text: &str, crm: &Crm) -> String {
    unversioned(&text.replace(crm.origin().trim_start_matches("http://"), "CRM"))
}

/// Snapshots outlive a release.
fn unversioned(text: &str) -> String {
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn call_sends_and_shows_the_exchange() {
    let crm = Crm::start(test_server::ordinary);
    let folder = calling(&crm);
    let arguments = ["call", "crm.json", "findContact", "--input", "input.json", "--allow-private-network"];
    let run = run(folder.path(), &arguments);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    assert!(!run.out.contains(KEY), "{}", run.out);
    insta::assert_snapshot!(shown(&run.out, &crm));
    let received = crm.received();
    assert_eq!(received.len(), 1);
    assert_eq!(api_key(&received[0]), KEY, "the real key is sent");
    assert_eq!(received[0].query("phone").as_deref(), Some("+14155550101"));
    // One host alone can be allowed.
    let host = crm.origin().trim_start_matches("http://").to_owned();
    let allowed = ["call", "crm.json", "findContact", "--input", "input.json", "--allow-host", &host];
    assert_eq!(self::run(folder.path(), &allowed).code, Some(0));
}

#[test]
fn call_shows_mapping_problems_and_failures() {
    let crm = Crm::start(|request: &Request| match request.path() {
        "/v1/contacts" => {
            Answer::json(&json!({"contacts": [{"id": 1, "name": "Ada"}, null, {"name": "Eve"}]}))
        }
        "/v1/contacts/search" => Answer::json(&json!({"message": "no search today"})).status(422),
        "/v1/me" => Answer::json(&json!({"name": "nobody"})),
        "/v1/activities/1" => Answer::text("text/html", "<p>Please sign in</p>"),
        _ => Answer::reset(),
    });
    let folder = calling(&crm);
    let input = json!({"phoneNumber": "1", "apiKey": KEY, "name": "Ada", "thirdPartyLogId": "1", "contactInfo": {"id": "c"}});
    let mut told = String::new();
    for operation in ["findContact", "findContactWithName", "getUserInfo", "getCallLog", "unAuthorize"] {
        let arguments = ["call", "crm.json", operation, "--input", "-", "--allow-private-network"];
        let run = run_with(folder.path(), &arguments, &[], &input.to_string());
        assert_eq!((run.code, run.err.as_str()), (Some(1), ""), "{operation}: {}", run.out);
        assert!(!run.out.contains(KEY), "{}", run.out);
        told.push_str(&format!("$ app-connect call crm.json {operation}\n{}\n", shown(&run.out, &crm)));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn call_does_not_reach_into_the_private_network_unless_told() {
    let crm = Crm::start(test_server::ordinary);
    let folder = calling(&crm);
    let run = run(folder.path(), &["call", "crm.json", "findContact", "--input", "input.json"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(
        run.out.contains("failed (blocked)") && run.out.contains("--allow-private-network"),
        "{}",
        run.out
    );
    assert_eq!(crm.received().len(), 0);
    let wrong = self::run(folder.path(), &["call", "crm.json", "findContact", "--allow-host", "a b"]);
    assert_eq!((wrong.code, wrong.err.lines().count()), (Some(2), 1), "{}", wrong.err);
}

/// The places that `explain` lists, and what it says about each: template, value, variables.
fn origins(document: &Value, operation: &str, input: &Value) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("crm.json"), pretty(document)).unwrap();
    let arguments = ["explain", "crm.json", operation, "--input", "-"];
    let run = run_with(folder.path(), &arguments, &[], &input.to_string());
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(!run.out.contains(KEY), "{}", run.out);
    let (_, rest) = run.out.split_once("Where the values come from").expect("the origins");
    let (list, _) = rest.split_once("\n\n").expect("an empty line behind them");
    let lines: Vec<&str> = list.lines().skip(1).collect();
    let text = |lines: &[&str]| {
        lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").replace("  (from", " (from")
    };
    lines.chunks(3).map(|lines| (lines[0].trim().to_owned(), text(&lines[1..]))).collect()
}

fn places(origins: &[(String, String)]) -> Vec<&str> {
    origins.iter().map(|(place, _)| place.as_str()).collect()
}

/// A document with one operation besides the sign-in.
fn small(auth: Value, defaults: Value, find_contact: Value) -> Value {
    let mut find_contact = find_contact;
    find_contact["responseMapping"] =
        json!({"listPath": "body", "item": {"idPath": "id", "namePath": "name"}});
    json!({
        "meta": {"name": "testCrm", "displayName": "Test CRM", "logFormat": "text/plain"},
        "auth": auth,
        "requestDefaults": defaults,
        "operations": {
            "getUserInfo": {"method": "GET", "url": "/me", "responseMapping": {"idPath": "body.id"}},
            "findContact": find_contact,
        }
    })
}

#[test]
fn explain_lists_a_base_url_that_a_template_completes() {
    let defaults = json!({
        "baseUrl": "https://{{user.hostname}}/v1#part", "allowedHosts": ["*.example.com"],
    });
    let input = json!({"apiKey": KEY, "phoneNumber": "1", "user": {"hostname": "acme.example.com"}});
    let auth = json!({"type": "apiKey", "credentialTemplate": "{{apiKey}}"});
    let relative = small(auth.clone(), defaults.clone(), json!({"method": "GET", "url": "/c"}));
    let found = origins(&relative, "findContact", &input);
    assert_eq!(places(&found), ["requestDefaults/baseUrl", "auth/credentialTemplate"]);
    assert_eq!(
        found[0].1,
        "https://{{user.hostname}}/v1 → \"https://acme.example.com/v1\" (from user.hostname)"
    );
    // An absolute URL does not use it.
    let absolute = small(auth, defaults, json!({"method": "GET", "url": "https://api.example.com/c"}));
    assert_eq!(places(&origins(&absolute, "findContact", &input)), ["auth/credentialTemplate"]);
}

#[test]
fn explain_lists_a_prepared_credential_with_its_scheme() {
    let defaults = json!({"baseUrl": PUBLIC});
    let input = json!({"apiKey": KEY, "phoneNumber": "1"});
    for (auth, operation, expected) in [
        (json!({"type": "apiKey"}), "getUserInfo", "Basic *** (from apiKey)"),
        (json!({"type": "apiKey"}), "findContact", "Basic *** (from user.accessToken)"),
        (json!({"type": "apiKey", "scheme": "Key"}), "findContact", "Basic *** (from user.accessToken)"),
        (json!({"type": "oauth"}), "findContact", "Bearer *** (from user.accessToken)"),
        (json!({"type": "oauth", "scheme": "Token"}), "findContact", "Token *** (from user.accessToken)"),
    ] {
        let document = small(auth.clone(), defaults.clone(), json!({"method": "GET", "url": "/c"}));
        let found = origins(&document, operation, &input);
        assert_eq!(places(&found), ["auth"], "{auth}");
        let expected = expected.replace("***", "***\"");
        assert_eq!(found[0].1, format!("(prepared by the server) → \"{expected}"), "{auth}");
    }
}

#[test]
fn explain_lists_only_headers_that_are_sent() {
    let defaults = json!({
        "baseUrl": PUBLIC,
        "defaultHeaders": {
            "X-Kept": "{{phoneNumber}}", "X-Replaced": "{{phoneNumber}}", "X-By-Literal": "{{phoneNumber}}",
            "X-Null": "{{phoneNumber}}", "X-KEY": "{{phoneNumber}}",
        },
    });
    let operation = json!({
        "method": "GET", "url": "/c",
        "headers": {
            "x-replaced": "{{isExtension}}", "x-BY-literal": "1", "x-null": null, "x-key": "{{isExtension}}",
            "X-Own": "{{isExtension}}", "X-Nothing": "{{overridingFormat}}",
        },
    });
    let auth = json!({"type": "apiKey", "headerName": "X-Key", "credentialTemplate": "{{apiKey}}", "encode": "none"});
    let input = json!({"apiKey": KEY, "phoneNumber": "1", "isExtension": true, "overridingFormat": null});
    let found = origins(&small(auth, defaults, operation), "findContact", &input);
    assert_eq!(
        places(&found),
        [
            "requestDefaults/defaultHeaders/X-Kept",
            "headers/x-replaced",
            "requestDefaults/defaultHeaders/X-Null",
            "headers/X-Own",
            "headers/X-Nothing",
            "auth/credentialTemplate",
        ]
    );
    assert_eq!(found[1].1, "{{isExtension}} → true (from isExtension)");
}

#[test]
fn explain_shows_values_before_they_are_encoded() {
    let operation = json!({
        "method": "GET", "url": "/c/{{phoneNumber}}?n={{phoneNumber}}#{{isExtension}}",
        "query": {"q": "{{phoneNumber}}"},
    });
    let auth = json!({"type": "apiKey", "credentialTemplate": "{{apiKey}}"});
    let input = json!({"apiKey": KEY, "phoneNumber": "a/b c"});
    let document = small(auth, json!({"baseUrl": PUBLIC}), operation);
    let found = origins(&document, "findContact", &input);
    assert_eq!(places(&found), ["url", "query/q", "auth/credentialTemplate"]);
    assert_eq!(found[0].1, "/c/{{phoneNumber}}?n={{phoneNumber}} → \"/c/a/b c?n=a/b c\" (from phoneNumber)");
    assert_eq!(found[1].1, "{{phoneNumber}} → \"a/b c\" (from phoneNumber)");
}
