//! The shared store: what every backend must do, and what a database adds.
//!
//! A test of its own: a process that is just being started holds the files of the one that starts
//! it for a moment, the lock of an embedded store among them.

mod long_ids;
mod lookups;
mod migrate;
mod outages;
#[path = "../store/records.rs"]
mod records;
mod reports;
mod store;
#[path = "../store/suite.rs"]
mod suite;

use crate::support::postgres as cluster;
use records::{SECRET, account, call_log, contact_key, contains, forbidden, keys, scope, user};
