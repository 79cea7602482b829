//! Actions on the storage.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::id::{DirId, FileId};
use crate::outcome::{Digest, Done, Entries, Opened, Prepared, Quota, Space, TreeSize};
use crate::path::VirtualPath;
use crate::storage::{FinishHow, HashAlgorithm, Metadata, Replace, Wanted, WriteMode};
use crate::ticket::Ticket;
use crate::time::UnixTime;

/// Actions on the storage. Symbolic links are followed where they stay inside, unless it says otherwise.
#[derive(Debug)]
#[must_use = "an action must be run"]
pub enum StorageAction {
    /// What is at `path`?
    Stat {
        /// For what is there.
        ticket: Ticket<Metadata>,
        /// Where.
        path: VirtualPath,
    },
    /// Open a directory for reading.
    OpenDir {
        /// When it is open.
        ticket: Ticket<Done>,
        /// Its name from here on.
        dir: DirId,
        /// Where.
        path: VirtualPath,
        /// What `ReadDir` is to tell of each entry.
        wanted: Wanted,
    },
    /// Read the next entries of a directory.
    ReadDir {
        /// For the entries.
        ticket: Ticket<Entries>,
        /// Of this directory.
        dir: DirId,
        /// At most so many, at least 1.
        max: usize,
    },
    /// Close a directory.
    CloseDir(DirId),
    /// Open a file for reading.
    OpenRead {
        /// For its size. A directory is [`Failure::IsADirectory`](crate::Failure::IsADirectory).
        ticket: Ticket<Opened>,
        /// Its name from here on.
        file: FileId,
        /// Where.
        path: VirtualPath,
    },
    /// Open a file for writing.
    OpenWrite {
        /// For its size now.
        ticket: Ticket<Opened>,
        /// Its name from here on.
        file: FileId,
        /// Where.
        path: VirtualPath,
        /// How.
        mode: WriteMode,
        /// The permission bits a new file gets: 666 without the session's umask.
        permissions: u32,
        /// How many bytes ALLO announced; 0 when it did not.
        expected: u64,
    },
    /// Read from a file.
    Read {
        /// For the bytes: fewer than `max` only at the end of the file, none behind it.
        ticket: Ticket<Bytes>,
        /// This one.
        file: FileId,
        /// From this offset.
        at: u64,
        /// At most so many.
        max: usize,
    },
    /// Write all of `bytes` to a file.
    Write {
        /// When all are written.
        ticket: Ticket<Done>,
        /// This one.
        file: FileId,
        /// At this offset.
        at: u64,
        /// These.
        bytes: Bytes,
    },
    /// End an upload: commit, keep or discard it. The file is closed, whatever the answer.
    Finish {
        /// When it is done; a failed commit has discarded the upload.
        ticket: Ticket<Done>,
        /// This one.
        file: FileId,
        /// How.
        how: FinishHow,
    },
    /// Close a file that was read.
    CloseFile(FileId),
    /// Remove a file or a symbolic link (never what it points to).
    Remove {
        /// When it is gone. A directory is [`Failure::IsADirectory`](crate::Failure::IsADirectory).
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
    },
    /// Remove an empty directory.
    RemoveDir {
        /// When it is gone.
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
    },
    /// Make a directory.
    MakeDir {
        /// When it is there.
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
        /// The permission bits it gets: 777 without the session's umask.
        permissions: u32,
    },
    /// Rename or move. Never over a directory.
    Rename {
        /// When it is done.
        ticket: Ticket<Done>,
        /// What.
        from: VirtualPath,
        /// To which name.
        to: VirtualPath,
        /// Whether a file of that name may be replaced.
        replace: Replace,
    },
    /// Set times.
    SetTimes {
        /// When they are set.
        ticket: Ticket<Done>,
        /// Of what.
        path: VirtualPath,
        /// Which.
        times: Times,
    },
    /// Set the permission bits.
    SetMode {
        /// When they are set.
        ticket: Ticket<Done>,
        /// Of what.
        path: VirtualPath,
        /// The low twelve bits of a Unix mode.
        mode: u32,
    },
    /// Make a symbolic link. A target that leaves the storage is refused.
    Symlink {
        /// When it is there.
        ticket: Ticket<Done>,
        /// Where it points.
        target: VirtualPath,
        /// Where it stands.
        link: VirtualPath,
    },
    /// Copy a file's content; the copy takes its name when it is whole.
    Copy {
        /// When it is done.
        ticket: Ticket<Done>,
        /// What.
        from: VirtualPath,
        /// To which name.
        to: VirtualPath,
        /// Whether a file of that name may be replaced.
        replace: Replace,
    },
    /// How much room is there?
    Space {
        /// For the room.
        ticket: Ticket<Space>,
        /// Where.
        path: VirtualPath,
    },
    /// How much of the account's quota is used?
    Quota {
        /// For the quota; [`Failure::Unsupported`](crate::Failure::Unsupported) where there is none.
        ticket: Ticket<Quota>,
    },
    /// The digest of a range of a file. May take long.
    Hash {
        /// For the digest.
        ticket: Ticket<Digest>,
        /// Of this file.
        path: VirtualPath,
        /// By this algorithm.
        algorithm: HashAlgorithm,
        /// From this offset; behind the end of the file it is [`Failure::BadOffset`](crate::Failure::BadOffset).
        from: u64,
        /// To this offset, which is the first not to count; `None` for the end of the file.
        to: Option<u64>,
    },
    /// The sizes of all files beneath a directory. May take long.
    TreeSize {
        /// For their sum.
        ticket: Ticket<TreeSize>,
        /// Where.
        path: VirtualPath,
    },
    /// Make a directory and those above it that are missing.
    MakeDirs {
        /// When it is there, also where it was before.
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
        /// The permission bits of those that are made: 777 without the session's umask.
        permissions: u32,
    },
    /// Remove a directory and everything in it; symbolic links are removed, not followed. May take long; broken off, it
    /// leaves what it had not come to.
    RemoveTree {
        /// When it is gone.
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
    },
    /// Join the content of `parts`, in their order, behind what `target` holds; then remove them. May take long.
    Combine {
        /// When the whole is in place.
        ticket: Ticket<Done>,
        /// The file that gets it; made if it is not there. It may not be one of the parts.
        target: VirtualPath,
        /// The files, at least one.
        parts: Vec<VirtualPath>,
    },
    /// Set owner and group; `None` leaves one as it is.
    SetOwner {
        /// When they are set.
        ticket: Ticket<Done>,
        /// Of what.
        path: VirtualPath,
        /// The owner: a name, or a number in digits.
        owner: Option<Box<str>>,
        /// The group: a name, or a number in digits.
        group: Option<Box<str>>,
    },
    /// A transfer is coming (PRET): time to choose the node it will be with.
    Prepare {
        /// For where the client is to connect to.
        ticket: Ticket<Prepared>,
        /// Of what.
        path: VirtualPath,
        /// Whether it will be an upload.
        upload: bool,
    },
}

/// Times to set on a file; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Times {
    /// When its content last changed.
    pub modified: Option<UnixTime>,
    /// When it was made (MFCT). A storage that cannot says [`Failure::Unsupported`](crate::Failure::Unsupported).
    pub created: Option<UnixTime>,
}
