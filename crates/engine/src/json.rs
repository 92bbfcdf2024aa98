//! JSON as the reference server writes it: numbers as JavaScript prints them, where no digit is lost by it.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

use super::number::{canonical, float_text};

/// Compact JSON whose floats print as in JavaScript: `1.0` is `1` (recordings 06, `float-id`).
struct JavaScript(CompactFormatter);

impl Formatter for JavaScript {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float_text(value).as_bytes())
    }

    fn write_number_str<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: &str) -> io::Result<()> {
        writer.write_all(canonical(value).as_bytes())
    }
}

/// Appends a value as JSON.
pub fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let before = out.len();
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, JavaScript(CompactFormatter));
    if value.serialize(&mut serializer).is_err() {
        // Writing to memory cannot fail and none of our types refuses: null keeps the JSON whole.
        out.truncate(before);
        out.extend_from_slice(b"null");
    }
}

/// A value as JSON bytes.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}
