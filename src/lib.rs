//! The App Connect server as a declarative proxy-connector engine.
//!
//! The way of a request: `server` handler → `service` → `connector` registry → `engine` (render,
//! send, map) → `service` → reply. `config` holds the documents that the engine runs.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
// Nothing that an outsider controls may end the process: tests may.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout))]

pub use app_connect_engine::{self as engine, config, secret};
pub(crate) use app_connect_engine::{atomic_file, hex, json_kind};

pub mod cli;
pub mod connector;
pub mod credential;
mod durations;
#[cfg(test)]
mod fuzz_tests;
pub mod generators;
pub mod import;
pub mod members;
pub mod metrics;
#[cfg(feature = "otel")]
mod otel;
mod random_id;
pub mod sandbox;
pub mod server;
pub mod service;
mod small_cache;
pub mod store;
pub mod user;
