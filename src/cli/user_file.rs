//! The file with a user of a CRM: what `sign-in` writes, and `call` and `record` read.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use fs2::FileExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{CliError, egress, print, runtime, subject};
use crate::atomic_file;
use crate::engine::inputs::Inputs;
use crate::engine::oauth::{Grant, Granted, exchange};
use crate::engine::operation::{AuthType, CompiledDocument};
use crate::secret::Secret;

/// A token with less than this left is renewed before it is used, as on the server.
const RENEWED_EARLY: SignedDuration = SignedDuration::from_mins(2);

/// Puts what was granted into a user. What a renewal leaves out of the refresh token stays.
pub(super) fn keep(user: &mut Map<String, Value>, granted: &Granted) {
    user.insert("accessToken".into(), granted.access_token.expose().into());
    if let Some(refresh) = &granted.refresh_token {
        user.insert("refreshToken".into(), refresh.expose().into());
    }
    match granted.expires_in.and_then(until) {
        Some(expiry) => drop(user.insert("tokenExpiry".into(), expiry.to_string().into())),
        None => drop(user.shift_remove("tokenExpiry")),
    }
}

/// So long from now, in whole seconds.
fn until(lifetime: Duration) -> Option<Timestamp> {
    let seconds = Timestamp::now().as_second().checked_add(i64::try_from(lifetime.as_secs()).ok()?)?;
    Timestamp::from_second(seconds).ok()
}

/// Writes a user, for its owner alone.
pub(super) fn write(path: &Path, user: &Map<String, Value>) -> Result<(), CliError> {
    let mut text = serde_json::to_string_pretty(user)?;
    text.push('\n');
    atomic_file::replace_private(path, text.as_bytes())
        .map_err(|error| CliError(format!("{}: {error}", path.display())))
}

/// Renews the access token of a user where it has expired or is about to, and writes the file anew. A refresh
/// token may be good for one use: nobody else reads the file meanwhile.
pub(super) fn renew(
    path: &Path,
    document: &Path,
    config: &CompiledDocument,
    egress: &egress::Arguments,
) -> Result<(), CliError> {
    if config.auth_type != AuthType::OAuth || path == Path::new("-") || config.oauth.token_url.is_none() {
        return Ok(());
    }
    let due = |user: &Map<String, Value>| {
        let expiry = user.get("tokenExpiry").and_then(Value::as_str);
        let expiry: Option<Timestamp> = expiry.and_then(|text| text.parse().ok());
        expiry.is_some_and(|expiry| expiry.duration_since(Timestamp::now()) < RENEWED_EARLY)
    };
    if !due(&subject::object(path)?) {
        return Ok(());
    }
    let _lock = lock(path).map_err(|error| format!("{} cannot be locked: {error}", path.display()))?;
    // Another command may have renewed it meanwhile.
    let mut user = subject::object(path)?;
    if !due(&user) {
        return Ok(());
    }
    let again =
        format!("sign in again:\n  app-connect sign-in {} --user {}", document.display(), path.display());
    let token = user.get("refreshToken").and_then(Value::as_str).filter(|token| !token.is_empty());
    let Some(token) = token.map(Secret::new) else {
        return Err(CliError(format!(
            "the access token in {} has expired, and there is no refresh token; {again}",
            path.display()
        )));
    };
    let mut variables = Map::new();
    if let Some(hostname) = user.get("hostname") {
        variables.insert("hostname".into(), hostname.clone());
    }
    variables.insert("user".into(), Value::Object(user.clone()));
    if let Some(secret) = &config.secret_key {
        variables.insert("secretKey".into(), secret.expose().into());
    }
    let inputs = Inputs::from_object(&variables);
    let granted = runtime()?.block_on(async {
        let client = egress.client()?;
        Ok::<_, CliError>(exchange(&client, &config.oauth, &Grant::Refresh { token: &token }, &inputs).await)
    })?;
    let granted = granted.map_err(|refusal| {
        let mend = if refusal.ends_session() { format!("; {again}") } else { String::new() };
        format!("the access token in {} could not be renewed: {refusal}{mend}", path.display())
    })?;
    if let Some(warning) = granted.warning {
        print::error(warning);
    }
    keep(&mut user, &granted);
    write(path, &user).map_err(|CliError(reason)| {
        CliError(format!("the renewed tokens are lost, because they could not be kept: {reason}; {again}"))
    })?;
    print::error(&format!("the access token had expired; {} holds the renewed one", path.display()));
    Ok(())
}

/// Waits until nobody else renews the file. What is replaced meanwhile is another file: then the new one is
/// waited for.
fn lock(path: &Path) -> io::Result<File> {
    loop {
        let file = File::open(path)?;
        file.lock_exclusive()?;
        if is_same(&file, path)? {
            return Ok(file);
        }
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (held, named) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (named.dev(), named.ino()))
}

/// A file that is open cannot be replaced there.
#[cfg(not(unix))]
fn is_same(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}
