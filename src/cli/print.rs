//! Writing to the terminal: a closed pipe ends quietly.

use std::io::{IsTerminal as _, Write as _};

/// Writes a line to standard output.
pub(super) fn line(text: &str) {
    // Whoever reads may have stopped reading: `| head` is no error.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes text to standard output as it is.
pub(super) fn text(text: &str) {
    let _ = write!(std::io::stdout().lock(), "{text}");
}

/// Writes a line to standard error.
pub(super) fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Rewrites one line of a terminal on standard error; silent where it is none.
pub(super) fn progress(text: &str) {
    let mut stderr = std::io::stderr().lock();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\u{1b}[K{text}");
        let _ = stderr.flush();
    }
}

/// Whether standard output takes colours: a terminal, and nobody said `NO_COLOR`.
pub(super) fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
