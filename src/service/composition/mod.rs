//! The text of a log, `composedLogDetails` and `sharedSMSLogContent`: pure functions.
//!
//! The shape of every line is the one that the recordings show (09, 11). A text that is there
//! already is changed field by field: what a person wrote in the CRM stays.
//!
//! ```text
//! request ─ call_log::CallLogText ─┐
//! user ──── settings::Settings ────┴─ fields (what to say, in order) ─ plain | markdown | html
//! CRM ───── present text ─ recognise (undoes what the CRM did to it) ──┘          │
//!                                                   limit (what the CRM takes) ───┘
//! ```

pub mod call_log;
mod escape;
mod fields;
#[cfg(test)]
mod fuzz_tests;
mod html;
pub mod limit;
mod line_ends;
mod lines;
mod markdown;
mod notes;
mod plain;
mod recognise;
pub mod settings;
pub mod shared_sms;
#[cfg(test)]
mod tests;
mod words;

pub use call_log::CallLogText;
pub use settings::Settings;
