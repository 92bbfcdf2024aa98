//! A CRM that answers by a function of the request, on connections that stay open, and remembers
//! what it got. Where a test scripts replies one by one, `scripted_crm` is the other kind.
use super::http;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// The raw request target, query included.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first value of a query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The first value of a header, its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        http::header(&self.headers, name)
    }
}

/// An answer: a status, headers and a body, or nothing but a closed connection.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Close the connection without a byte.
    pub reset: bool,
}

impl Answer {
    /// Status 200 and JSON.
    pub fn json(value: &serde_json::Value) -> Self {
        Self::text("application/json", &value.to_string())
    }

    /// Status 200 and a text.
    pub fn text(content_type: &str, text: &str) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: text.as_bytes().to_vec(),
            reset: false,
        }
    }

    /// The connection closes without an answer.
    pub fn reset() -> Self {
        Self { reset: true, ..Self::text("", "") }
    }

    /// With another status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With one more header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn encode(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Answer\r\nContent-Length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut message = head.into_bytes();
        message.extend(&self.body);
        message
    }
}

struct Shared {
    answer: Box<dyn Fn(&Request) -> Answer + Send + Sync>,
    received: Mutex<Vec<Request>>,
    arrived: Condvar,
    closing: AtomicBool,
}

/// The running CRM; it takes no more connections once dropped.
pub struct Crm {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Crm {
    /// Listens on a free port. The function may block: each connection has its own thread.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            received: Mutex::default(),
            arrived: Condvar::new(),
            closing: AtomicBool::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.closing.load(Ordering::Acquire) {
                    return;
                }
                let shared = Arc::clone(&serving);
                // A peer that goes away is normal: time-outs, killed servers, the end of the test.
                std::thread::spawn(move || stream.and_then(|stream| converse(stream, &shared)));
            }
        });
        Self { shared, address }
    }

    /// The origin, without a slash at the end.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that arrived so far.
    pub fn received(&self) -> Vec<Request> {
        self.shared.received.lock().unwrap().clone()
    }

    /// How many requests arrived whose path starts with `prefix`.
    pub fn count(&self, prefix: &str) -> usize {
        self.received().iter().filter(|request| request.target.starts_with(prefix)).count()
    }

    /// Waits until `wanted` requests arrived whose path starts with `prefix`.
    pub fn wait_for(&self, prefix: &str, wanted: usize, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut received = self.shared.received.lock().unwrap();
        while received.iter().filter(|request| request.target.starts_with(prefix)).count() < wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{wanted} requests to {prefix} did not arrive within {patience:?}");
            received = self.shared.arrived.wait_timeout(received, left).unwrap().0;
        }
    }
}

impl Drop for Crm {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        // Wakes the accept loop, which then sees that it is to end.
        let _ = TcpStream::connect(self.address);
    }
}

fn converse(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(head) = http::read_head(&mut reader)? {
        let body = http::read_request_body(&mut reader, &head)?;
        let mut words = head.start_line.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let request = Request { method: word(), target: word(), headers: head.headers, body };
        shared.received.lock().unwrap().push(request.clone());
        shared.arrived.notify_all();
        let answer = (shared.answer)(&request);
        if answer.reset {
            return Ok(());
        }
        writer.write_all(&answer.encode())?;
    }
    Ok(())
}

/// Holds whoever passes until it is opened: a slow CRM without a clock.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets everybody pass, now and later.
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap()
    }

    /// Waits until the gate is open; gives up after a minute, so that a failed test ends.
    pub fn pass(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_timeout_while(open, Duration::from_secs(60), |open| !*open).unwrap());
    }
}
