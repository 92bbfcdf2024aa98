//! A server that does exactly what a recording says: it sends the recorded requests to the
//! scripted CRM and gives the recorded reply. The replay must find nothing to say about it, and
//! must find what is changed in it.
use super::client::{self, Request};
use super::expected::{Expected, ExpectedBody, ExpectedHeader, ExpectedOutbound, ExpectedReply};
use super::http;
use super::placeholders::{self, Bindings};
use super::scripted_crm::ScriptedCrm;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The part that the mirror acts next.
#[derive(Default)]
struct Part {
    received: Vec<ExpectedOutbound>,
    /// In the order of the client's requests.
    replies: Vec<ExpectedReply>,
}

/// The running mirror. Its threads end with the test.
pub struct Mirror {
    address: SocketAddr,
    part: Arc<Mutex<Part>>,
}

impl Mirror {
    /// Starts it on a free port.
    pub fn start(crm: &ScriptedCrm, bindings: &Bindings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let part = Arc::new(Mutex::new(Part::default()));
        let targets = super::scripted_crm::TARGETS.map(|target| (target, crm.address(target)));
        let mirror = Self { address, part: Arc::clone(&part) };
        let bindings = bindings.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (part, bindings) = (Arc::clone(&part), bindings.clone());
                std::thread::spawn(move || {
                    // The client of the test went away, which it notices itself.
                    let _ = answer(stream?, &part, &bindings, &targets);
                    io::Result::Ok(())
                });
            }
        });
        mirror
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it is to do when the next request comes.
    pub fn act(&self, expected: Expected) {
        *self.part.lock().unwrap() = Part { received: expected.received, replies: expected.replies };
    }
}

fn answer(
    stream: TcpStream,
    part: &Mutex<Part>,
    bindings: &Bindings,
    targets: &[(&str, SocketAddr)],
) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let Some(head) = http::read_head(&mut reader)? else {
        return Ok(());
    };
    http::read_request_body(&mut reader, &head)?;
    let (received, reply) = {
        let mut part = part.lock().unwrap();
        let reply = if part.replies.is_empty() { None } else { Some(part.replies.remove(0)) };
        (std::mem::take(&mut part.received), reply)
    };
    for request in &received {
        let address = targets.iter().find(|(target, _)| *target == request.target);
        let (_, address) = address.expect("a target of the recordings");
        // A scripted CRM may close without answering.
        let _ = client::send(*address, &outbound(request, bindings), Duration::from_secs(60));
    }
    writer.write_all(&match reply {
        Some(reply) if reply.status.is_none() => {
            // The recording waited in vain; so does the client here, until it goes away.
            http::read_head(&mut reader)?;
            return Ok(());
        }
        Some(reply) => encode(&reply, bindings),
        None => unknown_route(&head.start_line),
    })
}

fn outbound(request: &ExpectedOutbound, bindings: &Bindings) -> Request {
    let concrete = |text: &str| {
        let text = bindings.fill_addresses(text, &request.target);
        placeholders::make_concrete(&bindings.fill(&text), bindings)
    };
    let is_length = |header: &&ExpectedHeader| header.name.eq_ignore_ascii_case("content-length");
    let headers = request.headers.iter().filter(|header| !is_length(header));
    let body = concrete(text_of(&request.body)).into_bytes();
    let has_length = request.headers.iter().any(|header| is_length(&header));
    Request {
        method: request.method.clone(),
        target: concrete(&request.path),
        headers: headers.map(|header| (header.name.clone(), concrete(&header.value))).collect(),
        body: has_length.then_some(body),
    }
}

fn text_of(body: &ExpectedBody) -> &str {
    match body {
        ExpectedBody::Exact(text) => text,
        ExpectedBody::AtLeast { .. } => "",
    }
}

fn encode(reply: &ExpectedReply, bindings: &Bindings) -> Vec<u8> {
    let concrete = |text: &str| placeholders::make_concrete(&bindings.fill(text), bindings);
    let status = reply.status.unwrap_or_default();
    let mut head = format!("HTTP/1.1 {status} Mirrored\r\n");
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {}\r\n", concrete(value)));
    }
    let body = concrete(text_of(&reply.body));
    head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    head.into_bytes()
}

fn unknown_route(start_line: &str) -> Vec<u8> {
    let mut words = start_line.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let body = format!("Cannot {} {}", word(), word());
    format!("HTTP/1.1 404 Mirrored\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
