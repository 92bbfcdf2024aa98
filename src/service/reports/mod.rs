//! Reports for an account's admins, made of what RingCentral knows: figures of the account, and of one extension.
//!
//! What failed is told beside the members that clients read, and never shown as a report without calls (Q107).

mod access;
mod account;
mod extension;
mod figures;
mod range;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

pub use self::account::{AccountReport, AccountReportRequest, GROUPS, account};
pub use self::extension::{ExtensionReport, ExtensionReportRequest, extension};
use super::accounts::AccountError;
use super::ringcentral::grants::told;
use crate::connector::ReturnMessage;
use crate::engine::failure::Failure;
use crate::store::StoreError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum NoReport {
    /// The request cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// Whoever asks is not entitled to it.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// It could not be made.
    #[error("{0}")]
    Failed(String),
}

impl From<StoreError> for NoReport {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

impl NoReport {
    fn failed(failure: &Failure) -> Self {
        tracing::warn!(%failure, "a report could not be made");
        Self::Failed(format!(
            "The report could not be made: RingCentral {}. {}",
            told(failure),
            advice(failure)
        ))
    }
}

/// What to do about it.
fn advice(failure: &Failure) -> &'static str {
    match failure.status() {
        Some(401) => "Sign in to RingCentral again.",
        Some(403) => "The app of this server needs the permissions ReadCallLog, ReadMessages and Analytics.",
        Some(400..=428) => "Choose another range or grouping.",
        Some(429) => "Try again in a minute.",
        _ => "Try again later.",
    }
}

/// A report that could not be made: what clients read is there and empty, and the message says why.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "FailedReport")]
pub struct FailedReport {
    /// Always empty.
    call_log_stats: Map<String, Value>,
    /// Always false.
    successful: bool,
    /// Why, and what to do.
    return_message: ReturnMessage,
}

impl FailedReport {
    /// With these words.
    pub fn new(words: &str) -> Self {
        Self { call_log_stats: Map::new(), successful: false, return_message: warning(words) }
    }
}

fn warning(words: &str) -> ReturnMessage {
    ReturnMessage::warning(words, 10_000)
}
