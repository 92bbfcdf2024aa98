//! Runs one operation of a proxyConfig: compile, render (pure), send (the only network I/O), map
//! (pure). Knows neither the web server nor the store.

pub mod blocks;
mod body;
pub mod date_format;
pub mod encode;
pub mod exchange;
pub mod failure;
pub mod inputs;
pub mod json;
mod multipart;
pub mod operation;
pub mod path;
pub mod phone;
pub mod problem;
pub mod render;
pub mod template;
pub mod text;
pub mod time;
mod url;
pub mod variables;
