//! A disk in memory that knows what would outlast a loss of power.
//!
//! It means what a real one under this server means: what is stored whole is written aside and takes its name when it
//! is committed, APPE and REST write in place, and a discarded upload leaves the size that was. An upload is committed to
//! its path as that is then, where a local disk holds on to a directory that was moved meanwhile. There are no
//! symbolic links, and permission bits are kept and told, but forbid nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::ops::RangeInclusive;

use bytes::Bytes;
use ftp_proto::outcome::{Done, Entries, Offload, Opened, Prepared, Quota, Space};
use ftp_proto::storage::{Entry, FinishHow};
use ftp_proto::time::UnixTime;
use ftp_proto::{Completion, DirId, Failure, FileId, StorageAction, VirtualPath};

use super::files::OpenFile;
use super::tree::{Sync, Tree};
use super::whole::All;
use super::{Durability, Held, SessionKey, Storage};
use crate::chance::Chance;

/// A tree of files in memory, the same for all sessions.
#[derive(Debug)]
pub struct Disk {
    pub(super) tree: Tree,
    pub(super) files: BTreeMap<(SessionKey, u64), OpenFile>,
    dirs: BTreeMap<(SessionKey, u64), std::vec::IntoIter<Entry>>,
    chance: Chance,
    offload: Offload,
    violations: Vec<String>,
}

impl Disk {
    /// An empty one. `chance` decides what a loss of power leaves of what was not yet durable.
    #[must_use]
    pub fn new(durability: Durability, chance: Chance) -> Self {
        let mut tree = Tree::new();
        tree.durability = durability;
        Self {
            tree,
            files: BTreeMap::new(),
            dirs: BTreeMap::new(),
            chance,
            offload: Offload::Impossible,
            violations: Vec::new(),
        }
    }

    /// With room for so many bytes of content; what comes beyond is [`Failure::NoSpace`].
    #[must_use]
    pub fn with_capacity(mut self, bytes: u64) -> Self {
        self.tree.capacity = Some(bytes);
        self
    }

    /// Whether whole ranges of its files are moved by `FileToData` and `DataToFile`; they are not, unless told.
    #[must_use]
    pub fn with_offload(mut self, offload: Offload) -> Self {
        self.offload = offload;
        self
    }

    /// What time it is: what is changed from here on bears it.
    pub fn set_time(&mut self, now: UnixTime) {
        self.tree.now = now;
    }

    /// Makes a directory and those that lead to it, durably.
    ///
    /// # Errors
    /// [`Failure::NotADirectory`] where a file is in the way.
    pub fn put_dir(&mut self, path: &VirtualPath) -> Result<(), Failure> {
        self.tree.make_dirs(path, 0o755)?;
        self.tree.flush();
        Ok(())
    }

    /// Puts a file there, and the directories that lead to it, durably.
    ///
    /// # Errors
    /// [`Failure::IsADirectory`], [`Failure::NotADirectory`], [`Failure::NoSpace`].
    pub fn put_file(&mut self, path: &VirtualPath, bytes: Vec<u8>) -> Result<(), Failure> {
        self.tree.make_dirs(&path.parent(), 0o755)?;
        let place = self.tree.walk(path)?;
        if let Some(old) = place.node {
            self.tree.content(old)?;
        }
        let id = self.tree.add_file(bytes, 0o644)?;
        self.tree.change(vec![place.becomes(Some(id))], Sync::AsConfigured)?;
        self.tree.flush();
        Ok(())
    }

    /// Makes all durable that was done so far, but what is written aside.
    pub fn flush(&mut self) {
        self.tree.flush();
    }

    /// Whether a loss of power would take nothing away but uploads written aside.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.tree.is_durable()
    }

    /// All files and directories, `/` first, each directory before what is in it.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(VirtualPath, Held<'_>)> {
        self.tree.all()
    }

    /// How many bytes there are, those of unfinished uploads among them.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.tree.used
    }
}

impl Storage for Disk {
    fn run(&mut self, session: SessionKey, action: StorageAction) -> Option<Completion> {
        use StorageAction as S;
        let tree = &mut self.tree;
        let done = |()| Done;
        Some(match action {
            S::Stat { ticket, path } => ticket.settle(tree.find(&path).and_then(|id| tree.metadata(id))),
            S::OpenDir { ticket, dir, path, .. } => ticket.settle(self.open_dir(session, dir, &path)),
            S::ReadDir { ticket, dir, max } => ticket.settle(self.read_dir(session, dir, max)),
            S::CloseDir(dir) => {
                if self.dirs.remove(&(session, dir.number())).is_none() {
                    self.violation(format_args!("{session:?} closes {dir}, which is not open"));
                }
                return None;
            }
            S::OpenRead { ticket, file, path } => {
                let opened = OpenFile::read(tree, path);
                ticket.settle(self.opened(session, file, opened))
            }
            S::OpenWrite { ticket, file, path, mode, permissions, expected } => {
                let opened = OpenFile::write(tree, path, mode, (permissions, expected));
                ticket.settle(self.opened(session, file, opened))
            }
            S::Read { ticket, file, at, max } => match self.file(session, file, Use::Read) {
                Ok(()) => ticket.settle(self.files[&(session, file.number())].read_at(&self.tree, at, max)),
                Err(failure) => ticket.fail(failure),
            },
            S::Write { ticket, file, at, bytes } => {
                let written = self.file(session, file, Use::Write);
                ticket.settle(written.and_then(|()| self.write_at(session, file, at, &bytes)).map(done))
            }
            S::Finish { ticket, file, how } => ticket.settle(self.finish(session, file, how).map(done)),
            S::CloseFile(file) => {
                // An upload is closed by `Finish`, and by nothing else.
                let _ = self.file(session, file, Use::Read);
                self.abandon(session, file);
                return None;
            }
            S::Remove { ticket, path } => ticket.settle(tree.remove(&path).map(done)),
            S::RemoveDir { ticket, path } => ticket.settle(tree.remove_dir(&path, All::No).map(done)),
            S::MakeDir { ticket, path, permissions } => ticket.settle(tree.make_dir(&path, permissions).map(done)),
            S::Rename { ticket, from, to, replace } => ticket.settle(tree.rename(&from, &to, replace).map(done)),
            S::SetTimes { ticket, path, times } => ticket.settle(tree.node_mut(&path).map(|node| {
                node.modified = times.modified.unwrap_or(node.modified);
                node.created = times.created.unwrap_or(node.created);
                Done
            })),
            S::SetMode { ticket, path, mode } => ticket.settle(tree.node_mut(&path).map(|node| {
                node.mode = mode & 0o7777;
                Done
            })),
            S::Symlink { ticket, .. } => ticket.fail(Failure::Unsupported),
            S::Copy { ticket, from, to, replace } => ticket.settle(tree.copy(&from, &to, replace).map(done)),
            S::Space { ticket, path } => ticket.settle(tree.find(&path).map(|_| Space { available: tree.available() })),
            S::Quota { ticket } => ticket.settle(self.quota()),
            S::Hash { ticket, path, algorithm, from, to } => ticket.settle(tree.hash(&path, algorithm, (from, to))),
            S::TreeSize { ticket, path } => ticket.settle(tree.tree_size(&path)),
            S::MakeDirs { ticket, path, permissions } => ticket.settle(tree.make_dirs(&path, permissions).map(done)),
            S::RemoveTree { ticket, path } => ticket.settle(tree.remove_dir(&path, All::Yes).map(done)),
            S::Combine { ticket, target, parts } => ticket.settle(tree.combine(&target, &parts).map(done)),
            S::SetOwner { ticket, path, owner, group } => ticket.settle(tree.node_mut(&path).map(|node| {
                node.owner = owner.map(Into::into).or_else(|| node.owner.take());
                node.group = group.map(Into::into).or_else(|| node.group.take());
                Done
            })),
            S::Prepare { ticket, .. } => ticket.done(Prepared::default()),
        })
    }

    fn read(&mut self, session: SessionKey, file: FileId, at: u64, max: usize) -> Result<Bytes, Failure> {
        self.file(session, file, Use::Read)?;
        self.files[&(session, file.number())].read_at(&self.tree, at, max)
    }

    fn write(&mut self, session: SessionKey, file: FileId, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.file(session, file, Use::Write)?;
        self.write_at(session, file, at, bytes)
    }

    fn abandon(&mut self, session: SessionKey, file: FileId) {
        if let Some(open) = self.files.remove(&(session, file.number())) {
            open.close(&mut self.tree);
        }
    }

    fn end(&mut self, session: SessionKey) {
        let files = self.files.extract_if(all_of(session), |_, _| true);
        files.for_each(|(_, file)| file.close(&mut self.tree));
        self.dirs.extract_if(all_of(session), |_, _| true).for_each(drop);
    }

    fn lose_power(&mut self) {
        self.files.clear();
        self.dirs.clear();
        self.tree.lose_power(&mut self.chance);
    }

    fn complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.violations)
    }

    fn snapshot(&self) -> Option<Vec<(VirtualPath, Held<'_>)>> {
        Some(self.tree.all())
    }

    fn durability(&self) -> Durability {
        self.tree.durability
    }

    fn open(&self, session: SessionKey) -> usize {
        self.files.range(all_of(session)).count() + self.dirs.range(all_of(session)).count()
    }
}

/// What names a session's files, or its directories.
fn all_of(session: SessionKey) -> RangeInclusive<(SessionKey, u64)> {
    (session, 0)..=(session, u64::MAX)
}

/// What an open file is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Read,
    Write,
}

impl Disk {
    fn open_dir(&mut self, session: SessionKey, dir: DirId, path: &VirtualPath) -> Result<Done, Failure> {
        let names = self.tree.names(self.tree.find(path)?)?;
        let entries = names.iter().map(|(name, id)| {
            let metadata = self.tree.metadata(*id)?;
            Ok(Entry { name: Bytes::copy_from_slice(name), metadata })
        });
        let entries = entries.collect::<Result<Vec<_>, Failure>>()?;
        match self.dirs.entry((session, dir.number())) {
            Slot::Vacant(slot) => {
                slot.insert(entries.into_iter());
                Ok(Done)
            }
            Slot::Occupied(_) => {
                self.violation(format_args!("{session:?} opens {dir} twice"));
                Err(Failure::Io)
            }
        }
    }

    fn read_dir(&mut self, session: SessionKey, dir: DirId, max: usize) -> Result<Entries, Failure> {
        let Some(rest) = self.dirs.get_mut(&(session, dir.number())) else {
            self.violation(format_args!("{session:?} reads {dir}, which is not open"));
            return Err(Failure::NotFound);
        };
        let entries = rest.by_ref().take(max).collect();
        Ok(Entries { entries, last: rest.len() == 0 })
    }

    fn opened(
        &mut self,
        session: SessionKey,
        file: FileId,
        opened: Result<(OpenFile, Opened), Failure>,
    ) -> Result<Opened, Failure> {
        let (open, mut opened) = opened?;
        opened.offload = self.offload;
        if self.files.contains_key(&(session, file.number())) {
            open.close(&mut self.tree);
            self.violation(format_args!("{session:?} opens {file} twice"));
            return Err(Failure::Io);
        }
        self.files.insert((session, file.number()), open);
        Ok(opened)
    }

    /// Whether `file` is open for this use.
    fn write_at(&mut self, session: SessionKey, file: FileId, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        let open = self.files.get_mut(&(session, file.number())).ok_or(Failure::NotFound)?;
        open.write_at(&mut self.tree, at, bytes)
    }

    fn file(&mut self, session: SessionKey, file: FileId, wanted: Use) -> Result<(), Failure> {
        match self.files.get(&(session, file.number())).map(OpenFile::is_read) {
            Some(read) if read == (wanted == Use::Read) => Ok(()),
            Some(_) => {
                self.violation(format_args!("{session:?} uses {file} to {wanted:?}, which it is not open for"));
                Err(Failure::Unsupported)
            }
            None => {
                self.violation(format_args!("{session:?} uses {file} to {wanted:?}, which is not open"));
                Err(Failure::NotFound)
            }
        }
    }

    fn finish(&mut self, session: SessionKey, file: FileId, how: FinishHow) -> Result<(), Failure> {
        let allowed = self.file(session, file, Use::Write);
        let open = self.files.remove(&(session, file.number())).ok_or(Failure::NotFound)?;
        if let Err(failure) = allowed {
            open.close(&mut self.tree);
            return Err(failure);
        }
        open.finish(&mut self.tree, how)
    }

    fn quota(&self) -> Result<Quota, Failure> {
        let bytes = Some(self.tree.capacity.ok_or(Failure::Unsupported)?);
        Ok(Quota { used_bytes: self.tree.used, bytes, used_files: self.tree.files(), files: None })
    }

    fn violation(&mut self, what: std::fmt::Arguments<'_>) {
        if self.violations.len() < MOST_VIOLATIONS {
            self.violations.push(what.to_string());
        }
    }
}

const MOST_VIOLATIONS: usize = 100;
