//! A client that puts a request on the wire exactly as written: no URL parsing, no header of
//! its own but `Content-Length`, and where they are missing `Host` and `Connection: close`.
use super::{agreement, http};
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A request as it is to be sent. `target` is the raw request target, query included.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

/// A response as it arrived.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header, its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        http::header(&self.headers, name)
    }

    /// The body as text, bytes that are not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request on a connection of its own and reads the whole reply.
/// `Ok(None)`: nothing arrived within `patience`. A reply of a [`super::server::Server`] has to be what its OpenAPI
/// document says.
pub fn send(address: SocketAddr, request: &Request, patience: Duration) -> io::Result<Option<Response>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(&head_bytes(address, request))?;
    stream.write_all(request.body.as_deref().unwrap_or_default())?;
    let mut reader = BufReader::new(stream);
    let head = match http::read_head(&mut reader) {
        Ok(head) => head.ok_or_else(|| io::Error::other("the server closed without answering"))?,
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let status = head
        .start_line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no status in {:?}", head.start_line)))?;
    let body = http::read_response_body(&mut reader, &head, status, &request.method)?;
    let response = Response { status, headers: head.headers, body };
    agreement::check(address, request, &response);
    Ok(Some(response))
}

fn head_bytes(address: SocketAddr, request: &Request) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    let mut field = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    if http::header(&request.headers, "host").is_none() {
        field("Host", &address.to_string());
    }
    for (name, value) in &request.headers {
        field(name, value);
    }
    if http::header(&request.headers, "connection").is_none() {
        field("Connection", "close");
    }
    let takes_body = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    if request.body.is_some() || takes_body {
        field("Content-Length", &request.body.as_ref().map_or(0, Vec::len).to_string());
    }
    head.push_str("\r\n");
    head.into_bytes()
}
