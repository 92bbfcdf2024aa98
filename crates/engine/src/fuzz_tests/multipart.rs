//! Multipart forms: whatever fields hold, as many come out as went in, with their values.

use std::time::Duration;

use super::harness::{Target, fuzz};
use super::{BETWEEN, outcome};
use crate::multipart::encode;

const BUDGET: Duration = Duration::from_secs(3);

#[test]
fn multipart() {
    fuzz(Target { name: "multipart", budget: BUDGET, words: WORDS, run });
}

const WORDS: &[&str] = &[
    "\n---\n",
    "--",
    "\r\n",
    "\r\n\r\n",
    "\"",
    "; name=\"",
    "; filename=\"a\"",
    "Content-Disposition: form-data",
    "--app-connect-",
    "--app-connect-0123456789abcdef",
    "%22",
    "boundary=",
    "\r\n--",
    "--\r\n",
];

fn run(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let fields: Vec<(String, String)> = text
        .split(BETWEEN)
        .map(|field| field.split_once('=').map_or((field, ""), |pair| pair))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let (content_type, body) = encode(&fields);
    let content_type = content_type.to_str().unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = String::from_utf8(body).unwrap();
    let whole = body.strip_suffix(&format!("--{boundary}--\r\n")).unwrap();
    let delimiter = format!("--{boundary}\r\n");
    let mut read = whole.split(&delimiter);
    assert_eq!(read.next(), Some(""));
    let read: Vec<_> = read.collect();
    assert_eq!(read.len(), fields.len());
    for (part, (_, value)) in read.iter().zip(&fields) {
        let (head, content) = part.split_once("\r\n\r\n").unwrap();
        assert_eq!(content.strip_suffix("\r\n"), Some(&**value));
        // One line with one name, whatever the name is.
        assert!(!head.contains(['\r', '\n']) && head.matches('"').count() == 2, "{head}");
    }
    outcome((fields.len().min(4), text.contains(boundary), text.contains('\r'), text.contains('"')))
}
