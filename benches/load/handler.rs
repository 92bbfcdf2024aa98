//! The hard-coded handler: the same web server and HTTP client, the same one call to the CRM, and
//! nothing else. It runs in a process of its own, as the server does.
//!
//! With a folder it also writes to a store, as often as a server must that logs a call exactly once: a
//! claim before it asks the CRM, the log after it.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use app_connect::store::{self, CallLog, Extension, Keys, Owner, Secret, Store, StoreError, Tenant};

use crate::crm::BASE;
use crate::seed::SECRET;

/// What the handler needs to know.
struct Crm {
    client: reqwest::Client,
    contacts: String,
    activities: String,
    log: Option<Arc<Log>>,
}

/// Serves until it is killed. Prints its address as the server does.
pub fn serve(crm: &str, folder: Option<&str>) -> std::io::Result<()> {
    let root = format!("http://{crm}{BASE}");
    actix_web::rt::System::new().block_on(async move {
        let log = match folder {
            Some(folder) => Some(Arc::new(Log::open(folder).await.map_err(std::io::Error::other)?)),
            None => None,
        };
        let listener = TcpListener::bind("127.0.0.1:0")?;
        println!("listening on http://{}", listener.local_addr()?);
        let make = move || {
            let (root, log) = (root.clone(), log.clone());
            App::new()
                .data_factory(move || {
                    let made = client().map(|client| Crm {
                        client,
                        contacts: format!("{root}/contacts?phone=%2B14155550123&limit=100"),
                        activities: format!("{root}/activities"),
                        log: log.clone(),
                    });
                    async move { made }
                })
                .route("/isAlive", web::get().to(async || HttpResponse::Ok().body("OK")))
                .route("/contact", web::get().to(contact))
                .route("/callLog", web::post().to(call_log))
        };
        HttpServer::new(make).listen(listener)?.run().await
    })
}

/// The settings of the server's own client.
fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(50))
        .pool_max_idle_per_host(256)
        .tcp_nodelay(true)
        .build()
}

async fn contact(crm: web::Data<Crm>) -> HttpResponse {
    answer(crm.client.get(&crm.contacts)).await
}

async fn call_log(crm: web::Data<Crm>, _: web::Bytes) -> HttpResponse {
    let body = r#"{"type":"call","contact_id":"con-1","subject":"Inbound Call from Jane Doe"}"#;
    let request = crm.client.post(&crm.activities).header("content-type", "application/json").body(body);
    let Some(log) = &crm.log else { return answer(request).await };
    let number = log.number.fetch_add(1, Ordering::Relaxed);
    let logged = async {
        log.write("claim", number).await?;
        let reply = answer(request).await;
        log.write("log", number).await?;
        Ok::<_, StoreError>(reply)
    };
    logged.await.unwrap_or_else(|error| HttpResponse::InternalServerError().body(error.to_string()))
}

/// The server's own store, with records of the size that it writes.
struct Log {
    store: Arc<dyn Store>,
    number: AtomicU64,
}

impl Log {
    async fn open(folder: &str) -> Result<Self, StoreError> {
        let keys = Keys::from_secret(&Secret::new(SECRET))?;
        let store = store::open(&format!("sled:{folder}"), keys).await?;
        Ok(Self { store, number: AtomicU64::new(0) })
    }

    async fn write(&self, kind: &str, number: u64) -> Result<(), StoreError> {
        let log = CallLog {
            scope: Tenant {
                platform: "sandbox".to_owned(),
                proxy_id: Some("crm-1".to_owned()),
                owner: Owner::RcAccount(kind.to_owned()),
                tenant_host: None,
            },
            session_id: format!("s-{number}"),
            call_id: format!("t-{number}"),
            extension: Extension::default(),
            third_party_log_id: "act-1".to_owned(),
            contact_id: Some("con-1".to_owned()),
            user_id: "1-sandbox".to_owned(),
            platform: "sandbox".to_owned(),
            created_at: 1_700_000_000_000,
            updated_at: 1_700_000_000_000,
        };
        self.store.save_call_log(&log, None).await.map(drop)
    }
}

async fn answer(request: reqwest::RequestBuilder) -> HttpResponse {
    let request = request
        .header("accept", "application/json")
        .header("authorization", "Basic c2FuZGJveC1rZXk6")
        .timeout(Duration::from_secs(30));
    match async { request.send().await?.bytes().await }.await {
        Ok(bytes) => HttpResponse::Ok().content_type("application/json").body(bytes),
        Err(error) => HttpResponse::BadGateway().body(error.to_string()),
    }
}
