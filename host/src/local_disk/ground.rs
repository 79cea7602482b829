//! What a root stands on: whether lookups and bytes there wait for anything.
//!
//! | root on | looked up and opened | read and written, made and named |
//! |---|---|---|
//! | tmpfs, ramfs | in place, as long as the way does not leave it | in place; what gives much memory back does not |
//! | a disk's file system | in place what the kernel has cached (`RESOLVE_CACHED`) | on the pool: a journal may wait |
//! | anything else | on the pool | on the pool |
//!
//! A network's file system may be gone, one in user space may do anything, and one on top of others (overlayfs) is as slow
//! as the slowest beneath it: they are never asked in place.

use std::fs::File;

use ftp_proto::Failure;
use ftp_proto::outcome::Entries;
use rustix::fs::{AtFlags, OFlags, Stat, fstat, fstatfs, statat};
use rustix::io::Errno;

use super::failures::failure;
use super::jail::{Effort, Jail, size};
use crate::pace::Pace;
use crate::storage::Directory;

/// What a root stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    Memory,
    Disk,
    Slow,
}

impl Ground {
    /// What the root of `jail` stands on, as far as its kernel can be asked without waiting.
    pub(super) fn of(jail: &Jail) -> Self {
        let Ok(found) = fstatfs(jail.root()) else { return Self::Slow };
        // Also where the number has a sign: they are compared as the kernel defines them, in 32 bits.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "all of them fit")]
        let (ground, effort) = match found.f_type as u32 {
            TMPFS | RAMFS => (Self::Memory, Effort::SameFileSystem),
            EXT | XFS | BTRFS | F2FS | ZFS => (Self::Disk, Effort::Cached),
            _ => return Self::Slow,
        };
        // Before Linux 5.12 it does not know the one, and never waited for being told not to.
        let told = statat(jail.root(), c".", AtFlags::STATX_DONT_SYNC).map(drop);
        let answer = told.and_then(|()| jail.resolve(b"", OFlags::PATH, effort).map(drop));
        if answer == Err(Errno::INVAL) { Self::Slow } else { ground }
    }

    /// How far a lookup may go in place.
    pub(super) const fn effort(self) -> Option<Effort> {
        match self {
            Self::Memory => Some(Effort::SameFileSystem),
            Self::Disk => Some(Effort::Cached),
            Self::Slow => None,
        }
    }

    /// The same where more than a lookup is to follow.
    pub(super) const fn effort_in_memory(self) -> Option<Effort> {
        match self {
            Self::Memory => Some(Effort::SameFileSystem),
            Self::Disk | Self::Slow => None,
        }
    }

    /// Whether bytes of its files may have to be waited for.
    pub(super) const fn pace(self) -> Pace {
        match self {
            Self::Memory => Pace::Prompt,
            Self::Disk | Self::Slow => Pace::MayWait,
        }
    }

    /// The ground of a file that was reached by a way that may have left ours.
    pub(super) fn of_file(self, jail: &Jail, stat: &Stat) -> Self {
        if jail.is_home(stat) { self } else { Self::Slow }
    }

    /// Whether closing a file may have to be waited for: it may be the last that keeps a removed one.
    pub(super) fn closing(self, file: &File) -> Pace {
        if self == Self::Slow {
            return Pace::MayWait;
        }
        match fstat(file) {
            Ok(stat) if stat.st_nlink > 0 || self.is_light(&stat) => Pace::Prompt,
            _ => Pace::MayWait,
        }
    }

    /// The same of an open file, as it is now.
    pub(super) fn is_light_file(self, file: &File) -> bool {
        self == Self::Memory && fstat(file).is_ok_and(|stat| self.is_light(&stat))
    }

    /// Whether the file can be given back to the system in no time.
    pub(super) fn is_light(self, stat: &Stat) -> bool {
        self == Self::Memory && size(stat) <= LIGHT
    }
}

/// What is known of a lookup: nothing where it would have to wait, or leave the file system.
pub(super) fn known<T>(found: Result<T, Errno>) -> Option<Result<T, Failure>> {
    match found {
        Err(error) if is_undecided(error) => None,
        found => Some(found.map_err(failure)),
    }
}

/// Whether a lookup with less than any effort ended for want of that.
pub(super) const fn is_undecided(error: Errno) -> bool {
    matches!(error, Errno::AGAIN | Errno::INTR | Errno::XDEV)
}

/// A directory that is in memory.
pub(super) struct InMemory<D>(pub(super) D);

impl<D: Directory> Directory for InMemory<D> {
    fn read(&mut self, max: usize) -> Result<Entries, Failure> {
        self.0.read(max)
    }

    fn pace(&self) -> Pace {
        Pace::Prompt
    }
}

// `linux/magic.h`, and OpenZFS's own.
const TMPFS: u32 = 0x0102_1994;
const RAMFS: u32 = 0x8584_58f6;
const EXT: u32 = 0xef53;
const XFS: u32 = 0x5846_5342;
const BTRFS: u32 = 0x9123_683e;
const F2FS: u32 = 0xf2f5_2010;
const ZFS: u32 = 0x2fc1_2fc1;

/// Bytes of pages that are freed in some ten microseconds.
const LIGHT: u64 = 1 << 20;
