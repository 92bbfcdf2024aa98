//! The proxyConfig document: its types, loading, checks and schema. Holds no runtime state.

pub mod auth;
pub mod delivery;
pub mod diagnostic;
pub mod document;
pub mod documents;
pub mod edit;
pub mod error_mapping;
pub mod mapping;
pub mod operation;
pub mod operations;
pub mod pointer;
pub mod problem;
pub mod report;
pub mod schema;
pub mod source;
pub mod suggest;
mod syntax;
pub mod variables;
