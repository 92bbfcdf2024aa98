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

/// Appends a value as JSON, unless the bytes would become more than `most`: then as much of it may stand
/// there as fits.
pub(crate) fn write_at_most<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>, most: usize) -> bool {
    let mut bounded = Bounded { out, most };
    let formatter = JavaScript(CompactFormatter);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bounded, formatter)).is_ok()
}

/// Refuses to grow beyond a limit.
struct Bounded<'o> {
    out: &'o mut Vec<u8>,
    most: usize,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.most.saturating_sub(self.out.len()) {
            return Err(io::Error::other("too long"));
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value as JSON bytes.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

/// How many values a JSON text holds. Cheap, and known before any memory is used.
pub fn count_values(text: &[u8]) -> usize {
    let (mut values, mut in_string, mut is_escaped, mut is_open) = (1_usize, false, false, false);
    for byte in text {
        if in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => continue,
            b'"' => in_string = true,
            b',' | b'[' | b'{' => values += 1,
            // Nothing was in it.
            b']' | b'}' if is_open => values = values.saturating_sub(1),
            _ => {}
        }
        is_open = matches!(byte, b'[' | b'{');
    }
    values
}
