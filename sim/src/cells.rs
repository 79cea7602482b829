//! Cells: which kind of event came in which state of which machine, for the pictures in `docs/states.md`.
//!
//! Where the environment's `FTP_CELLS` names a file, every cell that this process reaches is appended to it once, as a
//! line `machine state event`; `sort -u` makes evidence of it. Where it does not, noting costs nothing.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use ftp_proto::event::EventKind;
use ftp_proto::server::state::{Machine, State};

/// Notes that `event` came in `state`, and was no misuse.
pub fn note(state: State, event: EventKind) {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    static SEEN: Mutex<BTreeSet<(State, EventKind)>> = Mutex::new(BTreeSet::new());
    static TOLD: Mutex<BTreeSet<[&str; 3]>> = Mutex::new(BTreeSet::new());
    let file = FILE.get_or_init(|| {
        let path = std::env::var_os("FTP_CELLS")?;
        OpenOptions::new().append(true).create(true).open(path).ok()
    });
    let Some(mut file) = file.as_ref() else { return };
    if !SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert((state, event)) {
        return;
    }
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    for machine in Machine::ALL {
        let cell = [machine.name(), state.of(*machine), event.name()];
        if told.insert(cell) {
            // One write for each line: several programs may append at once. A full disk loses evidence, nothing else.
            let _ = file.write_all(format!("{}\n", cell.join(" ")).as_bytes());
        }
    }
}
