//! What the server takes on: how many requests at a time, and which bodies.
//!
//! A request is admitted when all of it has arrived. So who sends slowly takes no place from others. A body is read
//! within the limit of its route, at a least speed, and within the room that all bodies share. Callers without a
//! session or token share a smaller room of their own.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::{HttpMessage as _, HttpRequest, dev, web};
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::bounded::{Bounded, Taken};
use crate::engine::off_worker::off_worker;

const KIB: usize = 1024;

/// The largest body of a route that needs no more.
pub(super) const USUAL_LIMIT: usize = 64 * KIB;

/// The largest body of a log: notes, summaries and transcripts.
pub(super) const LOG_LIMIT: usize = 2 * KIB * KIB;

/// The largest body of settings.
pub(super) const SETTINGS_LIMIT: usize = KIB * KIB;

/// The largest document, with its cases.
pub(super) const TEXT_LIMIT: usize = 10 * KIB * KIB;

/// The largest body with the extensions of an account: 50,000 of them.
pub(super) const EXTENSIONS_LIMIT: usize = 12 * KIB * KIB;

/// The most values in a body of a route that needs no more. A JSON value takes up to two hundred bytes in memory, and
/// one or two in the body.
pub(super) const MOST_VALUES: usize = 50_000;

/// The most values in the extensions of an account: eight for each.
pub(super) const EXTENSIONS_VALUES: usize = 400_000;

/// Above this a body is parsed off the workers: the others of the worker would wait for milliseconds.
const PARSED_HERE: usize = 64 * KIB;

/// The bytes of bodies under way, of known callers and of others.
const ROOM: usize = 64 * KIB * KIB;
const ROOM_OF_UNKNOWN: usize = 16 * KIB * KIB;

/// How long a body may take in any case, and how many bytes prolong this by a second.
const PATIENCE: Duration = Duration::from_secs(10);
const LEAST_SPEED: usize = 8 * KIB;

/// What all workers share.
#[derive(Debug)]
pub(super) struct Intake {
    requests: Arc<Bounded>,
    room: Arc<Bounded>,
    room_of_unknown: Arc<Bounded>,
}

/// Who sends it has a session or a token: among the extensions of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known;

/// What a request holds to its end.
struct Admitted {
    _place: Taken,
}

/// A body, and the room that it holds to the end of its request.
struct Held {
    _room: Taken,
}

/// The server has too much to do.
#[derive(Debug)]
pub(super) struct Overloaded;

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// Larger than the limit of its route, in bytes.
    TooLarge(usize),
    /// It has more than so many values.
    TooManyValues(usize),
    /// It broke off.
    Incomplete,
    /// It came too slowly.
    TooSlow,
    /// Too many others are under way.
    Overloaded,
}

impl Unread {
    /// The status of the refusal.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::TooLarge(_) | Self::TooManyValues(_) => 413,
            Self::Incomplete => 400,
            Self::TooSlow => 408,
            Self::Overloaded => 503,
        }
    }
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge(limit) => write!(f, "The request body is larger than {limit} bytes."),
            Self::TooManyValues(most) => {
                write!(f, "The request body has more than {most} values. Send fewer at a time.")
            }
            Self::Incomplete => f.write_str("The request body broke off before its end."),
            Self::TooSlow => write!(
                f,
                "The request body came too slowly: it has {} seconds, and a second more for every {LEAST_SPEED} bytes.",
                PATIENCE.as_secs()
            ),
            Self::Overloaded => Overloaded.fmt(f),
        }
    }
}

impl std::fmt::Display for Overloaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("The server has more to do than it can. Nothing was done. Try again in a few seconds.")
    }
}

impl Intake {
    /// Nothing is under way; at most so many requests may be at a time.
    pub(super) fn new(most_requests: usize) -> Self {
        Self {
            requests: Bounded::new(most_requests),
            room: Bounded::new(ROOM),
            room_of_unknown: Bounded::new(ROOM_OF_UNKNOWN),
        }
    }

    /// Takes a request on, to its end.
    pub(super) fn admit(&self, request: &impl actix_web::HttpMessage) -> Result<(), Overloaded> {
        let place = self.requests.take(1).ok_or(Overloaded)?;
        request.extensions_mut().insert(Admitted { _place: place });
        Ok(())
    }

    fn room_for(&self, request: &HttpRequest) -> &Arc<Bounded> {
        let is_known = request.extensions().contains::<Known>();
        if is_known { &self.room } else { &self.room_of_unknown }
    }
}

/// Whether a request announces a body.
pub(super) fn has_body(request: &dev::ServiceRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// Reads the body of a request. The handler has it; the room that it takes is free again with the end of the
/// request.
pub(super) fn read(
    request: &HttpRequest,
    payload: &mut dev::Payload,
    limit: usize,
) -> impl Future<Output = Result<web::Bytes, Unread>> + use<> {
    let request = request.clone();
    let mut payload = payload.take();
    async move {
        let length =
            request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > limit) {
            return Err(Unread::TooLarge(limit));
        }
        let Some(intake) = request.app_data::<web::Data<Intake>>().cloned() else {
            return Err(Unread::Overloaded);
        };
        let mut room = intake.room_for(&request).take(0).ok_or(Unread::Overloaded)?;
        let started = Instant::now();
        let mut whole = web::BytesMut::new();
        loop {
            let patience = PATIENCE + Duration::from_secs((whole.len() / LEAST_SPEED) as u64);
            let chunk = match timeout_at(started + patience, payload.next()).await {
                Err(_) => return Err(Unread::TooSlow),
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(Unread::Incomplete),
                Ok(Some(Ok(chunk))) => chunk,
            };
            if whole.len() + chunk.len() > limit {
                return Err(Unread::TooLarge(limit));
            }
            if !room.grow(chunk.len()) {
                return Err(Unread::Overloaded);
            }
            whole.extend_from_slice(&chunk);
        }
        request.extensions_mut().insert(Held { _room: room });
        if !request.extensions().contains::<Admitted>() {
            intake.admit(&request).map_err(|Overloaded| Unread::Overloaded)?;
        }
        Ok(whole.freeze())
    }
}

/// How many fields a form has.
pub(super) fn count_fields(form: &[u8]) -> usize {
    memchr::memchr_iter(b'&', form).count() + 1
}

/// Parses a body into values: on the worker if it is small, and not at all if there would be too many. They are
/// counted before.
pub(super) async fn parsed<T: Send + 'static>(
    bytes: web::Bytes,
    most: usize,
    count: fn(&[u8]) -> usize,
    parse: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, Unread> {
    let is_small = bytes.len() <= PARSED_HERE;
    let work = move || (bytes.len() <= most || count(&bytes) <= most).then(|| parse(&bytes));
    let parsed = if is_small { work() } else { off_worker(work).await.ok_or(Unread::Overloaded)? };
    parsed.ok_or(Unread::TooManyValues(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::json::count_values;

    #[test]
    fn too_many_values_are_not_parsed() {
        let list = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
        let is_parsed = |body: String, count: fn(&[u8]) -> usize| {
            let parsed = parsed(body.into(), MOST_VALUES, count, |bytes| bytes.len());
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(parsed).is_ok()
        };
        assert!(is_parsed(list("1", MOST_VALUES - 1), count_values));
        assert!(!is_parsed(list("1", MOST_VALUES + 1), count_values));
        assert!(!is_parsed(list("[]", MOST_VALUES + 1), count_values));
        assert!(is_parsed("a=1&".repeat(MOST_VALUES - 1), count_fields));
        assert!(!is_parsed("[=1&".repeat(MOST_VALUES + 1), count_fields));
        let text = serde_json::to_string(&"a,b:[\\\"".repeat(MOST_VALUES)).unwrap();
        assert!(is_parsed(format!("{{\"note\":{text}}}"), count_values));
    }
}
