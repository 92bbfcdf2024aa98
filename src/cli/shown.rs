//! Requests as people read them.

use super::print;
use crate::engine::exchange::RequestSpec;
use crate::engine::explain::{Origin, header_text, shortened};

/// Where values come from.
pub(super) fn show_origins(origins: &[Origin]) {
    for origin in origins {
        let value = origin
            .value
            .as_ref()
            .map_or_else(|| "nothing, left out".to_owned(), |value| shortened(value, 80));
        let from = match origin.variables.as_slice() {
            [] => String::new(),
            variables => format!("  (from {})", variables.join(", ")),
        };
        print::line(&format!("  {}\n    {}\n    → {value}{from}", origin.place, origin.template));
    }
}

/// The request as it goes out: method and URL, headers, body. Credentials are masked.
pub(super) fn show(request: &RequestSpec) -> String {
    let mut text = format!("{} {}\n", request.method, request.url);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {}\n", header_text(value)));
    }
    if let Some(body) = &request.body {
        text.push('\n');
        text.push_str(&body_text(body));
    }
    text.trim_end().to_owned()
}

/// JSON indented, anything else as it is.
pub(super) fn body_text(body: &[u8]) -> String {
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}
