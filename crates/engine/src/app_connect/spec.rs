//! What makes an operation of App Connect: one file of [`app_connect`](super) implements it.

use std::any::Any;

use serde_json::Value;

use crate::compile::result::ResultMapping;
use crate::config::operations::OperationName;
use crate::exchange::UpstreamResponse;
use crate::inputs::Inputs;
use crate::mapping::error::{MapError, MappingProblem};
use crate::operation::{CompiledDocument, Operation};

/// An operation: what goes in, what comes out, and what lies between.
pub trait OperationSpec: 'static {
    /// Which operation, and all that is said about it.
    const NAME: OperationName;
    /// What it takes; `()` if nothing.
    type Input: Sync;
    /// How its result is found in a reply.
    type Mapping: ResultMapping;

    /// The example that the schema shows.
    fn example() -> Value;

    /// Sets the variables of the operation: those that [`COMMON`](crate::variables::COMMON) does not have. Without an
    /// input there are none.
    fn fill<'a>(_: &'a Self::Input, _: RunContext<'a>, _: &mut Inputs<'a>) {}
}

/// The result of an operation.
pub type Output<O> = <<O as OperationSpec>::Mapping as ResultMapping>::Output;

/// For whom an operation runs.
#[derive(Debug, Clone, Copy)]
pub struct RunContext<'a> {
    /// The platform name.
    pub platform: &'a str,
    /// The country of numbers without a country code, two letters.
    pub region: Option<&'a str>,
}

/// A compiled operation whose result has a type.
#[derive(Debug)]
pub struct TypedOperation<'d, O: OperationSpec> {
    operation: &'d Operation,
    mapping: &'d O::Mapping,
}

impl<O: OperationSpec> Clone for TypedOperation<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O: OperationSpec> Copy for TypedOperation<'_, O> {}

impl<'d, O: OperationSpec> TypedOperation<'d, O> {
    /// The operation of a document; nothing if the document does not define it.
    pub fn of(document: &'d CompiledDocument) -> Option<Self> {
        let operation = document.operation(O::NAME)?;
        let mapping: &dyn Any = &*operation.mapping;
        let mapping = mapping.downcast_ref();
        debug_assert!(mapping.is_some(), "the mapping of {} has the type that its file names", O::NAME);
        Some(Self { operation, mapping: mapping? })
    }

    /// What runs.
    pub fn operation(&self) -> &'d Operation {
        self.operation
    }

    /// How its result is found in a reply.
    pub fn mapping(&self) -> &'d O::Mapping {
        self.mapping
    }

    /// Maps a reply. Besides the result, says what its paths did not find.
    ///
    /// # Errors
    /// If the reply is not what the mapping needs: no JSON, no list, no id of a new record.
    pub fn map(
        &self,
        reply: &UpstreamResponse,
        inputs: &Inputs<'_>,
    ) -> Result<(Output<O>, Vec<MappingProblem>), MapError> {
        self.mapping.map(reply, inputs)
    }

    /// The result of a search that found nothing; absent if the operation does not search.
    pub fn nothing_found(&self) -> Option<Output<O>> {
        O::Mapping::nothing_found()
    }
}
