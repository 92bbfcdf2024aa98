//! Why a request could not be rendered.

use crate::blocks::RenderProblem;
use crate::failure::{Failure, FailureKind};
use crate::missing::Missing;

/// Why a request could not be rendered. The text never holds a value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RenderError {
    /// A template exceeded a bound or a helper refused its arguments.
    #[error("{0}")]
    Template(#[from] RenderProblem),
    /// A value is missing without which the request would mean other records.
    #[error("{0}")]
    Missing(Box<Missing>),
    /// A part of the request is longer than CRMs accept.
    #[error("the {part} is longer than {limit} bytes: send fewer or shorter values")]
    TooLong {
        /// Which part: the URL, a header, the body.
        part: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The rendered URL cannot be requested.
    #[error("the rendered URL cannot be requested: {0}")]
    Url(String),
    /// What stands in the host's place is no host name.
    #[error("that is no host name: write only the host name, such as {example}")]
    Host {
        /// A host that may be asked.
        example: String,
    },
    /// A value would climb out of its place in the path.
    #[error("a value in the URL's path is \".\" or \"..\", which would lead to another path")]
    DotSegment,
    /// A credential is missing.
    #[error("the credential cannot be made: {0}")]
    Credential(String),
    /// A header cannot carry its value.
    #[error("the header {0} cannot carry its rendered value")]
    Header(String),
    /// A text that is to be JSON is none.
    #[error("the body begins like JSON and is none: write it as an object, or check its brackets and quotes")]
    Body,
    /// The query expression yielded something else than an object.
    #[error("the query expression yields {0}, not an object")]
    Query(&'static str),
}

impl RenderError {
    pub(crate) fn dot_segment() -> Self {
        Self::DotSegment
    }

    pub(crate) fn url(reason: &str) -> Self {
        Self::Url(reason.to_owned())
    }

    /// Puts a name before the place where a bound was exceeded.
    pub(crate) fn below(self, part: &str) -> Self {
        match self {
            Self::Template(problem) => Self::Template(problem.below(part)),
            other => other,
        }
    }

    /// Says in which part of the request a value is missing, or a bound was exceeded.
    pub(crate) fn at(self, place: &str) -> Self {
        match self {
            Self::Template(RenderProblem::Missing(missing)) => {
                Self::Missing(Box::new(Missing { place: place.into(), ..*missing }))
            }
            Self::Template(problem) => Self::Template(problem.below(place)),
            other => other,
        }
    }
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        let kind = match &error {
            RenderError::Missing(_) | RenderError::Template(RenderProblem::Missing(_)) => {
                FailureKind::Missing
            }
            _ => FailureKind::Blocked,
        };
        Self::new(kind, error.to_string())
    }
}
