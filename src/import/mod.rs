//! Taking over what other servers keep.

pub mod app_connect_core;
