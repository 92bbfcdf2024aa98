//! A kind of result: what the document writes to find it in a reply, and how it is read.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::field::Compiler;
use crate::budget;
use crate::config::mapping::MappingDocument;
use crate::exchange::{Replaced, UpstreamResponse};
use crate::inputs::Inputs;
use crate::mapping::error::{MapError, MappingProblem};
use crate::mapping::found::Found;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;
use crate::mapping::{Mapping, TextReply};

/// A kind of result, as the paths that a document writes for it.
pub trait ResultMapping: Debug + Send + Sync + Sized + 'static {
    /// The `responseMapping` as documents write it.
    type Document: MappingDocument + DeserializeOwned + JsonSchema + Default;
    /// The result.
    type Output: Serialize + Send + 'static;

    /// Compiles what the document writes; nothing if it has no `responseMapping`.
    fn compile(written: Option<&Self::Document>, compiler: &mut Compiler<'_>) -> Self;

    /// Reads a reply.
    ///
    /// # Errors
    /// If there is no result at all: not JSON where JSON is read, a list that is none, a record without an id.
    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Self::Output, MapError>;

    /// See [`Mapping::found`].
    fn found(&self, view: &View<'_>) -> Found;

    /// See [`Mapping::nothing_found`].
    fn nothing_found() -> Option<Self::Output> {
        None
    }

    /// See [`Mapping::text`].
    fn text(&self) -> TextReply {
        TextReply::Unreadable
    }

    /// See [`Mapping::reads_flag`].
    fn reads_flag(&self) -> bool {
        false
    }

    /// See [`Mapping::gives_no_id`].
    fn gives_no_id(&self) -> bool {
        false
    }

    /// See [`Mapping::tells_id`].
    fn tells_id(&self) -> bool {
        false
    }

    /// See [`Mapping::tells_next_page`].
    fn tells_next_page(&self) -> bool {
        false
    }

    /// The result as JSON.
    fn to_json(output: &Self::Output) -> Value {
        serde_json::to_value(output).unwrap_or_default()
    }

    /// Maps a reply. Besides the result, says what its paths did not find.
    ///
    /// # Errors
    /// See [`ResultMapping::read`].
    fn map(
        &self,
        reply: &UpstreamResponse,
        inputs: &Inputs<'_>,
    ) -> Result<(Self::Output, Vec<MappingProblem>), MapError> {
        budget::within(budget::of_reply(reply.document()), || {
            let mut reader = Reader::default();
            let read = self.read(&mut reader, reply, &View::of_reply(reply.document(), inputs));
            match read {
                // Whether a record was made stays in doubt.
                Err(error @ MapError::NoRecordId(_)) => Err(error),
                // What was not looked for may look like something that is missing.
                _ if budget::is_spent() => Err(MapError::TooManySteps { limit: budget::limit() }),
                Err(error) => Err(error),
                Ok(output) => {
                    reader.problems.extend(replaced(reply));
                    Ok((output, reader.problems))
                }
            }
        })
    }
}

/// What of the reply was not read as it was sent.
fn replaced(reply: &UpstreamResponse) -> Option<MappingProblem> {
    (reply.replaced != Replaced::default()).then(|| MappingProblem {
        key: "body".to_owned(),
        path: "body".to_owned(),
        found: reply.replaced.to_string(),
        is_essential: false,
        of_items: None,
    })
}

impl<M: ResultMapping> Mapping for M {
    fn json(
        &self,
        reply: &UpstreamResponse,
        inputs: &Inputs<'_>,
    ) -> Result<(Value, Vec<MappingProblem>), MapError> {
        self.map(reply, inputs).map(|(output, problems)| (M::to_json(&output), problems))
    }

    fn nothing_found(&self) -> Option<Value> {
        M::nothing_found().map(|output| M::to_json(&output))
    }

    fn searches(&self) -> bool {
        M::nothing_found().is_some()
    }

    fn found(&self, view: &View<'_>) -> Found {
        ResultMapping::found(self, view)
    }

    fn text(&self) -> TextReply {
        ResultMapping::text(self)
    }

    fn reads_flag(&self) -> bool {
        ResultMapping::reads_flag(self)
    }

    fn gives_no_id(&self) -> bool {
        ResultMapping::gives_no_id(self)
    }

    fn tells_id(&self) -> bool {
        ResultMapping::tells_id(self)
    }

    fn tells_next_page(&self) -> bool {
        ResultMapping::tells_next_page(self)
    }
}

/// Compiles the mapping of an operation with this kind of result.
pub fn compile<M: ResultMapping>(written: Option<&Value>, compiler: &mut Compiler<'_>) -> Box<dyn Mapping> {
    use serde::Deserialize as _;
    // What the schema finds wrong is no longer there.
    let written = written.and_then(|written| M::Document::deserialize(written).ok());
    Box::new(M::compile(written.as_ref(), compiler))
}
