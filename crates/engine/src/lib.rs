//! App Connect connectors as documents: from a `proxyConfig` to a request, and from a reply to a result.
//!
//! A document says for each operation (`findContact`, `createCallLog`, …) which HTTP request is sent to a
//! CRM, and where in the reply the result is found. This crate does that, and nothing around it: it knows no
//! web server, no store and no users. It needs an async runtime only to send.
//!
//! # The way of an operation
//!
//! | Step | Function | What it is |
//! | --- | --- | --- |
//! | load | [`load::load`] | a text becomes findings and, if none is an error, a [`CompiledDocument`](operation::CompiledDocument) |
//! | render | [`render()`] | an operation and its [`Inputs`](inputs::Inputs) become a [`RequestSpec`](exchange::RequestSpec); pure |
//! | send | [`send()`] | the only network I/O; the [`egress`] guard judges each address |
//! | judge | [`error_mapping::judge`] | what the answer means: a reply, nothing found, or a failure; pure |
//! | map | [`TypedOperation::map`](app_connect::TypedOperation::map), [`Operation::map`](operation::Operation::map) | a reply becomes a result, with its type or as JSON, and what its paths did not find; pure |
//!
//! ```
//! use app_connect_engine::config::operations::OperationName;
//! use app_connect_engine::{inputs::Inputs, load, render};
//! use serde_json::json;
//!
//! let document = json!({
//!     "requestDefaults": {"baseUrl": "https://api.example.com/v1"},
//!     "operations": {"findContact": {
//!         "url": "/contacts",
//!         "query": {"phone": "{{phoneNumber}}"},
//!         "responseMapping": {"listPath": "body.contacts"}
//!     }}
//! });
//! // The last argument reads environment variables, which a document may name for its secrets.
//! let loaded = load::load("crm", &document.to_string(), &|_| None);
//! let document = loaded.config.expect("it has no error");
//! let operation = document.operation(OperationName::FIND_CONTACT).expect("it is there");
//!
//! let variables = json!({"phoneNumber": "+14155550100", "authHeader": "Bearer a-token"});
//! let inputs = Inputs::from_object(variables.as_object().expect("an object"));
//! let request = render(operation, &inputs)?;
//! assert_eq!(request.url.as_str(), "https://api.example.com/v1/contacts?phone=%2B14155550100");
//! # Ok::<(), app_connect_engine::render::RenderError>(())
//! ```
//!
//! `examples/embed.rs` runs a whole operation against a CRM, without a server.
//!
//! # Where to read on
//!
//! - [`config`]: the types of a document, its JSON Schema, and findings with their places in the text.
//! - [`template`] and [`blocks`]: the template language.
//! - [`variables`]: what templates can read in each operation.
//! - [`cases`]: fixture cases, which hold a document to what it sends and makes of replies.
//! - [`failure`]: every way in which an operation fails.
//! - [`explain`] and [`trial`]: a request as it would be sent, with where each value came from.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
// Nothing that an outsider controls may end the process: tests may.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout))]

pub mod app_connect;
#[doc(hidden)]
pub mod atomic_file;
pub mod blocks;
mod body;
pub mod budget;
pub mod cancel;
pub mod cases;
mod charset;
mod coding;
mod compile;
pub mod config;
pub mod date_format;
pub mod decode;
pub mod egress;
pub mod encode;
pub mod error_mapping;
mod error_rule;
pub mod exchange;
pub mod explain;
pub mod failure;
#[cfg(test)]
mod fuzz_tests;
mod header_id;
mod header_template;
#[doc(hidden)]
pub mod hex;
pub mod host;
pub mod inputs;
pub mod json;
#[doc(hidden)]
pub mod json_kind;
pub mod load;
pub mod mapping;
pub mod missing;
mod multipart;
pub mod number;
pub mod oauth;
pub mod off_worker;
pub mod operation;
mod parse;
pub mod path;
mod pattern;
pub mod phone;
mod pool;
pub mod proxies;
mod redirect;
pub mod render;
mod request;
pub mod retry;
pub mod secret;
pub mod send;
pub mod status;
pub mod template;
pub mod text;
mod text_body;
pub mod time;
mod transport;
pub mod trial;
pub mod truncate;
mod truthy;
mod url;
pub mod value_ref;
pub mod verdict;

pub use app_connect::compile;
pub use compile::{Environment, looks_secret};
pub use config::variables;
pub use render::{chosen_host, render};
pub use send::send;

/// Results of operations, and why there may be none.
pub mod results {
    pub use crate::app_connect::results::*;
    pub use crate::mapping::error::{MapError, MappingProblem};
}
