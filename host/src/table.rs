//! What one session holds: the storage of whoever is logged in, its open files and directories, its actions under way.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ftp_proto::outcome::{Offload, Opened};
use ftp_proto::storage::FinishHow;
use ftp_proto::{ActionId, DirId, Failure, FileId, VirtualPath};

use crate::context::Scope;
use crate::host::Client;
use crate::pace::Pace;
use crate::storage::{Cancel, Directory, ReadFile, Storage, WriteFile};

/// An open file. Clones are the same file; it closes with the last.
#[derive(Clone)]
pub(crate) enum OpenFile {
    Read(Arc<dyn ReadFile>),
    Write(Arc<Writing>),
}

/// A file open for writing, with what hooks want to know of it at its end.
pub(crate) struct Writing {
    pub(crate) file: Box<dyn WriteFile>,
    /// The name that it will have; `None` where the embedding program opened it, and knows.
    pub(crate) path: Option<VirtualPath>,
    /// How far the file reached when it was opened, or what was written through us since.
    end: AtomicU64,
}

impl Writing {
    pub(crate) fn new(file: Box<dyn WriteFile>, path: Option<VirtualPath>) -> Self {
        let end = AtomicU64::new(file.size());
        Self { file, path, end }
    }

    pub(crate) fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_at(at, bytes)?;
        self.end.fetch_max(at.saturating_add(bytes.len() as u64), Ordering::Relaxed);
        Ok(())
    }

    /// How big it is now. What the kernel moved into it did not come through us, but then there is a file to ask.
    pub(crate) fn size(&self) -> u64 {
        let known = self.file.file().and_then(|file| file.metadata().ok());
        known.map_or_else(|| self.end.load(Ordering::Relaxed), |metadata| metadata.len())
    }

    pub(crate) fn finish_now(&self, how: FinishHow) -> Option<Result<(), Failure>> {
        self.file.finish_now(how)
    }

    pub(crate) fn finish(&self, how: FinishHow) -> Result<(), Failure> {
        self.file.finish(how)
    }
}

/// An open directory: one page is read at a time.
pub(crate) type OpenDirectory = Arc<Mutex<Box<dyn Directory>>>;

/// Things taken out of the table, which close when this is dropped. That may wait for the disk.
#[derive(Default)]
pub(crate) struct Leftovers {
    pub(crate) files: Vec<OpenFile>,
    pub(crate) dirs: Vec<OpenDirectory>,
}

impl Leftovers {
    pub(crate) const fn is_empty(&self) -> bool {
        self.files.is_empty() && self.dirs.is_empty()
    }
}

/// Shared by a session and its jobs.
pub(crate) struct Table {
    held: Mutex<Held>,
    pub(crate) scope: Scope,
}

#[derive(Default)]
struct Held {
    closed: bool,
    login: Option<(Arc<str>, Arc<dyn Storage>)>,
    logins: u64,
    files: Few<FileId, OpenFile>,
    dirs: Few<DirId, OpenDirectory>,
    /// Those that go by the pool: what is done in place is done before anyone could cancel it.
    under_way: Few<ActionId, Cancel>,
}

/// Values by their names. A session has one or two of each at a time, so looking through them is the quickest way.
struct Few<K, V>(Vec<(K, V)>);

impl<K: PartialEq, V> Few<K, V> {
    /// Keeps `value`, in place of what had its name.
    fn insert(&mut self, key: K, value: V) -> Option<V> {
        let old = self.remove(&key);
        self.0.push((key, value));
        old
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.0.iter().position(|(known, _)| known == key)?;
        let (_, value) = self.0.swap_remove(at);
        Some(value)
    }

    fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    fn take(&mut self) -> Vec<V> {
        std::mem::take(&mut self.0).into_iter().map(|(_, value)| value).collect()
    }
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl OpenFile {
    pub(crate) fn file(&self) -> Option<Arc<File>> {
        match self {
            Self::Read(file) => file.file(),
            Self::Write(writing) => writing.file.file(),
        }
    }

    /// Whether moving its bytes may wait.
    pub(crate) fn pace(&self) -> Pace {
        match self {
            Self::Read(file) => file.pace(),
            Self::Write(writing) => writing.file.pace(),
        }
    }

    pub(crate) fn opened(&self) -> Opened {
        let size = match self {
            Self::Read(file) => file.size(),
            Self::Write(writing) => writing.file.size(),
        };
        let offload = if self.file().is_some() { Offload::Possible } else { Offload::Impossible };
        Opened { size, offload }
    }
}

impl Table {
    pub(crate) fn new(client: Client) -> Self {
        Self { held: Mutex::default(), scope: Scope::new(client) }
    }

    /// An action begins; the flag is how it is told to end early.
    pub(crate) fn begin(&self, id: ActionId) -> Cancel {
        let cancel = Cancel::new();
        self.held().under_way.insert(id, cancel.clone());
        cancel
    }

    /// An action is about to be answered.
    pub(crate) fn end(&self, id: ActionId) {
        self.held().under_way.remove(&id);
    }

    pub(crate) fn cancel(&self, id: ActionId) {
        if let Some(cancel) = self.held().under_way.get(&id) {
            cancel.cancel();
        }
    }

    /// A login begins: whoever was logged in is not any more. Returns the number of this attempt.
    pub(crate) fn begin_login(&self) -> u64 {
        let mut held = self.held();
        held.login = None;
        held.logins += 1;
        held.logins
    }

    /// A login succeeded; it counts unless another has begun since.
    pub(crate) fn logged_in(&self, attempt: u64, name: Arc<str>, storage: Arc<dyn Storage>) -> Result<(), Failure> {
        let mut held = self.held();
        if held.logins != attempt {
            return Err(Failure::Cancelled);
        }
        held.login = Some((name, storage));
        Ok(())
    }

    /// Who is logged in, and their storage.
    pub(crate) fn login(&self) -> Option<(Arc<str>, Arc<dyn Storage>)> {
        self.held().login.clone()
    }

    /// The storage of whoever is logged in.
    pub(crate) fn storage(&self) -> Option<Arc<dyn Storage>> {
        self.held().login.as_ref().map(|(_, storage)| Arc::clone(storage))
    }

    /// Keeps an open file; what comes after the session's end is closed again.
    pub(crate) fn add_file(&self, id: FileId, file: OpenFile) -> Result<(), Failure> {
        let mut held = self.held();
        if held.closed {
            drop(held);
            drop(file);
            return Err(Failure::Cancelled);
        }
        let old = held.files.insert(id, file);
        // Outside the lock: it may do anything as it goes.
        drop(held);
        drop(old);
        Ok(())
    }

    pub(crate) fn file(&self, id: FileId) -> Option<OpenFile> {
        self.held().files.get(&id).cloned()
    }

    pub(crate) fn take_file(&self, id: FileId) -> Option<OpenFile> {
        self.held().files.remove(&id)
    }

    /// Keeps an open directory; what comes after the session's end is closed again.
    pub(crate) fn add_dir(&self, id: DirId, dir: Box<dyn Directory>) -> Result<(), Failure> {
        let mut held = self.held();
        if held.closed {
            drop(held);
            drop(dir);
            return Err(Failure::Cancelled);
        }
        let old = held.dirs.insert(id, Arc::new(Mutex::new(dir)));
        drop(held);
        drop(old);
        Ok(())
    }

    pub(crate) fn dir(&self, id: DirId) -> Option<OpenDirectory> {
        self.held().dirs.get(&id).cloned()
    }

    pub(crate) fn take_dir(&self, id: DirId) -> Option<OpenDirectory> {
        self.held().dirs.remove(&id)
    }

    /// The session ends: what waits is cancelled, and all that is open comes out.
    pub(crate) fn close(&self) -> Leftovers {
        let mut held = self.held();
        held.closed = true;
        held.login = None;
        held.under_way.values().for_each(Cancel::cancel);
        Leftovers { files: held.files.take(), dirs: held.dirs.take() }
    }

    /// Nothing that could panic runs while this is held, so it is whole whatever happened.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
