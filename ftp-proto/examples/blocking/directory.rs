//! A directory as a storage, by the standard library alone.
//!
//! Each action is run in place and answered by its ticket. Links are followed only where they lead inside. For an
//! example that is good enough; a server that strangers use resolves paths by the kernel (`openat2`), since a link may
//! be put in place between the look and the step.

use std::collections::HashMap;
use std::fs::{self, DirEntry, File, FileTimes, OpenOptions, Permissions, ReadDir};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{ffi::OsStr, iter};

use bytes::Bytes;
use ftp_proto::action::Times;
use ftp_proto::outcome::{Done, Entries, Offload, Opened};
use ftp_proto::storage::{Entry, FileKind, FinishHow, Metadata, Replace, WriteMode};
use ftp_proto::time::UnixTime;
use ftp_proto::{Completion, DirId, Failure, FileId, StorageAction, VirtualPath};

/// A directory, and what one session has open in it.
pub(crate) struct Directory {
    root: PathBuf,
    files: HashMap<FileId, OpenFile>,
    dirs: HashMap<DirId, ReadDir>,
}

struct OpenFile {
    file: File,
    upload: Option<NewFile>,
}

/// A new file is written under a name of its own and takes the right one when all of it is there.
struct NewFile {
    aside: PathBuf,
    place: PathBuf,
    replace: Replace,
}

impl Directory {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        Ok(Self { root: root.canonicalize()?, files: HashMap::new(), dirs: HashMap::new() })
    }

    /// Runs `action`: its answer, where it has one.
    pub(crate) fn run(&mut self, action: StorageAction) -> Option<Completion> {
        use StorageAction as A;
        Some(match action {
            A::Stat { ticket, path } => ticket.settle(self.stat(&path)),
            A::OpenDir { ticket, dir, path, .. } => ticket.settle(self.open_dir(dir, &path)),
            A::ReadDir { ticket, dir, max } => ticket.settle(self.read_dir(dir, max)),
            A::CloseDir(dir) => {
                self.dirs.remove(&dir);
                return None;
            }
            A::OpenRead { ticket, file, path } => ticket.settle(self.open_read(file, &path)),
            A::OpenWrite { ticket, file, path, mode, permissions, .. } => {
                ticket.settle(self.open_write(file, &path, mode, permissions))
            }
            A::Read { ticket, file, at, max } => ticket.settle(self.read(file, at, max)),
            A::Write { ticket, file, at, bytes } => ticket.settle(self.write(file, at, &bytes)),
            A::Finish { ticket, file, how } => ticket.settle(self.finish(file, how)),
            A::CloseFile(file) => {
                self.files.remove(&file);
                return None;
            }
            A::Remove { ticket, path } => ticket.settle(self.remove(&path)),
            A::RemoveDir { ticket, path } => ticket.settle(self.place(&path).and_then(|it| done(fs::remove_dir(it)))),
            A::MakeDir { ticket, path, permissions } => ticket.settle(self.make_dir(&path, permissions)),
            A::Rename { ticket, from, to, replace } => ticket.settle(self.rename(&from, &to, replace)),
            A::SetTimes { ticket, path, times } => ticket.settle(self.set_times(&path, times)),
            A::SetMode { ticket, path, mode } => {
                let set = |it| done(fs::set_permissions(it, Permissions::from_mode(mode)));
                ticket.settle(self.follow(&path).and_then(set))
            }
            A::Symlink { ticket, target, link } => ticket.settle(self.symlink(&target, &link)),
            A::Copy { ticket, from, to, replace } => ticket.settle(self.copy(&from, &to, replace)),
            // What the standard library cannot do, and what an example need not.
            other => return other.fail(Failure::Unsupported),
        })
    }

    /// Where `path` leads, its last link followed too.
    fn follow(&self, path: &VirtualPath) -> Result<PathBuf, Failure> {
        let found = self.root.join(OsStr::from_bytes(path.relative())).canonicalize().map_err(failure)?;
        if found.starts_with(&self.root) { Ok(found) } else { Err(Failure::PermissionDenied) }
    }

    /// Where the name `path` stands or would stand.
    fn place(&self, path: &VirtualPath) -> Result<PathBuf, Failure> {
        let name = path.file_name().ok_or(Failure::PermissionDenied)?;
        let parent = self.follow(&path.parent())?;
        if parent.is_dir() { Ok(parent.join(OsStr::from_bytes(name))) } else { Err(Failure::NotADirectory) }
    }

    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        let found = self.follow(path)?;
        metadata(&found, &fs::metadata(&found).map_err(failure)?)
    }

    fn open_dir(&mut self, id: DirId, path: &VirtualPath) -> Result<Done, Failure> {
        let dir = fs::read_dir(self.follow(path)?).map_err(failure)?;
        self.dirs.insert(id, dir);
        Ok(Done)
    }

    fn read_dir(&mut self, id: DirId, max: usize) -> Result<Entries, Failure> {
        let dir = self.dirs.get_mut(&id).ok_or(Failure::Io)?;
        // One that is gone again before we look is left out, and so are uploads that are not yet files.
        let mut entries: Vec<Entry> = Vec::new();
        let mut last = false;
        while entries.len() < max && !last {
            match dir.next() {
                None => last = true,
                Some(entry) => entries.extend(entry.ok().filter(|entry| !is_aside(entry)).and_then(|it| describe(&it))),
            }
        }
        Ok(Entries { entries, last })
    }

    fn open_read(&mut self, id: FileId, path: &VirtualPath) -> Result<Opened, Failure> {
        let file = File::open(self.follow(path)?).map_err(failure)?;
        if file.metadata().map_err(failure)?.is_dir() {
            return Err(Failure::IsADirectory);
        }
        self.adopt(id, OpenFile { file, upload: None })
    }

    fn open_write(&mut self, id: FileId, path: &VirtualPath, how: WriteMode, mode: u32) -> Result<Opened, Failure> {
        let place = self.place(path)?;
        if place.is_dir() {
            return Err(Failure::IsADirectory);
        }
        let (file, upload) = match how {
            WriteMode::Create(Replace::Refused) if place.exists() => return Err(Failure::Exists),
            WriteMode::Create(replace) => {
                let aside = aside(&place, id);
                let file = OpenOptions::new().write(true).create_new(true).open(&aside).map_err(failure)?;
                file.set_permissions(Permissions::from_mode(mode)).map_err(failure)?;
                (file, Some(NewFile { aside, place, replace }))
            }
            WriteMode::At(offset) => {
                let file = OpenOptions::new().write(true).open(self.follow(path)?).map_err(failure)?;
                if offset > file.metadata().map_err(failure)?.len() {
                    return Err(Failure::BadOffset);
                }
                (file, None)
            }
            WriteMode::Append => {
                let place = self.follow(path).unwrap_or(place);
                (OpenOptions::new().write(true).create(true).truncate(false).open(place).map_err(failure)?, None)
            }
        };
        self.adopt(id, OpenFile { file, upload })
    }

    fn adopt(&mut self, id: FileId, file: OpenFile) -> Result<Opened, Failure> {
        let size = file.file.metadata().map_err(failure)?.len();
        self.files.insert(id, file);
        Ok(Opened { size, offload: Offload::Impossible })
    }

    fn read(&self, id: FileId, at: u64, max: usize) -> Result<Bytes, Failure> {
        let file = &self.files.get(&id).ok_or(Failure::Io)?.file;
        let mut buffer = vec![0; max];
        let mut filled = 0;
        while filled < max {
            match file.read_at(&mut buffer[filled..], at + filled as u64).map_err(failure)? {
                0 => break,
                count => filled += count,
            }
        }
        buffer.truncate(filled);
        Ok(buffer.into())
    }

    fn write(&self, id: FileId, at: u64, bytes: &[u8]) -> Result<Done, Failure> {
        done(self.files.get(&id).ok_or(Failure::Io)?.file.write_all_at(bytes, at))
    }

    fn finish(&mut self, id: FileId, how: FinishHow) -> Result<Done, Failure> {
        let open = self.files.remove(&id).ok_or(Failure::Io)?;
        let Some(NewFile { aside, place, replace }) = open.upload else { return Ok(Done) };
        let finished = match (how, replace) {
            (FinishHow::Commit, Replace::Allowed) => fs::rename(&aside, &place),
            // A hard link never replaces what is there; the name that is aside goes away below.
            (FinishHow::Commit, Replace::Refused) | (FinishHow::Keep, _) => fs::hard_link(&aside, &place),
            (FinishHow::Discard, _) => Ok(()),
        };
        let _ = fs::remove_file(&aside);
        done(finished)
    }

    fn remove(&self, path: &VirtualPath) -> Result<Done, Failure> {
        let place = self.place(path)?;
        match fs::symlink_metadata(&place).map_err(failure)?.is_dir() {
            true => Err(Failure::IsADirectory),
            false => done(fs::remove_file(place)),
        }
    }

    fn make_dir(&self, path: &VirtualPath, mode: u32) -> Result<Done, Failure> {
        let place = self.place(path)?;
        fs::create_dir(&place).map_err(failure)?;
        done(fs::set_permissions(place, Permissions::from_mode(mode)))
    }

    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<Done, Failure> {
        let (from, to) = (self.place(from)?, self.place(to)?);
        let there = fs::symlink_metadata(&to);
        match there {
            Ok(there) if there.is_dir() || replace == Replace::Refused => Err(Failure::Exists),
            _ => done(fs::rename(from, to)),
        }
    }

    fn set_times(&self, path: &VirtualPath, times: Times) -> Result<Done, Failure> {
        let Times { modified: Some(modified), created: None } = times else { return Err(Failure::Unsupported) };
        let modified = system_time(modified).ok_or(Failure::Unsupported)?;
        let file = File::open(self.follow(path)?).map_err(failure)?;
        done(file.set_times(FileTimes::new().set_modified(modified)))
    }

    /// A link holds a path from where it stands, so that it is the same seen from outside.
    fn symlink(&self, target: &VirtualPath, link: &VirtualPath) -> Result<Done, Failure> {
        let up = iter::repeat_n("..", link.parent().components().count());
        let target = up.collect::<PathBuf>().join(OsStr::from_bytes(target.relative()));
        done(symlink(target, self.place(link)?))
    }

    fn copy(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<Done, Failure> {
        let (from, place) = (self.follow(from)?, self.place(to)?);
        if from.is_dir() || place.is_dir() {
            return Err(Failure::IsADirectory);
        }
        if replace == Replace::Refused && place.exists() {
            return Err(Failure::Exists);
        }
        let aside = place.with_added_extension("copy.part");
        let copied = fs::copy(from, &aside).and_then(|_| fs::rename(&aside, place));
        let _ = fs::remove_file(aside);
        done(copied)
    }
}

impl Drop for Directory {
    /// A session that ends with an upload open leaves nothing of it.
    fn drop(&mut self) {
        for NewFile { aside, .. } in self.files.drain().filter_map(|(_, open)| open.upload) {
            let _ = fs::remove_file(aside);
        }
    }
}

/// The name of an upload that is no file yet: this thread's alone.
fn aside(place: &Path, id: FileId) -> PathBuf {
    place.with_added_extension(format!("{:?}-{id}.part", std::thread::current().id()))
}

fn is_aside(entry: &DirEntry) -> bool {
    entry.file_name().as_bytes().ends_with(b".part")
}

/// A directory's entry, its link not followed.
fn describe(entry: &DirEntry) -> Option<Entry> {
    let metadata = metadata(&entry.path(), &entry.metadata().ok()?).ok()?;
    Some(Entry { name: entry.file_name().into_vec().into(), metadata })
}

fn metadata(path: &Path, found: &fs::Metadata) -> Result<Metadata, Failure> {
    let modified = UnixTime { secs: found.mtime(), nanos: u32::try_from(found.mtime_nsec()).unwrap_or_default() };
    let mut metadata = Metadata::file(found.len(), modified);
    metadata.kind = match found.file_type() {
        kind if kind.is_dir() => FileKind::Directory,
        kind if kind.is_file() => FileKind::File,
        kind if kind.is_symlink() => FileKind::Symlink,
        _ => FileKind::Other,
    };
    metadata.mode = found.mode() & 0o7777;
    (metadata.uid, metadata.gid, metadata.links) = (found.uid(), found.gid(), found.nlink());
    metadata.unique = Some((found.dev(), found.ino()));
    if metadata.kind == FileKind::Symlink {
        metadata.target = Some(fs::read_link(path).map_err(failure)?.into_os_string().into_vec().into());
    }
    Ok(metadata)
}

fn system_time(time: UnixTime) -> Option<SystemTime> {
    let secs = Duration::from_secs(time.secs.unsigned_abs());
    let whole = if time.secs < 0 { UNIX_EPOCH.checked_sub(secs) } else { UNIX_EPOCH.checked_add(secs) };
    whole?.checked_add(Duration::from_nanos(time.nanos.into()))
}

fn done(result: io::Result<()>) -> Result<Done, Failure> {
    result.map(|()| Done).map_err(failure)
}

fn failure(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => Failure::NotFound,
        io::ErrorKind::PermissionDenied => Failure::PermissionDenied,
        io::ErrorKind::AlreadyExists => Failure::Exists,
        io::ErrorKind::NotADirectory => Failure::NotADirectory,
        io::ErrorKind::IsADirectory => Failure::IsADirectory,
        io::ErrorKind::DirectoryNotEmpty => Failure::NotEmpty,
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Failure::NameNotAllowed,
        io::ErrorKind::StorageFull => Failure::NoSpace,
        io::ErrorKind::QuotaExceeded => Failure::OverQuota,
        _ => Failure::Io,
    }
}
