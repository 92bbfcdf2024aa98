//! How far a long command is, on standard error.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::print;

/// Tells often on a terminal, seldom in a log.
#[derive(Default)]
pub(super) struct Progress(Mutex<Option<Instant>>);

impl Progress {
    /// So many of so many are done; `what` they are.
    pub(super) fn show(&self, done: u64, total: u64, what: &str) {
        let is_terminal = std::io::stderr().is_terminal();
        let pause = Duration::from_millis(if is_terminal { 200 } else { 5000 });
        let Ok(mut last) = self.0.lock() else { return };
        if done < total && last.is_some_and(|last| last.elapsed() < pause) {
            return;
        }
        *last = Some(Instant::now());
        let text = format!("{done} of {total} {what}");
        if is_terminal && done < total {
            print::progress(&text);
        } else {
            print::progress("");
            print::error(&text);
        }
    }
}
