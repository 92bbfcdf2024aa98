//! Runs one operation of a proxyConfig: compile, render (pure), send (the only network I/O), map
//! (pure). Knows neither the web server nor the store.

pub mod blocks;
mod body;
pub mod cases;
mod charset;
mod coding;
mod compile;
pub mod date_format;
pub mod decode;
pub mod egress;
pub mod encode;
pub mod error_mapping;
mod error_rule;
pub mod exchange;
pub mod explain;
pub mod failure;
mod header_id;
pub mod host;
pub mod inputs;
pub mod json;
pub mod load;
pub mod mapped;
pub mod mapping;
pub mod missing;
mod multipart;
pub mod number;
pub mod operation;
mod parse;
pub mod path;
pub mod phone;
mod pool;
pub mod proxies;
mod redirect;
pub mod render;
mod request;
pub mod retry;
pub mod send;
pub mod status;
pub mod template;
pub mod text;
mod text_body;
pub mod time;
mod transport;
pub mod trial;
pub mod truncate;
mod url;
pub mod value_ref;
pub mod variables;
pub mod verdict;

pub(crate) use compile::looks_secret;
pub use compile::{Environment, compile};
pub use render::{chosen_host, render};
pub use send::send;

/// Maps the reply of an operation. Besides the result, says what its paths did not find.
///
/// # Errors
/// As [`mapping::map`].
pub fn map(
    operation: &operation::Operation,
    reply: &exchange::UpstreamResponse,
    inputs: &inputs::Inputs<'_>,
) -> Result<(mapped::Mapped, Vec<mapped::MappingProblem>), mapped::MapError> {
    mapping::map(&operation.mapping, reply, inputs)
}
