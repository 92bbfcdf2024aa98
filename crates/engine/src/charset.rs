//! From the bytes of an answer to text: which charset they are in.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874};

/// How much of a body is searched for an XML declaration, in bytes.
const DECLARATION: usize = 256;

/// Reads bytes as text, and says whether all of them were characters; what is none becomes U+FFFD.
///
/// A byte order mark counts first and is dropped. Then the charset of the content type counts, except
/// where it names an alphabet of single bytes and the body is UTF-8 with letters beyond ASCII: servers
/// that name their framework's default send that, and hardly any other text reads as UTF-8 by
/// accident. Thai can, and is left out. Without a charset that is known, the one of an XML declaration
/// counts, then UTF-16 where every second byte is zero, as in JSON, and else UTF-8.
pub(super) fn text<'b>(bytes: &'b [u8], content_type: Option<&str>) -> (Cow<'b, str>, bool) {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode(encoding, &bytes[mark..]);
    }
    let named = content_type.and_then(charset).and_then(known);
    if let Some(encoding) = named.filter(|encoding| *encoding != UTF_8)
        && !is_rather_utf8(bytes, encoding)
    {
        let encoding = wide(encoding).then(|| wide_by_zeros(bytes)).flatten().unwrap_or(encoding);
        return decode(encoding, bytes);
    }
    if let Some(encoding) = wide_by_zeros(bytes) {
        return decode(encoding, bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), true);
    }
    // What declares itself in ASCII is not in two bytes for each character.
    let declared = declaration(bytes).and_then(known).filter(|encoding| named.is_none() && !wide(encoding));
    decode(declared.unwrap_or(UTF_8), bytes)
}

fn decode<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> (Cow<'b, str>, bool) {
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    (text, !has_errors)
}

/// The charset of a content type, such as `ISO-8859-1` of `text/html; Charset="ISO-8859-1"`.
fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| unquoted(value))
    })
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'']).trim()
}

/// The encoding of a label, in any case. Labels that stand for no reading at all are as unknown ones.
fn known(label: &str) -> Option<&'static Encoding> {
    let found = Encoding::for_label_no_replacement(label.as_bytes());
    // Names that the registry of the web has not, as Java, Python and Windows write them.
    found.or_else(|| {
        let lower = label.to_ascii_lowercase();
        let other = match lower.as_str() {
            "cp-1252" | "win1252" | "windows1252" | "iso8859_1" | "iso_8859_1" | "latin-1" => "windows-1252",
            "iso8859_15" | "latin9" | "latin-9" => "iso-8859-15",
            "utf8mb4" | "utf_8" => "utf-8",
            "ucs-2" | "ucs2" | "utf16" | "utf16le" | "utf_16" => "utf-16",
            _ => lower.strip_prefix("cp")?,
        };
        let label = if other.starts_with("125") { format!("windows-{other}") } else { other.to_owned() };
        Encoding::for_label_no_replacement(label.as_bytes())
    })
}

/// Whether the bytes are UTF-8, although another charset is named.
fn is_rather_utf8(bytes: &[u8], named: &'static Encoding) -> bool {
    if wide(named) {
        // Text in two bytes for each character holds zeros, if it is JSON or a page.
        return !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok();
    }
    named.is_single_byte() && named != WINDOWS_874 && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
}

fn wide(encoding: &'static Encoding) -> bool {
    [UTF_16LE, UTF_16BE].contains(&encoding)
}

/// UTF-16 without a mark: JSON and markup begin with two characters of ASCII (RFC 4627, section 3).
fn wide_by_zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    match *bytes {
        [0, first, 0, second, ..] if first != 0 && second != 0 => Some(UTF_16BE),
        [first, 0, second, 0, ..] if first != 0 && second != 0 => Some(UTF_16LE),
        [0, only] if only != 0 => Some(UTF_16BE),
        [only, 0] if only != 0 => Some(UTF_16LE),
        _ => None,
    }
}

/// The encoding that an XML declaration names.
fn declaration(bytes: &[u8]) -> Option<&str> {
    let start = &bytes[..bytes.len().min(DECLARATION)];
    let start = start.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = start.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(&start[..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], content_type: Option<&str>, expected: &str) {
        assert_eq!(text(bytes, content_type).0, expected, "{content_type:?}");
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    }

    #[test]
    fn the_content_type_names_the_charset() {
        for (content_type, bytes, expected) in [
            ("application/json; charset=ISO-8859-1", b"Zo\xeb M\xfcller".as_slice(), "Zoë Müller"),
            ("application/json;charset=\"iso-8859-1\"", b"Zo\xeb", "Zoë"),
            ("text/plain; Charset='Latin1' ; x=y", b"Zo\xeb", "Zoë"),
            ("text/plain; x=y; CHARSET = windows-1252", b"\x80 5", "€ 5"),
            ("text/plain; charset=us-ascii", b"Zo\xeb", "Zoë"),
            ("text/plain; charset=latin-1", b"Zo\xeb", "Zoë"),
            ("text/plain; charset=cp1253", b"\xc1\xe8\xde\xed\xe1", "Αθήνα"),
            ("text/plain; charset=windows-1251", b"\xc8\xe2\xe0\xed", "Иван"),
            ("text/plain; charset=koi8-r", b"\xe9\xd7\xc1\xce", "Иван"),
            ("text/plain; charset=Shift_JIS", b"\x93\xfa\x96\x7b", "日本"),
            ("text/plain; charset=gb2312", b"\xd6\xd0\xce\xc4", "中文"),
            ("text/plain; charset=EUC-KR", b"\xc7\xd1", "한"),
            ("text/plain; charset=iso-2022-jp", b"\x1b$BF|\x1b(B", "日"),
            ("text/plain; charset=iso-8859-15", b"\xa4", "€"),
            ("text/plain; charset=utf-8", "Zoë".as_bytes(), "Zoë"),
            ("text/plain; charset=utf-8", b"Zo\xeb", "Zo\u{fffd}"),
            ("text/plain; charset=unheard-of", b"Zo\xeb", "Zo\u{fffd}"),
            ("text/plain; charset=unheard-of", "Zoë".as_bytes(), "Zoë"),
            ("text/plain; charset=", "Zoë".as_bytes(), "Zoë"),
            ("text/plain; charset", "Zoë".as_bytes(), "Zoë"),
            ("text/plain", b"Zo\xeb", "Zo\u{fffd}"),
            ("", b"", ""),
        ] {
            check(bytes, Some(content_type), expected);
        }
    }

    #[test]
    fn utf8_is_recognised_behind_the_name_of_a_default() {
        for named in ["iso-8859-1", "us-ascii", "windows-1252", "iso-8859-15", "windows-1251", "utf-16"] {
            check(
                "{\"a\":\"Zoë 😀\"}".as_bytes(),
                Some(&format!("text/plain; charset={named}")),
                "{\"a\":\"Zoë 😀\"}",
            );
        }
        // Two letters of Thai are two bytes of UTF-8, and so are two of GBK.
        check(b"\xca\xa1", Some("text/plain; charset=tis-620"), "สก");
        check(b"\xc4\xa3", Some("text/plain; charset=gbk"), "模");
    }

    #[test]
    fn marks_and_zeros_show_utf16() {
        let json = "{\"a\":\"Zoë 😀\"}";
        for big in [true, false] {
            let marked = [utf16("\u{feff}", big), utf16(json, big)].concat();
            check(&marked, None, json);
            check(&marked, Some("application/json; charset=utf-8"), json);
            check(&utf16(json, big), None, json);
            check(&utf16(json, big), Some("application/json; charset=utf-16"), json);
            check(&utf16("1", big), None, "1");
        }
        check(&utf16("日本", true), Some("text/plain; charset=utf-16be"), "日本");
        check("\u{feff}Zoë".as_bytes(), Some("text/plain; charset=iso-8859-1"), "Zoë");
    }

    #[test]
    fn xml_declares_its_encoding() {
        let declared = b"<?xml version='1.0' encoding = 'ISO-8859-1' ?><a>Zo\xeb</a>";
        check(declared, Some("text/xml"), "<?xml version='1.0' encoding = 'ISO-8859-1' ?><a>Zoë</a>");
        check(b"<?xml version=\"1.0\"?><a>Zo\xeb</a>", None, "<?xml version=\"1.0\"?><a>Zo\u{fffd}</a>");
        // The content type counts before it (RFC 7303, section 3).
        let greek = b"<?xml version='1.0' encoding='ISO-8859-1'?>\xc1";
        check(greek, Some("text/xml; charset=iso-8859-7"), "<?xml version='1.0' encoding='ISO-8859-1'?>Α");
    }

    #[test]
    fn what_is_no_character_is_told() {
        assert!(text("Zoë".as_bytes(), None).1 && text(b"Zo\xeb", Some("a/b;charset=latin1")).1);
        assert!(!text(b"Zo\xeb", None).1 && !text(b"\xff", Some("a/b;charset=gbk")).1);
    }
}
