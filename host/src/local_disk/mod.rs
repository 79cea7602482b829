//! A directory of the local disk, as the kernel itself keeps clients in it.
//!
//! Nothing leaves the root: not by `..`, not by a link, not by swapping one for a directory while a lookup runs
//! ([`openat2(2)`](https://man7.org/linux/man-pages/man2/openat2.2.html), `RESOLVE_BENEATH`). Links that stay inside
//! are followed. Pipes, sockets and devices are listed and never opened.
//!
//! An upload is written aside and takes its name when it is whole. On tmpfs, and as far as lookups go on a disk's own
//! file system, it is known what does not wait, and done in place. Not here: who may do what
//! ([`Permissions`](ftp_proto::storage::Permissions) are the engine's business).

mod aside;
mod directory;
mod failures;
mod files;
mod ground;
mod jail;
mod join;
mod metadata;
mod tree;
mod turns;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use ftp_proto::action::Times;
use ftp_proto::outcome::{Space, TreeSize};
use ftp_proto::storage::{FileKind, FinishHow, Metadata, Replace, Wanted, WriteMode};
use ftp_proto::{Failure, VirtualPath};
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, Uid, chmodat, chownat, fchmod,
    fstat, fstatvfs, mkdirat, statat, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno;

use self::directory::LocalDirectory;
use self::failures::failure;
use self::files::{InPlace, LocalRead, Manner, NewFile};
use self::ground::{Ground, InMemory, is_undecided, known};
use self::jail::{Effort, Jail, Spot, size};
use self::metadata::Owners;
use crate::links::relative_to;
use crate::storage::{Cancel, Directory, ReadFile, Storage, Upload, WriteFile};

/// A directory of the local disk, and all that is beneath it.
#[derive(Debug)]
pub struct LocalDisk {
    jail: Jail,
    owners: Arc<Owners>,
    manner: Manner,
}

impl LocalDisk {
    /// The directory `root`, which may be reached through links; what is beneath it may not.
    ///
    /// # Errors
    /// When it is not a directory that can be entered, or the kernel lacks `openat2` (Linux 5.6).
    pub fn open(root: impl AsRef<Path>) -> std::io::Result<Self> {
        let jail = Jail::open(root.as_ref())?;
        let manner = Manner { ground: Ground::of(&jail), sync: false };
        Ok(Self { jail, owners: Arc::new(Owners::read()), manner })
    }

    /// Whether an upload is answered only once it is on the disk itself, name and all. Slower; off at first.
    #[must_use]
    pub const fn sync(mut self, sync: bool) -> Self {
        self.manner.sync = sync;
        self
    }

    /// Has everything wait, as far as anyone is told: nothing is done in place, whatever the root stands on. For where an
    /// open may take its time without the disk, as when a scanner of viruses has to approve of it (fanotify).
    #[must_use]
    pub const fn may_wait(mut self) -> Self {
        self.manner.ground = Ground::Slow;
        self
    }
}

impl Storage for LocalDisk {
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        self.look(path, Effort::Any).map_err(failure)
    }

    fn stat_now(&self, path: &VirtualPath) -> Option<Result<Metadata, Failure>> {
        known(self.look(path, self.manner.ground.effort()?))
    }

    fn open_dir(&self, path: &VirtualPath, wanted: Wanted) -> Result<Box<dyn Directory>, Failure> {
        Ok(Box::new(self.directory(path, wanted, Effort::Any).map_err(failure)?))
    }

    fn open_dir_now(&self, path: &VirtualPath, wanted: Wanted) -> Option<Result<Box<dyn Directory>, Failure>> {
        let effort = self.manner.ground.effort_in_memory()?;
        let opened = known(self.directory(path, wanted, effort))?;
        Some(opened.map(|dir| Box::new(InMemory(dir.in_place())) as _))
    }

    fn open_read(&self, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
        let regular = self.jail.open_regular(path, OFlags::RDONLY, Effort::Any).map_err(failure)?;
        let ground = self.manner.ground.of_file(&self.jail, &regular.1);
        Ok(Box::new(LocalRead::new(regular, ground)))
    }

    fn open_read_now(&self, path: &VirtualPath) -> Option<Result<Box<dyn ReadFile>, Failure>> {
        let ground = self.manner.ground;
        let opened = known(self.jail.open_regular(path, OFlags::RDONLY, ground.effort()?))?;
        Some(opened.map(|regular| Box::new(LocalRead::new(regular, ground)) as _))
    }

    fn open_write(&self, path: &VirtualPath, upload: Upload) -> Result<Box<dyn WriteFile>, Failure> {
        let target = self.jail.target(path, Effort::Any).map_err(failure)?;
        write(target, upload, Manner { ground: Ground::Slow, ..self.manner })
    }

    fn open_write_now(&self, path: &VirtualPath, upload: Upload) -> Option<Result<Box<dyn WriteFile>, Failure>> {
        let effort = self.manner.ground.effort_in_memory()?;
        Some(known(self.jail.target(path, effort))?.and_then(|target| write(target, upload, self.manner)))
    }

    fn remove(&self, path: &VirtualPath) -> Result<(), Failure> {
        let spot = self.jail.spot(path, Failure::IsADirectory)?;
        unlinkat(&spot.dir, &spot.name, AtFlags::empty()).map_err(failure)
    }

    fn remove_dir(&self, path: &VirtualPath) -> Result<(), Failure> {
        let spot = self.jail.spot(path, Failure::PermissionDenied)?;
        unlinkat(&spot.dir, &spot.name, AtFlags::REMOVEDIR).map_err(failure)
    }

    fn make_dir(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        let spot = self.jail.spot(path, Failure::Exists)?;
        // Open to its owner first, so that the bits asked for can be set whatever the process's own umask is.
        mkdirat(&spot.dir, &spot.name, Mode::RWXU).map_err(failure)?;
        let made = spot.open(OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).map_err(failure)?;
        // In a directory shared by a group the new one is too: mkdir handed the bit on, so it stays.
        let shared = fstat(&made).map_err(failure)?.st_mode & Mode::SGID.as_raw_mode();
        fchmod(made, Mode::from_raw_mode(permissions & 0o7777 | shared)).map_err(failure)
    }

    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        let from = self.jail.spot(from, Failure::PermissionDenied)?;
        let to = self.jail.spot(to, Failure::Exists)?;
        // A directory could replace an empty one, so it may replace nothing; a file never replaces a directory.
        let moved = statat(&from.dir, &from.name, AtFlags::SYMLINK_NOFOLLOW).map_err(failure)?;
        let replace = match FileType::from_raw_mode(moved.st_mode) {
            FileType::Directory => Replace::Refused,
            _ => replace,
        };
        match aside::rename(&from, &to, replace) {
            Err(Errno::ISDIR) => Err(Failure::Exists),
            result => result.map_err(failure),
        }
    }

    fn set_times(&self, path: &VirtualPath, times: Times) -> Result<(), Failure> {
        if times.created.is_some() {
            return Err(Failure::Unsupported);
        }
        let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let modified = times.modified.map_or(omit, |at| Timespec { tv_sec: at.secs, tv_nsec: at.nanos.into() });
        let times = Timestamps { last_access: omit, last_modification: modified };
        let file = self.changeable(path)?;
        utimensat(CWD, aside::proc_path(&file), &times, AtFlags::empty()).map_err(failure)
    }

    fn set_mode(&self, path: &VirtualPath, mode: u32) -> Result<(), Failure> {
        let file = self.changeable(path)?;
        let mode = Mode::from_raw_mode(mode & 0o7777);
        chmodat(CWD, aside::proc_path(&file), mode, AtFlags::empty()).map_err(failure)
    }

    fn symlink(&self, target: &VirtualPath, link: &VirtualPath) -> Result<(), Failure> {
        let spot = self.jail.spot(link, Failure::Exists)?;
        symlinkat(relative_to(&link.parent(), target), &spot.dir, &spot.name).map_err(failure)
    }

    fn copy(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace, cancel: &Cancel) -> Result<(), Failure> {
        let source = self.jail.open_regular(from, OFlags::RDONLY, Effort::Any).map_err(failure)?;
        let (permissions, expected) = (source.1.st_mode & 0o777, size(&source.1));
        let upload = Upload { mode: WriteMode::Create(replace), permissions, expected };
        let target = self.jail.target(to, Effort::Any).map_err(failure)?;
        let copy = NewFile::open(target, replace, upload, self.manner)?;
        join::append(source, &copy, 0, cancel)?;
        copy.finish(FinishHow::Commit)
    }

    fn tree_size(&self, path: &VirtualPath, cancel: &Cancel) -> Result<TreeSize, Failure> {
        let dir = self.resolve(path, OFlags::RDONLY | OFlags::DIRECTORY).map_err(failure)?;
        Ok(TreeSize { bytes: tree::size(dir, cancel)? })
    }

    fn remove_tree(&self, path: &VirtualPath, cancel: &Cancel) -> Result<(), Failure> {
        tree::remove(&self.jail.spot(path, Failure::PermissionDenied)?, cancel)
    }

    fn combine(&self, target: &VirtualPath, parts: &[VirtualPath], cancel: &Cancel) -> Result<(), Failure> {
        join::combine(&self.jail, target, parts, cancel)
    }

    fn set_owner(&self, path: &VirtualPath, owner: Option<&str>, group: Option<&str>) -> Result<(), Failure> {
        let user = owner.map(|name| self.owners.user(name).ok_or(Failure::NameNotAllowed)).transpose()?;
        let group = group.map(|name| self.owners.group(name).ok_or(Failure::NameNotAllowed)).transpose()?;
        let file = self.changeable(path)?;
        chownat(file, c"", user.map(Uid::from_raw), group.map(Gid::from_raw), AtFlags::EMPTY_PATH).map_err(failure)
    }

    fn space(&self, path: &VirtualPath) -> Result<Space, Failure> {
        let place = self.resolve(path, OFlags::PATH).map_err(failure)?;
        let room = fstatvfs(place).map_err(failure)?;
        Ok(Space { available: room.f_bavail.saturating_mul(room.f_frsize) })
    }
}

impl LocalDisk {
    fn resolve(&self, path: &VirtualPath, flags: OFlags) -> Result<OwnedFd, Errno> {
        self.jail.resolve(path.relative(), flags, Effort::Any)
    }

    /// What is at `path`, links followed where they lead somewhere.
    fn look(&self, path: &VirtualPath, effort: Effort) -> Result<Metadata, Errno> {
        let found = |flags| self.owners.describe(self.jail.resolve(path.relative(), flags, effort)?, c"");
        let error = match found(OFlags::PATH) {
            // What is cached says nothing of a link's end; what stays in one file system nothing of another's.
            Err(_) if effort == Effort::Cached => return Err(Errno::AGAIN),
            Err(error) if effort != Effort::Any && is_undecided(error) => return Err(error),
            Err(error) => error,
            found => return found,
        };
        // A link that leads nowhere, or outside, is all there is to see.
        match found(OFlags::PATH | OFlags::NOFOLLOW) {
            Ok(metadata) if metadata.kind == FileKind::Symlink => Ok(metadata),
            _ => Err(error),
        }
    }

    fn directory(&self, path: &VirtualPath, wanted: Wanted, effort: Effort) -> Result<LocalDirectory, Errno> {
        let dir = self.jail.resolve(path.relative(), OFlags::RDONLY | OFlags::DIRECTORY, effort)?;
        Ok(LocalDirectory::new(dir, wanted, Arc::clone(&self.owners)))
    }

    /// Holds a file or directory, so that its attributes can be set whatever becomes of its name.
    fn changeable(&self, path: &VirtualPath) -> Result<OwnedFd, Failure> {
        let file = self.resolve(path, OFlags::PATH).map_err(failure)?;
        match FileType::from_raw_mode(fstat(&file).map_err(failure)?.st_mode) {
            FileType::RegularFile | FileType::Directory => Ok(file),
            _ => Err(Failure::PermissionDenied),
        }
    }
}

fn write((spot, found): (Spot, Option<Stat>), upload: Upload, manner: Manner) -> Result<Box<dyn WriteFile>, Failure> {
    match upload.mode {
        WriteMode::Create(replace) => Ok(Box::new(NewFile::open((spot, found), replace, upload, manner)?)),
        WriteMode::At(_) | WriteMode::Append => Ok(Box::new(InPlace::open(spot, upload, manner)?)),
    }
}
