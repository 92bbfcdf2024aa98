//! Where a text of a document stands.

use std::ops::Range;

use crate::config::operations::OperationName;
use crate::config::problem::Part;

/// Where a text stands and which operation it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The operation whose variables are seen.
    pub operation: OperationName,
    /// JSON pointer of the text.
    pub pointer: &'a str,
    /// Byte offset of the text within the value, where only a part of it is compiled.
    pub offset: usize,
    /// The operations that use the text, where it is not one operation's own: what is said about it
    /// is then the same for each of them.
    pub shared: &'a [OperationName],
}

impl<'a> Place<'a> {
    /// A whole text that belongs to one operation.
    pub fn own(operation: OperationName, pointer: &'a str) -> Self {
        Self { operation, pointer, offset: 0, shared: &[] }
    }

    /// The same place, for a part of the text that begins at `offset`.
    #[must_use]
    pub fn from(self, offset: usize) -> Self {
        Self { offset, ..self }
    }

    pub(super) fn part(&self, range: Range<usize>) -> Part {
        Part::Text(self.offset + range.start..self.offset + range.end)
    }
}
