//! How long a secret of the settings has to be. A short one is guessed: tokens over HTTP, and keys from one
//! session token or one hash, on the guesser's own machines.

use super::CliError;
use crate::store::Secret;

/// The least length, in characters. With digits and letters by chance nobody guesses it.
const LEAST: usize = 32;

/// The least length of the admin token out of production. It opens what only the operator reads, and wrong ones are
/// held back.
const LEAST_OF_ADMIN: usize = 16;

/// A token that opens the management API.
pub(super) fn check_console_token(name: &str, token: &Secret) -> Result<(), CliError> {
    match length(token) < LEAST {
        true => Err(CliError(refusal(name))),
        false => Ok(()),
    }
}

/// The token of the operator.
pub(super) fn check_admin_token(name: &str, token: &Secret, is_prod: bool) -> Result<(), CliError> {
    match length(token) {
        LEAST.. => Ok(()),
        LEAST_OF_ADMIN.. if !is_prod => {
            warn(name);
            Ok(())
        }
        _ => Err(CliError(refusal(name))),
    }
}

/// A key that an installation may have had before. Out of production it is a developer's, who is told.
pub(super) fn check_in_production(name: &str, secret: &Secret, is_prod: bool) -> Result<(), CliError> {
    match (length(secret) < LEAST, is_prod) {
        (false, _) => Ok(()),
        (true, true) => Err(CliError(format!(
            "{}. IS_PROD=true demands it. What is stored belongs to the key: a store that is to be kept needs the key that it was made with",
            refusal(name)
        ))),
        (true, false) => {
            warn(name);
            Ok(())
        }
    }
}

fn warn(name: &str) {
    tracing::warn!("{name} has fewer than {LEAST} characters, which IS_PROD=true refuses");
}

fn refusal(name: &str) -> String {
    format!(
        "{name} has fewer than {LEAST} characters; take a random one, such as `openssl rand -hex 32` gives"
    )
}

fn length(secret: &Secret) -> usize {
    secret.expose().chars().count()
}
