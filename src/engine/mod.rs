//! Runs one operation of a proxyConfig: compile, render (pure), send (the only network I/O), map
//! (pure). Knows neither the web server nor the store.

pub mod blocks;
mod body;
mod charset;
mod coding;
mod compile;
pub mod date_format;
pub mod decode;
pub mod egress;
pub mod encode;
pub mod error_mapping;
pub mod exchange;
pub mod explain;
pub mod failure;
pub mod inputs;
pub mod json;
pub mod mapped;
pub mod mapping;
mod multipart;
pub mod number;
pub mod operation;
mod parse;
pub mod path;
pub mod phone;
mod pool;
pub mod problem;
pub mod proxies;
mod redirect;
pub mod render;
mod request;
pub mod retry;
pub mod send;
pub mod status;
pub mod template;
pub mod text;
pub mod time;
mod transport;
pub mod trial;
mod url;
pub mod value_ref;
pub mod variables;

pub(crate) use compile::looks_secret;
pub use compile::{Environment, compile};
pub use mapping::map;
pub use render::{chosen_host, render};
pub use send::send;
