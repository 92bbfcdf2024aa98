//! The proxyConfig document: its types, loading, checks and schema. Holds no runtime state.

pub mod diagnostic;
pub mod pointer;
pub mod report;
pub mod source;
pub mod suggest;
mod syntax;
