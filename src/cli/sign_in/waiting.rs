//! Waiting for the browser to come back: at a loopback port, or for an address that somebody pastes.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs as _};
use std::time::Duration;

use actix_web::guard::{Guard, GuardContext};
use actix_web::http::{StatusCode, header};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use tokio::sync::{mpsc, oneshot};
use url::{Host, Url};

use super::returned::{self, Returned};
use crate::cli::{CliError, print};

/// How long somebody may take to sign in: as long as a code and its page are good at most CRMs.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How long the browser may take to fetch the last page.
const LAST_PAGE: Duration = Duration::from_secs(5);

/// Where a CRM sends the browser back to.
#[derive(Debug, PartialEq)]
pub(super) enum Place {
    /// A page of another machine, or one that this command cannot take the place of.
    Elsewhere(Url),
    /// An address of this machine, as it is registered at the CRM.
    Here(Url),
    /// Any free port of this machine.
    Anywhere,
}

impl Place {
    /// Takes the address of the flag, else that of the document.
    pub(super) fn of(flag: Option<&Url>, document: Option<&str>) -> Result<Self, CliError> {
        let url = match (flag, document.filter(|text| !text.trim().is_empty())) {
            (Some(url), _) => url.clone(),
            (None, Some(text)) => {
                text.trim().parse().map_err(|error| format!("`auth.redirectUri` is no URL: {error}"))?
            }
            (None, None) => return Ok(Self::Anywhere),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(CliError(format!(
                "{url} is no address that a browser can be sent back to; give one with --redirect-uri"
            )));
        }
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        Ok(if is_loopback && url.scheme() == "http" { Self::Here(url) } else { Self::Elsewhere(url) })
    }
}

/// A browser that came back, and waits for a page.
struct Arrival {
    query: String,
    page: oneshot::Sender<Page>,
}

/// What a browser is shown.
struct Page {
    status: StatusCode,
    text: String,
}

/// What the port and the keyboard give.
enum Event {
    Arrived(Arrival),
    Pasted(String),
    NothingMore,
}

/// Waits for one sign-in.
pub(super) struct Waiting {
    redirect_uri: String,
    listens: bool,
    events: mpsc::UnboundedReceiver<Event>,
    /// The browser that brought the code.
    browser: Option<oneshot::Sender<Page>>,
    served: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
    server: Option<actix_web::dev::ServerHandle>,
}

impl Waiting {
    /// Begins to listen, and to read what is pasted.
    pub(super) async fn begin(place: Place) -> Result<Self, CliError> {
        let (sender, events) = mpsc::unbounded_channel();
        read_lines(sender.clone());
        let (redirect_uri, listener) = match place {
            Place::Elsewhere(url) => (url.into(), None),
            Place::Here(mut url) => {
                let listener = listen(&url)?;
                if url.port() == Some(0) {
                    // It has a host, so it takes a port.
                    let _ = url.set_port(Some(listener.local_addr()?.port()));
                }
                let path = url.path().to_owned();
                (String::from(url), Some((listener, path)))
            }
            Place::Anywhere => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                let path = "/callback";
                (format!("http://{}{path}", listener.local_addr()?), Some((listener, path.to_owned())))
            }
        };
        let mut waiting = Self {
            redirect_uri,
            listens: listener.is_some(),
            events,
            browser: None,
            served: None,
            server: None,
        };
        if let Some((listener, path)) = listener {
            let server = HttpServer::new(move || {
                // Compared as it is: in a route's path braces have a meaning.
                let guard = PathIs(path.clone());
                App::new()
                    .app_data(web::Data::new(sender.clone()))
                    .service(web::resource("{any:.*}").guard(guard).route(web::get().to(arrive)))
                    .default_service(web::to(HttpResponse::NotFound))
            });
            let server = server.workers(1).disable_signals().listen(listener)?.run();
            waiting.server = Some(server.handle());
            waiting.served = Some(tokio::spawn(server));
        }
        Ok(waiting)
    }

    /// The address that the CRM is told.
    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// What happens next, for people.
    pub(super) fn explained(&self) -> String {
        match self.listens {
            true => format!(
                "Waiting for the browser at {}. If it runs on another machine, paste the address of its last \
                 page here.",
                self.redirect_uri
            ),
            false => format!(
                "The CRM sends the browser to {}. Paste the whole address of that page here, and press Enter.",
                self.redirect_uri
            ),
        }
    }

    /// The code, or why the CRM gave none.
    pub(super) async fn code(&mut self, state: &str) -> Result<Returned, CliError> {
        let nobody = || CliError("nobody signed in within ten minutes; run the command again".to_owned());
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let event = tokio::time::timeout_at(deadline, self.events.recv()).await.map_err(|_| nobody())?;
            match event {
                Some(Event::Arrived(arrival)) => match returned::read(&arrival.query, state) {
                    Ok(Ok(code)) => {
                        self.browser = Some(arrival.page);
                        return Ok(Ok(code));
                    }
                    Ok(Err(refused)) => {
                        self.browser = Some(arrival.page);
                        self.tell(&Err(refused.clone())).await;
                        return Ok(Err(refused));
                    }
                    Err(foreign) => {
                        let text =
                            format!("This is no answer to the sign-in that waits here: {}.\n", foreign.0);
                        // A browser that has gone needs no page.
                        let _ = arrival.page.send(Page { status: StatusCode::BAD_REQUEST, text });
                    }
                },
                Some(Event::Pasted(text)) if text.trim().is_empty() => {}
                Some(Event::Pasted(text)) => match returned::pasted(&text, state) {
                    Ok(returned) => return Ok(returned),
                    Err(foreign) => print::error(&format!(
                        "that is no answer to this sign-in: {}; paste the whole address of the page",
                        foreign.0
                    )),
                },
                Some(Event::NothingMore) if self.listens => {}
                Some(Event::NothingMore) | None => {
                    return Err(CliError(
                        "nobody pasted the address of the page that the CRM sends the browser to; run the \
                         command again"
                            .to_owned(),
                    ));
                }
            }
        }
    }

    /// Shows the outcome in the browser, and stops listening.
    pub(super) async fn tell(&mut self, outcome: &Result<String, String>) {
        if let Some(browser) = self.browser.take() {
            let (status, text) = match outcome {
                Ok(name) => (StatusCode::OK, format!("Signed in as {name}. You can close this page.\n")),
                Err(reason) => (StatusCode::OK, format!("Not signed in: {reason}\n")),
            };
            let _ = browser.send(Page { status, text });
        }
        if let Some(server) = self.server.take() {
            // Until the page is written, and no longer: a browser may keep its connection.
            let _ = tokio::time::timeout(LAST_PAGE, server.stop(true)).await;
        }
        if let Some(served) = self.served.take() {
            served.abort();
        }
    }
}

/// Listens where the address says.
fn listen(url: &Url) -> Result<TcpListener, CliError> {
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        _ => ("localhost", port).to_socket_addrs()?.filter(|address| address.ip().is_loopback()).collect(),
    };
    TcpListener::bind(addresses.as_slice()).map_err(|error| {
        CliError(format!(
            "cannot wait for the browser at {url}: {error}; stop what listens there, or name another address \
             that is registered at the CRM with --redirect-uri"
        ))
    })
}

/// Reads standard input on a thread of its own: it cannot be interrupted, and ends with the process.
fn read_lines(sender: mpsc::UnboundedSender<Event>) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { break };
            if sender.send(Event::Pasted(line)).is_err() {
                return;
            }
        }
        let _ = sender.send(Event::NothingMore);
    });
}

/// Lets pass what was sent to one path.
struct PathIs(String);

impl Guard for PathIs {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        context.head().uri.path() == self.0
    }
}

async fn arrive(sender: web::Data<mpsc::UnboundedSender<Event>>, request: HttpRequest) -> HttpResponse {
    let (page, answer) = oneshot::channel();
    let query = request.query_string().to_owned();
    let gone = || Page {
        status: StatusCode::GONE,
        text: "The sign-in that waited here has ended. Run `app-connect sign-in` again.\n".to_owned(),
    };
    let shown = match sender.send(Event::Arrived(Arrival { query, page })) {
        Ok(()) => answer.await.unwrap_or_else(|_| gone()),
        Err(_) => gone(),
    };
    HttpResponse::build(shown.status)
        .content_type("text/plain; charset=utf-8")
        // The address holds a code.
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONNECTION, "close"))
        .body(shown.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_this_machine_is_listened_at() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let here = |text: &str| Some(Place::Here(url(text)));
        let elsewhere = |text: &str| Some(Place::Elsewhere(url(text)));
        let (loopback, other) = ("http://127.0.0.1:6066/oauth-callback", "https://app.example.com/back");
        let table = [
            (None, None, Some(Place::Anywhere)),
            (None, Some(" "), Some(Place::Anywhere)),
            (None, Some(loopback), here(loopback)),
            (None, Some("http://localhost:9/x"), here("http://localhost:9/x")),
            (None, Some("http://[::1]:9/x"), here("http://[::1]:9/x")),
            (None, Some(other), elsewhere(other)),
            // No certificate of ours would be believed.
            (None, Some("https://localhost:9/x"), elsewhere("https://localhost:9/x")),
            (None, Some("http://localhost.example.com/x"), elsewhere("http://localhost.example.com/x")),
            (Some(loopback), Some(other), here(loopback)),
            (None, Some("urn:ietf:wg:oauth:2.0:oob"), None),
            (None, Some("/back"), None),
        ];
        for (flag, document, expected) in table {
            let flag = flag.map(url);
            assert_eq!(Place::of(flag.as_ref(), document).ok(), expected, "{flag:?} {document:?}");
        }
    }
}
