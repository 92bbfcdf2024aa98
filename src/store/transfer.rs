//! The whole store as JSON lines, the same for every backend.
//!
//! A header names the format, its version and a sealed check value, which
//! opens only with the key that sealed the rest. Then one line for each
//! record, `{"kind":…,"key":[…],"record":{…}}`, or `"sealed":"<base64>"`
//! instead of `record`. The last line, `{"kind":"end","records":N}`, counts
//! them, so an export that was cut off is noticed.

use std::io::{BufRead, Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Counts, Keys, StoreError,
    codec::{self, MAX_RECORD_BYTES, Row, Table},
    records,
};

const FORMAT: &str = "app-connect-store";
const VERSION: u32 = 2;
pub(super) const END: &str = "end";
/// Base64 and JSON escapes lengthen a record; no line of ours is longer.
const MAX_LINE_BYTES: usize = 8 * MAX_RECORD_BYTES;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    check: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Vec<Option<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<u64>,
}

/// Writes an export of `rows`, which come as key and value.
///
/// # Errors
/// The destination's as [`StoreError::Export`]; a row's own; a malformed row
/// as [`StoreError::Corrupt`].
pub(super) fn write(
    mut writer: impl Write,
    keys: &Keys,
    rows: impl Iterator<Item = Result<Row, StoreError>>,
) -> Result<Counts, StoreError> {
    let header = Header { format: FORMAT.to_owned(), version: VERSION, check: BASE64.encode(keys.mark()?) };
    write_line(&mut writer, &header)?;
    let mut counts = Counts::default();
    for row in rows {
        let row = row?;
        let key =
            codec::decode_key(&row.key).ok_or_else(|| codec::damaged(row.table, "its key is malformed"))?;
        let mut line = Line {
            kind: row.table.name().to_owned(),
            key: Some(key.into_iter().map(|part| part.map(str::to_owned)).collect()),
            ..Line::default()
        };
        if row.table.is_sealed() {
            line.sealed = Some(BASE64.encode(&row.value));
        } else {
            let record = serde_json::from_slice(&row.value)
                .map_err(|_| codec::damaged(row.table, "it is not JSON"))?;
            line.record = Some(record);
        }
        write_line(&mut writer, &line)?;
        counts.add(row.table);
    }
    let end = Line { kind: END.to_owned(), records: Some(counts.total()), ..Line::default() };
    write_line(&mut writer, &end)?;
    writer.flush().map_err(unwritable)?;
    Ok(counts)
}

fn write_line(writer: &mut impl Write, line: &impl Serialize) -> Result<(), StoreError> {
    serde_json::to_writer(&mut *writer, line).map_err(|error| unwritable(error.into()))?;
    writer.write_all(b"\n").map_err(unwritable)
}

#[allow(clippy::needless_pass_by_value)] // the shape that map_err takes
fn unwritable(error: std::io::Error) -> StoreError {
    StoreError::Export { why: error.to_string() }
}

/// Reads an export and hands each row to `take`, every one verified: it opens
/// with these keys and belongs to its key.
///
/// # Errors
/// [`StoreError::WrongKey`], [`StoreError::Format`], [`StoreError::Import`]
/// with the line, or an error of `take`.
pub(super) fn read(
    mut reader: impl BufRead,
    keys: &Keys,
    mut take: impl FnMut(Row) -> Result<(), StoreError>,
) -> Result<Counts, StoreError> {
    let mut number = 1;
    let first = next_line(&mut reader, number)?.unwrap_or_default();
    read_header(&first, keys)?;
    let mut counts = Counts::default();
    loop {
        number += 1;
        let refuse = |why: String| StoreError::Import { line: number, why };
        let Some(bytes) = next_line(&mut reader, number)? else {
            return Err(refuse("the end line is missing: the export was cut off".to_owned()));
        };
        let line: Line = serde_json::from_slice(&bytes)
            .map_err(|error| refuse(format!("not a line of an export (byte {})", error.column())))?;
        if line.kind == END {
            return match line.records {
                Some(records) if records == counts.total() => Ok(counts),
                _ => Err(refuse(format!(
                    "the end line does not count {} records: lines are missing",
                    counts.total()
                ))),
            };
        }
        let row = row_of(line).map_err(refuse)?;
        records::verify(keys, &row).map_err(|error| refuse(error.to_string()))?;
        counts.add(row.table);
        take(row)?;
    }
}

fn read_header(line: &[u8], keys: &Keys) -> Result<(), StoreError> {
    let refuse = |why: &str| StoreError::Import { line: 1, why: why.to_owned() };
    // The version first: a later header may have other fields.
    let header: Value = serde_json::from_slice(line)
        .map_err(|_| refuse("it is not the header of an export of app-connect"))?;
    if header.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(refuse("it is not the header of an export of app-connect"));
    }
    match header.get("version") {
        Some(version) if version.as_u64() == Some(u64::from(VERSION)) => {}
        other => {
            return Err(StoreError::Format {
                what: "the export".to_owned(),
                found: other.map_or_else(|| "none".to_owned(), Value::to_string),
                known: VERSION,
            });
        }
    }
    let header: Header =
        serde_json::from_value(header).map_err(|_| refuse("the header lacks its check value"))?;
    let check = BASE64.decode(header.check).map_err(|_| refuse("the header's check value is not base64"))?;
    if keys.made(&check) { Ok(()) } else { Err(StoreError::WrongKey { what: "the export".to_owned() }) }
}

fn row_of(line: Line) -> Result<Row, String> {
    let table = Table::named(&line.kind).ok_or("its kind is unknown")?;
    let parts = line.key.ok_or("it has no key")?;
    let parts: Vec<Option<&str>> = parts.iter().map(Option::as_deref).collect();
    let value = match (line.sealed, line.record) {
        (Some(sealed), None) if table.is_sealed() => {
            BASE64.decode(sealed).map_err(|_| "its sealed value is not base64")?
        }
        (None, Some(record)) if !table.is_sealed() => record.to_string().into_bytes(),
        _ => return Err("its kind needs the other of `sealed` and `record`".to_owned()),
    };
    let key = codec::encode_key(&parts);
    if key.len() + value.len() > MAX_RECORD_BYTES {
        return Err(format!("its record is longer than {MAX_RECORD_BYTES} bytes"));
    }
    Ok(Row { table, key, value })
}

/// One line without its line feed; `None` at the end of the input.
fn next_line(reader: &mut impl BufRead, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let refuse = |why: String| StoreError::Import { line: number, why };
    let mut line = Vec::new();
    let limit = MAX_LINE_BYTES as u64 + 1;
    reader.take(limit).read_until(b'\n', &mut line).map_err(|error| refuse(error.to_string()))?;
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > MAX_LINE_BYTES {
        return Err(refuse(format!("it is longer than {MAX_LINE_BYTES} bytes")));
    } else if line.is_empty() {
        return Ok(None);
    }
    Ok(Some(line))
}
