//! The root directory, and the only ways to get at what is beneath it.
//!
//! Every lookup is one `openat2` with `RESOLVE_BENEATH`: the kernel itself refuses to leave the root, whatever
//! links say and whoever swaps a directory for a link meanwhile. What changes a directory holds that directory open
//! and names one component in it.

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
    root: OwnedFd,
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
        let this = Self { root };
        match this.resolve(b"", OFlags::PATH) {
            Ok(_) => Ok(this),
            Err(Errno::NOSYS | Errno::PERM) => Err(std::io::Error::new(
                std::io::ErrorKind::Unsupported,
                "the system call openat2 is needed to keep clients beneath the root, and it is missing or forbidden \
                 here: use Linux 5.6 or newer, and a container profile that allows it",
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens what `relative` names beneath the root; empty is the root itself.
    pub(super) fn resolve(&self, relative: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let relative = if relative.is_empty() { b"." } else { relative };
        beneath(&self.root, relative, flags, Mode::empty())
    }

    /// Opens a regular file. Pipes and devices are refused unopened: opening one may already do something, such as let
    /// the other end of a pipe go on. One that comes in between is not waited for.
    pub(super) fn open_regular(&self, path: &VirtualPath, flags: OFlags) -> Result<File, Failure> {
        let found = self.resolve(path.relative(), OFlags::PATH).map_err(failure)?;
        must_be_regular(fstat(found).map_err(failure)?)?;
        let file = self.resolve(path.relative(), flags | OFlags::NONBLOCK | OFlags::NOCTTY).map_err(failure)?;
        regular(file)
    }

    /// The directory that holds `path`, and its name there. A link by that name is not followed.
    ///
    /// # Errors
    /// `at_root` when `path` is the root, which has no name.
    pub(super) fn spot(&self, path: &VirtualPath, at_root: Failure) -> Result<Spot, Failure> {
        let name = path.file_name().ok_or(at_root)?;
        self.spot_in(path.parent().relative(), name).map_err(failure)
    }

    /// Like [`spot`](Self::spot), where a link by that name stands for what it points to.
    pub(super) fn target(&self, path: &VirtualPath) -> Result<Spot, Failure> {
        let name = path.file_name().ok_or(Failure::IsADirectory)?;
        let mut parent = path.parent().relative().to_vec();
        let mut spot = self.spot_in(&parent, name).map_err(failure)?;
        for _ in 0..MOST_LINKS {
            let link = match readlinkat(&spot.dir, &spot.name, Vec::new()) {
                Ok(link) => link.into_bytes(),
                Err(Errno::INVAL | Errno::NOENT) => return Ok(spot),
                Err(error) => return Err(failure(error)),
            };
            if link.first() == Some(&b'/') {
                return Err(Failure::PermissionDenied);
            }
            let (dir, name) = match link.iter().rposition(|byte| *byte == b'/') {
                Some(at) => (link.get(..at).unwrap_or_default(), link.get(at + 1..).unwrap_or_default()),
                None => (&b"."[..], &*link),
            };
            if matches!(name, b"" | b"." | b"..") {
                return Err(Failure::IsADirectory);
            }
            if !parent.is_empty() {
                parent.push(b'/');
            }
            parent.extend_from_slice(dir);
            spot = self.spot_in(&parent, name).map_err(failure)?;
        }
        Err(failure(Errno::LOOP))
    }

    fn spot_in(&self, parent: &[u8], name: &[u8]) -> Result<Spot, Errno> {
        // Names of unfinished uploads are the server's own.
        if aside::is_temporary(name) {
            return Err(Errno::INVAL);
        }
        let dir = self.resolve(parent, OFlags::PATH | OFlags::DIRECTORY)?;
        Ok(Spot { dir: Arc::new(dir), name: name.to_vec() })
    }
}

impl Spot {
    /// Opens what has this name now; a link is refused.
    pub(super) fn open(&self, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        beneath(&self.dir, &self.name, flags, mode)
    }

    /// Opens the regular file that has this name now. What is none is refused unopened.
    pub(super) fn open_regular(&self, flags: OFlags) -> Result<File, Failure> {
        let stat = statat(&self.dir, &self.name, AtFlags::SYMLINK_NOFOLLOW).map_err(failure)?;
        must_be_regular(stat)?;
        regular(self.open(flags, Mode::empty()).map_err(failure)?)
    }
}

/// The file behind `fd` when it is a regular one.
fn regular(fd: OwnedFd) -> Result<File, Failure> {
    must_be_regular(fstat(&fd).map_err(failure)?)?;
    Ok(File::from(fd))
}

fn must_be_regular(stat: Stat) -> Result<(), Failure> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(Failure::IsADirectory),
        _ => Err(Failure::PermissionDenied),
    }
}

/// One `openat2` that cannot leave `dir`.
pub(super) fn beneath(dir: impl AsFd, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..MOST_RACES {
        // AGAIN: a rename elsewhere crossed the lookup of a `..`, and the kernel could not be sure.
        match openat2(dir.as_fd(), path, flags | OFlags::CLOEXEC, mode, resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            result => return result,
        }
    }
    Err(Errno::AGAIN)
}

/// As many links as the kernel follows in one lookup.
const MOST_LINKS: usize = 40;
const MOST_RACES: usize = 64;
