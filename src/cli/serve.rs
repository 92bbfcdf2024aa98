//! `app-connect serve`

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::sync::watch;

use super::{CliError, STORE_FAILED, egress, logging, print, secret_length};
use crate::engine::operation::RateBudget;
use crate::server::{
    DEFAULT_RATE_LIMIT, DEVELOPER_PORTAL_SERVER, MAX_CONNECTIONS, MAX_REQUESTS, RINGCENTRAL_SERVER,
    ServerBuilder, Settings, allowed_by_open_files,
};
use crate::service::manifest::Manifest;
use crate::store::{Secret, StoreError};

/// Settings come from flags, then the environment, then the settings file.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where to listen, such as 127.0.0.1:6066; port 0 takes a free one. With only PORT set, all
    /// interfaces are listened on.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Serves GET /metrics on an address of its own as well, to anybody who reaches it.
    /// [env: METRICS_LISTEN]
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
    /// Folder of proxyConfigs, `<proxyId>.json` each; watched for changes. [env: PROXY_CONFIGS]
    #[arg(long, value_name = "DIR")]
    proxy_configs: Option<PathBuf>,
    /// Folder for what the server keeps. [env: DATA_DIR] [default: data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// JSON file of settings, named as in the environment.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    #[command(flatten)]
    egress: egress::Arguments,
    /// Worker threads. [default: number of cores]
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// The most requests under way at a time; further ones are refused with status 503. [env: MAX_REQUESTS]
    /// [default: 2000]
    #[arg(long, value_name = "N")]
    max_requests: Option<NonZeroUsize>,
    /// The most connections of clients at a time, as far as the limit of open files allows them.
    /// [env: MAX_CONNECTIONS] [default: 10000]
    #[arg(long, value_name = "N")]
    max_connections: Option<NonZeroUsize>,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t)]
    log_format: logging::LogFormat,
}

/// Every setting of the environment and the settings file.
const NAMES: &[&str] = &[
    "PORT",
    "APP_SERVER",
    "OVERRIDE_APP_SERVER",
    "APP_SERVER_SECRET_KEY",
    "HASH_KEY",
    "DATABASE_URL",
    "RINGCENTRAL_SERVER",
    "DEVELOPER_PORTAL_SERVER",
    "CRM_MANIFEST",
    "IS_PROD",
    "ADMIN_TOKEN",
    "APP_CONSOLE_BOOTSTRAP_TOKEN",
    "METRICS_LISTEN",
    "MAX_REQUESTS",
    "MAX_CONNECTIONS",
    "DEFAULT_RATE_LIMIT",
    "PROXY_CONFIGS",
    "DATA_DIR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

pub(super) fn run(arguments: Arguments) -> Result<u8, CliError> {
    let _logging = logging::start(arguments.log_format)?;
    let settings = settings(&arguments)?;
    if !settings.proxies.is_empty() {
        tracing::info!("outbound requests leave through the proxy {}", settings.proxies);
    }
    actix_web::rt::System::new().block_on(async {
        let server = ServerBuilder::new(settings).start().await?;
        end_with_the_store(server.store_failure())?;
        print::line(&format!("listening on http://{}", server.address()));
        if let Some(address) = server.metrics_address() {
            tracing::info!("metrics on http://{address}/metrics");
        }
        server.run_until_stopped().await?;
        Ok(0)
    })
}

/// Ends the process if its store can never write again, so that whoever supervises it starts another. On a thread of
/// its own, because every other may wait for the disk.
fn end_with_the_store(mut failure: watch::Receiver<Option<StoreError>>) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let wait = move || {
        let Some(error) = runtime.block_on(async move {
            // A store that is closed in order no longer fails.
            failure.wait_for(Option::is_some).await.ok().and_then(|error| error.clone())
        }) else {
            return;
        };
        // The log may be on the same disk.
        let (told, telling) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            tracing::error!(%error, "the store can write nothing any more, so the server ends");
            print::error(&format!("app-connect: {error}"));
            let _ = told.send(());
        });
        let _ = telling.recv_timeout(std::time::Duration::from_secs(1));
        std::process::exit(i32::from(STORE_FAILED));
    };
    std::thread::Builder::new().name("store-end".to_owned()).spawn(wait)?;
    Ok(())
}

/// The environment over the settings file.
pub(super) struct Values {
    file: HashMap<String, String>,
}

impl Values {
    pub(super) fn read(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path else { return Ok(Self { file: HashMap::new() }) };
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
        let Ok(Value::Object(members)) = serde_json::from_str(&text) else {
            return Err(CliError(format!("{shown} is not a JSON object of settings")));
        };
        let mut file = HashMap::new();
        for (name, value) in members {
            if !NAMES.contains(&name.as_str()) {
                let hint = crate::config::suggest::nearest(&name, NAMES.iter().copied());
                let hint = hint.map_or_else(
                    || format!("the settings are {}", NAMES.join(", ")),
                    |name| format!("did you mean {name}?"),
                );
                return Err(CliError(format!("{shown}: unknown setting {name}; {hint}")));
            }
            let text = match value {
                Value::String(text) => text,
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => {
                    return Err(CliError(format!("{shown}: {name} has to be text, a number, true or false")));
                }
            };
            file.insert(name, text);
        }
        Ok(Self { file })
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let is_set = |value: &String| !value.is_empty();
        std::env::var(name).ok().filter(is_set).or_else(|| self.file.get(name).cloned().filter(is_set))
    }

    /// Where the server keeps things: the flag, else the setting, else `data`.
    pub(super) fn data_dir(&self, flag: Option<&Path>) -> PathBuf {
        flag.map(Path::to_owned)
            .or_else(|| self.get("DATA_DIR").map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from("data"))
    }

    /// The store: the setting, else the embedded one in the data folder.
    pub(super) fn database_url(&self, data_dir: &Path) -> String {
        self.get("DATABASE_URL").unwrap_or_else(|| format!("sled:{}", data_dir.join("store").display()))
    }

    fn url(&self, name: &str, default: &str) -> Result<url::Url, CliError> {
        Self::parsed(name, &self.get(name).unwrap_or_else(|| default.to_owned()))
    }

    fn url_if(&self, name: &str) -> Result<Option<url::Url>, CliError> {
        self.get(name).map(|text| Self::parsed(name, &text)).transpose()
    }

    fn parsed(name: &str, text: &str) -> Result<url::Url, CliError> {
        let url = url::Url::parse(text).map_err(|error| format!("{name} is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(CliError(format!("{name} has to be an http or https URL")));
        }
        Ok(url)
    }
}

fn settings(arguments: &Arguments) -> Result<Settings, CliError> {
    let values = Values::read(arguments.settings.as_deref())?;
    let is_prod = values.get("IS_PROD").is_some_and(|value| value == "true");
    let data_dir = values.data_dir(arguments.data_dir.as_deref());
    let secret_key = secret_key(&values, &data_dir, is_prod)?;
    secret_length::check_in_production("APP_SERVER_SECRET_KEY", &secret_key, is_prod)?;
    let hash_key = values.get("HASH_KEY").map(Secret::from);
    if let Some(hash_key) = &hash_key {
        secret_length::check_in_production("HASH_KEY", hash_key, is_prod)?;
    }
    // Accounts are stored under hashes that this key salts, so what stands in for it stays what it was.
    let hash_key = hash_key.unwrap_or_else(|| secret_key.clone());
    let ringcentral_server = values.url("RINGCENTRAL_SERVER", RINGCENTRAL_SERVER)?;
    let developer_portal = values.url("DEVELOPER_PORTAL_SERVER", DEVELOPER_PORTAL_SERVER)?;
    let trusted: Vec<String> =
        [&ringcentral_server, &developer_portal].into_iter().filter_map(host).collect();
    let proxy_configs =
        arguments.proxy_configs.clone().or_else(|| values.get("PROXY_CONFIGS").map(PathBuf::from));
    if proxy_configs.is_none() {
        tracing::warn!("no --proxy-configs: only registered connectors are served");
    }
    Ok(Settings {
        listen: listen(arguments, &values)?,
        metrics_listen: metrics_listen(arguments, &values)?,
        admin_token: admin_token(&values, is_prod)?,
        console_bootstrap_token: console_token(&values)?,
        database_url: values.database_url(&data_dir),
        egress: arguments.egress.policy(&trusted)?,
        proxies: arguments.egress.proxies(&|name| values.get(name))?,
        default_rate_limit: default_rate_limit(&values)?,
        workers: arguments.workers.map(NonZeroUsize::get),
        max_requests: most(arguments.max_requests, &values, "MAX_REQUESTS", MAX_REQUESTS)?,
        max_connections: max_connections(arguments, &values)?,
        secret_key,
        hash_key,
        proxy_configs,
        data_dir: Some(data_dir),
        ringcentral_server,
        developer_portal,
        app_server: values.url_if("APP_SERVER")?,
        override_app_server: values.url_if("OVERRIDE_APP_SERVER")?,
        manifest: manifest(&values)?,
    })
}

fn listen(arguments: &Arguments, values: &Values) -> Result<SocketAddr, CliError> {
    if let Some(listen) = arguments.listen {
        return Ok(listen);
    }
    match values.get("PORT") {
        Some(port) => {
            let port = port.parse().map_err(|_| format!("PORT is `{port}`, not a port number"))?;
            Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))
        }
        None => Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 6066)),
    }
}

/// A limit: the flag, else the setting, else the usual one.
fn most(flag: Option<NonZeroUsize>, values: &Values, name: &str, usual: usize) -> Result<usize, CliError> {
    match (flag, values.get(name)) {
        (Some(most), _) => Ok(most.get()),
        (None, None) => Ok(usual),
        (None, Some(text)) => text
            .parse()
            .map(NonZeroUsize::get)
            .map_err(|_| CliError(format!("{name} is `{text}`, not a number above zero"))),
    }
}

/// As many as wanted, as far as the limit of open files allows.
fn max_connections(arguments: &Arguments, values: &Values) -> Result<usize, CliError> {
    let wanted = most(arguments.max_connections, values, "MAX_CONNECTIONS", MAX_CONNECTIONS)?;
    let allowed = allowed_by_open_files();
    if allowed < wanted {
        tracing::warn!("the limit of open files allows {allowed} connections of clients, not {wanted}");
    }
    Ok(wanted.min(allowed).max(1))
}

fn admin_token(values: &Values, is_prod: bool) -> Result<Option<Secret>, CliError> {
    const NAME: &str = "ADMIN_TOKEN";
    let token = values.get(NAME).map(Secret::from);
    if let Some(token) = &token {
        secret_length::check_admin_token(NAME, token, is_prod)?;
    }
    Ok(token)
}

fn console_token(values: &Values) -> Result<Option<Secret>, CliError> {
    const NAME: &str = "APP_CONSOLE_BOOTSTRAP_TOKEN";
    let token = values.get(NAME).map(Secret::from);
    if let Some(token) = &token {
        secret_length::check_console_token(NAME, token)?;
    }
    Ok(token)
}

/// The manifest of the file that the setting names.
fn manifest(values: &Values) -> Result<Option<Manifest>, CliError> {
    let Some(path) = values.get("CRM_MANIFEST") else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map_err(|error| format!("CRM_MANIFEST: {path}: {error}"))?;
    let manifest = Manifest::parse(&text).map_err(|error| format!("CRM_MANIFEST: {path}: {error}"))?;
    Ok(Some(manifest))
}

/// `REQUESTS/SECONDS`, or `off`.
fn default_rate_limit(values: &Values) -> Result<Option<RateBudget>, CliError> {
    let Some(text) = values.get("DEFAULT_RATE_LIMIT") else { return Ok(Some(DEFAULT_RATE_LIMIT)) };
    if text == "off" {
        return Ok(None);
    }
    let budget = text.split_once('/').and_then(|(requests, seconds)| {
        let requests = requests.trim().parse().ok().filter(|requests| *requests > 0)?;
        let seconds: f64 =
            seconds.trim().parse().ok().filter(|seconds| (0.1..=86_400.0).contains(seconds))?;
        Some(RateBudget { requests, per: std::time::Duration::from_secs_f64(seconds) })
    });
    match budget {
        Some(budget) => Ok(Some(budget)),
        None => Err(CliError(format!(
            "DEFAULT_RATE_LIMIT is `{text}`, neither requests and seconds such as 1000/1, nor off"
        ))),
    }
}

fn metrics_listen(arguments: &Arguments, values: &Values) -> Result<Option<SocketAddr>, CliError> {
    let given = values.get("METRICS_LISTEN").filter(|_| arguments.metrics_listen.is_none());
    let Some(text) = given else { return Ok(arguments.metrics_listen) };
    let address = text.parse().map_err(|_| {
        format!("METRICS_LISTEN is `{text}`, not an address and a port such as 127.0.0.1:9464")
    })?;
    Ok(Some(address))
}

/// The server that the operator names, as an `--allow-host` would name it.
fn host(server: &url::Url) -> Option<String> {
    server.host_str().map(|host| match server.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// The secret of the environment; in development one is made and kept, so that sessions outlive a
/// restart.
pub(super) fn secret_key(values: &Values, data_dir: &Path, is_prod: bool) -> Result<Secret, CliError> {
    if let Some(secret) = values.get("APP_SERVER_SECRET_KEY") {
        return Ok(Secret::from(secret));
    }
    if is_prod {
        return Err(CliError("APP_SERVER_SECRET_KEY is not set; it signs sessions and seals what is stored. Set it to a long random text.".to_owned()));
    }
    let path = data_dir.join("secret-key");
    match std::fs::read_to_string(&path) {
        Ok(secret) if !secret.trim().is_empty() => return Ok(Secret::new(secret.trim())),
        Ok(_) => {
            return Err(CliError(format!(
                "{} is empty; delete it together with the store beside it",
                path.display()
            )));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(CliError(format!("{}: {error}", path.display()))),
    }
    let secret = Secret::random().ok_or("the system gives no random bytes")?;
    write_private(data_dir, &path, secret.expose())
        .map_err(|error| format!("{}: {error}", path.display()))?;
    tracing::warn!("APP_SERVER_SECRET_KEY is not set: made one in {}", path.display());
    Ok(secret)
}

fn write_private(data_dir: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    std::fs::create_dir_all(data_dir)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
