//! Multipart forms (RFC 7578) of plain fields.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::HeaderValue;

/// Encodes fields. The boundary is made from the content, so that one request renders to the same
/// bytes every time, and is changed until no field holds it.
pub(super) fn encode(fields: &[(String, String)]) -> (HeaderValue, Vec<u8>) {
    let mut salt = 0u64;
    let boundary = loop {
        let mut hasher = DefaultHasher::new();
        (salt, fields).hash(&mut hasher);
        let boundary = format!("app-connect-{:016x}", hasher.finish());
        if !fields.iter().any(|(name, value)| name.contains(&boundary) || value.contains(&boundary)) {
            break boundary;
        }
        salt += 1;
    };
    let mut body = String::new();
    for (name, value) in fields {
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    let content_type = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"));
    (content_type.unwrap_or(HeaderValue::from_static("multipart/form-data")), body.into_bytes())
}
