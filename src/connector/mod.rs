//! Connectors: the interface contract, and the three shapes that fulfil it.
//!
//! A **proxy connector** runs a document; a **code connector** is Rust; a single **interface
//! function** replaces one interface of a platform. The [`Registry`] decides which of them serves
//! a call.

pub mod configs;
mod contract;
mod function;
pub mod inputs;
mod message;
mod proxy;
mod registry;

pub use contract::{Call, CallError, Connector, Interface, Reply};
pub use function::InterfaceFunction;
pub use message::{MessageType, ReturnMessage};
pub use proxy::{Exchange, ProxyConnector, exchange};
pub use registry::{Provider, Registry};
