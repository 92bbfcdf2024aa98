//! Tests that take long, or start and kill many processes.

#[path = "abuse/heavy.rs"]
mod abuse;
mod doubt;
mod exactly_once;
mod postgres;
mod shared_store;
mod slow_token_endpoint;
mod support;
mod token_journal;
