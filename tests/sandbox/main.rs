//! The sandbox CRM over real HTTP.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in tests, but not in the helpers beside them")]

mod auth;
mod client;
mod contract;
mod faults;
mod resources;
