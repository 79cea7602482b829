//! The storage: what the engine's actions act on.
//!
//! Anything that implements [`Storage`] can be put under fault: it is asked one operation at a time, and the simulator
//! decides when that is, whether it comes to that at all, and whether the answer arrives.

mod disk;
mod files;
mod power;
mod tree;
mod whole;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use ftp_proto::{Completion, Failure, FileId, StorageAction, VirtualPath};

pub use self::disk::Disk;
pub use self::power::Durability;

/// Which session asks: never used again in the same world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub u64);

/// Where the files are.
pub trait Storage {
    /// Does what is asked, at once. `None` for what needs no answer (`CloseFile`, `CloseDir`), and for nothing else.
    ///
    /// Names of files and directories are the session's own: two sessions may use the same.
    fn run(&mut self, session: SessionKey, action: StorageAction) -> Option<Completion>;

    /// Reads from an open file for the network, as `sendfile` would: at most `max` bytes, fewer only at its end. Asked only
    /// of files that were opened with [`Offload::Possible`](ftp_proto::outcome::Offload::Possible).
    ///
    /// # Errors
    /// As a `Read`.
    fn read(&mut self, session: SessionKey, file: FileId, at: u64, max: usize) -> Result<Bytes, Failure> {
        let _ = (session, file, at, max);
        Err(Failure::Unsupported)
    }

    /// Writes to an open file: from the network, as `splice` would, or a part of a `Write` that breaks in its middle.
    ///
    /// # Errors
    /// As a `Write`.
    fn write(&mut self, session: SessionKey, file: FileId, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        let _ = (session, file, at, bytes);
        Err(Failure::Unsupported)
    }

    /// An upload's `Finish` is not run: the file is closed all the same, and the upload discarded.
    fn abandon(&mut self, session: SessionKey, file: FileId) {
        let _ = self.run(session, StorageAction::CloseFile(file));
    }

    /// A session is over: whatever it still has open is closed, and its uploads are discarded.
    fn end(&mut self, session: SessionKey) {
        let _ = session;
    }

    /// The power fails: every session is over, and what was not made durable may be gone.
    fn lose_power(&mut self) {}

    /// What it was asked for that must never be asked, since it was last looked at: the use of a file that is not open.
    fn complaints(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// All files and directories that there are, for the oracle of files; `None` where nobody can tell.
    fn snapshot(&self) -> Option<Vec<(VirtualPath, Held<'_>)>> {
        None
    }

    /// When what is done outlasts a loss of power.
    fn durability(&self) -> Durability {
        Durability::OnCommit
    }

    /// How many files and directories `session` has open.
    fn open(&self, session: SessionKey) -> usize;
}

/// What stands at a path, as whoever looks at the whole tree sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held<'a> {
    /// A directory.
    Directory,
    /// A file of these bytes.
    File(&'a [u8]),
}
