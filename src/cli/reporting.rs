//! Settings of what is reported: to an account's admins, and to whoever runs the server.

use std::path::Path;

use url::Url;

use super::CliError;
use crate::server::RingCentralClient;
use crate::service::error_reports::{Bucket, Destination};
use crate::store::Secret;

/// The folder of reports of errors in the data folder.
const FOLDER: &str = "error-reports";

/// The region where nothing else is set, as on the reference server.
const REGION: &str = "us-east-1";

/// The client as which RingCentral knows this server. Half of it is none, and it needs an address to come back to.
pub(super) fn ringcentral_client(
    get: &dyn Fn(&str) -> Option<String>,
    has_app_server: bool,
) -> Result<Option<RingCentralClient>, CliError> {
    let (id, secret) = (get("RINGCENTRAL_CLIENT_ID"), get("RINGCENTRAL_CLIENT_SECRET"));
    match (id, secret) {
        (None, None) => Ok(None),
        (Some(client_id), Some(secret)) if has_app_server => {
            Ok(Some(RingCentralClient { client_id, client_secret: Secret::from(secret) }))
        }
        (Some(_), Some(_)) => {
            tracing::warn!("RINGCENTRAL_CLIENT_ID is set without APP_SERVER: no reports are made");
            Ok(None)
        }
        (Some(_), None) => Err("RINGCENTRAL_CLIENT_ID is set, and RINGCENTRAL_CLIENT_SECRET is not".into()),
        (None, Some(_)) => Err("RINGCENTRAL_CLIENT_SECRET is set, and RINGCENTRAL_CLIENT_ID is not".into()),
    }
}

/// Where clients put reports of errors: in the bucket that is set, else in the data folder.
pub(super) fn destination(
    get: &dyn Fn(&str) -> Option<String>,
    data_dir: &Path,
) -> Result<Destination, CliError> {
    let Some(name) = get("ERROR_REPORT_S3_BUCKET") else {
        return Ok(Destination::Folder(data_dir.join(FOLDER)));
    };
    let needed = |name: &str| {
        get(name).ok_or_else(|| CliError(format!("ERROR_REPORT_S3_BUCKET is set, and {name} is not")))
    };
    let endpoint = match get("ERROR_REPORT_S3_ENDPOINT") {
        Some(text) => Some(
            Url::parse(&text).map_err(|error| format!("ERROR_REPORT_S3_ENDPOINT is not a URL: {error}"))?,
        ),
        None => None,
    };
    let (key_id, key) = (needed("AWS_ACCESS_KEY_ID")?, Secret::from(needed("AWS_SECRET_ACCESS_KEY")?));
    let session_token = get("AWS_SESSION_TOKEN").map(Secret::from);
    let region = get("AWS_REGION").unwrap_or_else(|| REGION.to_owned());
    let bucket = Bucket::new(&name, endpoint, &region, &key_id, &key, session_token.as_ref())
        .map_err(|error| CliError(format!("ERROR_REPORT_S3_BUCKET: {error}")))?;
    Ok(Destination::Bucket(bucket))
}
