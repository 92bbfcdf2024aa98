//! The App Connect server as a declarative proxy-connector engine.
//!
//! The way of a request: `server` handler → `service` → `connector` registry → `engine` (render,
//! send, map) → `service` → reply. `config` holds the documents that the engine runs.
#![forbid(unsafe_code)]

pub mod cases;
pub mod cli;
pub mod config;
pub mod connector;
pub mod engine;
pub mod generated;
pub mod sandbox;
pub mod server;
pub mod service;
pub mod store;
