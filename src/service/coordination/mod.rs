//! What keeps requests from doing the same thing twice or undoing each other.
//!
//! | To … | use | It holds |
//! | --- | --- | --- |
//! | let simultaneous requests for one thing share one answer | [`single_flight`] | in this process, in memory |
//! | let changes of one record follow each other | [`keyed_lock`] | in this process, in memory |
//! | create a record at the CRM at most once | [`claims`] | across servers and crashes, in the store, for up to a week |
//! | do alone what only one server may do at a time | `lease` | across servers, in the store, until it expires |
//! | get written what the store does not take now | `at_last` | until the server stops, for ten minutes |
//! | finish what was begun after the client has gone | `detached` | until the server stops |
//!
//! A claim remembers what happened: it outlives its holder, who may have left a record behind. A lease
//! forgets: whoever takes it next reads what came of the work and starts anew. Neither is needed if the
//! store can decide by comparing what was read with what is there (`Store::change_user`,
//! `Store::change_documents`): then a [`keyed_lock`] only spares the processes of one machine the retries.

pub(super) mod at_last;
pub mod claims;
pub(super) mod detached;
pub mod keyed_lock;
pub(super) mod lease;
pub mod single_flight;
