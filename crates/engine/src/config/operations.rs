//! What the language knows of an operation: its descriptor. Which operations there are, the contract says:
//! see [`app_connect`](crate::app_connect).

use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;

use super::auth::Auth;
use super::delivery::{IdempotencyHeader, Retry};
use super::error_mapping::ErrorRule;
use super::operation::{Operation, QueryStyle};
use super::variables::Variable;

/// An operation of the contract, as the engine sees it: data.
#[derive(Debug)]
pub struct Descriptor {
    /// The contract's name, such as `findContact`.
    pub name: &'static str,
    /// A few words about it.
    pub title: &'static str,
    /// What it is for, as a sentence.
    pub description: &'static str,
    /// Whether it changes nothing at the CRM, by the contract: its request may be sent twice, whatever its
    /// method.
    pub only_reads: bool,
    /// Whether it is the one that signs users in: its reply is read beside what the user typed.
    pub signs_in: bool,
    /// What its request needs of the values of variables.
    pub needs_values: NeedsValues,
    /// What templates see besides [`COMMON`](super::variables::COMMON).
    pub variables: &'static [Variable],
    /// The operations without which this one is of little use.
    pub partners: &'static [Partner],
    /// What people read if it fails.
    pub words: Words,
}

impl Descriptor {
    /// What an operation is of which nothing else is said: it writes, and its templates see no more than all do.
    pub const PLAIN: Self = Self {
        name: "document",
        title: "The document",
        description: "Stands for the document where no operation does.",
        only_reads: false,
        signs_in: false,
        needs_values: NeedsValues::Nowhere,
        variables: &[],
        partners: &[],
        words: Words::USUAL,
    };
}

impl Words {
    /// Those of an operation that has none of its own.
    pub const USUAL: Self = Self { failed: None, not_asked: None, advice: Advice::Permissions };
}

/// What becomes of a request in which a value is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedsValues {
    /// It is sent: what is missing is left out.
    Nowhere,
    /// It is not sent, because it would find other records: it searches.
    ToSearch,
    /// It is not sent if the value chooses the record that is changed.
    ToChooseRecord,
}

/// An operation that another one needs.
#[derive(Debug)]
pub struct Partner {
    /// The contract's name.
    pub name: &'static str,
    /// What is lost without it, as a clause.
    pub loss: &'static str,
}

/// What people read about a failure.
#[derive(Debug)]
pub struct Words {
    /// The headline. Without it: `Error performing <name>`.
    pub failed: Option<&'static str>,
    /// The headline if nothing was asked. Without it: that of a failure.
    pub not_asked: Option<&'static str>,
    /// What may help.
    pub advice: Advice,
}

/// What may help after a failure that says nothing.
#[derive(Debug)]
pub enum Advice {
    /// To look at all permissions.
    Permissions,
    /// To look at one, such as `GET contacts`.
    Permission(&'static str),
    /// To look for the record, and at the permission.
    Record(&'static str),
}

/// The name of an operation: two are equal if they are the same operation.
#[derive(Clone, Copy)]
pub struct OperationName(&'static Descriptor);

static DOCUMENT: Descriptor = Descriptor::PLAIN;

impl OperationName {
    /// Stands for the document where no operation does, such as in its own error mapping.
    pub const DOCUMENT: Self = Self(&DOCUMENT);

    /// The operation with this descriptor.
    pub const fn new(descriptor: &'static Descriptor) -> Self {
        Self(descriptor)
    }

    /// All that is known of it.
    pub fn descriptor(self) -> &'static Descriptor {
        self.0
    }

    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        self.0.name
    }

    /// What its templates see besides [`COMMON`](super::variables::COMMON).
    pub fn variables(self) -> &'static [Variable] {
        self.0.variables
    }
}

impl PartialEq for OperationName {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for OperationName {}

impl std::hash::Hash for OperationName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self.0).hash(state);
    }
}

impl fmt::Debug for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

/// The operations of a document, in the order of the contract. The contract says how they are read and what
/// their schema is.
#[derive(Debug, Clone, Default)]
pub struct Operations(Vec<(OperationName, Operation)>);

impl Operations {
    /// These operations.
    pub fn new(operations: Vec<(OperationName, Operation)>) -> Self {
        Self(operations)
    }

    /// The operations that the document defines.
    pub fn defined(&self) -> impl Iterator<Item = OperationRef<'_>> {
        self.0.iter().map(|(name, operation)| refer(*name, operation))
    }
}

/// What every operation has, whatever its mapping.
#[derive(Debug, Clone, Copy)]
pub struct OperationRef<'a> {
    /// Which operation.
    pub name: OperationName,
    /// See [`Operation::method`].
    pub method: Option<&'a str>,
    /// See [`Operation::url`].
    pub url: Option<&'a str>,
    /// See [`Operation::headers`].
    pub headers: Option<&'a IndexMap<String, Value>>,
    /// See [`Operation::query`].
    pub query: Option<&'a Value>,
    /// See [`Operation::query_style`].
    pub query_style: Option<QueryStyle>,
    /// See [`Operation::body`].
    pub body: Option<&'a Value>,
    /// See [`Operation::auth`].
    pub auth: Option<&'a Auth>,
    /// See [`Operation::timeout_seconds`].
    pub timeout_seconds: Option<f64>,
    /// See [`Operation::error_mapping`].
    pub error_mapping: Option<&'a [ErrorRule]>,
    /// See [`Operation::retry`].
    pub retry: Option<&'a Retry>,
    /// See [`Operation::idempotency_header`].
    pub idempotency_header: Option<&'a IdempotencyHeader>,
    /// See [`Operation::max_length`].
    pub max_length: Option<f64>,
    /// See [`Operation::max_length_unit`].
    pub max_length_unit: Option<&'a str>,
    /// See [`Operation::effect`].
    pub effect: Option<&'a str>,
    /// See [`Operation::response_mapping`].
    pub mapping: Option<&'a Value>,
}

fn refer(name: OperationName, operation: &Operation) -> OperationRef<'_> {
    OperationRef {
        name,
        method: operation.method.as_deref(),
        url: operation.url.as_deref(),
        headers: operation.headers.as_ref(),
        query: operation.query.as_ref(),
        query_style: operation.query_style,
        body: operation.body.as_ref(),
        auth: operation.auth.as_ref(),
        timeout_seconds: operation.timeout_seconds,
        error_mapping: operation.error_mapping.as_deref(),
        retry: operation.retry.as_ref(),
        idempotency_header: operation.idempotency_header.as_ref(),
        max_length: operation.max_length,
        max_length_unit: operation.max_length_unit.as_deref(),
        effect: operation.effect.as_deref(),
        mapping: operation.response_mapping.as_ref(),
    }
}
