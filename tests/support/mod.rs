//! What the integration tests share: the server process, a scripted CRM, a raw HTTP client,
//! and the replay of the recordings built from them.
//!
//! A test takes what it needs, so unused parts are no mistake here.
#![allow(dead_code)]

pub mod agreement;
pub mod client;
pub mod compare;
pub mod crm;
pub mod deviations;
pub mod expected;
pub mod http;
pub mod mirror;
pub mod pending;
pub mod placeholders;
pub mod player;
pub mod postgres;
pub mod pulse;
pub mod recording;
pub mod report;
pub mod scripted_crm;
pub mod server;
pub mod test_server;
pub mod trace;
