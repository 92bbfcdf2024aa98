//! What the compiler has to be told of the operations that it compiles.

use serde_json::Value;

use super::field::Compiler;
use crate::config::operations::OperationName;
use crate::config::problem::Problems;
use crate::mapping::Mapping;
use crate::operation::Operation;

/// Compiles the `responseMapping` of one operation; nothing if the document has none.
pub type CompileMapping = fn(Option<&Value>, &mut Compiler<'_>) -> Box<dyn Mapping>;

/// The contract whose operations a document defines.
pub struct Contract {
    /// How the mapping of an operation is compiled; nothing if it is none of the contract.
    pub mapping_of: fn(OperationName) -> Option<CompileMapping>,
    /// Reports what the operations of a document lack of each other.
    pub check: fn(&[Operation], &mut Problems),
}
