//! The secret of a connector appears in no reply, log, export, audit entry or store file (issue "Must
//! show" 5), raw or base64; and it does reach the CRM.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::path::Path;

const SECRET: &str = "k7-the-connectors-own-secret-93";
const CLIENT: &str = "q4-the-oauth-apps-own-secret-17";

/// A text as it is, and within base64 at each of the three places where it can begin.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![text.as_bytes().to_vec()];
    for offset in 0..3 {
        let encoded = STANDARD_NO_PAD.encode([&b"\0\0\0"[..offset], text.as_bytes()].concat());
        // The characters at both ends depend on the neighbours.
        forms.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
    }
    forms
}

fn holds(bytes: &[u8], text: &str) -> bool {
    forms(text).iter().any(|form| bytes.windows(form.len()).any(|window| window == form))
}

fn files_below(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn the_secret_is_sent_to_the_crm_and_shown_nowhere() {
    let mut world = World::start_with(|options| options.env("RUST_LOG", "trace"));
    let mut document = world.version(1);
    document["requestDefaults"]["defaultHeaders"] = json!({
        "X-Connector": "{{secretKey}}", "X-Connector-Basic": "Basic {{base64 secretKey}}",
    });
    // The CRM echoes what it was sent into the name of the contact.
    document["operations"]["findContact"]["responseMapping"]["item"]["namePath"] = json!("echo");
    let crm = Crm::start(|request: &Request| {
        if request.path() != "/v1/contacts" {
            return test_server::ordinary(request);
        }
        let sent = ["x-connector", "x-connector-basic"].map(|name| request.header(name).unwrap_or_default());
        Answer::json(&json!({"contacts": [{"id": "c", "echo": format!("echo of {}", sent.join(" "))}]}))
    });
    document["requestDefaults"]["baseUrl"] = json!(format!("{}/v1", crm.origin()));
    let mut shown: Vec<(String, Vec<u8>)> = Vec::new();
    let mut keep = |what: &str, reply: Response| {
        let headers = format!("{:?}", reply.headers);
        shown.push((what.to_owned(), [headers.as_bytes(), &reply.body].concat()));
        reply
    };
    let new = json!({
        "proxyId": "crm", "text": pretty(&document), "secretKey": SECRET, "clientSecret": CLIENT,
    });
    let created = keep("create", world.send("POST", CONNECTORS, None, Some(&new)));
    assert_eq!(created.status, 201, "{}", created.text());
    assert_eq!(
        (&created.json()["hasSecretKey"], &created.json()["hasClientSecret"]),
        (&json!(true), &json!(true))
    );
    let activated = keep("activate", world.change("POST", "/activate", Some(&json!({"revision": 1}))));
    assert_eq!(activated.status, 200, "{}", activated.text());
    let _ = world.sign_in("100");
    let user =
        json!({"operation": "findContact", "input": {"phoneNumber": "1"}, "user": {"accessToken": "k"}});
    let tested =
        keep("test", world.send("POST", &format!("{CONNECTORS}/crm/revisions/1/test"), None, Some(&user)));
    assert!(tested.text().contains("echo of ***"), "{}", tested.text());
    let sent = crm.received();
    let sent = sent.iter().find(|request| request.path() == "/v1/contacts").unwrap();
    assert_eq!(sent.header("x-connector"), Some(SECRET), "the CRM gets it");

    for what in ["explain", "check"] {
        let target = format!("{CONNECTORS}/crm/revisions/1/{what}");
        let body = if what == "explain" { Some(&user) } else { None };
        assert_eq!(keep(what, world.send("POST", &target, None, body)).status, 200);
    }
    for below in ["", "/export", "/revisions", "/revisions/1", "/revisions/1/text", "/revisions/1/cases"] {
        let reply = world.send("GET", &format!("{CONNECTORS}/crm{below}"), None, None);
        assert_eq!(keep(below, reply).status, 200, "{below}");
    }
    keep("audit", world.send("GET", "/console/api/v1/audit?limit=500", None, None));
    keep("list", world.send("GET", CONNECTORS, None, None));
    assert_eq!(keep("audit", world.send("GET", "/console/api/v1/audit", None, None)).status, 200);
    keep("proxyConfigs", world.app.get("/proxyConfigs", ADMIN_TOKEN));
    keep("metrics", world.app.get("/metrics", ADMIN_TOKEN));

    // Nor does it get into what everybody reads.
    let mut pasted = world.version(2);
    pasted["requestDefaults"]["defaultHeaders"] = json!({"X-Connector": SECRET});
    // Whoever reads JSON sees the last of two keys; the text has both.
    let twice = |first: &str| {
        let members = format!("{{\"secretKey\": \"{first}\", \"secretKey\": \"\",");
        pretty(&document).replacen('{', &members, 1)
    };
    let mut own = world.version(2);
    own["secretKey"] = json!("another-secret-in-the-text");
    for (case, below, method, body) in [
        ("text", "/revisions", "POST", json!({"text": pretty(&pasted)})),
        ("secretKey", "/revisions", "POST", json!({"text": pretty(&own)})),
        ("twice", "/revisions", "POST", json!({"text": twice(SECRET)})),
        ("twice, unknown", "/revisions", "POST", json!({"text": twice("nobody-knows-this-one")})),
        ("note", "/revisions", "POST", json!({"text": pretty(&document), "note": format!("it is {SECRET}")})),
        ("manifest", "", "PATCH", json!({"manifest": {"deep": [{"key": CLIENT}]}})),
        ("owner", "", "PATCH", json!({"owner": SECRET})),
        ("reason", "/activate", "POST", json!({"revision": 1, "force": {"reason": SECRET}})),
    ] {
        let refused = keep(case, world.change(method, below, Some(&body)));
        assert_eq!(error_of(&refused), (422, "secret_in_text".to_owned()), "{case}");
        assert!(!refused.text().contains("another-secret-in-the-text"), "{}", refused.text());
    }
    let wrong = keep("type", world.change("PATCH", "", Some(&json!({"secretKey": [SECRET]}))));
    assert_eq!(error_of(&wrong), (400, "invalid_request".to_owned()));
    let short = keep("short", world.change("PATCH", "", Some(&json!({"secretKey": "short"}))));
    assert_eq!(error_of(&short), (400, "invalid_request".to_owned()));

    world.app.server.kill();
    shown.push(("log".to_owned(), world.app.server.log().into_bytes()));
    let data = world.app.folder().join("data");
    let export = world.app.folder().join("export.jsonl");
    let exported = std::process::Command::new(env!("CARGO_BIN_EXE_app-connect"))
        .args(["store", "export", "--data-dir"])
        .arg(&data)
        .arg(&export)
        .env("APP_SERVER_SECRET_KEY", "the signing secret of these tests")
        .output()
        .unwrap();
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    shown.push(("export".to_owned(), std::fs::read(&export).unwrap()));
    files_below(&data, &mut shown);
    let found = |text: &str| {
        shown
            .iter()
            .filter(|(_, bytes)| holds(bytes, text))
            .map(|(what, _)| what.as_str())
            .collect::<Vec<_>>()
    };
    // The search finds what is there.
    assert!(holds(format!("x{}", STANDARD_NO_PAD.encode(format!("Basic:{SECRET}!"))).as_bytes(), SECRET));
    assert!(!found("connector").is_empty());
    assert_eq!(found(SECRET), [""; 0]);
    assert_eq!(found(CLIENT), [""; 0]);
}

/// What everybody could read is no secret any more, in whichever revision it stands.
#[test]
fn what_was_readable_cannot_become_the_secret() {
    let world = World::start();
    let (in_text, in_note, in_case) = ("stands-in-the-text", "stands-in-the-note", "stands-in-a-case");
    let mut document = world.version(1);
    document["requestDefaults"]["defaultHeaders"] = json!({"X-Connector": in_text});
    let case = json!({
        "name": "one", "operation": "findContact", "input": {"phoneNumber": in_case},
        "response": {"status": 200, "body": {"contacts": []}},
    });
    let new = json!({"proxyId": "crm", "text": pretty(&document), "note": in_note, "cases": [case]});
    let created = world.send("POST", CONNECTORS, None, Some(&new));
    assert_eq!(created.status, 201, "{}", created.text());
    world.upload(&world.version(2));
    for (secret, what) in [(in_text, "The text"), (in_note, "The note"), (in_case, "A case")] {
        for name in ["secretKey", "clientSecret"] {
            let refused = world.change("PATCH", "", Some(&json!({name: secret})));
            assert_eq!(
                error_of(&refused),
                (422, "secret_in_text".to_owned()),
                "{secret}: {}",
                refused.text()
            );
            assert!(refused.text().contains(&format!("{what} of revision 1")), "{}", refused.text());
        }
    }
    world.must("PATCH", "", Some(&json!({"secretKey": "never-shown-1"})));
    world.must("PATCH", "", Some(&json!({"clientSecret": "never-shown-2"})));
    world.must("PATCH", "", Some(&json!({"clientSecret": null})));

    // A key that stands there twice is a mistake, and no secret.
    let twice = pretty(&document).replacen('{', "{\"secretKey\": \"\", \"secretKey\": \"{{x}}\",", 1);
    let uploaded = world.change("POST", "/revisions", Some(&json!({"text": twice})));
    assert_eq!(uploaded.status, 201, "{}", uploaded.text());
}
