//! The one place that prints: what the operator reads, and nothing that a log should keep.
//!
//! Nobody need be reading: a closed pipe is no reason to stop serving, so errors of printing are dropped.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// Prints one line to standard output, at once.
pub(crate) fn say(line: impl Display) {
    let mut output = io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

/// Prints one line to standard error, under the program's name.
pub(crate) fn complain(fault: impl Display) {
    let _ = writeln!(io::stderr().lock(), "ftpd: {fault}");
}

/// Whether standard error is a terminal: then transfers are shown as they run.
pub(crate) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}
