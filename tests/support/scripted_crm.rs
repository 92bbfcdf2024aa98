//! A CRM that answers what a script says, in order, and remembers every request it got.
//!
//! Three listeners share one script: the CRM itself and the two fixed hosts of RingCentral.
//! The order of arrival decides which reply a request gets, whichever listener it came to.
use super::http;
use super::recording::CrmReply;
use std::collections::VecDeque;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;

/// The addresses that a recording names as `target`, in the order of the listeners.
pub const TARGETS: [&str; 3] = ["crm", "platform.ringcentral.com", "appconnect.labs.ringcentral.com"];

/// A request that arrived, as it was on the wire.
#[derive(Debug, Clone)]
pub struct Received {
    pub target: &'static str,
    pub method: String,
    /// The raw request target, query included.
    pub path: String,
    /// Order and spelling of the wire.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Default)]
struct Script {
    replies: VecDeque<CrmReply>,
    received: Vec<Received>,
    findings: Vec<String>,
}

struct Shared {
    script: Mutex<Script>,
    arrived: Condvar,
    closing: AtomicBool,
}

/// The running listeners; they close when it is dropped.
pub struct ScriptedCrm {
    shared: Arc<Shared>,
    addresses: [SocketAddr; 3],
    /// Bound, so that nobody else gets the port, and never listening: connections to it are refused.
    closed: TcpSocket,
}

impl ScriptedCrm {
    /// Starts the listeners on free ports of the loopback interface.
    pub fn start() -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            arrived: Condvar::new(),
            closing: AtomicBool::new(false),
        });
        let addresses = TARGETS.map(|target| listen(target, &shared));
        let closed = TcpSocket::new_v4().unwrap();
        closed.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        Self { shared, addresses, closed }
    }

    /// Where the listener for a `target` of the recordings is.
    pub fn address(&self, target: &str) -> SocketAddr {
        let index = TARGETS.iter().position(|known| *known == target);
        self.addresses[index.unwrap_or_else(|| panic!("no listener for target {target:?}"))]
    }

    /// The origin of the listener for a `target`, without a slash at the end.
    pub fn origin(&self, target: &str) -> String {
        format!("http://{}", self.address(target))
    }

    /// An origin on which nothing listens.
    pub fn closed_origin(&self) -> String {
        format!("http://{}", self.closed.local_addr().unwrap())
    }

    /// Replaces what is left of the script and forgets what was received.
    pub fn begin(&self, replies: impl IntoIterator<Item = CrmReply>) {
        *self.shared.script.lock().unwrap() =
            Script { replies: replies.into_iter().collect(), ..Script::default() };
    }

    /// What arrived since [`ScriptedCrm::begin`], and what was wrong with it. Waits up to
    /// `patience` for `expected` requests: work that goes on after the client has its reply.
    pub fn finish(&self, expected: usize, patience: Duration) -> (Vec<Received>, Vec<String>) {
        let deadline = Instant::now() + patience;
        let mut script = self.shared.script.lock().unwrap();
        while script.received.len() < expected {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            script = self.shared.arrived.wait_timeout(script, left).unwrap().0;
        }
        let script = std::mem::take(&mut *script);
        (script.received, script.findings)
    }
}

impl Drop for ScriptedCrm {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        for address in self.addresses {
            // Wakes the accept loop, which then sees that it is to end.
            let _ = TcpStream::connect(address);
        }
    }
}

fn listen(target: &'static str, shared: &Arc<Shared>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if shared.closing.load(Ordering::Acquire) {
                return;
            }
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                if let Err(error) = stream.and_then(|stream| converse(target, stream, &shared)) {
                    note_broken(target, &error, &shared);
                }
            });
        }
    });
    address
}

/// A peer that goes away is normal (time-outs, the end of the test); a request that cannot be
/// read is a finding.
fn note_broken(target: &str, error: &io::Error, shared: &Shared) {
    let gone = matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
    );
    if !gone {
        let finding = format!("unreadable request to {target}: {error}");
        shared.script.lock().unwrap().findings.push(finding);
    }
}

/// Answers the requests of one connection until either side closes it.
fn converse(target: &'static str, stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(head) = http::read_head(&mut reader)? {
        let body = http::read_request_body(&mut reader, &head)?;
        let close = head.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let mut words = head.start_line.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, path) = (word(), word());
        let received = Received { target, method: method.clone(), path, headers: head.headers, body };
        let reply = take_reply(received, shared);
        std::thread::sleep(Duration::from_millis(reply.delay_ms));
        if reply.destroy {
            return Ok(());
        }
        writer.write_all(&encode(&reply, &method))?;
        if close {
            return Ok(());
        }
    }
    Ok(())
}

fn take_reply(received: Received, shared: &Shared) -> CrmReply {
    let mut script = shared.script.lock().unwrap();
    let reply = script.replies.pop_front().unwrap_or_else(|| {
        let asked = format!("{} {} {}", received.target, received.method, received.path);
        let text = format!("no scripted reply is left for {asked}");
        script.findings.push(text.clone());
        CrmReply { status: Some(599), raw: Some(text), ..CrmReply::default() }
    });
    script.received.push(received);
    shared.arrived.notify_all();
    reply
}

/// A reply on the wire.
fn encode(reply: &CrmReply, method: &str) -> Vec<u8> {
    let status = reply.status.unwrap_or(200);
    let mut body = match (&reply.json, &reply.raw) {
        (Some(json), _) => json.to_string().into_bytes(),
        (None, Some(raw)) => raw.clone().into_bytes(),
        (None, None) => Vec::new(),
    };
    let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
    let mut field = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    for (name, value) in &reply.headers {
        field(name, value);
    }
    let typed = reply.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
    if reply.json.is_some() && !typed {
        field("Content-Type", "application/json");
    }
    if reply.gzip {
        field("Content-Encoding", "gzip");
        body = gzip(&body);
    }
    let bodiless = matches!(status, 204 | 304);
    if !bodiless {
        field("Content-Length", &body.len().to_string());
    }
    head.push_str("\r\n");
    let mut message = head.into_bytes();
    if !bodiless && method != "HEAD" {
        message.extend(body);
    }
    message
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}
