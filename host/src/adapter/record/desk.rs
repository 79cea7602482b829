//! Where lines wait to be written, and the thread that writes them.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::files::{Files, Identity};
use super::{Fault, Report};

/// What waits for the disk, of all sessions.
#[derive(Debug, Default)]
pub(super) struct Desk {
    tray: Mutex<Tray>,
    posted: Condvar,
    cleared: Condvar,
}

#[derive(Debug, Default)]
struct Tray {
    sheets: VecDeque<Sheet>,
    /// What they weigh, and what is being written.
    weight: usize,
    /// Sessions of which not even the beginning found room, and nobody was told yet.
    missed: u64,
    closed: bool,
}

/// Lines for one file.
#[derive(Debug)]
struct Sheet {
    folder: Arc<Folder>,
    text: String,
    cut: Option<Cut>,
}

/// Why nothing comes behind this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    TooSlow,
    TooLarge,
}

/// One session's file.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Set once it is made.
    identity: OnceLock<Identity>,
    weight: AtomicUsize,
    /// Whether anything was put on the desk for it.
    is_begun: AtomicBool,
    is_broken: AtomicBool,
}

/// Closes the desk, when it is dropped, and waits a moment for what lies on it.
#[derive(Debug)]
pub(super) struct Keeper(pub(super) Arc<Desk>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.posted.notify_all();
        // What a stuck disk does not take is lost.
        let _ = self.0.wait(LAST_PATIENCE);
    }
}

impl Desk {
    /// Starts the thread.
    pub(super) fn open(report: Box<Report>) -> io::Result<Arc<Self>> {
        let desk = Arc::<Self>::default();
        let behind = Arc::clone(&desk);
        thread::Builder::new().name("ftp-record".into()).spawn(move || behind.write_all(&*report))?;
        Ok(desk)
    }

    /// Puts lines there to be written behind those of the same file: whether there was room.
    pub(super) fn put(&self, folder: &Arc<Folder>, text: String) -> bool {
        let weight = weight(text.capacity());
        let mut tray = self.lock();
        let waiting = folder.weight.load(Ordering::Relaxed);
        if tray.weight + weight > ROOM || waiting > 0 && waiting + weight > ROOM_OF_ONE {
            return false;
        }
        folder.is_begun.store(true, Ordering::Relaxed);
        self.push(&mut tray, Sheet { folder: Arc::clone(folder), text, cut: None });
        true
    }

    /// The last word about a file: there is always room for it.
    ///
    /// But not for a file that was not begun: while the disk is stuck, there may be any number of those. They are counted.
    pub(super) fn cut(&self, folder: &Arc<Folder>, cut: Cut) {
        let text = match cut {
            Cut::TooSlow => "# cut here: the disk was too slow\n",
            Cut::TooLarge => "# cut here: the file is as large as it may become\n",
        };
        let mut tray = self.lock();
        let no_room = cut == Cut::TooSlow || tray.weight + weight(text.len()) > ROOM;
        if no_room && !folder.is_begun.load(Ordering::Relaxed) {
            tray.missed = tray.missed.saturating_add(1);
            return self.posted.notify_one();
        }
        self.push(&mut tray, Sheet { folder: Arc::clone(folder), text: text.into(), cut: Some(cut) });
    }

    fn push(&self, tray: &mut Tray, sheet: Sheet) {
        let weight = weight(sheet.text.capacity());
        tray.weight += weight;
        sheet.folder.weight.fetch_add(weight, Ordering::Relaxed);
        tray.sheets.push_back(sheet);
        self.posted.notify_one();
    }

    /// Waits until everything is written, for at most `patience`: whether it is.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        let waited = self.cleared.wait_timeout_while(self.lock(), patience, |tray| tray.weight > 0);
        waited.unwrap_or_else(PoisonError::into_inner).0.weight == 0
    }

    /// The thread: until the desk is closed and clear.
    fn write_all(&self, report: &Report) {
        // It is the program's own, and there is nobody to tell.
        let report = |fault: Fault| drop(catch_unwind(AssertUnwindSafe(|| report(&fault))));
        let mut files = Files::default();
        while let Some(sheet) = self.next(&report) {
            let weight = weight(sheet.text.capacity());
            if let Some(fault) = sheet.write(&mut files) {
                report(fault);
            }
            sheet.folder.weight.fetch_sub(weight, Ordering::Relaxed);
            drop(sheet);
            files.tidy();
            let mut tray = self.lock();
            tray.weight -= weight;
            if tray.weight == 0 {
                self.cleared.notify_all();
            }
        }
    }

    fn next(&self, report: &dyn Fn(Fault)) -> Option<Sheet> {
        loop {
            let idle = |tray: &mut Tray| tray.sheets.is_empty() && tray.missed == 0 && !tray.closed;
            let mut tray = self.posted.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
            // Told once the rush is over, and not at every sheet of it.
            if tray.missed > 0 && tray.weight <= ROOM / 2 {
                let sessions = mem::take(&mut tray.missed);
                drop(tray);
                report(Fault::Missed { sessions });
                continue;
            }
            let sheet = tray.sheets.pop_front();
            if tray.sheets.is_empty() {
                // What a rush has needed is given back.
                tray.sheets.shrink_to(FEW);
            }
            return sheet;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tray> {
        // Nothing in here panics half-way, so a poisoned tray is whole.
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sheet {
    /// Writes it: what is wrong with its file from now on.
    fn write(&self, files: &mut Files) -> Option<Fault> {
        let Self { folder, text, cut } = self;
        if folder.is_broken() {
            return None;
        }
        if let Err(cause) = files.write(folder, text.as_bytes()) {
            folder.is_broken.store(true, Ordering::Relaxed);
            return Some(Fault::Disk { path: folder.path.clone(), cause });
        }
        let path = || folder.path.clone();
        cut.map(|cut| match cut {
            Cut::TooSlow => Fault::TooSlow { path: path() },
            Cut::TooLarge => Fault::TooLarge { path: path() },
        })
    }
}

impl Folder {
    /// The file at `path`, which is not made yet.
    pub(super) fn new(path: PathBuf) -> Arc<Self> {
        let (identity, weight, is_begun, is_broken) = Default::default();
        Arc::new(Self { path, identity, weight, is_begun, is_broken })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn identity(&self) -> &OnceLock<Identity> {
        &self.identity
    }

    /// Whether it could not be written.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed)
    }
}

/// What lines take of the room, with what they lie in: what is held for them, not what they say.
const fn weight(room: usize) -> usize {
    room + size_of::<Sheet>()
}

/// Bytes that may wait for the disk, of all sessions.
const ROOM: usize = 64 << 20;
/// The same of one: a few chunks of a file, written out.
const ROOM_OF_ONE: usize = 8 << 20;
/// Sheets that room is kept for.
const FEW: usize = 64;
/// How long the end of the server may be held up.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// Sessions come and go while nothing can be written. What is held for them must not grow with their number.
    #[test]
    fn a_stuck_disk_holds_nothing_for_sessions_that_could_not_begin() {
        let directory = tempfile::tempdir().unwrap();
        let (hold, held) = channel();
        let (release, gate) = channel::<()>();
        let (told, faults) = channel();
        let gate = Mutex::new(gate);
        let report = move |fault: &Fault| match fault {
            Fault::Missed { sessions } => told.send(*sessions).unwrap(),
            _ => {
                hold.send(()).unwrap();
                let _ = gate.lock().unwrap().recv();
            }
        };
        let desk = Desk::open(Box::new(report)).unwrap();
        let keeper = Keeper(Arc::clone(&desk));
        assert!(desk.put(&Folder::new(directory.path().join("missing/file")), "x".into()));
        held.recv().unwrap();
        let mut number = 0;
        let mut folder = || {
            number += 1;
            Folder::new(directory.path().join(format!("{number}")))
        };
        while desk.put(&folder(), " ".repeat(ROOM_OF_ONE / 2)) {}
        let waiting = desk.lock().sheets.len();
        for _ in 0..10_000 {
            let folder = folder();
            if !desk.put(&folder, " ".repeat(ROOM_OF_ONE / 2)) {
                desk.cut(&folder, Cut::TooSlow);
            }
        }
        assert_eq!(desk.lock().sheets.len(), waiting);
        drop(release);
        assert!(desk.wait(Duration::from_secs(60)));
        drop((keeper, desk));
        assert_eq!(faults.iter().collect::<Vec<_>>(), [10_000]);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), waiting);
    }
}
