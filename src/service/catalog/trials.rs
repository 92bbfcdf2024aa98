//! Trials that are under way: of each API token a few at a time, because each asks a CRM.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::ConnectorError;

/// The most trials of a token at a time.
const OF_A_TOKEN: usize = 4;

/// How many trials of each token are under way.
#[derive(Debug, Default)]
pub(super) struct Trials(Mutex<HashMap<String, usize>>);

/// A trial that is under way.
#[derive(Debug)]
pub(super) struct UnderWay<'t> {
    trials: &'t Trials,
    token_id: String,
}

impl Trials {
    /// Begins a trial.
    ///
    /// # Errors
    /// If too many of the token are under way.
    pub(super) fn begin(&self, token_id: &str) -> Result<UnderWay<'_>, ConnectorError> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(token_id.to_owned()).or_default();
        if *count >= OF_A_TOKEN {
            return Err(ConnectorError::TooManyTrials(OF_A_TOKEN));
        }
        *count += 1;
        Ok(UnderWay { trials: self, token_id: token_id.to_owned() })
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut counts = self.trials.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.token_id) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.token_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_a_few() {
        let trials = Trials::default();
        let under_way: Vec<_> = (0..OF_A_TOKEN).map(|_| trials.begin("a").unwrap()).collect();
        assert!(trials.begin("a").is_err());
        assert!(trials.begin("b").is_ok());
        drop(under_way);
        assert!(trials.begin("a").is_ok());
        assert!(trials.0.lock().unwrap().is_empty());
    }
}
