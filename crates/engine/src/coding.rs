//! Content codings (RFC 9110, section 8.4.1): what was done to a body before it was sent, undone as
//! other clients do, and never beyond a cap.

use std::borrow::Cow;
use std::io::{self, Read};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// Codings that are undone one after another, at most.
const MOST: usize = 8;

/// Length of the pieces in which a body is decoded, in bytes.
const PIECE: usize = 32 * 1024;

/// How much is decoded before the rest is left to a thread that may be busy for a while, in bytes.
const INLINE: usize = 512 * 1024;

/// How a body could not be decoded. What was decoded before is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It would be longer than the cap.
    TooLarge,
    /// It ends before its coding says so.
    CutOff,
    /// It is not what its coding names, and no plain text either.
    Damaged,
    /// Its coding is not known, and it is no plain text.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Unknown,
}

/// The codings of an answer, as they were applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Codings(Vec<Coding>);

impl Codings {
    /// Reads `Content-Encoding`: names in any case, of several headers or one list, without `identity`.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut codings = Vec::new();
        for value in headers.get_all(CONTENT_ENCODING) {
            for name in value.as_bytes().split(|byte| *byte == b',') {
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                codings.push(match name.trim().trim_matches('"') {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Coding::Gzip,
                    "deflate" | "x-deflate" => Coding::Deflate,
                    "br" | "brotli" | "x-br" => Coding::Brotli,
                    _ => Coding::Unknown,
                });
            }
        }
        Self(codings)
    }

    /// Whether the body is as it was sent.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How long a body may be as it is sent so that it is not longer than `cap` afterwards: what cannot
    /// be compressed grows a little.
    pub(super) fn longest_of(&self, cap: usize) -> usize {
        if self.is_empty() { cap } else { cap.saturating_add(cap / 8).saturating_add(1024) }
    }

    /// Decodes a whole body, the last coding first. Much of it is decoded on a thread of its own.
    ///
    /// A body that is plain text is taken as it is, whatever coding is named.
    pub(super) async fn decode(self, body: Vec<u8>, cap: usize) -> (Vec<u8>, Option<Trouble>) {
        if self.0.len() > MOST {
            return (Vec::new(), Some(Trouble::Unknown));
        }
        if body.len() <= INLINE
            && let (decoded, trouble) = self.decode_now(&body, cap.min(INLINE))
            && (trouble != Some(Trouble::TooLarge) || cap <= INLINE)
        {
            return (decoded, trouble);
        }
        let decoding = tokio::task::spawn_blocking(move || self.decode_now(&body, cap));
        decoding.await.unwrap_or((Vec::new(), Some(Trouble::Damaged)))
    }

    fn decode_now(&self, body: &[u8], cap: usize) -> (Vec<u8>, Option<Trouble>) {
        let mut body = Cow::Borrowed(body);
        for coding in self.0.iter().rev() {
            if coding.is_left_out(&body) {
                continue;
            }
            let mut decoded = Vec::new();
            let trouble = coding.decode(&body, cap, &mut decoded);
            if trouble.is_some() {
                return (decoded, trouble);
            }
            body = Cow::Owned(decoded);
        }
        let trouble = (body.len() > cap).then_some(Trouble::TooLarge);
        let mut body = body.into_owned();
        body.truncate(cap);
        (body, trouble)
    }
}

impl Coding {
    /// Whether the body is plain, although this coding is named.
    fn is_left_out(self, body: &[u8]) -> bool {
        match self {
            Self::Gzip => !body.starts_with(GZIP) && is_readable(body),
            Self::Unknown => is_readable(body),
            // Nothing marks these, so a plain body is recognised first: hardly any compressed one is UTF-8
            // without control characters.
            Self::Brotli | Self::Deflate => is_text(body),
        }
    }

    /// Appends what the body decodes to, at most `cap` bytes in all.
    fn decode(self, body: &[u8], cap: usize, into: &mut Vec<u8>) -> Option<Trouble> {
        if body.is_empty() {
            return None;
        }
        match self {
            Self::Gzip => gunzip(body, cap, into),
            // Servers disagree on whether the zlib wrapper belongs to it.
            Self::Deflate if is_zlib(body) => match inflate(body, true, cap, into) {
                Some(Trouble::Damaged) if into.is_empty() => inflate(body, false, cap, into),
                ended => ended,
            },
            Self::Deflate => inflate(body, false, cap, into),
            Self::Brotli => unbrotli(body, cap, into),
            Self::Unknown => Some(Trouble::Unknown),
        }
    }
}

const GZIP: &[u8] = &[0x1f, 0x8b];

/// No server writes more members than this; each costs a decoder, however short it is.
const MOST_MEMBERS: usize = 4096;

const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// All members, one behind another; what stands behind the last is padding.
fn gunzip(body: &[u8], cap: usize, into: &mut Vec<u8>) -> Option<Trouble> {
    if !body.starts_with(GZIP) {
        return Some(Trouble::Damaged);
    }
    let mut rest = body;
    let mut piece = vec![0; PIECE];
    for _ in 0..MOST_MEMBERS {
        if !rest.starts_with(GZIP) {
            return None;
        }
        let mut member = GzDecoder::new(rest);
        loop {
            match member.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => {
                    if !append(&piece[..length], cap, into) {
                        return Some(Trouble::TooLarge);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Some(Trouble::CutOff),
                Err(_) => return Some(Trouble::Damaged),
            }
        }
        rest = member.into_inner();
    }
    Some(Trouble::Damaged)
}

/// Deflate, with the zlib wrapper or without.
fn inflate(body: &[u8], zlib: bool, cap: usize, into: &mut Vec<u8>) -> Option<Trouble> {
    let mut state = Decompress::new(zlib);
    let mut piece = vec![0; PIECE];
    let mut rest = body;
    loop {
        let (read, written) = (state.total_in(), state.total_out());
        let Ok(status) = state.decompress(rest, &mut piece, FlushDecompress::None) else {
            return Some(Trouble::Damaged);
        };
        let length = |from: u64, to: u64| usize::try_from(to - from).unwrap_or(usize::MAX);
        let (read, written) = (length(read, state.total_in()), length(written, state.total_out()));
        if !append(&piece[..written], cap, into) {
            return Some(Trouble::TooLarge);
        }
        rest = &rest[read..];
        match status {
            Status::StreamEnd => return None,
            _ if read == 0 && written == 0 => return Some(Trouble::CutOff),
            _ => {}
        }
    }
}

fn unbrotli(body: &[u8], cap: usize, into: &mut Vec<u8>) -> Option<Trouble> {
    let allocator = StandardAlloc::default;
    let mut state = BrotliState::new(allocator(), allocator(), allocator());
    let mut piece = vec![0; PIECE];
    let (mut left, mut at, mut total) = (body.len(), 0, 0);
    loop {
        let (mut room, mut written) = (piece.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut at,
            body,
            &mut room,
            &mut written,
            &mut piece,
            &mut total,
            &mut state,
        );
        if !append(&piece[..written], cap, into) {
            return Some(Trouble::TooLarge);
        }
        match result {
            BrotliResult::ResultSuccess => return None,
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return Some(Trouble::CutOff),
            BrotliResult::ResultFailure => return Some(Trouble::Damaged),
        }
    }
}

/// Appends as much as fits, and says whether all did.
fn append(piece: &[u8], cap: usize, into: &mut Vec<u8>) -> bool {
    let fitting = piece.len().min(cap.saturating_sub(into.len()));
    into.extend_from_slice(&piece[..fitting]);
    fitting == piece.len()
}

/// Whether the bytes begin as zlib does (RFC 1950, section 2.2).
fn is_zlib(body: &[u8]) -> bool {
    match *body {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31),
        _ => false,
    }
}

/// Whether the bytes are text of any charset that contains ASCII, or UTF-16 that says so.
fn is_readable(body: &[u8]) -> bool {
    if body.starts_with(b"\xff\xfe") || body.starts_with(b"\xfe\xff") {
        return true;
    }
    !body.starts_with(ZSTD) && !body.iter().copied().any(is_control)
}

/// Whether the bytes are UTF-8 without control characters.
fn is_text(body: &[u8]) -> bool {
    !body.iter().copied().any(is_control) && std::str::from_utf8(body).is_ok()
}

fn is_control(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn codings(names: &[&str]) -> Codings {
        let mut headers = HeaderMap::new();
        for name in names {
            headers.append(CONTENT_ENCODING, name.parse().unwrap());
        }
        Codings::of(&headers)
    }

    fn decode(names: &[&str], body: &[u8], cap: usize) -> (Vec<u8>, Option<Trouble>) {
        codings(names).decode_now(body, cap)
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(data: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    /// A stream of one uncompressed block (RFC 7932, section 9), which holds up to 64 KiB.
    fn brotli(data: &[u8]) -> Vec<u8> {
        let header = (((data.len() as u32) - 1) << 4) | (1 << 20);
        [&header.to_le_bytes()[..3], data, &[3]].concat()
    }

    #[test]
    fn names_are_read_in_any_case_and_number() {
        use Coding::{Brotli, Deflate, Gzip, Unknown};
        for (names, expected) in [
            (&["GZIP"] as &[&str], &[Gzip] as &[Coding]),
            (&[" Gzip "], &[Gzip]),
            (&["X-GZip"], &[Gzip]),
            (&["Identity"], &[]),
            (&[""], &[]),
            (&[" , ,identity,"], &[]),
            (&["\"gzip\""], &[Gzip]),
            (&["deflate, gzip"], &[Deflate, Gzip]),
            (&["BR", "gzip"], &[Brotli, Gzip]),
            (&["zstd"], &[Unknown]),
            (&["utf-8,gzip"], &[Unknown, Gzip]),
        ] {
            assert_eq!(codings(names).0, expected, "{names:?}");
        }
    }

    #[test]
    fn bodies_are_decoded_in_turn() {
        let json = b"{\"a\":1}".as_slice();
        let halves = [gzip(b"{\"a\""), gzip(b":1}")].concat();
        for (names, body) in [
            (&["gzip"] as &[&str], gzip(json)),
            (&["gzip"], halves.clone()),
            (&["gzip"], [&halves[..], &[0; 512]].concat()),
            (&["deflate"], zlib(json)),
            (&["deflate"], deflate(json)),
            (&["br"], brotli(json)),
            (&["br, gzip"], gzip(&brotli(json))),
            (&["gzip", "deflate"], deflate(&gzip(json))),
            (&["gzip,gzip"], gzip(json)),
            (&["utf-8, gzip"], gzip(json)),
            (&["gzip, zstd"], gzip(json)),
        ] {
            let decoded = decode(names, &body, 100);
            let unknown_last = names == ["gzip, zstd"];
            let expected =
                if unknown_last { (Vec::new(), Some(Trouble::Unknown)) } else { (json.to_vec(), None) };
            assert_eq!(decoded, expected, "{names:?}");
        }
    }

    #[test]
    fn plain_bodies_are_taken_as_they_are() {
        let latin = b"{\"a\":\"Zo\xeb\"}".as_slice();
        for name in ["gzip", "deflate", "br", "zstd", "compress", "none", "utf-8", "gzip, br"] {
            for body in ["{\"a\":1}", "[]", " \r\n\t{}", "\u{feff}{}", "<html>", "Zoë", "x^2", "hello", ""] {
                assert_eq!(decode(&[name], body.as_bytes(), 100), (body.into(), None), "{name} {body:?}");
            }
        }
        for name in ["gzip", "zstd", "iso-8859-1"] {
            assert_eq!(decode(&[name], latin, 100), (latin.to_vec(), None), "{name}");
        }
        assert_eq!(decode(&["gzip"], b"12345", 3), (b"123".to_vec(), Some(Trouble::TooLarge)));
    }

    #[test]
    fn what_cannot_be_decoded_is_told_apart() {
        let json = b"{\"contacts\":[{\"id\":\"c1\"},{\"id\":\"c2\"}]}".as_slice();
        for (name, whole) in
            [("gzip", gzip(json)), ("deflate", zlib(json)), ("deflate", deflate(json)), ("br", brotli(json))]
        {
            for length in 3..whole.len() {
                let (kept, trouble) = decode(&[name], &whole[..length], 100);
                assert_eq!(trouble, Some(Trouble::CutOff), "{name} {length}");
                assert!(json.starts_with(&kept));
            }
        }
        for (name, body) in [
            ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03this is no gzip".as_slice()),
            ("gzip", b"\0\x01\x02"),
            ("deflate", b"\x78\x9c\xff\xff\xff\xff"),
            ("br", b"\xff\xff\xff\xff"),
        ] {
            assert_eq!(decode(&[name], body, 100).1, Some(Trouble::Damaged), "{name}");
        }
        let mut wrong_sum = gzip(json);
        let last = wrong_sum.len() - 5;
        wrong_sum[last] ^= 1;
        assert_eq!(decode(&["gzip"], &wrong_sum, 100).1, Some(Trouble::Damaged));
        assert_eq!(decode(&["zstd"], b"(\xb5/\xfd$", 100).1, Some(Trouble::Unknown));
        assert_eq!(decode(&["compress"], b"\x1f\x9d\x90", 100).1, Some(Trouble::Unknown));
    }

    #[test]
    fn nothing_grows_beyond_the_cap() {
        let bomb = vec![b' '; 10_000_000];
        for (name, body) in [
            ("gzip", gzip(&bomb)),
            ("deflate", zlib(&bomb)),
            ("deflate", deflate(&bomb)),
            ("gzip, gzip", gzip(&gzip(&bomb))),
        ] {
            let (kept, trouble) = decode(&[name], &body, 100_000);
            assert_eq!((kept.len(), trouble), (100_000, Some(Trouble::TooLarge)), "{name}");
            assert!(kept.capacity() < 300_000, "{name}");
        }
    }

    #[tokio::test]
    async fn much_is_decoded_elsewhere() {
        let much = vec![b' '; INLINE + 1];
        let (decoded, trouble) = codings(&["gzip"]).decode(gzip(&much), 2 * INLINE).await;
        assert!(decoded == much && trouble.is_none());
        let (decoded, trouble) = codings(&["gzip"]).decode(gzip(&much), INLINE - 1).await;
        assert_eq!((decoded.len(), trouble), (INLINE - 1, Some(Trouble::TooLarge)));
        let many = vec!["gzip"; MOST + 1];
        assert_eq!(codings(&many).decode(gzip(b"{}"), 100).await.1, Some(Trouble::Unknown));
    }

    proptest! {
        /// Whatever was compressed comes back, and whatever was not never breaks the decoder.
        #[test]
        fn bodies_come_back(body in prop::collection::vec(any::<u8>(), 1..2000)) {
            for (name, compressed) in [("gzip", gzip(&body)), ("deflate", zlib(&body)), ("br", brotli(&body))] {
                prop_assert_eq!(decode(&[name], &compressed, 4000), (body.clone(), None));
            }
            for name in ["gzip", "deflate", "br", "gzip, deflate", "zstd"] {
                decode(&[name], &body, 4000);
            }
        }
    }
}
