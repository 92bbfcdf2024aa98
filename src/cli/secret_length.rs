//! How long a secret of the settings has to be. A short one is guessed: tokens over HTTP, and keys from one
//! session token or one hash, on the guesser's own machines.

use super::CliError;
use crate::store::Secret;

/// The least length, in characters. With digits and letters by chance nobody guesses it.
const LEAST: usize = 32;

/// A secret that people choose for this server alone.
pub(super) fn check(name: &str, secret: &Secret) -> Result<(), CliError> {
    match is_short(secret) {
        true => Err(CliError(refusal(name))),
        false => Ok(()),
    }
}

/// A key that an installation may have had before. Out of production it is a developer's, who is told.
pub(super) fn check_in_production(name: &str, secret: &Secret, is_prod: bool) -> Result<(), CliError> {
    match (is_short(secret), is_prod) {
        (false, _) => Ok(()),
        (true, true) => Err(CliError(format!(
            "{}. IS_PROD=true demands it. What is stored belongs to the key: a store that is to be kept needs the key that it was made with",
            refusal(name)
        ))),
        (true, false) => {
            tracing::warn!("{name} has fewer than {LEAST} characters, which IS_PROD=true refuses");
            Ok(())
        }
    }
}

fn refusal(name: &str) -> String {
    format!(
        "{name} has fewer than {LEAST} characters; take a random one, such as `openssl rand -hex 32` gives"
    )
}

fn is_short(secret: &Secret) -> bool {
    secret.expose().chars().count() < LEAST
}
