//! Where lines wait to be written, and the thread that writes them.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

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
    /// Opened, written and closed by the thread alone.
    file: Mutex<Option<File>>,
    weight: AtomicUsize,
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
        let weight = weight(&text);
        let mut tray = self.lock();
        if tray.weight + weight > ROOM || folder.weight.load(Ordering::Relaxed) + weight > ROOM_OF_ONE {
            return false;
        }
        self.push(&mut tray, Sheet { folder: Arc::clone(folder), text, cut: None });
        true
    }

    /// The last word about a file: there is always room for it.
    pub(super) fn cut(&self, folder: &Arc<Folder>, cut: Cut) {
        let text = match cut {
            Cut::TooSlow => "# cut here: the disk was too slow\n",
            Cut::TooLarge => "# cut here: the file is as large as it may become\n",
        };
        self.push(&mut self.lock(), Sheet { folder: Arc::clone(folder), text: text.into(), cut: Some(cut) });
    }

    fn push(&self, tray: &mut Tray, sheet: Sheet) {
        let weight = weight(&sheet.text);
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
        while let Some(sheet) = self.next() {
            let weight = weight(&sheet.text);
            if let Some(fault) = sheet.write() {
                // It is the program's own, and there is nobody to tell.
                let _ = catch_unwind(AssertUnwindSafe(|| report(&fault)));
            }
            sheet.folder.weight.fetch_sub(weight, Ordering::Relaxed);
            // With the last sheet the file is closed.
            drop(sheet);
            let mut tray = self.lock();
            tray.weight -= weight;
            if tray.weight == 0 {
                self.cleared.notify_all();
            }
        }
    }

    fn next(&self) -> Option<Sheet> {
        let waited = self.posted.wait_while(self.lock(), |tray| tray.sheets.is_empty() && !tray.closed);
        let mut tray = waited.unwrap_or_else(PoisonError::into_inner);
        let sheet = tray.sheets.pop_front();
        if tray.sheets.is_empty() {
            // What a rush has needed is given back.
            tray.sheets.shrink_to(FEW);
        }
        sheet
    }

    fn lock(&self) -> MutexGuard<'_, Tray> {
        // Nothing in here panics half-way, so a poisoned tray is whole.
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sheet {
    /// Writes it: what is wrong with its file from now on.
    fn write(&self) -> Option<Fault> {
        let Self { folder, text, cut } = self;
        if folder.is_broken() {
            return None;
        }
        if let Err(cause) = folder.write(text.as_bytes()) {
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
        let (file, weight, is_broken) = Default::default();
        Arc::new(Self { path, file, weight, is_broken })
    }

    /// Whether it could not be written.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *file {
            Some(file) => file.write_all(bytes),
            none => none.insert(create(&self.path)?).write_all(bytes),
        }
    }
}

/// A new file, which nobody else may read. Nothing that is there is ever touched, nor followed.
fn create(path: &std::path::Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// What lines take of the room, with what they lie in.
fn weight(text: &str) -> usize {
    text.len() + size_of::<Sheet>()
}

/// Bytes that may wait for the disk, of all sessions.
const ROOM: usize = 64 << 20;
/// The same of one: a few chunks of a file, written out.
const ROOM_OF_ONE: usize = 8 << 20;
/// Sheets that room is kept for.
const FEW: usize = 64;
/// How long the end of the server may be held up.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
