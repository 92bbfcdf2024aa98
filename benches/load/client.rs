//! The load: so many keep-alive connections, each with one request in flight.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::crm::request_length;

/// Connections, and with them requests in flight.
pub const CONNECTIONS: usize = 32;

/// What to send, and how to know that it worked.
pub trait Load {
    /// Writes the request of this number into an empty buffer.
    fn request(&self, number: u64, into: &mut Vec<u8>);
    /// A text that the body of every good answer holds.
    fn expected(&self) -> &str;
}

/// How long each request of a run took.
#[derive(Debug, Default, Clone)]
pub struct Latencies(pub Vec<Duration>);

/// Sends for `time` and returns the latencies of what was answered within it. `numbers` goes on
/// counting from run to run, so that no two requests are the same.
///
/// # Errors
/// Where a connection breaks or an answer is not the expected one; the answer is quoted.
pub async fn run(
    address: SocketAddr,
    load: Rc<dyn Load>,
    numbers: Rc<Cell<u64>>,
    time: Duration,
) -> Result<Latencies, String> {
    let until = Instant::now() + time;
    let mut connections = JoinSet::new();
    let local = LocalSet::new();
    for _ in 0..CONNECTIONS {
        let connection = connection(address, Rc::clone(&load), Rc::clone(&numbers), until);
        connections.spawn_local_on(connection, &local);
    }
    local
        .run_until(async {
            let mut all = Latencies::default();
            while let Some(ended) = connections.join_next().await {
                all.0.extend(ended.map_err(|error| error.to_string())??);
            }
            Ok(all)
        })
        .await
}

/// Sends one request, on a connection of its own.
///
/// # Errors
/// As [`run`].
pub async fn once(address: SocketAddr, load: Rc<dyn Load>, numbers: Rc<Cell<u64>>) -> Result<(), String> {
    connection(address, load, numbers, Instant::now()).await.map(drop)
}

async fn connection(
    address: SocketAddr,
    load: Rc<dyn Load>,
    numbers: Rc<Cell<u64>>,
    until: Instant,
) -> Result<Vec<Duration>, String> {
    let broken = |error: std::io::Error| format!("{address}: {error}");
    let mut stream = TcpStream::connect(address).await.map_err(broken)?;
    stream.set_nodelay(true).map_err(broken)?;
    let mut request = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut latencies = Vec::new();
    loop {
        request.clear();
        let number = numbers.get();
        numbers.set(number + 1);
        load.request(number, &mut request);
        let started = Instant::now();
        stream.write_all(&request).await.map_err(broken)?;
        let mut filled = 0;
        let length = loop {
            match stream.read(&mut buffer[filled..]).await.map_err(broken)? {
                0 => return Err(format!("{address} closed the connection: {}", shown(&buffer[..filled]))),
                read => filled += read,
            }
            if let Some(length) = request_length(&buffer[..filled]) {
                break length;
            }
        };
        let ended = Instant::now();
        let answer = &buffer[..length];
        if !answer.starts_with(b"HTTP/1.1 200") || !holds(answer, load.expected().as_bytes()) {
            return Err(format!("not the expected answer: {}", shown(answer)));
        }
        if ended > until {
            return Ok(latencies);
        }
        latencies.push(ended - started);
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(600).collect()
}

impl Latencies {
    /// The latency that this part of the requests, such as 0.99, kept within.
    pub fn quantile(&mut self, part: f64) -> Duration {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = (last as f64 * part).round() as usize;
        self.0.get(at).copied().unwrap_or_default()
    }
}
