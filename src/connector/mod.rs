//! Connectors: the interface contract, and what fulfils it.
//!
//! A **proxy connector** runs a document. A **code connector** is Rust; a second one can stand over it and
//! replace some of its interfaces. The [`Registry`] decides which of them serves a call.
//!
//! To write one in Rust, begin with [`prelude`], [`Connector`] and `examples/code_connector.rs`.

mod contract;
pub mod documents;
pub mod inputs;
mod interface;
pub mod invocation;
mod message;
pub mod prelude;
mod proxy;
mod registry;

pub use contract::{Call, CallError, Connector, Missing, NotRenewed, OAuthInfo, Reply};
pub use interface::{Interface, LocalInterface};
pub use message::{ErrorCode, MessageType, ReturnMessage};
pub use proxy::{Exchange, Limits, ProxyConnector, SharedLimits, exchange};
pub use registry::{Provider, Registry};
