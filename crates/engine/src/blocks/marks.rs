//! What compiled templates hold that no author writes: a mark in the output, and the names of internal
//! helpers. `=` cannot be part of a name in a template.

/// What `{{omit}}` prints. A slot whose whole output is this mark is left out.
///
/// Text that people type and CRMs send cannot hold it by accident: NUL has no key, JSON writers
/// only produce it as the escape `\u0000`, and databases refuse it. Where somebody sends it on
/// purpose, the worst they reach is that the key that would have held their value is left out.
pub const OMITTED: &str = "\u{0}omit\u{0}";

/// Prints its argument as [`to_text`](crate::text::to_text) does, encoded for the slot.
pub(super) const PRINT: &str = "=print";
/// Prints its argument as [`to_text`](crate::text::to_text) does, as it is.
pub(super) const PRINT_RAW: &str = "=raw";
/// Prints its argument as it is, with a brace on either side.
pub(super) const PRINT_IN_BRACES: &str = "=braces";
/// `if` where a value stands.
pub(super) const CHOOSE: &str = "=if";
/// Reads a path step by step.
pub(super) const GET: &str = "=get";
/// Counts one step of work.
pub(super) const STEP: &str = "=step";
/// Gives its argument, and counts what that costs: what stands in a block within a block.
pub(super) const SEEN: &str = "=seen";
