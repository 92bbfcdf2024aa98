//! `sign-in`: OAuth from the command line, against the sandbox CRM and without a browser.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};

use app_connect::sandbox::{OAuthRules, Sandbox, SandboxOptions, start as start_sandbox};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use url::Url;

use super::{Run, run_with, start, wait};
use crate::support::test_server::pretty;

const SECRET: (&str, &str) = ("SANDBOX_CLIENT_SECRET", "sandbox-secret");

/// The sandbox, and the connector that ships for it in a folder.
struct Crm {
    runtime: Runtime,
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl Crm {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let sandbox = runtime.block_on(start_sandbox(SandboxOptions::default())).unwrap();
        let crm = Self { runtime, sandbox, folder: tempfile::tempdir().unwrap() };
        crm.document(|_| {});
        crm
    }

    /// Writes the connector, with a change of its `auth`.
    fn document(&self, change: impl FnOnce(&mut Value)) {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy-configs/sandbox-oauth.json");
        let text = fs::read_to_string(shipped).unwrap();
        let text = text.replace("127.0.0.1:8788", &self.sandbox.address().to_string());
        let mut document: Value = serde_json::from_str(&text).unwrap();
        document.as_object_mut().unwrap().shift_remove("$schema");
        change(&mut document["auth"]);
        fs::write(self.path("crm.json"), pretty(&document)).unwrap();
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn user(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path("crm.user")).unwrap()).unwrap()
    }

    /// Begins a sign-in at any free port: two tests cannot listen at one.
    fn begin_anywhere(&self) -> SignIn {
        self.begin(&["--redirect-uri", "http://127.0.0.1:0/callback"])
    }

    /// Begins a sign-in, and reads the address of the page.
    fn begin(&self, more: &[&str]) -> SignIn {
        let mut arguments = vec!["sign-in", "crm.json", "--print", "--allow-private-network"];
        arguments.extend(more);
        let mut child = start(self.folder.path(), &arguments, &[SECRET]);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut shown = String::new();
        let page = loop {
            let before = shown.len();
            assert_ne!(out.read_line(&mut shown).unwrap(), 0, "no address: {shown}");
            let line = shown[before..].trim();
            if line.starts_with("http") {
                break line.parse().unwrap();
            }
        };
        let (input, err) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
        SignIn { child, out, err, input, page, shown }
    }

    /// What somebody sees who follows an address without redirects: status, where it leads, text.
    fn visit(&self, url: &str) -> (u16, Option<String>, String) {
        self.runtime.block_on(async {
            let no_redirects = reqwest::redirect::Policy::none();
            let http = reqwest::Client::builder().redirect(no_redirects).no_proxy().build().unwrap();
            let response = http.get(url).send().await.unwrap();
            let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
            (response.status().as_u16(), location, response.text().await.unwrap())
        })
    }

    /// Where the CRM sends the browser back to.
    fn back(&self, page: &Url) -> String {
        let (status, location, text) = self.visit(page.as_str());
        assert_eq!(status, 302, "{text}");
        location.unwrap()
    }

    fn signed_in(&self) -> Run {
        let sign_in = self.begin_anywhere();
        let back = self.back(&sign_in.page);
        let (status, _, text) = self.visit(&back);
        assert_eq!(
            (status, text.as_str()),
            (200, "Signed in as Alex Sandbox (usr-1). You can close this page.\n")
        );
        let run = sign_in.end();
        assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
        run
    }

    fn call(&self, more: &[&str]) -> Run {
        fs::write(self.path("input.json"), r#"{"phoneNumber": "+14155550103"}"#).unwrap();
        let mut arguments = vec!["call", "crm.json", "findContact", "--user", "crm.user"];
        arguments.extend(["--input", "input.json", "--allow-private-network"]);
        arguments.extend(more);
        run_with(self.folder.path(), &arguments, &[SECRET], "")
    }

    fn received(&self, path: &str) -> usize {
        self.sandbox.requests().iter().filter(|request| request.path.starts_with(path)).count()
    }
}

/// Without the ports and random texts.
fn same_each_time(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, instead) in [
        (r"127\.0\.0\.1(:|%3A)\d+", "127.0.0.1${1}PORT"),
        (r"state=[0-9a-f]+", "state=STATE"),
        (r"code_challenge=[\w-]+", "code_challenge=CHALLENGE"),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, instead).into_owned();
    }
    text
}

/// A sign-in that waits.
struct SignIn {
    child: Child,
    out: BufReader<ChildStdout>,
    err: ChildStderr,
    input: ChildStdin,
    page: Url,
    shown: String,
}

impl SignIn {
    fn parameter(&self, name: &str) -> Option<String> {
        self.page.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
    }

    fn end(mut self) -> Run {
        drop(self.input);
        let code = wait(&mut self.child, &["sign-in"]);
        self.out.read_to_string(&mut self.shown).unwrap();
        let mut err = String::new();
        self.err.read_to_string(&mut err).unwrap();
        Run { code, out: self.shown, err }
    }
}

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
fn a_revoked_sign_in_and_a_failing_token_endpoint_are_told_apart() {
    let crm = Crm::start();
    crm.signed_in();
    let mut user = crm.user();
    user["tokenExpiry"] = "2020-01-01T00:00:00Z".into();
    fs::write(crm.path("crm.user"), user.to_string()).unwrap();
    let fault = "status=503;path_prefix=/oauth/token".parse().unwrap();
    crm.sandbox.set_faults(app_connect::sandbox::Faults { faults: vec![fault] }).unwrap();
    let failed = crm.call(&[]);
    assert_eq!((failed.code, failed.out.as_str()), (Some(2), ""), "{}", failed.err);
    assert!(
        failed.err.contains("could not be renewed") && !failed.err.contains("sign in again"),
        "{}",
        failed.err
    );
    assert_eq!(crm.user(), user, "nothing is lost");
    crm.sandbox.set_faults(Default::default()).unwrap();
    crm.sandbox.revoke_sign_ins();
    let ended = crm.call(&[]);
    assert_eq!(ended.code, Some(2), "{}", ended.out);
    assert!(ended.err.contains("app-connect sign-in crm.json --user crm.user"), "{}", ended.err);
    user.as_object_mut().unwrap().shift_remove("refreshToken");
    fs::write(crm.path("crm.user"), user.to_string()).unwrap();
    let without = crm.call(&[]);
    assert!(without.code == Some(2) && without.err.contains("no refresh token"), "{}", without.err);
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

    let other = "https://other.example.com/page";
    let mut flag = crm.begin(&["--redirect-uri", other]);
    let back = crm.back(&flag.page);
    assert!(back.starts_with(other), "{back}");
    writeln!(flag.input, "{}", back.split_once('?').unwrap().1).unwrap();
    assert_eq!(flag.end().code, Some(0), "the query alone is enough");
}

#[test]
fn what_the_crm_refuses_is_told_and_nothing_is_written() {
    let crm = Crm::start();
    let told = |sign_in: SignIn, back: &str| {
        let (status, _, page) = crm.visit(back);
        let run = sign_in.end();
        assert_eq!((run.code, status), (Some(1), 200), "{}{}", run.out, run.err);
        assert!(!crm.path("crm.user").exists());
        assert_eq!(format!("{}\n", page.trim().to_lowercase()), run.err.to_lowercase());
        run.err
    };
    let sign_in = crm.begin_anywhere();
    let denied = crm.back(&format!("{}&login_hint=nobody@example.com", sign_in.page).parse().unwrap());
    let words = told(sign_in, &denied);
    assert!(words.contains("The resource owner or authorization server denied the request."), "{words}");

    let sign_in = crm.begin_anywhere();
    let back = crm.back(&sign_in.page);
    let code_used_by_another = back.replace("code=sandbox-code-", "code=x");
    let words = told(sign_in, &code_used_by_another);
    assert!(words.starts_with("not signed in: the code got no tokens: "), "{words}");

    crm.sandbox
        .set_faults(app_connect::sandbox::Faults {
            faults: vec!["html_page;path_prefix=/oauth/token;times=1".parse().unwrap()],
        })
        .unwrap();
    let sign_in = crm.begin_anywhere();
    let back = crm.back(&sign_in.page);
    let words = told(sign_in, &back);
    assert!(words.contains("Check `tokenUrl`"), "{words}");

    crm.sandbox
        .set_faults(app_connect::sandbox::Faults {
            faults: vec!["status=403;path_prefix=/api/v1/me".parse().unwrap()],
        })
        .unwrap();
    let sign_in = crm.begin_anywhere();
    let back = crm.back(&sign_in.page);
    let words = told(sign_in, &back);
    assert!(words.starts_with("not signed in: getUserInfo failed (status)"), "{words}");
}

#[test]
fn a_sign_in_that_cannot_begin_says_why() {
    let crm = Crm::start();
    let sandbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("proxy-configs/sandbox.json");
    fs::copy(sandbox, crm.path("key.json")).unwrap();
    let mut nobody: Value = serde_json::from_str(&fs::read_to_string(crm.path("crm.json")).unwrap()).unwrap();
    nobody["operations"].as_object_mut().unwrap().shift_remove("getUserInfo");
    fs::write(crm.path("nobody.json"), pretty(&nobody)).unwrap();
    fs::write(crm.path("list.user"), "[]").unwrap();
    let mut told = String::new();
    for arguments in [
        &["sign-in", "key.json"][..],
        &["sign-in", "nobody.json"],
        &["sign-in", "nowhere.json"],
        &["sign-in", "crm.json", "--user", "list.user"],
        &["sign-in", "crm.json", "--redirect-uri", "urn:ietf:wg:oauth:2.0:oob"],
        &["sign-in", "crm.json", "--redirect-uri", "back"],
    ] {
        let run = run_with(crm.folder.path(), arguments, &[SECRET], "");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?}");
        told.push_str(&format!("$ {}\n{}\n", arguments.join(" "), run.err));
    }
    crm.document(|auth| drop(auth.as_object_mut().unwrap().shift_remove("authorizationUrl")));
    let run = run_with(crm.folder.path(), &["sign-in", "crm.json"], &[SECRET], "");
    assert_eq!(run.code, Some(2), "{}", run.out);
    told.push_str(&format!("$ sign-in crm.json, without authorizationUrl\n{}\n", run.err));
    assert_eq!(fs::read_to_string(crm.path("list.user")).unwrap(), "[]");
    assert!(!crm.path("crm.user").exists());
    insta::assert_snapshot!("sign_in_cannot_begin", told);
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
