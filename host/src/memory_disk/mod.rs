//! A storage in memory, for tests, examples and throw-away servers.
//!
//! It behaves as [`LocalDisk`](crate::LocalDisk) does (one suite of tests is run against both): uploads are written
//! aside, links are followed inside. Not here: owners, and what permission bits forbid; the bits are kept and told.

mod files;
mod join;
mod tree;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use ftp_proto::action::Times;
use ftp_proto::outcome::{Entries, Quota, Space};
use ftp_proto::storage::{Entry, FileKind, FinishHow, Metadata, Replace, Wanted, WriteMode};
use ftp_proto::{Failure, VirtualPath};

use self::files::{Content, InPlace, MemoryRead, NewFile, Room};
use self::tree::{Body, LastLink, Names, Node, Tree};
use crate::links::relative_to;
use crate::pace::Pace;
use crate::storage::{Cancel, Directory, ReadFile, Storage, Upload, WriteFile};

/// A tree of files in memory. Clones are the same tree.
#[derive(Clone)]
pub struct MemoryDisk {
    shared: Arc<Shared>,
}

/// What the disk and its open files share.
struct Shared {
    tree: Mutex<Tree>,
    room: Arc<Room>,
}

impl MemoryDisk {
    /// An empty one, with room for 256 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(256 << 20)
    }

    /// An empty one, with room for so many bytes of content.
    #[must_use]
    pub fn with_capacity(bytes: u64) -> Self {
        let shared = Shared { tree: Mutex::new(Tree::new()), room: Arc::new(Room::new(bytes)) };
        Self { shared: Arc::new(shared) }
    }

    /// Puts a file there, and the directories that lead to it.
    ///
    /// # Panics
    /// When that cannot be: a path that is none, a file in the way, no room.
    #[must_use]
    pub fn with_file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = parsed(path);
        self.must_make_dirs(&path.parent());
        let put = || {
            let file = self.open_write(&path, Upload::new(WriteMode::Create(Replace::Allowed)))?;
            file.write_at(0, content.as_ref())?;
            file.finish(FinishHow::Commit)
        };
        put().expect("a file can be put there");
        self
    }

    /// Makes a directory, and those that lead to it.
    ///
    /// # Panics
    /// When that cannot be: a path that is none, or a file in the way.
    #[must_use]
    pub fn with_dir(self, path: &str) -> Self {
        self.must_make_dirs(&parsed(path));
        self
    }

    fn must_make_dirs(&self, path: &VirtualPath) {
        self.make_dirs(path, 0o755).unwrap_or_else(|failure| panic!("cannot make {path}: {failure}"));
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.shared.tree()
    }
}

impl Shared {
    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, unless someone else has it: that may be one who removes all of it.
    fn tree_now(&self) -> Option<MutexGuard<'_, Tree>> {
        match self.tree.try_lock() {
            Ok(tree) => Some(tree),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Default for MemoryDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDisk").field("available", &self.shared.room.available()).finish_non_exhaustive()
    }
}

impl Storage for MemoryDisk {
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        stat(&self.tree(), path)
    }

    fn stat_now(&self, path: &VirtualPath) -> Option<Result<Metadata, Failure>> {
        Some(stat(&*self.shared.tree_now()?, path))
    }

    fn open_dir(&self, path: &VirtualPath, wanted: Wanted) -> Result<Box<dyn Directory>, Failure> {
        let _ = wanted; // Everything costs no more than the names.
        let tree = self.tree();
        Ok(MemoryDirectory::open(&tree, tree.names(tree.find(path)?)?))
    }

    fn open_dir_now(&self, path: &VirtualPath, _: Wanted) -> Option<Result<Box<dyn Directory>, Failure>> {
        let tree = self.shared.tree_now()?;
        match tree.find(path).and_then(|id| tree.names(id)) {
            Ok(names) if names.len() > MANY => None,
            Ok(names) => Some(Ok(MemoryDirectory::open(&tree, names))),
            Err(failure) => Some(Err(failure)),
        }
    }

    fn open_read(&self, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
        open_read(&self.tree(), path)
    }

    fn open_read_now(&self, path: &VirtualPath) -> Option<Result<Box<dyn ReadFile>, Failure>> {
        Some(open_read(&*self.shared.tree_now()?, path))
    }

    fn open_write(&self, path: &VirtualPath, upload: Upload) -> Result<Box<dyn WriteFile>, Failure> {
        self.open_in(&mut self.tree(), path, upload)
    }

    fn open_write_now(&self, path: &VirtualPath, upload: Upload) -> Option<Result<Box<dyn WriteFile>, Failure>> {
        Some(self.open_in(&mut *self.shared.tree_now()?, path, upload))
    }

    fn remove(&self, path: &VirtualPath) -> Result<(), Failure> {
        let mut tree = self.tree();
        let place = tree.walk(path, LastLink::Itself)?;
        let id = place.node.ok_or(Failure::NotFound)?;
        if tree.is_directory(id) {
            return Err(Failure::IsADirectory);
        }
        tree.remove(&place);
        Ok(())
    }

    fn remove_dir(&self, path: &VirtualPath) -> Result<(), Failure> {
        let mut tree = self.tree();
        let place = tree.walk(path, LastLink::Itself)?;
        let entries = tree.names(place.node.ok_or(Failure::NotFound)?)?;
        if path.is_root() {
            return Err(Failure::PermissionDenied);
        }
        if !entries.is_empty() {
            return Err(Failure::NotEmpty);
        }
        tree.remove(&place);
        Ok(())
    }

    fn make_dir(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        let mut tree = self.tree();
        let place = tree.walk(path, LastLink::Itself)?;
        tree.add(&place, Node::new(Body::Directory(Default::default()), permissions))?;
        Ok(())
    }

    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        if from.is_root() {
            return Err(Failure::PermissionDenied);
        }
        let mut tree = self.tree();
        let from = tree.walk(from, LastLink::Itself)?;
        let moved = from.node.ok_or(Failure::NotFound)?;
        let to = tree.walk(to, LastLink::Itself)?;
        match to.node {
            Some(there) if tree.is_directory(there) || tree.is_directory(moved) => return Err(Failure::Exists),
            Some(_) if replace == Replace::Refused => return Err(Failure::Exists),
            Some(there) if there == moved => return Ok(()),
            Some(_) => tree.remove(&to),
            // A directory cannot move into itself.
            None if to.trail.contains(&moved) => return Err(Failure::NameNotAllowed),
            None => {}
        }
        tree.relink(&from, &to);
        Ok(())
    }

    fn set_times(&self, path: &VirtualPath, times: Times) -> Result<(), Failure> {
        let mut tree = self.tree();
        let id = tree.find(path)?;
        tree.change(id, |node| {
            if let Some(modified) = times.modified {
                node.set_modified(modified);
            }
            node.created = times.created.unwrap_or(node.created);
        });
        Ok(())
    }

    fn set_mode(&self, path: &VirtualPath, mode: u32) -> Result<(), Failure> {
        let mut tree = self.tree();
        let id = tree.find(path)?;
        tree.change(id, |node| node.mode = mode & 0o7777);
        Ok(())
    }

    fn symlink(&self, target: &VirtualPath, link: &VirtualPath) -> Result<(), Failure> {
        let mut tree = self.tree();
        let place = tree.walk(link, LastLink::Itself)?;
        let way = relative_to(&link.parent(), target);
        tree.add(&place, Node::new(Body::Link(way.into()), 0o777))?;
        Ok(())
    }

    fn copy(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace, cancel: &Cancel) -> Result<(), Failure> {
        let (source, permissions) = {
            let tree = self.tree();
            let id = tree.find(from)?;
            (tree.content(id)?, tree.metadata(id).mode & 0o777)
        };
        let upload = Upload { permissions, ..Upload::new(WriteMode::Create(replace)) };
        let copy = self.open_write(to, upload)?;
        let mut at = 0;
        loop {
            cancel.check()?;
            // In steps, since others wait for the content meanwhile.
            let bytes = source.read(at, join::STEP);
            if bytes.is_empty() {
                return copy.finish(FinishHow::Commit);
            }
            copy.write_at(at, &bytes)?;
            at += bytes.len() as u64;
        }
    }

    fn quota(&self) -> Result<Quota, Failure> {
        let room = &self.shared.room;
        let (used_bytes, bytes) = (room.used(), Some(room.capacity()));
        Ok(Quota { used_bytes, bytes, used_files: self.tree().files(), files: None })
    }

    /// All at once: nobody sees a part of it.
    fn remove_tree(&self, path: &VirtualPath, cancel: &Cancel) -> Result<(), Failure> {
        cancel.check()?;
        let mut tree = self.tree();
        let place = tree.walk(path, LastLink::Itself)?;
        tree.names(place.node.ok_or(Failure::NotFound)?)?;
        if path.is_root() {
            return Err(Failure::PermissionDenied);
        }
        tree.remove_all(&place);
        Ok(())
    }

    fn combine(&self, target: &VirtualPath, parts: &[VirtualPath], cancel: &Cancel) -> Result<(), Failure> {
        self.join(target, parts, cancel)
    }

    fn space(&self, path: &VirtualPath) -> Result<Space, Failure> {
        self.tree().find(path)?;
        Ok(Space { available: self.shared.room.available() })
    }
}

impl MemoryDisk {
    fn open_in(&self, tree: &mut Tree, path: &VirtualPath, upload: Upload) -> Result<Box<dyn WriteFile>, Failure> {
        let place = tree.walk(path, LastLink::Followed)?;
        match (upload.mode, place.node) {
            (WriteMode::Create(replace), found) => {
                if let Some(id) = found {
                    tree.content(id)?;
                    if replace == Replace::Refused {
                        return Err(Failure::Exists);
                    }
                }
                let content = self.new_content(upload.expected)?;
                Ok(Box::new(NewFile::new(
                    Arc::clone(&self.shared),
                    place,
                    content,
                    replace,
                    upload.permissions & 0o777,
                )))
            }
            (WriteMode::At(1..), None) => Err(Failure::NotFound),
            (_, None) => {
                let content = self.new_content(upload.expected)?;
                let id = tree.add(&place, Node::file(Arc::clone(&content), upload.permissions & 0o777))?;
                Ok(Box::new(InPlace::made(Arc::clone(&self.shared), place, id, content)))
            }
            (mode, Some(id)) => {
                let content = tree.content(id)?;
                if matches!(mode, WriteMode::At(offset) if offset > content.size()) {
                    return Err(Failure::BadOffset);
                }
                self.room_for(upload.expected)?;
                Ok(Box::new(InPlace::found(content)))
            }
        }
    }

    fn room_for(&self, expected: u64) -> Result<(), Failure> {
        if expected > self.shared.room.available() { Err(Failure::NoSpace) } else { Ok(()) }
    }

    fn new_content(&self, expected: u64) -> Result<Arc<Content>, Failure> {
        self.room_for(expected)?;
        Ok(Arc::new(Content::new(Arc::clone(&self.shared.room))))
    }
}

fn stat(tree: &Tree, path: &VirtualPath) -> Result<Metadata, Failure> {
    let error = match tree.find(path) {
        Ok(id) => return Ok(tree.metadata(id)),
        Err(error) => error,
    };
    // A link that leads nowhere, or outside, is all there is to see.
    match tree.walk(path, LastLink::Itself)?.node.map(|id| tree.metadata(id)) {
        Some(metadata) if metadata.kind == FileKind::Symlink => Ok(metadata),
        _ => Err(error),
    }
}

fn open_read(tree: &Tree, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
    let content = tree.content(tree.find(path)?)?;
    Ok(Box::new(MemoryRead::new(content)))
}

/// A directory as it was when it was opened.
struct MemoryDirectory(std::vec::IntoIter<Entry>);

impl MemoryDirectory {
    fn open(tree: &Tree, names: &Names) -> Box<dyn Directory> {
        let entries = names.iter().map(|(name, id)| Entry { name: name.clone(), metadata: tree.metadata(*id) });
        Box::new(Self(entries.collect::<Vec<_>>().into_iter()))
    }
}

impl Directory for MemoryDirectory {
    fn read(&mut self, max: usize) -> Result<Entries, Failure> {
        let entries = self.0.by_ref().take(max).collect();
        Ok(Entries { entries, last: self.0.len() == 0 })
    }

    /// What is left goes with it.
    fn pace(&self) -> Pace {
        if self.0.len() > MANY { Pace::MayWait } else { Pace::Prompt }
    }
}

fn parsed(path: &str) -> VirtualPath {
    VirtualPath::parse(path.as_bytes()).expect("a path")
}

/// More entries than that take their time.
const MANY: usize = 1024;
