//! HTTP/1.1 messages read by hand, so that the spelling and order of headers and the raw
//! request target are kept as they were on the wire.
use std::io::{self, BufRead};

/// Start line and header fields in the order and spelling of the wire.
#[derive(Debug, Clone)]
pub struct Head {
    pub start_line: String,
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header, its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// The first value of a header, its name in any case.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Reads one head; `None` where the peer closed the connection before the first byte.
pub fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let Some(start_line) = read_line(reader)? else {
        return Ok(None);
    };
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line.is_empty() {
            return Ok(Some(Head { start_line, headers }));
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| io::Error::other(format!("header line without a colon: {line:?}")))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    Ok(Some(text_of(line)))
}

/// Header bytes as text: UTF-8 where they are, else one character per byte (Latin-1), which is
/// how a Node CRM shows them.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| error.into_bytes().iter().map(|&byte| char::from(byte)).collect())
}

/// Reads the body of a request: by length, in chunks, or none.
pub fn read_request_body(reader: &mut impl BufRead, head: &Head) -> io::Result<Vec<u8>> {
    match framing(head) {
        Framing::Chunked => read_chunks(reader),
        Framing::Length(length) => read_exactly(reader, length),
        Framing::Unstated => Ok(Vec::new()),
    }
}

/// Reads the body of a response: by length, in chunks, or up to the end of the connection.
/// Replies to `HEAD`, and 1xx, 204 and 304, have none (RFC 9112, 6.3).
pub fn read_response_body(
    reader: &mut impl BufRead,
    head: &Head,
    status: u16,
    method: &str,
) -> io::Result<Vec<u8>> {
    if method == "HEAD" || status < 200 || matches!(status, 204 | 304) {
        return Ok(Vec::new());
    }
    match framing(head) {
        Framing::Chunked => read_chunks(reader),
        Framing::Length(length) => read_exactly(reader, length),
        Framing::Unstated => {
            let mut body = Vec::new();
            reader.read_to_end(&mut body)?;
            Ok(body)
        }
    }
}

enum Framing {
    Chunked,
    Length(usize),
    Unstated,
}

fn framing(head: &Head) -> Framing {
    let chunked = head.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    match head.header("content-length").map(str::parse) {
        _ if chunked => Framing::Chunked,
        Some(Ok(length)) => Framing::Length(length),
        _ => Framing::Unstated,
    }
}

fn read_exactly(reader: &mut impl BufRead, length: usize) -> io::Result<Vec<u8>> {
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16)
            .map_err(|_| io::Error::other(format!("chunk size {line:?} is not hexadecimal")))?;
        if size == 0 {
            // Trailers, then the empty line.
            while read_line(reader)?.is_some_and(|line| !line.is_empty()) {}
            return Ok(body);
        }
        body.extend(read_exactly(reader, size)?);
        read_line(reader)?;
    }
}
