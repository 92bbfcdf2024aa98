//! What checking a revision finds.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::record::Summary;

/// What was found in a revision.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether it can be activated without force.
    pub passes: bool,
    /// Whether it runs at all; what does not is never activated.
    pub runs: bool,
    /// How many findings there are.
    pub summary: Summary,
    /// The findings, as `app-connect validate --format json` writes them; of very many the first.
    pub diagnostics: Vec<Value>,
    /// How many findings there are besides; absent where all are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<usize>,
    /// The fixture cases, in their order.
    pub cases: Vec<CaseVerdict>,
}

/// What came of a fixture case.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseVerdict {
    /// Its name.
    pub name: String,
    /// Whether everything is as expected.
    pub passed: bool,
    /// Why it could not be run at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where what came out is not what was expected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<CaseDifference>,
}

/// A place where what came out is not what was expected.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CaseDifference {
    /// `request` or `result`.
    pub part: String,
    /// JSON pointer of the place.
    pub pointer: String,
    /// What was expected; absent if nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What came out; absent if nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got: Option<Value>,
}
