//! The sandbox CRM: a small but real CRM over HTTP, for the demo, the docs, tests and examples.
//!
//! It keeps contacts, activities (calls), messages, users, appointments, a licence and settings
//! in memory, starts with the same made-up records each time, and numbers new records from 1.
//! `GET /` lists its routes and records. Clients sign in with an API key ([`API_KEY`]) or with
//! OAuth 2 ([`CLIENT_ID`], [`CLIENT_SECRET`]). It can misbehave on request: see [`Faults`] and [`OAuthRules`].
//!
//! Beside the CRM it stands in for two other services that App Connect asks. One is RingCentral: who a token
//! belongs to ([`RINGCENTRAL_ADMIN`], [`RINGCENTRAL_USER`]), OAuth, the call log, messages and call reports. The
//! other is the developer portal with its manifests.
//!
//! Each sandbox has its own state. It protects nothing and forgets everything: listen on a
//! loopback address only.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use app_connect::sandbox::{SandboxOptions, start};
//!
//! let sandbox = start(SandboxOptions::default()).await?;
//! println!("The CRM answers at {}/api/v1", sandbox.base_url());
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```

mod activities;
mod answered;
mod appointments;
mod auth;
mod contacts;
mod control;
mod faults;
mod grants;
mod idempotency;
mod index;
mod input;
mod intercept;
mod messages;
mod model;
mod oauth;
mod origin;
mod page;
mod phone;
mod portal;
mod reply;
mod ringcentral;
mod seed;
mod settings;
mod shared;
mod state;
mod users;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, PayloadConfig, ServiceConfig};
use actix_web::{App, HttpServer, middleware};
use jiff::Timestamp;
use tokio::task::JoinHandle;

pub use faults::{Effect, Fault, Faults};
pub use oauth::{ClientAuthentication, ExpiresIn, OAuthRules, TokenReply};
use shared::Shared;

/// The API key of the first user, who is an admin.
pub const API_KEY: &str = "sandbox-key";
/// The OAuth client with a secret.
pub const CLIENT_ID: &str = "sandbox-client";
/// The secret of [`CLIENT_ID`].
pub const CLIENT_SECRET: &str = "sandbox-secret";
/// The OAuth client without a secret. It has to use PKCE.
pub const PUBLIC_CLIENT_ID: &str = "sandbox-public";
/// The RingCentral token of an admin.
pub const RINGCENTRAL_ADMIN: &str = "sandbox-admin";
/// The RingCentral token of a user of the same account who is no admin.
pub const RINGCENTRAL_USER: &str = "sandbox-user";
/// The OAuth client of the RingCentral stand-in.
pub const RINGCENTRAL_CLIENT_ID: &str = "sandbox-rc-client";
/// The secret of [`RINGCENTRAL_CLIENT_ID`].
pub const RINGCENTRAL_CLIENT_SECRET: &str = "sandbox-rc-secret";

/// Paths that control the sandbox instead of being part of the CRM.
const CONTROL: &str = "/_sandbox/";

/// The largest request body, in bytes.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// How long an idle connection stays open. Longer than clients keep theirs, so that it is the
/// client who closes and no request meets a closing connection.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

/// How a sandbox starts.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// Where to listen; port 0 takes a free one. Default: `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// What goes wrong from the start. Default: nothing.
    pub faults: Faults,
    /// How OAuth works. Default: [`OAuthRules::default`].
    pub oauth: OAuthRules,
    /// Where the App Connect server is: the manifests of the developer portal name it. Default:
    /// `http://127.0.0.1:6066`.
    pub app_server: String,
    /// How many received requests are kept to be looked at. Default: 1000.
    pub kept_requests: usize,
    /// The time that new records carry, to make answers repeatable. Default: the clock.
    pub fixed_time: Option<Timestamp>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            faults: Faults::default(),
            oauth: OAuthRules::default(),
            app_server: "http://127.0.0.1:6066".to_owned(),
            kept_requests: 1000,
            fixed_time: None,
        }
    }
}

/// A request as the CRM received it, credentials included: nothing for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// Such as `POST`.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// Names in lower case, in no particular order.
    pub headers: Vec<(String, String)>,
    /// As sent; empty if it could not be read.
    pub body: Bytes,
}

impl ReceivedRequest {
    /// The first value of a header, whatever the case of the name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// A running sandbox. It stops when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: web::Data<Shared>,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
}

/// Starts a sandbox on the current tokio (or actix) runtime and returns once it listens.
///
/// # Errors
/// The address cannot be listened on, or a fault is not valid (`InvalidInput`).
pub async fn start(options: SandboxOptions) -> io::Result<Sandbox> {
    if let Some(problem) = options.faults.problem() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    let listen = options.listen;
    let shared = web::Data::new(Shared::new(options));
    let state = shared.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(PayloadConfig::new(LARGEST_BODY))
            .wrap(middleware::from_fn(intercept::intercept))
            .configure(routes)
            .default_service(web::to(reply::no_such_path))
    })
    .workers(1)
    .disable_signals()
    .keep_alive(KEEP_ALIVE)
    .bind(listen)?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    let server = server.run();
    let handle = server.handle();
    Ok(Sandbox { address, shared, handle, server: tokio::spawn(server) })
}

fn routes(config: &mut ServiceConfig) {
    let api = web::scope("/api/v1")
        .configure(users::routes)
        .configure(contacts::routes)
        .configure(activities::routes)
        .configure(messages::routes)
        .configure(appointments::routes)
        .configure(settings::routes);
    config
        .service(api)
        .configure(oauth::routes)
        .configure(ringcentral::routes)
        .configure(portal::routes)
        .configure(control::routes)
        .configure(index::routes);
}

impl Sandbox {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was received, newest last: the last [`SandboxOptions::kept_requests`]. Requests to
    /// `/_sandbox/` are left out.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.requests()
    }

    /// Replaces all faults.
    ///
    /// # Errors
    /// A fault is not valid; the text says which. Then nothing changes.
    pub fn set_faults(&self, faults: Faults) -> Result<(), String> {
        self.shared.set_faults(faults)
    }

    /// Replaces the rules of OAuth. Tokens stay as they are.
    pub fn set_oauth_rules(&self, rules: OAuthRules) {
        self.shared.crm().rules = rules;
    }

    /// Lets all OAuth access tokens of the CRM expire; tells how many were still good. Refresh tokens stay.
    pub fn expire_access_tokens(&self) -> usize {
        let mut crm = self.shared.crm();
        let now = crm.now();
        crm.grants.expire_of(None, now)
    }

    /// Ends all sign-ins at the CRM by OAuth, as its users or admins do there; tells how many there were.
    pub fn revoke_sign_ins(&self) -> usize {
        self.shared.crm().grants.revoke_of(None)
    }

    /// Makes everything as it was at the start: records, tokens, faults, rules, received requests.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Stops at once; requests in flight get no answer. The port is free afterwards.
    pub async fn stop(mut self) {
        self.handle.stop(false).await;
        // The server's own outcome no longer matters once it is told to stop.
        let _ = (&mut self.server).await;
    }

    /// Waits until the server ends. Use it in a `select!` beside a signal; dropping the future
    /// stops the sandbox.
    ///
    /// # Errors
    /// The server failed.
    pub async fn run_until_stopped(mut self) -> io::Result<()> {
        (&mut self.server).await.map_err(io::Error::other)?
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The command is sent by the call itself; the future would only wait for its effect.
        drop(self.handle.stop(false));
    }
}
