//! Connections that cost a server what they can, beside those that are measured.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How many there are.
pub const CONNECTIONS: usize = 100;

/// Between two things that a connection sends.
const PAUSE: Duration = Duration::from_millis(100);

/// What connections do, in turns.
#[derive(Debug, Clone, Copy)]
enum Manner {
    SlowHead,
    SlowBody,
    /// Asks for a large reply again and again, and reads nothing.
    Unread,
    /// Sends bodies of very many values.
    ManyValues,
}

const MANNERS: [Manner; 4] = [Manner::SlowHead, Manner::SlowBody, Manner::Unread, Manner::ManyValues];

/// Opens them, and again those that the server closes, until this is dropped.
pub fn attack(address: SocketAddr) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    for manner in MANNERS.into_iter().cycle().take(CONNECTIONS) {
        connections.spawn(async move {
            loop {
                // It ends when the server closes it; that is what it should do.
                let _ = connection(address, manner).await;
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
    connections
}

async fn connection(address: SocketAddr, manner: Manner) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let post = |length: usize| {
        format!(
            "POST /apiKeyLogin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let (first, then) = match manner {
        Manner::SlowHead => ("GET /isAlive HTTP/1.1\r\nHost: x\r\nX-A: ".to_owned(), "a".to_owned()),
        Manner::SlowBody => (post(60_000), " ".to_owned()),
        Manner::Unread => {
            let asked = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
            (asked.repeat(20), asked.to_owned())
        }
        Manner::ManyValues => {
            let body = format!("{{\"a\":[{}1]}}", "1,".repeat(20_000));
            let request = post(body.len()) + &body;
            (request.clone(), request)
        }
    };
    stream.write_all(first.as_bytes()).await?;
    let mut reply = vec![0; 64 * 1024];
    loop {
        tokio::time::sleep(PAUSE).await;
        stream.write_all(then.as_bytes()).await?;
        if !matches!(manner, Manner::Unread)
            && let Ok(read) = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut reply)).await
            && read? == 0
        {
            return Ok(());
        }
    }
}
