//! The contents: open files, and the room they take.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ftp_proto::Failure;
use ftp_proto::storage::{FinishHow, Replace};
use ftp_proto::time::UnixTime;

use super::Shared;
use super::tree::{Id, Node, Place, Tree, now};
use crate::pace::Pace;
use crate::storage::{ReadFile, WriteFile};

/// How many bytes there may be.
pub(super) struct Room {
    capacity: u64,
    used: AtomicU64,
}

impl Room {
    pub(super) const fn new(capacity: u64) -> Self {
        Self { capacity, used: AtomicU64::new(0) }
    }

    pub(super) fn available(&self) -> u64 {
        self.capacity.saturating_sub(self.used.load(Ordering::Relaxed))
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) const fn capacity(&self) -> u64 {
        self.capacity
    }

    fn take(&self, bytes: u64) -> Result<(), Failure> {
        let more = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.capacity);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).map_err(|_| Failure::NoSpace)?;
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A file's bytes, which last as long as a name or an open file has them.
pub(super) struct Content {
    written: Mutex<Written>,
    room: Arc<Room>,
}

struct Written {
    bytes: Vec<u8>,
    modified: UnixTime,
}

impl Content {
    pub(super) fn new(room: Arc<Room>) -> Self {
        Self { written: Mutex::new(Written { bytes: Vec::new(), modified: now() }), room }
    }

    pub(super) fn size(&self) -> u64 {
        self.written().bytes.len() as u64
    }

    pub(super) fn modified(&self) -> UnixTime {
        self.written().modified
    }

    pub(super) fn set_modified(&self, modified: UnixTime) {
        self.written().modified = modified;
    }

    /// Growing it may move all that is there, and dropping it gives all of that back.
    fn pace(&self) -> Pace {
        if self.size() > BIG { Pace::MayWait } else { Pace::Prompt }
    }

    pub(super) fn read(&self, at: u64, max: usize) -> Bytes {
        let written = self.written();
        let from = usize::try_from(at).unwrap_or(usize::MAX);
        let rest = written.bytes.get(from..).unwrap_or_default();
        Bytes::copy_from_slice(rest.get(..max).unwrap_or(rest))
    }

    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        let mut written = self.written();
        let from = usize::try_from(at).map_err(|_| Failure::NoSpace)?;
        let end = from.checked_add(bytes.len()).ok_or(Failure::NoSpace)?;
        let grown = end.saturating_sub(written.bytes.len());
        if grown > 0 && !bytes.is_empty() {
            written.bytes.try_reserve(grown).map_err(|_| Failure::NoSpace)?;
            self.room.take(grown as u64)?;
            written.bytes.resize(end, 0);
        }
        if let Some(place) = written.bytes.get_mut(from..end) {
            place.copy_from_slice(bytes);
        }
        written.modified = now();
        Ok(())
    }

    fn truncate(&self, size: u64) {
        let mut written = self.written();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.room.give_back(written.bytes.len().saturating_sub(size) as u64);
        written.bytes.truncate(size);
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        self.room.give_back(self.size());
    }
}

/// A file open for reading.
pub(super) struct MemoryRead {
    content: Arc<Content>,
    size: u64,
}

impl MemoryRead {
    pub(super) fn new(content: Arc<Content>) -> Self {
        let size = content.size();
        Self { content, size }
    }
}

impl ReadFile for MemoryRead {
    fn size(&self) -> u64 {
        self.size
    }

    fn pace(&self) -> Pace {
        Pace::Prompt
    }

    /// It may be the last that has the content.
    fn closing(&self) -> Pace {
        self.content.pace()
    }

    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        Ok(self.content.read(at, max))
    }
}

/// A new file, without a name until it is committed.
pub(super) struct NewFile {
    disk: Arc<Shared>,
    place: Place,
    content: Arc<Content>,
    replace: Replace,
    permissions: u32,
}

impl NewFile {
    pub(super) const fn new(
        disk: Arc<Shared>,
        place: Place,
        content: Arc<Content>,
        replace: Replace,
        permissions: u32,
    ) -> Self {
        Self { disk, place, content, replace, permissions }
    }

    fn place(&self, tree: &mut Tree, replace: Replace) -> Result<(), Failure> {
        let mut permissions = self.permissions;
        if let Some(old) = tree.at(&self.place) {
            match replace {
                Replace::Refused => return Err(Failure::Exists),
                Replace::Allowed if tree.is_directory(old) => return Err(Failure::IsADirectory),
                Replace::Allowed => permissions = tree.metadata(old).mode & 0o777,
            }
            tree.remove(&self.place);
        }
        tree.add(&self.place, Node::file(Arc::clone(&self.content), permissions))?;
        Ok(())
    }

    fn end(&self, tree: &mut Tree, how: FinishHow) -> Result<(), Failure> {
        match how {
            FinishHow::Commit => self.place(tree, self.replace),
            FinishHow::Keep => match self.place(tree, Replace::Refused) {
                // Someone has the name: what was there stays, and the part is forgotten.
                Err(Failure::Exists) => Ok(()),
                result => result,
            },
            FinishHow::Discard => Ok(()),
        }
    }
}

impl WriteFile for NewFile {
    fn size(&self) -> u64 {
        0
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.content.write(at, bytes)
    }

    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        Ok(self.content.read(at, max))
    }

    fn pace(&self) -> Pace {
        self.content.pace()
    }

    fn finish(&self, how: FinishHow) -> Result<(), Failure> {
        self.end(&mut self.disk.tree(), how)
    }

    fn finish_now(&self, how: FinishHow) -> Option<Result<(), Failure>> {
        let mut tree = self.disk.tree_now()?;
        // What it replaces goes with it, or itself does.
        let old = tree.at(&self.place).and_then(|id| tree.content(id).ok());
        let goes = [old.as_deref(), Some(&*self.content)];
        let prompt = goes.into_iter().flatten().all(|content| content.pace() == Pace::Prompt);
        prompt.then(|| self.end(&mut tree, how))
    }
}

/// A file written where it is.
pub(super) struct InPlace {
    content: Arc<Content>,
    before: Before,
    /// Where this upload ended what it wrote: what is behind that is another's, whose client was told that it is stored.
    end: AtomicU64,
    finished: Mutex<bool>,
}

enum Before {
    Size(u64),
    /// It was made for this upload, and goes when that is discarded.
    Nothing {
        disk: Arc<Shared>,
        place: Place,
        id: Id,
    },
}

impl InPlace {
    pub(super) fn found(content: Arc<Content>) -> Self {
        let size = content.size();
        Self { content, before: Before::Size(size), end: AtomicU64::new(size), finished: Mutex::new(false) }
    }

    pub(super) const fn made(disk: Arc<Shared>, place: Place, id: Id, content: Arc<Content>) -> Self {
        let before = Before::Nothing { disk, place, id };
        Self { content, before, end: AtomicU64::new(0), finished: Mutex::new(false) }
    }

    fn discard(&self) {
        if self.content.size() > self.end.load(Ordering::Relaxed) {
            return;
        }
        match &self.before {
            Before::Size(size) => self.content.truncate(*size),
            Before::Nothing { disk, place, id } => {
                let mut tree = disk.tree();
                if tree.at(place) == Some(*id) {
                    tree.remove(place);
                }
            }
        }
    }

    /// Whether this is the first call.
    fn first_finish(&self) -> bool {
        !std::mem::replace(&mut *self.finished.lock().unwrap_or_else(PoisonError::into_inner), true)
    }
}

impl WriteFile for InPlace {
    fn size(&self) -> u64 {
        match self.before {
            Before::Size(size) => size,
            Before::Nothing { .. } => 0,
        }
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.content.write(at, bytes)?;
        self.end.fetch_max(at.saturating_add(bytes.len() as u64), Ordering::Relaxed);
        Ok(())
    }

    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        Ok(self.content.read(at, max))
    }

    fn pace(&self) -> Pace {
        self.content.pace()
    }

    fn finish(&self, how: FinishHow) -> Result<(), Failure> {
        if self.first_finish() && how == FinishHow::Discard {
            self.discard();
        }
        Ok(())
    }

    fn finish_now(&self, how: FinishHow) -> Option<Result<(), Failure>> {
        (how != FinishHow::Discard && self.content.pace() == Pace::Prompt).then(|| self.finish(how))
    }
}

impl Drop for InPlace {
    fn drop(&mut self) {
        if self.first_finish() {
            self.discard();
        }
    }
}

/// From so many bytes on it takes its time to move or drop a content.
const BIG: u64 = 4 << 20;
