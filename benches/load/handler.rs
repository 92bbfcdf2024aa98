//! The hard-coded handler: the same web server and HTTP client, the same one call to the CRM, and
//! nothing else. It runs in a process of its own, as the server does.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::crm::BASE;

/// What the handler needs to know.
struct Crm {
    client: reqwest::Client,
    contacts: String,
    activities: String,
}

/// Serves until it is killed. Prints its address as the server does.
pub fn serve(crm: &str) -> std::io::Result<()> {
    let root = format!("http://{crm}{BASE}");
    actix_web::rt::System::new().block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        println!("listening on http://{}", listener.local_addr()?);
        let make = move || {
            let root = root.clone();
            App::new()
                .data_factory(move || {
                    let made = client().map(|client| Crm {
                        client,
                        contacts: format!("{root}/contacts?phone=%2B14155550123&limit=100"),
                        activities: format!("{root}/activities"),
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
    answer(crm.client.post(&crm.activities).header("content-type", "application/json").body(body)).await
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
