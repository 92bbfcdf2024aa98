//! The App Connect server as a declarative proxy-connector engine.
#![forbid(unsafe_code)]

pub mod engine;
