//! The CRM: the same JSON for every request, as fast as one thread can send it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The path below which connectors find the CRM.
pub const BASE: &str = "/api/v1";

/// Two contacts, in the sandbox CRM's own form.
const CONTACTS: &str = r#"{"contacts":[{"id":"con-1","name":"Jane Doe","phones":["+14155550123"],"type":"Contact","title":"Head of Support","company":"Example Ltd","created_at":"2025-01-02T03:04:05Z","last_activity_at":"2025-02-03T04:05:06Z"},{"id":"con-2","name":"John Roe","phones":["+14155550123"],"type":"Lead","title":"Buyer","company":"Example Inc","created_at":"2025-01-02T03:04:05Z","last_activity_at":"2025-02-03T04:05:06Z"}],"total":2}"#;

/// A record that was made.
const RECORD: &str = r#"{"id":"act-1","type":"call"}"#;

/// Listens on a free port; serves until the runtime ends.
pub async fn start() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    Ok(address)
}

/// One connection: a `GET` finds contacts, anything else makes a record.
async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (found, made) = (reply(CONTACTS), reply(RECORD));
    let mut buffer = vec![0; 16 * 1024];
    let mut filled = 0;
    loop {
        let Some(length) = request_length(&buffer[..filled]) else {
            match stream.read(&mut buffer[filled..]).await? {
                0 => return Ok(()),
                read => filled += read,
            }
            continue;
        };
        let answer = if buffer.starts_with(b"GET ") { &found } else { &made };
        stream.write_all(answer.as_bytes()).await?;
        buffer.copy_within(length..filled, 0);
        filled -= length;
    }
}

fn reply(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// The length of the first message in `bytes`, head and body, where all of it is there.
pub fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let body =
        header(&bytes[..head], b"content-length").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    (bytes.len() >= head + body).then_some(head + body)
}

fn header<'b>(head: &'b [u8], name: &[u8]) -> Option<&'b str> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (found, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":").filter(|_| found.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    })
}
