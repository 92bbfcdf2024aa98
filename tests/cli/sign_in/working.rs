//! What a sign-in leaves, and what `call` and `record` do with it.

use std::fs;
use std::io::Write as _;

use app_connect::sandbox::OAuthRules;
use serde_json::{Value, json};

use super::{Crm, SECRET, same_each_time};
use crate::cli::run_with;

#[test]
fn a_developer_signs_in_calls_and_is_renewed() {
    let crm = Crm::start();
    let sign_in = crm.begin_anywhere();
    assert_eq!(sign_in.parameter("client_id").as_deref(), Some("sandbox-client"));
    assert_eq!(sign_in.parameter("scope").as_deref(), Some("crm"));
    assert_eq!(sign_in.parameter("code_challenge_method").as_deref(), Some("S256"));
    assert!(sign_in.parameter("state").unwrap().len() >= 32);
    let redirect_uri = sign_in.parameter("redirect_uri").unwrap();
    assert!(redirect_uri.starts_with("http://127.0.0.1:"), "{redirect_uri}");
    let back = crm.back(&sign_in.page);

    // Somebody else's answer ends nothing.
    for foreign in [redirect_uri.clone(), format!("{redirect_uri}?code=other&state=other")] {
        let (status, _, text) = crm.visit(&foreign);
        assert_eq!(status, 400, "{text}");
    }
    assert_eq!(crm.visit(&redirect_uri.replace("callback", "other")).0, 404);
    assert_eq!(crm.visit(&back).0, 200);
    let run = sign_in.end();
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    insta::assert_snapshot!("sign_in", same_each_time(&run.out));
    assert!(!run.out.contains("sandbox-access"), "{}", run.out);

    let user = crm.user();
    assert_eq!((&user["id"], &user["platform"]), (&json!("usr-1"), &json!("sandbox")));
    assert_eq!(user["platformAdditionalInfo"]["role"], "admin");
    let (access, refresh) = (user["accessToken"].clone(), user["refreshToken"].clone());
    assert!(access.is_string() && refresh.is_string() && user["tokenExpiry"].is_string(), "{user}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(crm.path("crm.user")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "nobody else reads tokens");
    }

    let called = crm.call(&[]);
    assert_eq!((called.code, called.err.as_str()), (Some(0), ""), "{}", called.out);
    assert!(called.out.contains("Lena Lead") && !called.out.contains("sandbox-access"), "{}", called.out);
    assert_eq!(crm.received("/oauth/token"), 1, "a token that is good is not renewed");

    // An hour later.
    crm.sandbox.expire_access_tokens();
    let mut later = user.clone();
    later["tokenExpiry"] = "2020-01-01T00:00:00Z".into();
    later["region"] = "US".into();
    fs::write(crm.path("crm.user"), later.to_string()).unwrap();
    let called = crm.call(&[]);
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    assert_eq!(called.err, "the access token had expired; crm.user holds the renewed one\n");
    let renewed = crm.user();
    assert!(renewed["accessToken"] != access && renewed["refreshToken"] != refresh, "{renewed}");
    assert_eq!((&renewed["region"], &renewed["id"]), (&json!("US"), &json!("usr-1")), "the rest stays");
    assert!(renewed["tokenExpiry"].as_str().unwrap() > "2026", "{renewed}");

    let recorded = run_with(
        crm.folder.path(),
        &[
            "record",
            "crm.json",
            "findContact",
            "--user",
            "crm.user",
            "--input",
            "input.json",
            "--allow-private-network",
        ],
        &[SECRET],
        "",
    );
    assert_eq!(recorded.code, Some(0), "{}{}", recorded.out, recorded.err);
    for file in fs::read_dir(crm.path("crm.cases/find-contact")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("sandbox-access") && !text.contains("sandbox-refresh"), "{text}");
    }
}

#[test]
fn many_commands_renew_a_token_once() {
    let crm = Crm::start();
    crm.signed_in();
    crm.sandbox.expire_access_tokens();
    let mut user = crm.user();
    user["tokenExpiry"] = "2020-01-01T00:00:00Z".into();
    fs::write(crm.path("crm.user"), user.to_string()).unwrap();
    let tokens = crm.received("/oauth/token");
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| crm.call(&[]))).collect();
        for call in calls {
            let call = call.join().unwrap();
            assert_eq!(call.code, Some(0), "{}{}", call.out, call.err);
        }
    });
    assert_eq!(crm.received("/oauth/token") - tokens, 1);
}

#[test]
fn a_page_of_another_machine_is_pasted() {
    let crm = Crm::start();
    crm.document(|auth| auth["redirectUri"] = "https://app.example.com/redirect.html".into());
    let mut sign_in = crm.begin(&[]);
    let back = crm.back(&sign_in.page);
    assert!(back.starts_with("https://app.example.com/redirect.html?code="), "{back}");
    let strange = back.replace("state=", "state=x");
    write!(sign_in.input, "\n{strange}\n{back}\n").unwrap();
    let run = sign_in.end();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(run.err.contains("its `state` is not that of this sign-in"), "{}", run.err);
    assert!(run.out.contains("Paste the whole address of that page here"), "{}", run.out);
    assert_eq!(crm.user()["id"], "usr-1");

    let gone = crm.begin(&[]).end();
    assert_eq!(gone.code, Some(2), "{}", gone.out);
    assert!(gone.err.contains("nobody pasted the address"), "{}", gone.err);
}

#[test]
fn the_address_of_the_document_or_the_flag_is_listened_at() {
    let crm = Crm::start();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/oauth-callback", taken.local_addr().unwrap());
    crm.document(|auth| auth["redirectUri"] = address.as_str().into());
    let arguments = ["sign-in", "crm.json", "--print", "--allow-private-network"];
    let refused = run_with(crm.folder.path(), &arguments, &[SECRET], "");
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{}", refused.err);
    assert!(refused.err.contains("--redirect-uri"), "{}", refused.err);
    drop(taken);
    let sign_in = crm.begin(&[]);
    assert_eq!(sign_in.parameter("redirect_uri").as_deref(), Some(address.as_str()));
    let back = crm.back(&sign_in.page);
    assert_eq!(crm.visit(&back).0, 200);
    assert_eq!(sign_in.end().code, Some(0));

    let odd = crm.begin(&["--redirect-uri", "http://127.0.0.1:0/%7Bany%7D/a%20b"]);
    let redirect_uri = odd.parameter("redirect_uri").unwrap();
    assert_eq!(crm.visit(&redirect_uri.replace("%7Bany%7D", "other")).0, 404);
    let back = crm.back(&odd.page);
    assert_eq!(crm.visit(&back).0, 200, "{back}");
    assert_eq!(odd.end().code, Some(0));

    let other = "https://other.example.com/page";
    let mut flag = crm.begin(&["--redirect-uri", other]);
    let back = crm.back(&flag.page);
    assert!(back.starts_with(other), "{back}");
    writeln!(flag.input, "{}", back.split_once('?').unwrap().1).unwrap();
    assert_eq!(flag.end().code, Some(0), "the query alone is enough");
}

#[test]
fn a_document_without_a_page_signs_in_with_its_fields() {
    let crm = Crm::start();
    let without_page = |auth: &mut Value, grant: &str| {
        for member in ["authorizationUrl", "redirectUri"] {
            auth.as_object_mut().unwrap().shift_remove(member);
        }
        auth["grant"] = grant.into();
    };
    crm.document(|auth| without_page(auth, "password"));
    let arguments = ["sign-in", "crm.json", "--input", "-", "--allow-private-network"];
    let fields = json!({"additionalInfo": {"username": "billie@example.com", "password": "sandbox-key-2"}});
    let run = run_with(crm.folder.path(), &arguments, &[SECRET], &fields.to_string());
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    assert!(run.out.starts_with("signed in as Billie Sandbox (usr-2)\n"), "{}", run.out);
    assert!(!fs::read_to_string(crm.path("crm.user")).unwrap().contains("sandbox-key-2"));
    let fields = json!({"additionalInfo": {"username": "billie@example.com", "password": "wrong-word"}});
    let run = run_with(crm.folder.path(), &arguments, &[SECRET], &fields.to_string());
    assert_eq!(run.code, Some(1), "{}", run.out);
    assert!(!run.err.contains("wrong-word"), "{}", run.err);
    assert_eq!(crm.user()["id"], "usr-2", "the sign-in before stays");

    crm.sandbox.set_oauth_rules(OAuthRules { rotates_refresh_tokens: false, ..OAuthRules::default() });
    crm.document(|auth| without_page(auth, "clientCredentials"));
    let run = run_with(crm.folder.path(), &["sign-in", "crm.json", "--allow-private-network"], &[SECRET], "");
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(run.out.contains("The CRM gave no refresh token"), "{}", run.out);
    assert_eq!(crm.user().get("refreshToken"), None, "that of another sign-in is gone");
}
