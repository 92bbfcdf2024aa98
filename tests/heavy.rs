//! Tests that take long, or start and kill many processes.

mod doubt;
mod exactly_once;
mod postgres;
mod shared_store;
mod support;
