//! Storage as blocking calls: one method for each [`StorageAction`](ftp_proto::StorageAction).
//!
//! This is the convenient face. It is run on a pool ([`Pooled`](crate::Pooled)) or in place
//! ([`Inline`](crate::Inline)); what never blocks, such as an object store, implements [`Host`](crate::Host) instead.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use ftp_proto::action::Times;
use ftp_proto::outcome::{Digest, Entries, Prepared, Quota, Space, TreeSize};
use ftp_proto::storage::{FinishHow, HashAlgorithm, Metadata, Replace, Wanted, WriteMode};
use ftp_proto::{Failure, VirtualPath};

use crate::pace::Pace;

/// A tree of files. Every method may block, but for those that end in `_now`, and may be called from several threads at
/// once.
///
/// What ends in `_now` is the same as the method without, tried first, on the thread that serves the client: it does all
/// of it, or says [`None`] where it would have to wait, having changed nothing; then a thread of the pool asks again,
/// without `_now`. A storage that never waits calls the other: `Some(self.stat(path))`.
///
/// Each method's default is [`Failure::Unsupported`], unless it says otherwise; that of `_now` is [`None`]. Symbolic links are followed where they stay inside the storage,
/// unless a method says otherwise.
pub trait Storage: Send + Sync {
    /// What is at `path`. A link that leads nowhere, or outside, is described itself.
    ///
    /// # Errors
    /// [`Failure::NotFound`] and the like.
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        let _ = path;
        Err(Failure::Unsupported)
    }

    /// [`stat`](Self::stat), if that does not wait.
    fn stat_now(&self, path: &VirtualPath) -> Option<Result<Metadata, Failure>> {
        let _ = path;
        None
    }

    /// Opens a directory for reading. Links in it are told as links.
    ///
    /// # Errors
    /// [`Failure::NotADirectory`] for a file.
    fn open_dir(&self, path: &VirtualPath, wanted: Wanted) -> Result<Box<dyn Directory>, Failure> {
        let _ = (path, wanted);
        Err(Failure::Unsupported)
    }

    /// [`open_dir`](Self::open_dir), if that does not wait.
    fn open_dir_now(&self, path: &VirtualPath, wanted: Wanted) -> Option<Result<Box<dyn Directory>, Failure>> {
        let _ = (path, wanted);
        None
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`Failure::IsADirectory`] for a directory.
    fn open_read(&self, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
        let _ = path;
        Err(Failure::Unsupported)
    }

    /// [`open_read`](Self::open_read), if that does not wait.
    fn open_read_now(&self, path: &VirtualPath) -> Option<Result<Box<dyn ReadFile>, Failure>> {
        let _ = path;
        None
    }

    /// Opens a file for writing. Dropping what is returned, without [`WriteFile::finish`], discards the upload.
    ///
    /// # Errors
    /// [`Failure::IsADirectory`]; [`Failure::Exists`] where replacing is refused; [`Failure::BadOffset`] behind the
    /// file's end; [`Failure::NoSpace`] when `upload.expected` bytes do not fit.
    fn open_write(&self, path: &VirtualPath, upload: Upload) -> Result<Box<dyn WriteFile>, Failure> {
        let _ = (path, upload);
        Err(Failure::Unsupported)
    }

    /// [`open_write`](Self::open_write), if that does not wait.
    fn open_write_now(&self, path: &VirtualPath, upload: Upload) -> Option<Result<Box<dyn WriteFile>, Failure>> {
        let _ = (path, upload);
        None
    }

    /// Removes a file or a symbolic link, never what it points to.
    ///
    /// # Errors
    /// [`Failure::IsADirectory`] for a directory.
    fn remove(&self, path: &VirtualPath) -> Result<(), Failure> {
        let _ = path;
        Err(Failure::Unsupported)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`Failure::NotEmpty`]; [`Failure::NotADirectory`].
    fn remove_dir(&self, path: &VirtualPath) -> Result<(), Failure> {
        let _ = path;
        Err(Failure::Unsupported)
    }

    /// Makes a directory with exactly these permission bits.
    ///
    /// # Errors
    /// [`Failure::Exists`].
    fn make_dir(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        let _ = (path, permissions);
        Err(Failure::Unsupported)
    }

    /// Renames or moves, never over a directory. A link is moved itself.
    ///
    /// # Errors
    /// [`Failure::Exists`] where `to` is taken and must not be replaced.
    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        let _ = (from, to, replace);
        Err(Failure::Unsupported)
    }

    /// Sets times. All of them or none.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a time that this storage does not keep.
    fn set_times(&self, path: &VirtualPath, times: Times) -> Result<(), Failure> {
        let _ = (path, times);
        Err(Failure::Unsupported)
    }

    /// Sets the permission bits: the low twelve of a Unix mode.
    ///
    /// # Errors
    /// [`Failure::NotFound`] and the like.
    fn set_mode(&self, path: &VirtualPath, mode: u32) -> Result<(), Failure> {
        let _ = (path, mode);
        Err(Failure::Unsupported)
    }

    /// Makes the symbolic link `link`, pointing to `target`, which need not exist.
    ///
    /// # Errors
    /// [`Failure::Exists`] when something has the link's name.
    fn symlink(&self, target: &VirtualPath, link: &VirtualPath) -> Result<(), Failure> {
        let _ = (target, link);
        Err(Failure::Unsupported)
    }

    /// Copies a file's content and permission bits; the copy takes its name when it is whole. Looks at `cancel` now
    /// and then.
    ///
    /// # Errors
    /// As [`open_read`](Self::open_read) and [`open_write`](Self::open_write); [`Failure::Cancelled`].
    fn copy(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace, cancel: &Cancel) -> Result<(), Failure> {
        let _ = (from, to, replace, cancel);
        Err(Failure::Unsupported)
    }

    /// How much room there is at `path`.
    ///
    /// # Errors
    /// [`Failure::NotFound`] and the like.
    fn space(&self, path: &VirtualPath) -> Result<Space, Failure> {
        let _ = path;
        Err(Failure::Unsupported)
    }

    /// How much of the quota is used.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] where there is no quota.
    fn quota(&self) -> Result<Quota, Failure> {
        Err(Failure::Unsupported)
    }

    /// The digest of a range of a file. Looks at `cancel` now and then. The default reads what
    /// [`open_read`](Self::open_read) gives.
    ///
    /// # Errors
    /// As [`open_read`](Self::open_read); [`Failure::BadOffset`] when the range ends behind the end of the file or
    /// before it begins; [`Failure::Cancelled`].
    fn hash(
        &self,
        path: &VirtualPath,
        algorithm: HashAlgorithm,
        range: (u64, Option<u64>),
        cancel: &Cancel,
    ) -> Result<Digest, Failure> {
        crate::digests::digest(&*self.open_read(path)?, algorithm, range, cancel)
    }

    /// The sizes of all files beneath a directory; links are not followed. Looks at `cancel` now and then. The default
    /// asks [`open_dir`](Self::open_dir) for each directory.
    ///
    /// # Errors
    /// [`Failure::NotADirectory`] and the like; [`Failure::Unsupported`] for a tree of more than 128 levels; [`Failure::Cancelled`].
    fn tree_size(&self, path: &VirtualPath, cancel: &Cancel) -> Result<TreeSize, Failure> {
        crate::trees::size(self, path, cancel)
    }

    /// Makes a directory and those above it that are missing, with `permissions`. The default makes one after the
    /// other by [`make_dir`](Self::make_dir).
    ///
    /// # Errors
    /// [`Failure::NotADirectory`] when something else has one of the names.
    fn make_dirs(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        crate::trees::make_dirs(self, path, permissions)
    }

    /// Removes a directory and everything in it; links are removed, not followed. Looks at `cancel` now and then, and
    /// then leaves what it has not come to.
    ///
    /// # Errors
    /// [`Failure::NotADirectory`] and the like; [`Failure::Cancelled`].
    fn remove_tree(&self, path: &VirtualPath, cancel: &Cancel) -> Result<(), Failure> {
        let _ = (path, cancel);
        Err(Failure::Unsupported)
    }

    /// Joins `parts`, in their order, behind what `target` holds, and removes them once the whole is in place. Looks at
    /// `cancel` now and then.
    ///
    /// # Errors
    /// As [`open_read`](Self::open_read) and [`open_write`](Self::open_write); [`Failure::NameNotAllowed`] where two of
    /// the names are one file's; [`Failure::Busy`] when someone else changed the target meanwhile;
    /// [`Failure::Cancelled`]. Nothing has changed then, unless it was the removal of a part that failed.
    fn combine(&self, target: &VirtualPath, parts: &[VirtualPath], cancel: &Cancel) -> Result<(), Failure> {
        let _ = (target, parts, cancel);
        Err(Failure::Unsupported)
    }

    /// Sets owner and group, each a name or a number in digits; `None` leaves one as it is.
    ///
    /// # Errors
    /// [`Failure::NameNotAllowed`] when nobody is called so; [`Failure::PermissionDenied`] and the like.
    fn set_owner(&self, path: &VirtualPath, owner: Option<&str>, group: Option<&str>) -> Result<(), Failure> {
        let _ = (path, owner, group);
        Err(Failure::Unsupported)
    }

    /// A transfer of `path` is coming: which node it will be with.
    ///
    /// # Errors
    /// Any; the transfer is then not prepared.
    fn prepare(&self, path: &VirtualPath, upload: bool) -> Result<Prepared, Failure> {
        let _ = (path, upload);
        Ok(Prepared::default())
    }
}

/// How a file is opened for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Whole and new, from an offset on, or at the end.
    pub mode: WriteMode,
    /// The permission bits of a new file; one that is replaced hands its own on.
    pub permissions: u32,
    /// How many bytes were announced; 0 when none were.
    pub expected: u64,
}

impl Upload {
    /// `mode`, with permissions 644 and nothing announced.
    #[must_use]
    pub const fn new(mode: WriteMode) -> Self {
        Self { mode, permissions: 0o644, expected: 0 }
    }
}

/// A directory that is being read.
pub trait Directory: Send {
    /// The next entries, at most `max`. Never `.` or `..`. Fewer are no end: only `last` is. Where each takes long, give
    /// what there is: until then nothing is sent and no ABOR heard.
    ///
    /// # Errors
    /// [`Failure::Io`] and the like; reading on after one is not meant to work.
    fn read(&mut self, max: usize) -> Result<Entries, Failure>;

    /// Whether reading some hundred entries may wait, or dropping it.
    fn pace(&self) -> Pace {
        Pace::MayWait
    }
}

/// A file open for reading. Dropping it closes it.
pub trait ReadFile: Send + Sync {
    /// Its size in bytes when it was opened.
    fn size(&self) -> u64;

    /// The file itself, where the kernel can move its bytes.
    fn file(&self) -> Option<Arc<File>> {
        None
    }

    /// Whether reading it may wait.
    fn pace(&self) -> Pace {
        Pace::MayWait
    }

    /// Whether dropping it may wait, as where that frees the blocks of a file that was removed meanwhile.
    fn closing(&self) -> Pace {
        Pace::MayWait
    }

    /// The bytes from offset `at`: fewer than `max` only at the end of the file, none behind it.
    ///
    /// # Errors
    /// [`Failure::Io`] and the like.
    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure>;
}

/// A file open for writing. Dropping it without [`finish`](Self::finish) discards the upload.
pub trait WriteFile: Send + Sync {
    /// Its size in bytes when it was opened: 0 for a new one.
    fn size(&self) -> u64;

    /// The file itself, where the kernel can move bytes into it.
    fn file(&self) -> Option<Arc<File>> {
        None
    }

    /// Whether writing it may wait. Ending it is [`finish_now`](Self::finish_now)'s to say.
    fn pace(&self) -> Pace {
        Pace::MayWait
    }

    /// Writes all of `bytes` from offset `at` on.
    ///
    /// # Errors
    /// [`Failure::NoSpace`] and the like.
    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Failure>;

    /// The bytes written so far, from offset `at` on: fewer than `max` only at the end. For hooks that look at an upload
    /// before it is committed. Where there is a [`file`](Self::file) that can be read, this need not be written.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] where this storage cannot read what it is writing; [`Failure::Io`] and the like.
    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        let file = self.file().ok_or(Failure::Unsupported)?;
        read_file_at(&file, at, max)
    }

    /// Ends the upload. Called once; nothing is called after it.
    ///
    /// # Errors
    /// A failed commit has discarded the upload.
    fn finish(&self, how: FinishHow) -> Result<(), Failure>;

    /// [`finish`](Self::finish), if neither that nor dropping the file behind it waits: see [`Storage`]. Where it says
    /// [`None`], the upload is as it was, and can be finished.
    fn finish_now(&self, how: FinishHow) -> Option<Result<(), Failure>> {
        let _ = how;
        None
    }
}

#[cfg(unix)]
fn read_file_at(file: &File, at: u64, max: usize) -> Result<Bytes, Failure> {
    use std::os::unix::fs::FileExt;

    let left = file.metadata().map_err(|_| Failure::Io)?.len().saturating_sub(at);
    let mut buffer = vec![0; usize::try_from(left).map_or(max, |left| left.min(max))];
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Failure::Io),
        }
    }
    buffer.truncate(filled);
    Ok(buffer.into())
}

#[cfg(not(unix))]
fn read_file_at(_: &File, _: u64, _: usize) -> Result<Bytes, Failure> {
    Err(Failure::Unsupported)
}

/// Whether the engine asked to end an action early. Cheap to clone; clones are one flag.
#[derive(Clone, Debug)]
pub struct Cancel(Option<Arc<AtomicBool>>);

impl Cancel {
    /// That of what is done before anyone could ask: never set.
    pub(crate) const NEVER: Self = Self(None);

    /// A flag that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// Asks.
    pub fn cancel(&self) {
        if let Some(flag) = &self.0 {
            flag.store(true, Ordering::Relaxed);
        }
    }

    /// Goes on, unless it was asked to end.
    ///
    /// # Errors
    /// [`Failure::Cancelled`].
    pub fn check(&self) -> Result<(), Failure> {
        let asked = self.0.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed));
        if asked { Err(Failure::Cancelled) } else { Ok(()) }
    }
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}
