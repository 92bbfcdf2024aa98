//! `sign-in`: OAuth from the command line, against the sandbox CRM and without a browser.

mod refused;
mod working;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};

use app_connect::sandbox::{Sandbox, SandboxOptions, start as start_sandbox};
use serde_json::Value;
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
