//! Actions that are done where they are submitted, since they do not wait.
//!
//! ```text
//! action ─► accounts, storage or file: would it wait? ─no──► done, answered: no job, no thread, nothing to cancel
//!                                                     └yes─► the action again, as it was: for the pool
//! ```
//!
//! Nothing overtakes what it must not. A session submits one action after the other, and the pool promises no order among
//! those that are under way; the engine waits for an answer where it needs one. Besides:
//!
//! - A login that is done in place makes one that still waits on the pool worth nothing, as any later login does: each has
//!   its number, taken when it is submitted.
//! - What goes on with an open file or directory is done in place only while nothing on the pool holds that file or
//!   directory. So no end of an upload passes a write to it.
//! - What closes is taken out of the table here in any case, and closes when the last that works on it lets go.

use std::sync::{Arc, TryLockError};

use ftp_proto::outcome::Done;
use ftp_proto::{Completion, DirId, Failure, FileId, HostAction, Outcome, StorageAction, Ticket};

use crate::errand::{Errand, guarded};
use crate::pace::Pace;
use crate::storage::{Storage, Upload};
use crate::table::{OpenDirectory, OpenFile, Writing};

/// What came of trying.
pub(crate) enum Attempt {
    /// It is done; with its answer, if it has one.
    Done(Option<Completion>),
    /// It may wait, and was not begun.
    Waits(HostAction),
}

/// What is known of an outcome: [`None`] where finding out may wait.
type Known<T> = Option<Result<T, Failure>>;

/// Does `action` if it does not wait.
pub(crate) fn attempt(errand: &Errand<'_>, action: HostAction) -> Attempt {
    // A hook may do anything, and is asked about nearly everything.
    if !errand.services.hooks.is_empty() {
        return Attempt::Waits(action);
    }
    match action {
        HostAction::Authenticate { ticket, credentials } => {
            let known = known(|| {
                if errand.services.accounts.pace(&credentials) == Pace::MayWait {
                    return None;
                }
                let number = errand.table.begin_login();
                Some(errand.authenticate(number, &credentials))
            });
            settle(ticket, known, |ticket| HostAction::Authenticate { ticket, credentials })
        }
        HostAction::Storage(action) => errand.attempt(action),
        action => Attempt::Waits(action),
    }
}

/// What `work` says; a panic in it is [`Failure::Lost`].
fn known<T>(work: impl FnOnce() -> Known<T>) -> Known<T> {
    guarded(|| Ok(work())).unwrap_or_else(|lost| Some(Err(lost)))
}

/// Answers with what is known, or makes the action again.
fn settle<T: Outcome>(ticket: Ticket<T>, known: Known<T>, again: impl FnOnce(Ticket<T>) -> HostAction) -> Attempt {
    match known {
        Some(result) => Attempt::Done(Some(ticket.settle(result))),
        None => Attempt::Waits(again(ticket)),
    }
}

/// The same for the storage's.
fn store<T: Outcome>(ticket: Ticket<T>, known: Known<T>, again: impl FnOnce(Ticket<T>) -> StorageAction) -> Attempt {
    settle(ticket, known, |ticket| HostAction::Storage(again(ticket)))
}

impl Errand<'_> {
    fn attempt(&self, action: StorageAction) -> Attempt {
        use StorageAction as S;
        match action {
            S::Stat { ticket, path } => {
                let known = self.ask(|storage| storage.stat_now(&path));
                store(ticket, known, |ticket| S::Stat { ticket, path })
            }
            S::OpenDir { ticket, dir, path, wanted } => {
                let known = self.ask(|storage| {
                    let opened = storage.open_dir_now(&path, wanted)?;
                    Some(opened.and_then(|opened| self.table.add_dir(dir, opened)).map(|()| Done))
                });
                store(ticket, known, |ticket| S::OpenDir { ticket, dir, path, wanted })
            }
            S::ReadDir { ticket, dir, max } => {
                let known = known(|| {
                    let dir = self.table.dir(dir).filter(|_| max <= MOST_ENTRIES)?;
                    free(&dir, |dir| dir.read(max))
                });
                store(ticket, known, |ticket| S::ReadDir { ticket, dir, max })
            }
            S::OpenRead { ticket, file, path } => {
                let known = self.ask(|storage| {
                    let opened = storage.open_read_now(&path)?;
                    Some(opened.and_then(|opened| self.opened(file, OpenFile::Read(opened.into()))))
                });
                store(ticket, known, |ticket| S::OpenRead { ticket, file, path })
            }
            S::OpenWrite { ticket, file, path, mode, permissions, expected } => {
                let known = self.ask(|storage| {
                    let opened = storage.open_write_now(&path, Upload { mode, permissions, expected })?;
                    let keep = |opened| OpenFile::Write(Arc::new(Writing::new(opened, Some(path.clone()))));
                    Some(opened.and_then(|opened| self.opened(file, keep(opened))))
                });
                store(ticket, known, |ticket| S::OpenWrite { ticket, file, path, mode, permissions, expected })
            }
            S::Read { ticket, file, at, max } => {
                let known = known(|| match self.table.file(file)? {
                    OpenFile::Read(file) if file.pace() == Pace::Prompt => Some(file.read_at(at, max)),
                    _ => None,
                });
                store(ticket, known, |ticket| S::Read { ticket, file, at, max })
            }
            S::Write { ticket, file, at, bytes } => {
                let known = known(|| match self.table.file(file)? {
                    OpenFile::Write(file) if is_free(&file) && file.file.pace() == Pace::Prompt => {
                        Some(file.write_at(at, &bytes).map(|()| Done))
                    }
                    _ => None,
                });
                store(ticket, known, |ticket| S::Write { ticket, file, at, bytes })
            }
            S::Finish { ticket, file, how } => {
                let known = known(|| {
                    let OpenFile::Write(upload) = self.table.file(file)? else { return None };
                    let ended = is_free(&upload).then(|| guarded(|| Ok(upload.finish_now(how))))?;
                    let ended = ended.unwrap_or_else(|lost| Some(Err(lost)))?;
                    // Also after a panic, which may have left anything.
                    drop(self.table.take_file(file));
                    Some(ended.map(|()| Done))
                });
                store(ticket, known, |ticket| S::Finish { ticket, file, how })
            }
            S::CloseFile(file) => self.close(|| self.close_file(file), S::CloseFile(file)),
            S::CloseDir(dir) => self.close(|| self.close_dir(dir), S::CloseDir(dir)),
            action => Attempt::Waits(HostAction::Storage(action)),
        }
    }

    /// What the storage of whoever is logged in knows.
    fn ask<T>(&self, work: impl FnOnce(&dyn Storage) -> Known<T>) -> Known<T> {
        known(|| match self.table.storage() {
            Some(storage) => work(&*storage),
            None => Some(Err(Failure::PermissionDenied)),
        })
    }

    /// Whether the file was closed.
    fn close_file(&self, file: FileId) -> Option<()> {
        if let Some(open) = self.table.file(file) {
            let OpenFile::Read(reading) = &open else { return None };
            if reading.closing() == Pace::MayWait {
                return None;
            }
            drop((open, self.table.take_file(file)));
        }
        Some(())
    }

    /// Whether the directory was closed.
    fn close_dir(&self, dir: DirId) -> Option<()> {
        if let Some(open) = self.table.dir(dir) {
            free(&open, |_| Ok(()))?.ok()?;
            drop((open, self.table.take_dir(dir)));
        }
        Some(())
    }

    /// There is nobody to tell of a panic in closing; what it held is out of the table, or goes there by the pool.
    fn close(&self, work: impl FnOnce() -> Option<()>, action: StorageAction) -> Attempt {
        match known(|| work().map(Ok)) {
            Some(Ok(())) => Attempt::Done(None),
            None | Some(Err(_)) => Attempt::Waits(HostAction::Storage(action)),
        }
    }
}

/// Whether nobody has the file but the table, and we.
fn is_free(file: &Arc<Writing>) -> bool {
    Arc::strong_count(file) == 2
}

/// Works on a directory that nobody reads, and that is read without waiting.
fn free<T>(
    dir: &OpenDirectory,
    work: impl FnOnce(&mut dyn crate::storage::Directory) -> Result<T, Failure>,
) -> Known<T> {
    let mut dir = match dir.try_lock() {
        Ok(dir) => dir,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    (dir.pace() == Pace::Prompt).then(|| work(&mut **dir))
}

/// Of one page: some hundred microseconds where each is asked for.
const MOST_ENTRIES: usize = 512;
