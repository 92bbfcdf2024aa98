//! Where clients put reports of errors: in the operator's bucket, to which they get a signed URL, or in a folder of
//! this server, to which they upload with a signed link.

mod bucket;
mod folder;
mod link;

use std::path::PathBuf;

use serde::Serialize;

pub use self::bucket::{Bucket, BucketError};
pub use self::folder::{Folder, Listed, NotUploaded};
use super::clock::Clock;
use crate::secret::Secret;
use crate::store::User;

/// How long a link is good, in seconds, as on the reference server.
const LINK_SECONDS: u64 = 300;

/// The largest report that is taken here, in bytes.
pub const LARGEST: usize = 2 * 1024 * 1024;

/// Where reports of errors go, as the operator set it.
#[derive(Debug, Clone)]
pub enum Destination {
    /// A bucket.
    Bucket(Bucket),
    /// A folder of this server.
    Folder(PathBuf),
}

/// Where reports of errors go.
pub enum ErrorReports {
    /// A bucket.
    Bucket(Bucket),
    /// A folder of this server.
    Folder(Folder),
}

/// What is known of a report besides its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ErrorReportOrigin")]
pub struct Origin {
    /// The user's id, as clients see it.
    pub user_id: String,
    /// The platform.
    pub platform: String,
}

impl Origin {
    fn of(user: &User) -> Self {
        Self { user_id: user.key.id.clone(), platform: user.key.platform.clone() }
    }
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum NoLink {
    /// There are as many reports as are kept, of this user or of all.
    #[error("{0}")]
    Full(&'static str),
    /// The system gives no random numbers, or the folder cannot be read.
    #[error("The server could not make a link for the report. Try again later.")]
    Failed,
}

impl ErrorReports {
    /// At what the operator set. `secret` signs the links to a folder.
    pub fn new(destination: Destination, secret: &Secret, clock: Clock) -> Self {
        match destination {
            Destination::Bucket(bucket) => Self::Bucket(bucket),
            Destination::Folder(path) => Self::Folder(Folder::new(path, secret, clock)),
        }
    }

    /// A URL to which the user's client can `PUT` a report within five minutes. `server` is the base URL of this
    /// server as clients reach it, without a slash at the end.
    ///
    /// # Errors
    /// If there are too many reports already, or no link can be made.
    pub async fn link(&self, user: &User, server: &str, clock: &Clock) -> Result<String, NoLink> {
        let origin = Origin::of(user);
        match self {
            Self::Bucket(bucket) => bucket.link(&origin, clock),
            Self::Folder(folder) => Ok(format!("{server}/debug/report/{}", folder.link(&origin).await?)),
        }
    }

    /// The folder, if reports go there.
    pub fn folder(&self) -> Option<&Folder> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Bucket(_) => None,
        }
    }
}
