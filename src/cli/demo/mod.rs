//! `app-connect demo`

mod api_key;
mod oauth;
mod tour;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::{CliError, FOUND, logging, print};
use crate::engine::egress::EgressPolicy;
use crate::engine::exchange::HostPattern;
use crate::random_id::random_hex;
use crate::sandbox::{self, CLIENT_SECRET, Sandbox, SandboxOptions};
use crate::server::{ServerBuilder, Settings};
use crate::store::Secret;
use tour::Tour;

/// The connectors that the demo runs, as they ship.
const API_KEY_CONNECTOR: &str = include_str!("../../../proxy-configs/sandbox.json");
const OAUTH_CONNECTOR: &str = include_str!("../../../proxy-configs/sandbox-oauth.json");

/// Runs the demo.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Show OAuth: a sign-in, a renewed token and a sign-in that the CRM ends.
    #[arg(long)]
    oauth: bool,
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
    actix_web::rt::System::new().block_on(demo(arguments))
}

async fn demo(arguments: &Arguments) -> Result<u8, CliError> {
    let sandbox = sandbox::start(SandboxOptions::default())
        .await
        .map_err(|error| format!("the sandbox CRM cannot start: {error}"))?;
    let folder = Folder::create().map_err(|error| format!("no folder for the demo: {error}"))?;
    // The CRM sends the browser back to the server: its address stands in the document before it starts.
    let listen = free_address().map_err(|error| format!("there is no free port: {error}"))?;
    let connector = match arguments.oauth {
        true => folder.oauth_connector(&sandbox, listen)?,
        false => folder.connector(&sandbox)?,
    };
    let trusted = HostPattern::parse(&sandbox.address().to_string())?;
    let store = format!("sled:{}", folder.0.join("store").display());
    let server = ServerBuilder::new(Settings {
        listen,
        hash_key: Secret::from(random()?),
        proxy_configs: Some(folder.0.clone()),
        egress: EgressPolicy::PublicOnly { allowed: Arc::from([trusted]) },
        workers: Some(1),
        ..Settings::new(Secret::from(random()?), store)
    })
    .start()
    .await?;
    print::line(&format!("sandbox CRM   {}   a small CRM with made-up contacts", sandbox.base_url()));
    print::line(&format!("App Connect   http://{}   this server, with an empty store", server.address()));
    print::line(&format!("connector     {}   the JSON document between them", connector.display()));
    let no_redirects = reqwest::redirect::Policy::none();
    let tour = Tour {
        http: reqwest::Client::builder().no_proxy().redirect(no_redirects).build()?,
        origin: format!("http://{}", server.address()),
        sandbox: &sandbox,
    };
    let outcome = match arguments.oauth {
        true => oauth::walk(&tour).await,
        false => api_key::walk(&tour).await,
    };
    if let Err(CliError(reason)) = &outcome {
        print::error(&format!("\nthe demo failed: {reason}"));
    } else if !arguments.once {
        next_steps(arguments.oauth, &connector, &server.address().to_string());
        tokio::signal::ctrl_c().await?;
    }
    server.stop().await?;
    sandbox.stop().await;
    Ok(if outcome.is_ok() { 0 } else { FOUND })
}

fn next_steps(is_oauth: bool, connector: &std::path::Path, address: &str) {
    let proxy_id = connector.file_stem().unwrap_or_default().to_string_lossy();
    let sign_in = match is_oauth {
        true => format!(
            "\n  sign in with a browser:\n    http://{address}/oauth/start?platform=sandbox&proxyId={proxy_id}\
             \n  sign in from the command line:\n    app-connect sign-in {} --allow-private-network \
             --redirect-uri http://127.0.0.1:0/callback",
            connector.display()
        ),
        false => String::new(),
    };
    print::line(&format!(
        "\nEverything keeps running until Ctrl-C. Try next:\n{sign_in}\
         \n  edit the connector; the change is in service within a second:\n    $EDITOR {0}\
         \n  break it, and see what is said:\n    app-connect validate {0}\
         \n  see a request without sending it:\n    app-connect explain {0} findContact\
         \n  ask the server yourself:\n    curl 'http://{address}/implementedInterfaces?platform=sandbox&proxyId={proxy_id}'",
        connector.display()
    ));
}

fn random() -> std::io::Result<String> {
    random_hex::<32>().map_err(std::io::Error::other)
}

/// Puts a text in the place of another one.
fn set(document: &mut Value, pointer: &str, text: String) {
    if let Some(place) = document.pointer_mut(pointer) {
        *place = text.into();
    }
}

/// An address of this machine at which nobody listens.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
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
        let mut document: Value = serde_json::from_str(API_KEY_CONNECTOR)?;
        set(&mut document, "/requestDefaults/baseUrl", format!("{}/api/v1", sandbox.base_url()));
        self.write("sandbox.json", &document)
    }

    /// Writes the connector, pointed at this sandbox and the server.
    fn oauth_connector(&self, sandbox: &Sandbox, server: SocketAddr) -> Result<PathBuf, CliError> {
        let mut document: Value = serde_json::from_str(OAUTH_CONNECTOR)?;
        let crm = sandbox.base_url();
        set(&mut document, "/requestDefaults/baseUrl", format!("{crm}/api/v1"));
        set(&mut document, "/auth/authorizationUrl", format!("{crm}/oauth/authorize"));
        set(&mut document, "/auth/tokenUrl", format!("{crm}/oauth/token"));
        set(&mut document, "/auth/redirectUri", format!("http://{server}/oauth-callback"));
        // Everybody knows it, so it needs no variable.
        if let Some(auth) = document.get_mut("auth").and_then(Value::as_object_mut) {
            auth.shift_remove("clientSecretEnv");
            auth.insert("clientSecret".to_owned(), CLIENT_SECRET.into());
        }
        self.write("sandbox-oauth.json", &document)
    }

    fn write(&self, name: &str, document: &Value) -> Result<PathBuf, CliError> {
        let path = self.0.join(name);
        std::fs::write(&path, serde_json::to_string_pretty(document)?)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed from the temporary folder is the system's to clean.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
