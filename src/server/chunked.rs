//! Bodies in chunks whose rest nobody reads.
//!
//! The connection reads the rest of such a body for as long as it comes, once its reader is gone. So the reader is kept
//! until the reply is sent, and the connection is closed then.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use futures_util::Stream;

/// The reader of a body.
#[derive(Clone)]
pub(super) struct Reader(Rc<RefCell<Payload>>);

/// A reply, and the reader of its request's body.
struct Holding {
    reply: BoxBody,
    _reader: Reader,
}

/// The reader of a request's body, if it comes in chunks; whoever reads the body shares it.
pub(super) fn reader(request: &mut ServiceRequest) -> Option<Reader> {
    request.headers().get(TRANSFER_ENCODING)?;
    let reader = Reader(Rc::new(RefCell::new(request.take_payload())));
    request.set_payload(Payload::Stream { payload: Box::pin(reader.clone()) });
    Some(reader)
}

impl Reader {
    /// Stays until the reply is sent.
    pub(super) fn hold(self, reply: BoxBody) -> BoxBody {
        BoxBody::new(Holding { reply, _reader: self })
    }
}

impl Stream for Reader {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

impl MessageBody for Holding {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.reply.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.reply).poll_next(context)
    }
}
