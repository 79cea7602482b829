//! Cells: which kind of event came in which state of which machine. Text, one a line, `machine state event`, in the
//! names of [`Machine`], its states and [`EventKind`].
//!
//! Where `FTP_CELLS` names a file, every cell that a program reaches is appended to it once; `sort -u` makes evidence of
//! it. `docs/states.md` tells what becomes of that.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, OnceLock};

use ftp_proto::event::EventKind;
use ftp_proto::server::state::{Machine, State};

/// One cell: machine, state, event.
pub(crate) type Cell = (&'static str, &'static str, &'static str);

/// The cells of one event.
pub(crate) fn of(state: State, event: EventKind) -> impl Iterator<Item = Cell> {
    Machine::ALL.iter().map(move |machine| (machine.name(), state.of(*machine), event.name()))
}

/// Notes that `event` came in `state`, and was none that an adapter may not send there.
pub(crate) fn note(state: State, event: EventKind) {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    static SEEN: Mutex<BTreeSet<Cell>> = Mutex::new(BTreeSet::new());
    let file = FILE.get_or_init(|| {
        let path = std::env::var_os("FTP_CELLS")?;
        Some(OpenOptions::new().append(true).create(true).open(path).expect("FTP_CELLS names a file"))
    });
    let Some(mut file) = file.as_ref() else { return };
    for cell in of(state, event) {
        if SEEN.lock().expect("nobody panics here").insert(cell) {
            // One write for each line: several programs may append at once.
            let (machine, state, event) = cell;
            file.write_all(format!("{machine} {state} {event}\n").as_bytes()).expect("the file of cells takes a line");
        }
    }
}
