//! `app-connect demo`

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{CliError, FOUND, logging, print};
use crate::engine::egress::EgressPolicy;
use crate::engine::exchange::HostPattern;
use crate::engine::explain::shortened;
use crate::engine::proxies::Proxies;
use crate::random_id::random_hex;
use crate::sandbox::{self, API_KEY, Sandbox, SandboxOptions};
use crate::server::{DEVELOPER_PORTAL_SERVER, RINGCENTRAL_SERVER, ServerBuilder, Settings};
use crate::store::Secret;

/// The connector that the demo runs, as it ships.
const CONNECTOR: &str = include_str!("../../proxy-configs/sandbox.json");

/// Runs the demo.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Stop after the demo instead of serving on.
    #[arg(long)]
    once: bool,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t)]
    log_format: logging::LogFormat,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let wants_log = std::env::var_os("LOG").is_some();
    let _logging = wants_log.then(|| logging::start(arguments.log_format)).transpose()?;
    actix_web::rt::System::new().block_on(demo(arguments.once))
}

async fn demo(once: bool) -> Result<u8, CliError> {
    let sandbox = sandbox::start(SandboxOptions::default())
        .await
        .map_err(|error| format!("the sandbox CRM cannot start: {error}"))?;
    let folder = Folder::create().map_err(|error| format!("no folder for the demo: {error}"))?;
    let connector = folder.connector(&sandbox)?;
    let trusted = HostPattern::parse(&sandbox.address().to_string())?;
    let server = ServerBuilder::new(Settings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        secret_key: Secret::from(random()?),
        hash_key: Secret::from(random()?),
        admin_token: None,
        default_rate_limit: Some(crate::server::DEFAULT_RATE_LIMIT),
        metrics_listen: None,
        console_bootstrap_token: None,
        database_url: format!("sled:{}", folder.0.join("store").display()),
        proxy_configs: Some(folder.0.clone()),
        ringcentral_server: url::Url::parse(RINGCENTRAL_SERVER)?,
        developer_portal: url::Url::parse(DEVELOPER_PORTAL_SERVER)?,
        manifest: None,
        egress: EgressPolicy::PublicOnly { allowed: Arc::from([trusted]) },
        proxies: Proxies::default(),
        workers: Some(1),
    })
    .start()
    .await?;
    print::line(&format!("sandbox CRM   {}   a small CRM with made-up contacts", sandbox.base_url()));
    print::line(&format!("App Connect   http://{}   this server, with an empty store", server.address()));
    print::line(&format!("connector     {}   the JSON document between them", connector.display()));
    let tour = Tour {
        http: reqwest::Client::builder().no_proxy().build()?,
        origin: format!("http://{}", server.address()),
        sandbox: &sandbox,
    };
    let outcome = tour.walk().await;
    if let Err(CliError(reason)) = &outcome {
        print::error(&format!("\nthe demo failed: {reason}"));
    } else if !once {
        next_steps(&connector, &server.address().to_string());
        tokio::signal::ctrl_c().await?;
    }
    server.stop().await?;
    sandbox.stop().await;
    Ok(if outcome.is_ok() { 0 } else { FOUND })
}

fn next_steps(connector: &std::path::Path, address: &str) {
    print::line(&format!(
        "\nEverything keeps running until Ctrl-C. Try next:\n\
         \n  edit the connector; the change is in service within a second:\n    $EDITOR {0}\
         \n  break it, and see what is said:\n    app-connect validate {0}\
         \n  see a request without sending it:\n    app-connect explain {0} findContact\
         \n  ask the server yourself:\n    curl 'http://{address}/implementedInterfaces?platform=sandbox&proxyId=sandbox'",
        connector.display()
    ));
}

/// The exchanges of the demo, each shown as it happens.
struct Tour<'a> {
    http: reqwest::Client,
    origin: String,
    sandbox: &'a Sandbox,
}

impl Tour<'_> {
    async fn walk(&self) -> Result<(), CliError> {
        self.title("1. Sign in with an API key");
        let login = json!({"platform": "sandbox", "proxyId": "sandbox", "apiKey": API_KEY});
        let signed_in = self.exchange("POST", "/apiKeyLogin", None, Some(&login)).await?;
        let token = text(&signed_in, "/jwtToken")?;

        self.title("2. A call comes in: who is it?");
        let number = "+14155550101";
        let found = self.exchange("GET", "/contact?phoneNumber=%2B14155550101", Some(&token), None).await?;
        let contact = found.pointer("/contact/0").cloned().ok_or("no contact has the number")?;

        self.title("3. The call is over: log it");
        let call = json!({
            "logInfo": {
                "id": "demo-call", "sessionId": "demo-session", "telephonySessionId": "demo-session",
                "direction": "Inbound", "startTime": 1_700_000_000_000_i64, "duration": 65, "result": "Call connected",
                "from": {"phoneNumber": number}, "to": {"phoneNumber": "+14155550100"},
            },
            "note": "Asked for a quote by Friday.",
            "contactId": contact["id"], "contactType": contact["type"], "contactName": contact["name"],
        });
        let logged = self.exchange("POST", "/callLog", Some(&token), Some(&call)).await?;
        let log_id = text(&logged, "/logId")?;

        self.title("4. Read it back from the CRM");
        let path = "/callLog?sessionIds=demo-session&requireDetails=true";
        let read = self.exchange("GET", path, Some(&token), None).await?;
        if text(&read, "/logs/0/logId")? != log_id {
            return Err(CliError("the record that was read is not the one that was logged".to_owned()));
        }
        let body = read.pointer("/logs/0/logData/fullBody").map(Value::to_string).unwrap_or_default();
        if !body.contains("Asked for a quote by Friday.") {
            return Err(CliError("the record does not hold the note".to_owned()));
        }
        print::line(&format!(
            "\nThe call is record {log_id} in the CRM, and holds the note. No connector code was written."
        ));
        Ok(())
    }

    fn title(&self, title: &str) {
        print::line(&format!("\n── {title}"));
    }

    /// One request to the server, and the requests that it made to the CRM for it.
    async fn exchange(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, CliError> {
        let before = self.sandbox.requests().len();
        let mut request = self.http.request(method.parse()?, format!("{}{path}", self.origin));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        print::line(&format!("client  → {method} {path}"));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(serde_json::to_vec(body)?);
            print::line(&format!("          {}", shown(body)));
        }
        let response = request.send().await?;
        let status = response.status();
        let reply: Value = serde_json::from_slice(&response.bytes().await?)
            .map_err(|_| "the server's answer is not JSON")?;
        for sent in self.sandbox.requests().into_iter().skip(before) {
            print::line(&format!("server  →   {} {}", sent.method, sent.path));
            if let Ok(body) = serde_json::from_slice::<Value>(&sent.body)
                && body.as_object().is_none_or(|members| !members.is_empty())
            {
                print::line(&format!("            {}", shown(&body)));
            }
        }
        print::line(&format!("client  ← {} {}", status.as_u16(), shown(&reply)));
        if !status.is_success() || reply.get("successful") == Some(&Value::Bool(false)) {
            return Err(CliError(format!("{method} {path} did not succeed")));
        }
        Ok(reply)
    }
}

fn text(value: &Value, pointer: &str) -> Result<String, CliError> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| CliError(format!("the answer has no {pointer}")))
}

/// JSON on one line, not too long, tokens and keys masked.
fn shown(value: &Value) -> String {
    fn mask(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    match (key.as_str(), &*member) {
                        ("jwtToken" | "apiKey", Value::String(_)) => *member = "***".into(),
                        _ => mask(member),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(mask),
            _ => {}
        }
    }
    let mut copy = value.clone();
    mask(&mut copy);
    shortened(&copy, 320)
}

fn random() -> std::io::Result<String> {
    random_hex::<32>().map_err(std::io::Error::other)
}

/// A folder of the demo's own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    /// The folder for temporary files is everybody's: the name cannot be guessed, and whatever bears
    /// it already, a link above all, is refused.
    fn create() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("app-connect-demo-{}", random()?));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }

    /// Writes the connector, pointed at this sandbox.
    fn connector(&self, sandbox: &Sandbox) -> Result<PathBuf, CliError> {
        let mut document: Value = serde_json::from_str(CONNECTOR)?;
        if let Some(base_url) = document.pointer_mut("/requestDefaults/baseUrl") {
            *base_url = format!("{}/api/v1", sandbox.base_url()).into();
        }
        let path = self.0.join("sandbox.json");
        std::fs::write(&path, serde_json::to_string_pretty(&document)?)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed from the temporary folder is the system's to clean.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
