//! Which operations use what a document shares: its credential, a default header, its base URL.

use std::collections::HashSet;

use http::HeaderName;
use serde_json::Value;

use super::super::template::{Segments, split_url};
use crate::config::document::{Document, OperationRef};
use crate::config::operations::OperationName;

/// The operations of a document, each list in the order of the contract.
pub(super) struct Shared {
    credential: Vec<OperationName>,
    base: Vec<OperationName>,
    headers: Vec<(OperationName, HashSet<HeaderName>)>,
}

impl Shared {
    pub(super) fn new(document: &Document) -> Self {
        let operations = || document.operations.defined();
        Self {
            credential: operations()
                .filter(|operation| operation.auth.is_none())
                .map(|operation| operation.name)
                .collect(),
            base: operations().filter(is_relative).map(|operation| operation.name).collect(),
            headers: operations().map(|operation| (operation.name, own_headers(&operation))).collect(),
        }
    }

    /// Those without `auth` of their own.
    pub(super) fn credential(&self) -> &[OperationName] {
        &self.credential
    }

    /// Those whose URL is joined to `baseUrl`.
    pub(super) fn base(&self) -> &[OperationName] {
        &self.base
    }

    /// Those that do not replace this default header.
    pub(super) fn header(&self, name: &HeaderName) -> Vec<OperationName> {
        self.headers.iter().filter(|(_, own)| !own.contains(name)).map(|(operation, _)| *operation).collect()
    }
}

fn is_relative(operation: &OperationRef<'_>) -> bool {
    split_url(operation.url.unwrap_or_default()).head == Segments::Relative
}

/// The headers that an operation sets itself; null leaves the default in place.
fn own_headers(operation: &OperationRef<'_>) -> HashSet<HeaderName> {
    let headers = operation.headers.into_iter().flatten();
    headers
        .filter(|(_, value)| !matches!(value, Value::Null))
        .filter_map(|(name, _)| HeaderName::from_bytes(name.as_bytes()).ok())
        .collect()
}
