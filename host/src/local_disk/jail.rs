//! The root directory, and the only ways to get at what is beneath it.
//!
//! Every lookup is one `openat2` with `RESOLVE_BENEATH`: the kernel itself refuses to leave the root, whatever
//! links say and whoever swaps a directory for a link meanwhile. What changes a directory holds that directory open
//! and names one component in it.

use std::borrow::Cow;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use ftp_proto::{Failure, VirtualPath};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat2, readlinkat, statat};
use rustix::io::Errno;

use super::aside;
use super::failures::failure;

/// A directory that nothing resolved through it can leave.
#[derive(Debug)]
pub(super) struct Jail {
    root: Arc<OwnedFd>,
    /// What its file system is called.
    device: u64,
}

/// How far a lookup goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// As far as it takes; it may wait.
    Any,
    /// Not out of the root's file system: [`Errno::XDEV`].
    SameFileSystem,
    /// Not further than what the kernel has in memory: [`Errno::AGAIN`] (Linux 5.12).
    Cached,
}

/// One name in one directory, the directory held open.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) dir: Arc<OwnedFd>,
    /// One component, never `.` or `..`.
    pub(super) name: Vec<u8>,
}

impl Jail {
    pub(super) fn open(root: &Path) -> std::io::Result<Self> {
        let root = open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let device = fstat(&root)?.st_dev;
        let this = Self { root: Arc::new(root), device };
        match this.resolve(b"", OFlags::PATH, Effort::Any) {
            Ok(_) => Ok(this),
            Err(Errno::NOSYS | Errno::PERM) => Err(std::io::Error::new(
                std::io::ErrorKind::Unsupported,
                "the system call openat2 is needed to keep clients beneath the root, and it is missing or forbidden \
                 here: use Linux 5.6 or newer, and a container profile that allows it",
            )),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// Whether what this tells of is in the root's own file system.
    pub(super) fn is_home(&self, stat: &Stat) -> bool {
        stat.st_dev == self.device
    }

    /// Opens what `relative` names beneath the root; empty is the root itself.
    pub(super) fn resolve(&self, relative: &[u8], flags: OFlags, effort: Effort) -> Result<OwnedFd, Errno> {
        let relative = if relative.is_empty() { b"." } else { relative };
        let tries = if effort == Effort::Cached { 1 } else { MOST_RACES };
        lookup(&self.root, relative, (flags, Mode::empty()), effort.resolve(), tries)
    }

    /// Opens a regular file, and tells what it is. Pipes and devices are refused unopened: opening one may already do
    /// something, such as let the other end of a pipe go on. One that comes in between is not waited for.
    pub(super) fn open_regular(&self, path: &VirtualPath, flags: OFlags, effort: Effort) -> Result<Regular, Errno> {
        let relative = path.relative();
        if !self.is_regular_in_root(relative, effort)? {
            must_be_regular(&fstat(self.resolve(relative, OFlags::PATH, effort)?)?)?;
        }
        regular(self.resolve(relative, flags | OFlags::NONBLOCK | OFlags::NOCTTY, effort)?)
    }

    /// Whether this is a regular file that stands in the root itself, which takes no lookup to find out. Not by what is
    /// cached alone: asking for a name may read the disk.
    fn is_regular_in_root(&self, relative: &[u8], effort: Effort) -> Result<bool, Errno> {
        if effort == Effort::Cached || relative.is_empty() || relative.contains(&b'/') {
            return Ok(false);
        }
        let stat = self.stat(&self.root, relative, effort)?;
        Ok(FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
    }

    /// What `name`, one component, is in `dir`; a link is told as itself.
    fn stat(&self, dir: &OwnedFd, name: &[u8], effort: Effort) -> Result<Stat, Errno> {
        if effort == Effort::Any {
            return statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
        }
        // What is mounted there is not asked: its server may be gone.
        let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_DONT_SYNC)?;
        if self.is_home(&stat) { Ok(stat) } else { Err(Errno::XDEV) }
    }

    /// The directory that holds `path`, and its name there. A link by that name is not followed.
    ///
    /// # Errors
    /// `at_root` when `path` is the root, which has no name.
    pub(super) fn spot(&self, path: &VirtualPath, at_root: Failure) -> Result<Spot, Failure> {
        let (parent, name) = parted(path).ok_or(at_root)?;
        self.spot_in(parent, name, Effort::Any).map_err(failure)
    }

    /// Like [`spot`](Self::spot), where a link by that name stands for what it points to; and what has the name now.
    pub(super) fn target(&self, path: &VirtualPath, effort: Effort) -> Result<(Spot, Option<Stat>), Errno> {
        let (parent, name) = parted(path).ok_or(Errno::ISDIR)?;
        let mut spot = self.spot_in(parent, name, effort)?;
        let mut parent = Cow::Borrowed(parent);
        for _ in 0..MOST_LINKS {
            let found = match self.stat(&spot.dir, &spot.name, effort) {
                Err(Errno::NOENT) => return Ok((spot, None)),
                found => found?,
            };
            if FileType::from_raw_mode(found.st_mode) != FileType::Symlink {
                return Ok((spot, Some(found)));
            }
            let link = match readlinkat(&spot.dir, &spot.name, Vec::new()) {
                Ok(link) => link.into_bytes(),
                // Something else has the name by now.
                Err(Errno::INVAL | Errno::NOENT) => continue,
                Err(error) => return Err(error),
            };
            if link.first() == Some(&b'/') {
                return Err(Errno::ACCESS);
            }
            let (dir, name) = match link.iter().rposition(|byte| *byte == b'/') {
                Some(at) => (link.get(..at).unwrap_or_default(), link.get(at + 1..).unwrap_or_default()),
                None => (&b"."[..], &*link),
            };
            if matches!(name, b"" | b"." | b"..") {
                return Err(Errno::ISDIR);
            }
            let way = parent.to_mut();
            if !way.is_empty() {
                way.push(b'/');
            }
            way.extend_from_slice(dir);
            spot = self.spot_in(&parent, name, effort)?;
        }
        Err(Errno::LOOP)
    }

    fn spot_in(&self, parent: &[u8], name: &[u8], effort: Effort) -> Result<Spot, Errno> {
        // Names of unfinished uploads are the server's own.
        if aside::is_temporary(name) {
            return Err(Errno::INVAL);
        }
        let dir = if parent.is_empty() {
            Arc::clone(&self.root)
        } else {
            Arc::new(self.resolve(parent, OFlags::PATH | OFlags::DIRECTORY, effort)?)
        };
        Ok(Spot { dir, name: name.to_vec() })
    }
}

impl Effort {
    fn resolve(self) -> ResolveFlags {
        match self {
            Self::Any => BENEATH,
            Self::SameFileSystem => BENEATH | ResolveFlags::NO_XDEV,
            // What is mounted there may be somebody else's to answer for, also where its names are cached.
            Self::Cached => BENEATH | ResolveFlags::CACHED | ResolveFlags::NO_XDEV,
        }
    }
}

/// Where `path` stands, and its name; the root has none.
fn parted(path: &VirtualPath) -> Option<(&[u8], &[u8])> {
    let relative = path.relative();
    match relative.iter().rposition(|byte| *byte == b'/') {
        Some(at) => Some((relative.get(..at)?, relative.get(at + 1..)?)),
        None if relative.is_empty() => None,
        None => Some((b"", relative)),
    }
}

impl Spot {
    /// Opens what has this name now; a link is refused.
    pub(super) fn open(&self, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        beneath(&self.dir, &self.name, flags, mode)
    }

    /// What has this name now; a link is told as itself.
    pub(super) fn stat(&self) -> Result<Stat, Errno> {
        statat(&self.dir, &self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Opens the regular file that has this name now. What is none is refused unopened.
    pub(super) fn open_regular(&self, flags: OFlags) -> Result<Regular, Errno> {
        must_be_regular(&self.stat()?)?;
        regular(self.open(flags, Mode::empty())?)
    }
}

/// A regular file that is open, and what it was then.
pub(super) type Regular = (File, Stat);

/// The file behind `fd` when it is a regular one.
fn regular(fd: OwnedFd) -> Result<Regular, Errno> {
    let stat = fstat(&fd)?;
    must_be_regular(&stat)?;
    Ok((File::from(fd), stat))
}

fn must_be_regular(stat: &Stat) -> Result<(), Errno> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(Errno::ISDIR),
        _ => Err(Errno::ACCESS),
    }
}

/// A size as the engine has it.
pub(super) fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

/// One `openat2` that cannot leave `dir`.
pub(super) fn beneath(dir: impl AsFd, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    lookup(dir, path, (flags, mode), BENEATH, MOST_RACES)
}

fn lookup(
    dir: impl AsFd,
    path: &[u8],
    (flags, mode): (OFlags, Mode),
    resolve: ResolveFlags,
    tries: usize,
) -> Result<OwnedFd, Errno> {
    for _ in 0..tries {
        // AGAIN: a rename elsewhere crossed the lookup of a `..`, and the kernel could not be sure.
        match openat2(dir.as_fd(), path, flags | OFlags::CLOEXEC, mode, resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            result => return result,
        }
    }
    Err(Errno::AGAIN)
}

const BENEATH: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS);
/// As many links as the kernel follows in one lookup.
const MOST_LINKS: usize = 40;
const MOST_RACES: usize = 64;
