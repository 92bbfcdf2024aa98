//! Runs one operation of a proxyConfig: compile, render (pure), send (the only network I/O), map
//! (pure). Knows neither the web server nor the store.

pub mod exchange;
pub mod failure;
pub mod path;
