//! Large replies in slices. The connection buffers what is not sent yet, and a client that does not read would make
//! it buffer the whole.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

/// What is sent at a time, in bytes.
const SLICE: usize = 16 * 1024;

/// A reply of which slices are left to send.
struct Sliced(Bytes);

/// The same body, in slices if it is large.
pub(super) fn sliced(body: BoxBody) -> BoxBody {
    if !matches!(body.size(), BodySize::Sized(size) if size > SLICE as u64) {
        return body;
    }
    match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(Sliced(bytes)),
        Err(body) => body,
    }
}

impl MessageBody for Sliced {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let length = SLICE.min(self.0.len());
        Poll::Ready(Some(Ok(self.0.split_to(length))))
    }
}
