//! The proxyConfig document: its types, loading, checks and schema. Holds no runtime state.

pub mod diagnostic;
pub mod document;
pub mod mapping;
pub mod operations;
pub mod pointer;
pub mod suggest;
