//! Maps replies: pure, and honest about what it did not find. What there is to map to, the operations of
//! the contract say.

pub(crate) mod error;
pub(crate) mod field;
pub(crate) mod found;
pub(crate) mod items;
mod list;
pub(crate) mod problems;
pub(crate) mod view;

use std::any::Any;
use std::fmt::Debug;

use serde_json::Value;

use self::error::{MapError, MappingProblem};
use self::found::Found;
use self::view::View;
use super::exchange::UpstreamResponse;
use super::inputs::Inputs;
pub use super::truthy::is_truthy;

/// The compiled `responseMapping` of an operation, whatever its result is.
pub trait Mapping: Any + Debug + Send + Sync {
    /// The result as JSON, and what its paths did not find.
    ///
    /// # Errors
    /// If there is no result at all.
    fn json(
        &self,
        reply: &UpstreamResponse,
        inputs: &Inputs<'_>,
    ) -> Result<(Value, Vec<MappingProblem>), MapError>;

    /// The result of a search that found nothing; absent if the operation does not search.
    fn nothing_found(&self) -> Option<Value>;

    /// Whether the operation searches.
    fn searches(&self) -> bool;

    /// Whether a reply has what the operation is for.
    #[doc(hidden)]
    fn found(&self, view: &View<'_>) -> Found;

    /// What a reply means that is text and not JSON.
    fn text(&self) -> TextReply;

    /// Whether it reads a flag that says no without being a refusal.
    fn reads_flag(&self) -> bool;

    /// Whether the document says that the CRM answers this creation without an id.
    fn gives_no_id(&self) -> bool;

    /// Whether it tells the id of a record that was looked for.
    fn tells_id(&self) -> bool;

    /// Whether it tells what asks for the next page of a list.
    fn tells_next_page(&self) -> bool;
}

/// What a reply means that is text and not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextReply {
    /// As good as any other: nothing of it is read, or may be.
    Fine,
    /// Nobody can tell what was made: the id would be in it.
    WithoutId,
    /// The mapping says that it needs JSON.
    Unreadable,
}
