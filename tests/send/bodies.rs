//! How answers are decoded.

use std::io::Write;

use app_connect::engine::egress::EgressPolicy;
use app_connect::engine::exchange::BodyKind;
use app_connect::engine::failure::FailureKind;
use app_connect::engine::send::{Client, ClientOptions, send};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::json;

use crate::send::server::*;

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A brotli stream (RFC 7932, section 9) with one uncompressed block, which holds up to 64 KiB:
/// window of 16 bits, not last, four nibbles of length, uncompressed, then an empty last block.
fn brotli(data: &[u8]) -> Vec<u8> {
    let header = (((data.len() as u32) - 1) << 4) | (1 << 20);
    [&header.to_le_bytes()[..3], data, &[3]].concat()
}

#[tokio::test]
async fn compressed_answers_are_decoded_whatever_was_asked_for() {
    let json = br#"{"contacts":[{"id":"c1"}]}"#;
    for (encoding, bytes) in [("gzip", gzip(json)), ("deflate", deflate(json)), ("br", brotli(json))] {
        let headers = format!("Content-Encoding: {encoding}\r\n");
        let server = Server::start(move |_| answer("200 OK", &headers, &bytes)).await;
        for accept in [None, Some("identity"), Some("gzip")] {
            let mut spec = get_spec(server.url("/"));
            if let Some(accept) = accept {
                spec = spec.plain("accept-encoding", accept);
            }
            let response = send(&open_client(), &spec).await.unwrap();
            assert_eq!(*response.body(), json!({"contacts": [{"id": "c1"}]}), "{encoding} {accept:?}");
            assert_eq!(response.kind, BodyKind::Json);
        }
    }
}

#[tokio::test]
async fn a_compressed_error_answer_is_decoded() {
    let bytes = gzip(b"{\"error\":\"slow down\"}");
    let server = Server::start(move |_| answer("429 Slow", "Content-Encoding: gzip\r\n", &bytes)).await;
    let failure = get(server.url("/")).await.unwrap_err();
    assert_eq!(failure.response.unwrap().body, json!({"error": "slow down"}));
}

#[tokio::test]
async fn the_cap_counts_decompressed_bytes() {
    let bomb = gzip(&vec![b' '; 10_000_000]);
    assert!(bomb.len() < 100_000);
    let server = Server::start(move |_| answer("200 OK", "Content-Encoding: gzip\r\n", &bomb)).await;
    let failure = get(server.url("/")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge);
    assert!(failure.message.contains("8388608"), "{}", failure.message);
}

#[tokio::test]
async fn a_compressed_body_that_ends_early_is_a_reset() {
    let whole = gzip(br#"{"contacts":[{"id":"c1"}]}"#);
    let half = whole[..whole.len() / 2].to_vec();
    let server = Server::start(move |request| match request.target.as_str() {
        "/cut-connection" => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", 99);
            Answer::ThenClose([head.as_bytes(), &half].concat())
        }
        _ => answer("200 OK", "Content-Encoding: gzip\r\n", &half),
    })
    .await;
    for path in ["/cut-connection", "/cut-data"] {
        let failure = get(server.url(path)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Reset, "{path}: {failure}");
    }
}

#[tokio::test]
async fn damaged_and_unknown_encodings_are_said() {
    let server = Server::start(|request| {
        let body: &[u8] = match request.target.as_str() {
            "/gzip" => b"\x1f\x8b\x08\0\0\0\0\0\0\x03no gzip",
            "/deflate" => b"\x78\x9c\xff\xff\xff\xff",
            "/br" => b"\xff\xff\xff\xff",
            _ => b"\x28\xb5\x2f\xfd\x04\0",
        };
        answer("200 OK", &format!("Content-Encoding: {}\r\n", &request.target[1..]), body)
    })
    .await;
    for encoding in ["gzip", "deflate", "br", "zstd", "compress"] {
        let failure = get(server.url(&format!("/{encoding}"))).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotJson, "{encoding}: {failure}");
        assert!(failure.message.contains(&format!("{encoding:?}")), "{}", failure.message);
    }
}

/// The rows of the table "What is read" in docs/proxy-config.md that are about content encodings.
#[tokio::test]
async fn content_encodings_are_read_as_other_clients_do() {
    let json = br#"{"contacts":[{"id":"c1"}]}"#;
    let raw = {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(json).unwrap();
        encoder.finish().unwrap()
    };
    let members = [gzip(&json[..9]), gzip(&json[9..])].concat();
    for (headers, bytes) in [
        ("Content-Encoding: GZIP\r\n", gzip(json)),
        ("content-encoding:  Gzip \r\n", gzip(json)),
        ("Content-Encoding: x-gzip\r\n", gzip(json)),
        ("Content-Encoding: Deflate\r\n", deflate(json)),
        ("Content-Encoding: deflate\r\n", raw.clone()),
        ("Content-Encoding: BR\r\n", brotli(json)),
        ("Content-Encoding: gzip\r\n", members),
        ("Content-Encoding: identity\r\n", json.to_vec()),
        ("Content-Encoding: Identity, gzip\r\n", gzip(json)),
        ("Content-Encoding: deflate, gzip\r\n", gzip(&raw)),
        ("Content-Encoding: br\r\nContent-Encoding: gzip\r\n", gzip(&brotli(json))),
        ("Content-Encoding: gzip\r\n", json.to_vec()),
        ("Content-Encoding: deflate\r\n", json.to_vec()),
        ("Content-Encoding: br\r\n", json.to_vec()),
        ("Content-Encoding: zstd\r\n", json.to_vec()),
        ("Content-Encoding: UTF-8\r\n", json.to_vec()),
    ] {
        let server = Server::start(move |_| answer("200 OK", headers, &bytes)).await;
        let response = get(server.url("/")).await.unwrap();
        assert_eq!(*response.body(), json!({"contacts": [{"id": "c1"}]}), "{headers:?}");
        assert!(response.headers.get("content-encoding").is_none(), "{headers:?}");
    }
}

/// The rows that are about charsets.
#[tokio::test]
async fn charsets_are_read_as_other_clients_do() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let name = "{\"name\":\"Zo\u{eb} M\u{fc}ller\"}";
    let latin: Vec<u8> = name.chars().map(|c| c as u8).collect();
    for (content_type, bytes) in [
        ("application/json", name.as_bytes().to_vec()),
        ("application/json", [b"\xef\xbb\xbf", name.as_bytes()].concat()),
        ("application/json; charset=ISO-8859-1", latin.clone()),
        ("application/json; Charset=\"windows-1252\"", latin.clone()),
        ("application/json; charset=iso-8859-1", name.as_bytes().to_vec()),
        ("application/json; charset=unheard-of", name.as_bytes().to_vec()),
        ("application/json", utf16(&format!("\u{feff}{name}"))),
        ("application/json", utf16(name)),
        ("application/json; charset=utf-16", utf16(name)),
    ] {
        let server =
            Server::start(move |_| answer("200 OK", &format!("Content-Type: {content_type}\r\n"), &bytes))
                .await;
        let response = get(server.url("/")).await.unwrap();
        assert_eq!(response.body()["name"], "Zo\u{eb} M\u{fc}ller", "{content_type}");
        assert_eq!(response.replaced.to_string(), "", "{content_type}");
    }
    let server =
        Server::start(move |_| answer("400 Bad", "Content-Type: text/plain;charset=latin1\r\n", b"Zo\xeb"))
            .await;
    assert_eq!(get(server.url("/")).await.unwrap_err().response.unwrap().body, json!("Zo\u{eb}"));
    let server = Server::start(move |_| answer("200 OK", "X-Name: Zo\u{eb}\r\n", b"\"Zo\xeb\"")).await;
    let response = get(server.url("/")).await.unwrap();
    assert!(response.replaced.characters && response.body() == "Zo\u{fffd}");
}

/// The rows that are about JSON and its numbers.
#[tokio::test]
async fn json_is_read_as_other_clients_do() {
    for (text, expected) in [
        ("{\"a\":\"b \\ud83d\"}", "{\"a\":\"b \u{fffd}\"}"),
        ("{\"a\":\"\\udc00\\ud83d\\u0041\"}", "{\"a\":\"\u{fffd}\u{fffd}A\"}"),
        (")]}'\n{\"a\":1}", "{\"a\":1}"),
        ("{\"id\":18446744073709551616}", "{\"id\":18446744073709551616}"),
        ("[0.12345678901234567890,12.0,1e3,1.50]", "[0.12345678901234567890,12,1000,1.5]"),
    ] {
        let server = Server::start(move |_| answer("200 OK", "", text)).await;
        let response = get(server.url("/")).await.unwrap();
        assert_eq!(
            (response.body().to_string().as_str(), response.kind),
            (expected, BodyKind::Json),
            "{text}"
        );
        let halves = text.matches("\\ud").count();
        assert_eq!(response.replaced.halves, halves, "{text}");
    }
}

#[tokio::test]
async fn header_values_are_read_as_latin_1_where_they_are_not_utf8() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Latin: Zo\xeb\r\nX-Utf: Zo\xc3\xab\r\n\r\n{}";
    let server = Server::start(move |_| Answer::Bytes(head.to_vec())).await;
    let response = get(server.url("/")).await.unwrap();
    assert_eq!(response.document()["headers"]["x-latin"], "Zo\u{eb}");
    assert_eq!(response.document()["headers"]["x-utf"], "Zo\u{eb}");
}

#[tokio::test]
async fn empty_answers() {
    let server = Server::start(|request| match request.target.as_str() {
        "/204" => Answer::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        "/204-gzip" => Answer::Bytes(b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n".to_vec()),
        "/200-gzip" => answer("200 OK", "Content-Encoding: gzip\r\n", ""),
        "/200-zstd" => answer("200 OK", "Content-Encoding: zstd\r\n", ""),
        _ => answer("200 OK", "Content-Type: application/json\r\n", ""),
    })
    .await;
    for path in ["/200", "/204", "/204-gzip", "/200-gzip", "/200-zstd"] {
        let response = get(server.url(path)).await.unwrap();
        assert_eq!((response.body(), response.kind), (&json!(""), BodyKind::Empty), "{path}");
    }
}

#[tokio::test]
async fn json_is_parsed_whatever_the_content_type() {
    let server = Server::start(|request| match request.target.as_str() {
        "/bom" => answer("201 Created", "Content-Type: application/json\r\n", "\u{feff}{\"a\":1}"),
        "/text" => answer("200 OK", "Content-Type: text/plain\r\nX-Total: 2\r\n", "{\"a\":1}"),
        "/html" => answer("200 OK", "Content-Type: text/html\r\n", "<html>Login</html>"),
        "/deep" => answer("200 OK", "", "[".repeat(100_000)),
        _ => answer("200 OK", "", b"caf\xe9"),
    })
    .await;
    let client =
        Client::new(&ClientOptions { egress: EgressPolicy::AllowPrivate, ..ClientOptions::default() })
            .unwrap();
    let response = send(&client, &get_spec(server.url("/bom"))).await.unwrap();
    assert_eq!((response.status, response.body()), (201, &json!({"a": 1})));
    let response = send(&client, &get_spec(server.url("/text"))).await.unwrap();
    assert_eq!((response.body(), response.kind), (&json!({"a": 1}), BodyKind::Json));
    assert_eq!(response.headers["x-total"], "2");
    for (path, text) in [("/html", "<html>Login</html>"), ("/latin", "caf\u{fffd}")] {
        let response = send(&client, &get_spec(server.url(path))).await.unwrap();
        assert_eq!((response.body(), response.kind), (&json!(text), BodyKind::Text));
    }
    assert_eq!(send(&client, &get_spec(server.url("/deep"))).await.unwrap().kind, BodyKind::Text);
}
