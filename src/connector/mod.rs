//! Connectors: the interface contract, and the three shapes that fulfil it.
//!
//! A **proxy connector** runs a document; a **code connector** is Rust; a single **interface
//! function** replaces one interface of a platform. The [`Registry`] decides which of them serves
//! a call.
//!
//! To write one in Rust, begin with [`prelude`], [`Connector`] and `examples/code_connector.rs`.

mod contract;
pub mod documents;
mod function;
pub mod inputs;
pub mod invocation;
mod message;
pub mod prelude;
mod proxy;
mod registry;

pub use contract::{Call, CallError, Connector, Interface, Missing, Reply};
pub use function::InterfaceFunction;
pub use message::{MessageType, ReturnMessage};
pub use proxy::{Exchange, ProxyConnector, exchange};
pub use registry::{Provider, Registry};
