//! Sessions written down, as [traces](ftp_proto::trace): one file for each, for as long as the server runs.
//!
//! ```text
//! session ── Pen ── the lines of an event ──► Desk (bounded) ──► its thread ──► DIR/TIME-PEER-SESSION.trace
//! ```
//!
//! No session waits for the disk. What the disk is too slow for, and what is past the size of a file, is not written:
//! the file ends there, behind a whole event, with a note that says so. It can be replayed up to there. Where a file
//! cannot be written at all, it is left as it is. The session goes on in any case, and hears nothing of it.

mod desk;
mod files;
mod pen;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::trace::Payloads;

use self::desk::{Desk, Keeper};
pub(super) use self::pen::Pen;

/// Where and how a server's sessions are recorded. Cheap to clone; the clones are one.
///
/// A file is named for the time (UTC), the peer, and the session: `20261121T131500.250Z-192.0.2.7-50000-s12.trace`. Only
/// its owner can read it: it holds no password, but names, paths and listings.
///
/// When the last clone is dropped, with the last session, what is still to be written is waited for, up to 2 seconds.
#[derive(Clone)]
pub struct Recording {
    directory: Arc<Path>,
    payloads: Payloads,
    hidden: Arc<[String]>,
    largest: u64,
    desk: Arc<Desk>,
    _keeper: Arc<Keeper>,
}

/// Makes a [`Recording`]; see [`Recording::builder`].
pub struct Builder {
    directory: PathBuf,
    payloads: Payloads,
    hidden: Vec<String>,
    largest: u64,
    report: Box<Report>,
}

/// What is told of faults.
type Report = dyn Fn(&Fault) + Send + Sync;

/// Why a file does not hold the whole session, or is not there. There is at most one for each file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It could not be made or written.
    #[error("cannot record to {}: {cause}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The session made more lines than the disk takes.
    #[error("the record in {} is cut: the disk is too slow", path.display())]
    TooSlow {
        /// Which file.
        path: PathBuf,
    },
    /// The disk takes so little that these were not even begun. There may be more of them later.
    #[error("{sessions} sessions are not recorded: the disk is too slow")]
    Missed {
        /// How many.
        sessions: u64,
    },
    /// It is as large as it may become.
    #[error("the record in {} is cut: it is as large as it may become", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
}

impl Recording {
    /// Begins to say how to record into `directory`, which must be there.
    pub fn builder(directory: impl Into<PathBuf>) -> Builder {
        Builder {
            directory: directory.into(),
            payloads: Payloads::default(),
            hidden: Vec::new(),
            largest: DEFAULT_LARGEST,
            report: Box::new(|_| {}),
        }
    }

    /// Waits until all that was recorded so far is written, for at most `patience`: whether it is.
    #[must_use]
    pub fn flush(&self, patience: Duration) -> bool {
        self.desk.wait(patience)
    }
}

impl Builder {
    /// Whether what files hold is recorded, where it passes through the engine. Without it, length and CRC-32 are.
    #[must_use]
    pub fn payloads(mut self, payloads: Payloads) -> Self {
        self.payloads = payloads;
        self
    }

    /// Hides the argument of one more verb, `SITE NAME` for a SITE verb: that of a custom one whose argument is a secret.
    /// Those of PASS, ACCT and ADAT are never written.
    #[must_use]
    pub fn hiding(mut self, verb: &str) -> Self {
        self.hidden.push(verb.into());
        self
    }

    /// How large a file may become, in bytes; the note that it was cut comes on top. Without it, 64 MiB.
    #[must_use]
    pub fn largest(mut self, bytes: u64) -> Self {
        self.largest = bytes;
        self
    }

    /// What is called when a file will not hold the whole session, once for each, on a thread of the recording.
    #[must_use]
    pub fn on_fault(mut self, report: impl Fn(&Fault) + Send + Sync + 'static) -> Self {
        self.report = Box::new(report);
        self
    }

    /// Begins. No file is made before the first session.
    ///
    /// # Errors
    /// When the directory is not there, or not to be written to; or there is no thread to be had.
    pub fn start(self) -> io::Result<Recording> {
        let Self { directory, payloads, hidden, largest, report } = self;
        if !fs::metadata(&directory)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        #[cfg(unix)]
        rustix::fs::access(&directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?;
        let desk = Desk::open(report)?;
        let keeper = Arc::new(Keeper(Arc::clone(&desk)));
        Ok(Recording { directory: directory.into(), payloads, hidden: hidden.into(), largest, desk, _keeper: keeper })
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { directory, payloads, largest, .. } = self;
        let mut shown = f.debug_struct("Recording");
        shown
            .field("directory", directory)
            .field("payloads", payloads)
            .field("largest", largest)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// A session of a few thousand files, with its listings.
const DEFAULT_LARGEST: u64 = 64 << 20;
