//! Runs one operation of a proxyConfig: compile, render (pure), send (the only network I/O), map
//! (pure). Knows neither the web server nor the store.

pub mod body;
pub mod egress;
pub mod exchange;
pub mod failure;
mod redirect;
pub mod send;
mod transport;
