//! A storage that counts what is opened and closed, and fails or panics where a test wants it to.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ftp_host::{Cancel, Directory, ReadFile, Storage, Upload, WriteFile};
use ftp_proto::action::Times;
use ftp_proto::outcome::{Digest, Entries, Prepared, Quota, Space, TreeSize};
use ftp_proto::storage::{FinishHow, HashAlgorithm, Metadata, Replace, Wanted};
use ftp_proto::{Failure, VirtualPath};

/// Something that a storage does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // Each is the method of its name.
pub enum Operation {
    Stat,
    OpenDir,
    ReadDir,
    OpenRead,
    Read,
    OpenWrite,
    Write,
    Finish,
    Remove,
    RemoveDir,
    MakeDir,
    Rename,
    SetTimes,
    SetMode,
    Symlink,
    Copy,
    Space,
    Quota,
    Hash,
    TreeSize,
    MakeDirs,
    RemoveTree,
    Combine,
    SetOwner,
    Prepare,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::Stat,
        Self::OpenDir,
        Self::ReadDir,
        Self::OpenRead,
        Self::Read,
        Self::OpenWrite,
        Self::Write,
        Self::Finish,
        Self::Remove,
        Self::RemoveDir,
        Self::MakeDir,
        Self::Rename,
        Self::SetTimes,
        Self::SetMode,
        Self::Symlink,
        Self::Copy,
        Self::Space,
        Self::Quota,
        Self::Hash,
        Self::TreeSize,
        Self::MakeDirs,
        Self::RemoveTree,
        Self::Combine,
        Self::SetOwner,
        Self::Prepare,
    ];
}

#[derive(Clone, Copy, Debug)]
enum Mischief {
    Fail(Failure),
    Panic,
    Hold,
    Linger,
}

/// What was opened and what was closed again.
#[derive(Debug, Default)]
pub struct Ledger {
    opened: AtomicU64,
    closed: AtomicU64,
    finished: AtomicU64,
    twice: AtomicU64,
    /// By operation.
    runs: [AtomicU64; Operation::ALL.len()],
}

impl Ledger {
    /// Files and directories that were opened.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::SeqCst)
    }

    /// Files and directories that are open now.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.opened() - self.closed.load(Ordering::SeqCst)
    }

    /// How often an operation was begun.
    #[must_use]
    pub fn runs(&self, operation: Operation) -> u64 {
        self.runs.get(operation as usize).map_or(0, |runs| runs.load(Ordering::SeqCst))
    }

    /// Uploads that were finished, in any way.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.finished.load(Ordering::SeqCst)
    }

    /// Uploads that were finished more than once, which must not be.
    #[must_use]
    pub fn finished_twice(&self) -> u64 {
        self.twice.load(Ordering::SeqCst)
    }
}

/// The storage in between.
pub struct Meddler {
    inner: Arc<dyn Storage>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    ledger: Ledger,
    mischief: Mutex<Option<(Operation, Mischief)>>,
    changed: Condvar,
    held: AtomicU64,
    /// Bytes that may still be written; `u64::MAX` for no bound.
    room: Mutex<Option<(u64, Failure)>>,
    /// Whether the kernel is given devices to move bytes of, instead of the files.
    devices: AtomicBool,
}

impl std::fmt::Debug for Meddler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meddler").field("ledger", &self.shared.ledger).finish_non_exhaustive()
    }
}

impl Meddler {
    /// In front of `inner`, doing nothing yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Storage>) -> Arc<Self> {
        Arc::new(Self { inner, shared: Arc::default() })
    }

    /// The counts.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// From now on `operation` fails.
    pub fn fail(&self, operation: Operation, failure: Failure) {
        self.shared.set(Some((operation, Mischief::Fail(failure))));
    }

    /// From now on `operation` panics.
    pub fn panic(&self, operation: Operation) {
        self.shared.set(Some((operation, Mischief::Panic)));
    }

    /// From now on `operation` does not come back, until the storage is to behave again.
    pub fn hold(&self, operation: Operation) {
        self.shared.set(Some((operation, Mischief::Hold)));
    }

    /// What may take long waits from now on until it is cancelled, for at most `LINGERS`.
    pub fn linger(&self, operation: Operation) {
        self.shared.set(Some((operation, Mischief::Linger)));
    }

    /// How many operations are being held.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.shared.held.load(Ordering::SeqCst)
    }

    /// No mischief any more.
    pub fn behave(&self) {
        self.shared.set(None);
        *lock(&self.shared.room) = None;
        self.shared.devices.store(false, Ordering::SeqCst);
    }

    /// Writes fail in this way once so many bytes were written. They go through memory then, not through the kernel.
    pub fn room(&self, bytes: u64, failure: Failure) {
        *lock(&self.shared.room) = Some((bytes, failure));
    }
}

impl Meddler {
    /// What the kernel moves fails from now on: writes for want of space, reads by an error of the device.
    pub fn break_offloads(&self) {
        self.shared.devices.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    /// A device in the place of a file, if there is to be one.
    fn device(&self, path: &str) -> Option<Arc<File>> {
        let wanted = self.devices.load(Ordering::SeqCst);
        wanted.then(|| Arc::new(File::options().read(true).write(true).open(path).expect("Linux has this device")))
    }

    fn set(&self, mischief: Option<(Operation, Mischief)>) {
        *lock(&self.mischief) = mischief;
        self.changed.notify_all();
    }

    /// Waits while `operation` is to be held.
    fn wait(&self, operation: Operation) {
        self.held.fetch_add(1, Ordering::SeqCst);
        let holds = |plan: &mut Option<_>| matches!(plan, Some((held, Mischief::Hold)) if *held == operation);
        let plan = self.changed.wait_while(lock(&self.mischief), holds);
        drop(plan.unwrap_or_else(PoisonError::into_inner));
        self.held.fetch_sub(1, Ordering::SeqCst);
    }

    /// The same for what may be cancelled.
    fn meddle_long(&self, operation: Operation, cancel: &Cancel) -> Result<(), Failure> {
        self.meddle(operation)?;
        let end = Instant::now() + LINGERS;
        while matches!(self.plan(), Some((wanted, Mischief::Linger)) if wanted == operation) && Instant::now() < end {
            cancel.check()?;
            thread::park_timeout(Duration::from_micros(50));
        }
        Ok(())
    }

    fn plan(&self) -> Option<(Operation, Mischief)> {
        *lock(&self.mischief)
    }

    /// Does the mischief, if this is its operation.
    fn meddle(&self, operation: Operation) -> Result<(), Failure> {
        if let Some(runs) = self.ledger.runs.get(operation as usize) {
            runs.fetch_add(1, Ordering::SeqCst);
        }
        match self.plan() {
            Some((wanted, Mischief::Fail(failure))) if wanted == operation => Err(failure),
            Some((wanted, Mischief::Panic)) if wanted == operation => panic!("the storage panics, as the test asked"),
            Some((wanted, Mischief::Hold)) if wanted == operation => {
                self.wait(operation);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether reads and writes must come by here.
    fn is_watching(&self) -> bool {
        let watches = matches!(self.plan(), Some((Operation::Read | Operation::Write, _)));
        watches || lock(&self.room).is_some()
    }

    fn spend(&self, bytes: u64) -> Result<(), Failure> {
        match &mut *lock(&self.room) {
            Some((room, failure)) if *room < bytes => Err(*failure),
            Some((room, _)) => {
                *room -= bytes;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Storage for Meddler {
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        self.shared.meddle(Operation::Stat)?;
        self.inner.stat(path)
    }

    fn open_dir(&self, path: &VirtualPath, wanted: Wanted) -> Result<Box<dyn Directory>, Failure> {
        self.shared.meddle(Operation::OpenDir)?;
        Ok(Box::new(Counted::new(self.inner.open_dir(path, wanted)?, &self.shared)))
    }

    fn open_read(&self, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
        self.shared.meddle(Operation::OpenRead)?;
        Ok(Box::new(Counted::new(self.inner.open_read(path)?, &self.shared)))
    }

    fn open_write(&self, path: &VirtualPath, upload: Upload) -> Result<Box<dyn WriteFile>, Failure> {
        self.shared.meddle(Operation::OpenWrite)?;
        Ok(Box::new(Counted::new(self.inner.open_write(path, upload)?, &self.shared)))
    }

    fn remove(&self, path: &VirtualPath) -> Result<(), Failure> {
        self.shared.meddle(Operation::Remove)?;
        self.inner.remove(path)
    }

    fn remove_dir(&self, path: &VirtualPath) -> Result<(), Failure> {
        self.shared.meddle(Operation::RemoveDir)?;
        self.inner.remove_dir(path)
    }

    fn make_dir(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        self.shared.meddle(Operation::MakeDir)?;
        self.inner.make_dir(path, permissions)
    }

    fn rename(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace) -> Result<(), Failure> {
        self.shared.meddle(Operation::Rename)?;
        self.inner.rename(from, to, replace)
    }

    fn set_times(&self, path: &VirtualPath, times: Times) -> Result<(), Failure> {
        self.shared.meddle(Operation::SetTimes)?;
        self.inner.set_times(path, times)
    }

    fn set_mode(&self, path: &VirtualPath, mode: u32) -> Result<(), Failure> {
        self.shared.meddle(Operation::SetMode)?;
        self.inner.set_mode(path, mode)
    }

    fn symlink(&self, target: &VirtualPath, link: &VirtualPath) -> Result<(), Failure> {
        self.shared.meddle(Operation::Symlink)?;
        self.inner.symlink(target, link)
    }

    fn copy(&self, from: &VirtualPath, to: &VirtualPath, replace: Replace, cancel: &Cancel) -> Result<(), Failure> {
        self.shared.meddle_long(Operation::Copy, cancel)?;
        self.inner.copy(from, to, replace, cancel)
    }

    fn space(&self, path: &VirtualPath) -> Result<Space, Failure> {
        self.shared.meddle(Operation::Space)?;
        self.inner.space(path)
    }

    fn quota(&self) -> Result<Quota, Failure> {
        self.shared.meddle(Operation::Quota)?;
        self.inner.quota()
    }

    fn hash(
        &self,
        path: &VirtualPath,
        algorithm: HashAlgorithm,
        range: (u64, Option<u64>),
        cancel: &Cancel,
    ) -> Result<Digest, Failure> {
        self.shared.meddle_long(Operation::Hash, cancel)?;
        self.inner.hash(path, algorithm, range, cancel)
    }

    fn tree_size(&self, path: &VirtualPath, cancel: &Cancel) -> Result<TreeSize, Failure> {
        self.shared.meddle_long(Operation::TreeSize, cancel)?;
        self.inner.tree_size(path, cancel)
    }

    fn make_dirs(&self, path: &VirtualPath, permissions: u32) -> Result<(), Failure> {
        self.shared.meddle(Operation::MakeDirs)?;
        self.inner.make_dirs(path, permissions)
    }

    fn remove_tree(&self, path: &VirtualPath, cancel: &Cancel) -> Result<(), Failure> {
        self.shared.meddle_long(Operation::RemoveTree, cancel)?;
        self.inner.remove_tree(path, cancel)
    }

    fn combine(&self, target: &VirtualPath, parts: &[VirtualPath], cancel: &Cancel) -> Result<(), Failure> {
        self.shared.meddle_long(Operation::Combine, cancel)?;
        self.inner.combine(target, parts, cancel)
    }

    fn set_owner(&self, path: &VirtualPath, owner: Option<&str>, group: Option<&str>) -> Result<(), Failure> {
        self.shared.meddle(Operation::SetOwner)?;
        self.inner.set_owner(path, owner, group)
    }

    fn prepare(&self, path: &VirtualPath, upload: bool) -> Result<Prepared, Failure> {
        self.shared.meddle(Operation::Prepare)?;
        self.inner.prepare(path, upload)
    }
}

/// Something open, counted until it is dropped.
struct Counted<T> {
    inner: T,
    shared: Arc<Shared>,
    finished: AtomicU64,
}

impl<T> Counted<T> {
    fn new(inner: T, shared: &Arc<Shared>) -> Self {
        shared.ledger.opened.fetch_add(1, Ordering::SeqCst);
        Self { inner, shared: Arc::clone(shared), finished: AtomicU64::new(0) }
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        self.shared.ledger.closed.fetch_add(1, Ordering::SeqCst);
    }
}

impl Directory for Counted<Box<dyn Directory>> {
    fn read(&mut self, max: usize) -> Result<Entries, Failure> {
        self.shared.meddle(Operation::ReadDir)?;
        self.inner.read(max)
    }
}

impl ReadFile for Counted<Box<dyn ReadFile>> {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn file(&self) -> Option<Arc<File>> {
        let device = self.shared.device("/proc/self/mem");
        if self.shared.is_watching() { None } else { device.or_else(|| self.inner.file()) }
    }

    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        self.shared.meddle(Operation::Read)?;
        self.inner.read_at(at, max)
    }
}

impl WriteFile for Counted<Box<dyn WriteFile>> {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn file(&self) -> Option<Arc<File>> {
        let device = self.shared.device("/dev/full");
        if self.shared.is_watching() { None } else { device.or_else(|| self.inner.file()) }
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.shared.meddle(Operation::Write)?;
        self.shared.spend(bytes.len() as u64)?;
        self.inner.write_at(at, bytes)
    }

    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        self.inner.read_at(at, max)
    }

    fn finish(&self, how: FinishHow) -> Result<(), Failure> {
        let ledger = &self.shared.ledger;
        ledger.finished.fetch_add(1, Ordering::SeqCst);
        if self.finished.fetch_add(1, Ordering::SeqCst) > 0 {
            ledger.twice.fetch_add(1, Ordering::SeqCst);
        }
        self.shared.meddle(Operation::Finish)?;
        self.inner.finish(how)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long what may be cancelled waits for it.
const LINGERS: Duration = Duration::from_millis(20);
