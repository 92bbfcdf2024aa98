//! The proxyConfig document: its types, loading, checks and schema. Holds no runtime state.

pub mod delivery;
pub mod diagnostic;
pub mod document;
pub mod documents;
pub mod edit;
pub mod error_mapping;
pub mod load;
pub mod mapping;
pub mod operations;
pub mod pointer;
pub mod report;
pub mod schema;
pub mod source;
pub mod suggest;
mod syntax;
