//! The base of a document, `/p/{proxyId}`: every route of clients answers there as it does without, for that document
//! alone.

use crate::support::client::{Request, Response, send};
use crate::support::crm::Crm;
use crate::support::test_server::{ADMIN_TOKEN, CONSOLE_TOKEN, PATIENCE, TestServer, document, ordinary};
use app_connect::server::openapi_document;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

const SECRET: &str = "the signing secret of these tests";

/// A server with three documents: the second lacks contacts, the third has an id that has to be encoded.
fn start(
    adjust: impl FnOnce(crate::support::server::Options) -> crate::support::server::Options,
) -> (TestServer, Crm) {
    let crm = Crm::start(ordinary);
    let whole = document(&crm.origin());
    let mut other = whole.clone();
    for operation in ["findContact", "createContact", "findContactWithName"] {
        other["operations"].as_object_mut().unwrap().shift_remove(operation);
    }
    let server =
        TestServer::start_with(&[("acme", &whole), ("other", &other), ("café 1", &whole)], |options| {
            adjust(options.env("ADMIN_TOKEN", ADMIN_TOKEN).env("APP_SERVER_SECRET_KEY", SECRET))
        });
    (server, crm)
}

fn sign_in(server: &TestServer, base: &str, login: &Value) -> Response {
    let body = Some(login.to_string().into_bytes());
    server.send("POST", &format!("{base}/apiKeyLogin"), &[("Content-Type", "application/json")], body)
}

fn token(reply: &Response) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["jwtToken"].as_str().unwrap().to_owned()
}

/// Every operation of the OpenAPI document, with something for what stands in braces. True if it is for clients.
fn operations() -> Vec<(String, String, bool)> {
    let paths = openapi_document()["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, methods)| {
        let path = path.split('/').map(|part| if part.starts_with('{') { "7" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        methods
            .as_object()
            .unwrap()
            .iter()
            .map(move |(method, said)| (method.to_uppercase(), path.clone(), said["servers"].is_null()))
    });
    all.collect()
}

/// The reply without what differs from request to request.
fn shown(reply: &Response) -> (u16, String, Vec<(String, String)>) {
    let mut headers = reply.headers.clone();
    headers.retain(|(name, _)| !["x-request-id", "date"].contains(&name.to_lowercase().as_str()));
    headers.sort();
    (reply.status, reply.text(), headers)
}

#[test]
fn every_route_of_clients_answers_below_a_base_and_no_other() {
    let (server, _crm) = start(|options| options.env("APP_CONSOLE_BOOTSTRAP_TOKEN", CONSOLE_TOKEN));
    let (mut of_clients, mut of_others) = (0, 0);
    for (method, path, is_for_clients) in operations() {
        let ask = |path: &str, headers: &[(&str, &str)]| server.send(&method, path, headers, None);
        if is_for_clients {
            of_clients += 1;
            // What names a document answers of the one that the base names.
            if !["/implementedInterfaces", "/crmManifest"].contains(&path.as_str()) {
                assert_eq!(
                    shown(&ask(&path, &[])),
                    shown(&ask(&format!("/p/acme{path}"), &[])),
                    "{method} {path}"
                );
            }
        } else {
            of_others += 1;
            for token in [ADMIN_TOKEN, CONSOLE_TOKEN] {
                let bearer = format!("Bearer {token}");
                let reply = ask(&format!("/p/acme{path}"), &[("Authorization", &bearer)]);
                let page = format!("<pre>Cannot {method} /p/acme{path}</pre>");
                assert_eq!(reply.status, 404, "{method} {path}");
                assert!(reply.text().contains(&page), "{}", reply.text());
            }
        }
    }
    assert!(of_clients > 30 && of_others > 20, "{of_clients} and {of_others} operations");
    // The same without a route, in another method, and before any route.
    let ask = |method: &str, path: &str| server.send(method, path, &[], None);
    assert!(ask("GET", "/p/acme/nothing").text().contains("Cannot GET /p/acme/nothing"));
    assert_eq!(ask("GET", "/p/acme").status, 404);
    assert_eq!(ask("GET", "/p/acme/p/acme/isAlive").status, 404);
    assert_eq!(ask("PUT", "/p/acme/contact").header("allow"), ask("PUT", "/contact").header("allow"));
    assert_eq!(ask("OPTIONS", "/p/acme/contact").status, 204);
}

#[test]
fn a_base_tells_the_truth_of_its_document() {
    let (server, _crm) = start(|options| options);
    let interfaces = |path: &str| server.send("GET", path, &[], None).json();
    let (whole, other) = (
        interfaces("/p/acme/implementedInterfaces?platform=testCrm"),
        interfaces("/p/other/implementedInterfaces?platform=testCrm"),
    );
    for (name, has, others) in [
        ("findContact", true, false),
        ("findContactWithName", true, false),
        ("createContact", true, false),
        ("createCallLog", true, true),
        ("upsertCallDisposition", false, false),
    ] {
        assert_eq!((&whole[name], &other[name]), (&json!(has), &json!(others)), "{name}");
    }
    assert_eq!(whole, interfaces("/implementedInterfaces?platform=testCrm&proxyId=acme"));
    assert_eq!(whole, interfaces("/p/acme/implementedInterfaces"), "the base stands for the platform too");
    assert_ne!(
        whole,
        interfaces("/implementedInterfaces?platform=testCrm"),
        "without a document, what any may have"
    );
}

#[test]
fn signing_in_below_a_base_needs_no_proxy_id_and_takes_no_other() {
    let (server, crm) = start(|options| options);
    for named in [json!({}), json!({"proxyId": ""}), json!({"proxyId": null}), json!({"proxyId": "acme"})] {
        let mut login = json!({"platform": "testCrm", "apiKey": "7-key"});
        login.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        let token = token(&sign_in(&server, "/p/acme", &login));
        // It is the same user as without the base.
        assert_eq!(server.get("/contact?phoneNumber=%2B14155550142", &token).json()["successful"], true);
        assert_eq!(
            server.get("/p/acme/contact?phoneNumber=%2B14155550142", &token).json()["successful"],
            true
        );
    }
    let before = crm.count("/v1/me");
    let login = json!({"platform": "testCrm", "apiKey": "7-key", "proxyId": "other"});
    let refused = sign_in(&server, "/p/acme", &login);
    assert_eq!(refused.status, 400);
    let words = refused.json()["error"].as_str().unwrap().to_owned();
    assert!(words.contains("\"acme\"") && words.contains("Leave proxyId out"), "{words}");
    assert_eq!(refused.message()["message"], words, "the client shows what it finds there");
    assert_eq!(crm.count("/v1/me"), before, "no CRM is asked");
    let other = server.send("GET", "/p/acme/implementedInterfaces?proxyId=other", &[], None);
    assert_eq!((other.status, other.json()["error"].as_str()), (400, Some(words.as_str())));
}

#[test]
fn a_session_of_another_document_is_none_below_a_base() {
    let (server, crm) = start(|options| options);
    let login = json!({"platform": "testCrm", "apiKey": "7-key"});
    let (acme, other) =
        (token(&sign_in(&server, "/p/acme", &login)), token(&sign_in(&server, "/p/other", &login)));
    let contact =
        |base: &str, token: &str| server.get(&format!("{base}/contact?phoneNumber=%2B1415555014"), token);
    let nobody = contact("", "no token");
    let asked = crm.count("/v1/contacts");
    for (base, stranger) in [("/p/acme", &other), ("/p/other", &acme), ("/p/caf%C3%A9%201", &acme)] {
        assert_eq!(shown(&contact(base, stranger)), shown(&nobody), "{base}");
        // Nor does a route that answers everybody take it for a session, or hand out a fresh token for it.
        let licence = server.get(&format!("{base}/licenseStatus"), stranger);
        assert_eq!(licence.json()["isLicenseValid"], false, "{}", licence.text());
        assert_eq!(licence.header("x-refreshed-jwt-token"), None);
    }
    assert_eq!(crm.count("/v1/contacts"), asked);

    // A token from before proxy ids were part of them: whose it is, the store says.
    let old = |id: &str| {
        let claims = json!({"id": id, "platform": "testCrm", "exp": 4_000_000_000_i64});
        encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    };
    let alone = json!({"platform": "testCrm", "apiKey": "8-key"});
    token(&sign_in(&server, "/p/acme", &alone));
    assert_eq!(contact("/p/acme", &old("8-testCrm")).json()["successful"], true);
    assert_eq!(shown(&contact("/p/other", &old("8-testCrm"))), shown(&nobody));
    assert_eq!(contact("/p/acme", &old("8-testCrm")).json()["successful"], true, "it did not end elsewhere");
    // Of a user whom two documents have, it names neither, below a base as well.
    assert_eq!(
        contact("/p/acme", &old("7-testCrm")).json()["successful"],
        contact("", &old("7-testCrm")).json()["successful"]
    );
    assert_eq!(contact("/p/acme", &old("7-testCrm")).json()["successful"], false);
}

#[test]
fn an_unknown_document_is_told_in_words_and_one_that_went_is_left_in_peace() {
    let (server, _crm) = start(|options| options);
    let ask = |method: &str, path: &str| server.send(method, path, &[], None);
    for path in
        ["/p/nobody/contact?phoneNumber=1", "/p/nobody/isAlive", "/p/nobody/metrics", "/p/acm/isAlive"]
    {
        let reply = ask("GET", path);
        assert_eq!(reply.status, 404, "{path}");
        if !path.contains("metrics") {
            assert!(reply.json()["error"].as_str().unwrap().starts_with("Unknown proxyId"), "{path}");
        }
    }
    assert_eq!(ask("POST", "/p/%3Cb%3E/apiKeyLogin").json()["error"], "Unknown proxyId \"<b>\".");
    // Whoever signed in through a document that is gone reads that, and can still sign out.
    let login = json!({"platform": "testCrm", "apiKey": "7-key"});
    let token = token(&sign_in(&server, "/p/other", &login));
    std::fs::remove_file(server.document("other")).unwrap();
    server.wait_for_state("other", Value::is_null);
    assert_eq!(ask("GET", "/p/other/isAlive").status, 404);
    let contact = server.get("/p/other/contact?phoneNumber=1", &token);
    assert_eq!(shown(&contact), shown(&server.get("/contact?phoneNumber=1", &token)));
    assert_eq!(contact.json()["successful"], false);
    assert_eq!(server.post("/p/other/unAuthorize", &token, &json!({})).status, 200);
}

#[test]
fn ids_are_decoded_once_and_the_rest_of_the_path_stays_as_it_was_sent() {
    let (server, crm) = start(|options| options);
    let base = "/p/caf%C3%A9%201";
    let token = token(&sign_in(&server, base, &json!({"platform": "testCrm", "apiKey": "7-key"})));
    assert_eq!(
        server.get(&format!("{base}/contact?phoneNumber=+14155550142"), &token).json()["successful"],
        true
    );
    let asked = crm.received().into_iter().rfind(|request| request.path() == "/v1/contacts").unwrap();
    assert_eq!(asked.query("phone").as_deref(), Some("+14155550142"), "a plus sign that was not encoded");
    let item = json!({"contactId": "c1", "contactType": "Contact", "contactName": "Ada", "phoneNumber": "+1", "scheduledAt": "2030-01-01T00:00:00Z"});
    let id =
        server.post(&format!("{base}/calldown"), &token, &item).json()["id"].as_str().unwrap().to_owned();
    let delete =
        |path: String| server.send("DELETE", &path, &[("Authorization", &format!("Bearer {token}"))], None);
    let other = format!("/calldown/{id}%2Fx");
    assert_eq!(shown(&delete(format!("{base}{other}"))), shown(&delete(other)));
    assert_eq!(delete(format!("{base}/calldown/{id}")).json()["successful"], true);
    for path in ["/p/acme%2Fx/isAlive", "/p/%FF/isAlive", "/p/caf%25C3%25A9%201/isAlive"] {
        assert_eq!(server.send("GET", path, &[], None).status, 404, "{path}");
    }
}

#[test]
fn metrics_and_logs_know_the_route_and_not_the_base() {
    let (server, _crm) = start(|options| options);
    server.send("GET", "/p/acme/serverVersionInfo", &[], None);
    server.send("DELETE", "/p/acme/calldown/7", &[], None);
    let metrics = server.get("/metrics", ADMIN_TOKEN).text();
    for route in ["/serverVersionInfo", "/calldown/{id}"] {
        assert!(metrics.contains(&format!("route=\"{route}\"")), "{route}");
    }
    assert!(!metrics.contains("/p/"), "{metrics}");
}

#[test]
fn a_manifest_of_a_document_names_its_base() {
    let manifest = |text: Value| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text.to_string()).unwrap();
        file
    };
    let platforms = json!({"acme": {"proxyId": "acme"}, "plain": {}, "gone": {"proxyId": "gone"}});
    let own =
        json!({"author": {"name": "a"}, "serverUrl": "https://crm.example/app/", "platforms": platforms});
    let server_url = |server: &TestServer, path: &str| {
        let reply = server.send("GET", path, &[], None);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()["serverUrl"].clone()
    };
    let file = manifest(own.clone());
    let (server, _crm) = start(|options| options.env("CRM_MANIFEST", file.path().to_string_lossy()));
    for (path, expected) in [
        ("/crmManifest", "https://crm.example/app/"),
        ("/crmManifest?platformName=plain", "https://crm.example/app/"),
        ("/crmManifest?platformName=gone", "https://crm.example/app/"),
        ("/crmManifest?platformName=acme", "https://crm.example/app/p/acme"),
        ("/crmManifest?platformName=acme&proxyId=other", "https://crm.example/app/p/other"),
        ("/crmManifest?proxyId=nobody", "https://crm.example/app/"),
        ("/p/other/crmManifest", "https://crm.example/app/p/other"),
        ("/p/caf%C3%A9%201/crmManifest?platformName=plain", "https://crm.example/app/p/caf%C3%A9%201"),
    ] {
        assert_eq!(server_url(&server, path), expected, "{path}");
    }
    let reply = server.send("GET", "/p/acme/crmManifest?platformName=nobody", &[], None);
    assert_eq!((reply.status, reply.text().as_str()), (400, "Platform not found"));
    // Nothing else of it changes, and its members keep their order.
    let mut expected = own.clone();
    expected["serverUrl"] = "https://crm.example/app/p/acme".into();
    assert_eq!(server.send("GET", "/p/acme/crmManifest", &[], None).text(), expected.to_string());

    // The operator's word on where the server is counts before the manifest's.
    let (server, _crm) = start(|options| {
        options
            .env("CRM_MANIFEST", file.path().to_string_lossy())
            .env("OVERRIDE_APP_SERVER", "https://other.example/")
            .env("APP_SERVER", "https://third.example")
    });
    assert_eq!(server_url(&server, "/crmManifest"), "https://other.example");
    assert_eq!(server_url(&server, "/crmManifest?platformName=acme"), "https://other.example/p/acme");

    // A manifest that does not say it: the operator, else the request.
    let file = manifest(json!({"author": {"name": "a"}, "platforms": {"acme": {"proxyId": "acme"}}}));
    let (server, _crm) = start(|options| {
        options.env("CRM_MANIFEST", file.path().to_string_lossy()).env("APP_SERVER", "https://third.example")
    });
    assert_eq!(server_url(&server, "/crmManifest"), "https://third.example/p/acme", "its only platform");
    let (server, _crm) = start(|options| options.env("CRM_MANIFEST", file.path().to_string_lossy()));
    assert_eq!(
        server_url(&server, "/p/acme/crmManifest"),
        format!("http://{}/p/acme", server.server.address())
    );
    let with = |headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request {
            method: "GET".to_owned(),
            target: "/p/acme/crmManifest".to_owned(),
            headers,
            body: None,
        };
        send(server.server.address(), &request, PATIENCE).unwrap().unwrap().json()["serverUrl"].clone()
    };
    assert_eq!(
        with(&[("Host", "crm.example"), ("X-Forwarded-Proto", "https")]),
        "https://crm.example/p/acme"
    );
    assert_eq!(with(&[("Host", "crm.example/a?b")]), Value::Null, "no address is made of what is no host");
}
