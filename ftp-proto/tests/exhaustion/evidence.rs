//! Which cells were reached, and by whom; and which cannot be reached, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use ftp_proto::event::EventKind;
use ftp_proto::server::state::Machine;

use super::cells::Cell;

/// Who reaches cells: each has a file in `docs/states/cells/`.
pub(crate) const SOURCES: [&str; 3] = ["tests", "simulation", "fuzzing"];

/// What is known of all cells.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// By source, in the order of [`SOURCES`].
    pub(crate) reached: [BTreeSet<Cell>; 3],
    /// With the number of its reason.
    pub(crate) unreachable: BTreeMap<Cell, usize>,
    pub(crate) reasons: Vec<String>,
}

pub(crate) fn docs() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"))
}

/// Every cell that the states and the events can spell.
pub(crate) fn every_cell() -> impl Iterator<Item = Cell> {
    let states = Machine::ALL.iter().flat_map(|machine| machine.states().iter().map(|state| (machine.name(), *state)));
    states.flat_map(|(machine, state)| EventKind::ALL.iter().map(move |event| (machine, state, event.name())))
}

impl Evidence {
    /// What is committed.
    pub(crate) fn read() -> Self {
        let mut this = Self::default();
        for (source, reached) in SOURCES.iter().zip(&mut this.reached) {
            let path = docs().join(format!("states/cells/{source}.txt"));
            // A source that has not told anything yet has no file.
            let text = std::fs::read_to_string(path).unwrap_or_default();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let mut matching =
                    every_cell().filter(|(machine, state, event)| line == format!("{machine} {state} {event}"));
                reached.insert(matching.next().unwrap_or_else(|| panic!("{source}.txt: {line:?} is no cell")));
            }
        }
        let text = std::fs::read_to_string(docs().join("states/unreachable.txt")).expect("docs/states/unreachable.txt");
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (pattern, reason) = line.split_once(": ").expect("cells, a colon and a reason");
            let number = this.reasons.iter().position(|known| known == reason).unwrap_or_else(|| {
                this.reasons.push(reason.into());
                this.reasons.len() - 1
            });
            let words: Vec<&str> = pattern.split(' ').collect();
            let [machine, state, event] = words[..] else { panic!("{pattern:?} is no machine, state and event") };
            let before = this.unreachable.len();
            this.unreachable.extend(
                every_cell()
                    .filter(|cell| matches(machine, cell.0) && matches(state, cell.1) && matches(event, cell.2))
                    .map(|cell| (cell, number)),
            );
            assert!(this.unreachable.len() > before, "{pattern:?} names no cell, or none that was not named above");
        }
        this
    }

    pub(crate) fn is_reached(&self, cell: &Cell) -> bool {
        self.reached.iter().any(|reached| reached.contains(cell))
    }
}

/// `*`, or names with commas between them.
fn matches(pattern: &str, name: &str) -> bool {
    pattern == "*" || pattern.split(',').any(|pattern| pattern == name)
}
