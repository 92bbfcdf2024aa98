//! Bodies and query strings of requests under fuzz, as handlers take them.

use std::cell::RefCell;
use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;
use actix_web::{FromRequest as _, rt, web};

use super::extract::{Body, query};
use crate::fuzz_tests::harness::{Target, fuzz};
use crate::fuzz_tests::outcome;
use crate::members::Members as _;
use crate::service::call_logs::{CreateCallLogRequest, UpdateCallLogRequest};

const BUDGET: Duration = Duration::from_secs(5);

#[test]
fn requests() {
    fuzz(Target { name: "requests", budget: BUDGET, words: WORDS, run });
}

const WORDS: &[&str] = &[
    "application/json\n",
    "application/x-www-form-urlencoded\n",
    "{\"logInfo\":{",
    "\"sessionId\":\"",
    "\"note\":",
    "[[",
    "]]",
    "{\"a\":",
    "}",
    "logInfo[sessionId]=",
    "a[b][c]=",
    "a[]=",
    "a[][b]=",
    "[a]=",
    "[",
    "]",
    "%5B",
    "%5D",
    "%00",
    "%ff",
    "+",
    "=",
    "&",
    "&&",
    "a=1&",
    "contactId=",
    "jwtToken=",
    "[][][][][][][][][][][][][][][][][]",
];

thread_local! {
    static RUNTIME: RefCell<Option<rt::Runtime>> = const { RefCell::new(None) };
}

/// The content type, a line end, and the body, which is read as a query string too.
fn run(input: &[u8]) -> u64 {
    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (content_type, body) = (&input[..line], input.get(line + 1..).unwrap_or_default());
    let mut request = TestRequest::post();
    if let Ok(content_type) = std::str::from_utf8(content_type)
        && let Ok(value) = actix_web::http::header::HeaderValue::from_str(content_type)
    {
        request = request.insert_header((CONTENT_TYPE, value));
    }
    let (request, mut payload) = request.set_payload(web::Bytes::copy_from_slice(body)).to_http_parts();
    let reading = Body::<CreateCallLogRequest>::from_request(&request, &mut payload);
    let read = RUNTIME.with_borrow_mut(|runtime| {
        runtime.get_or_insert_with(|| rt::Runtime::new().unwrap()).block_on(reading)
    });
    let mut members = query(&String::from_utf8_lossy(body));
    let count = members.len().min(4);
    let taken = UpdateCallLogRequest::take(&mut members).map(drop).map_err(|wrong| wrong.to_string());
    let said = |words: String| words.chars().take(40).collect::<String>();
    outcome((read.map(drop).map_err(|error| said(error.to_string())), count, taken.map_err(said)))
}
