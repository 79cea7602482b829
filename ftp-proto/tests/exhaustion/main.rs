//! Every sequence of a few events: a real session, small alphabets, and no event left out. At each step it is asked for
//! what always holds, and from each state it comes to, illegal events are tried, events that come for nothing, and the
//! way to a good end.
//!
//! - Each command has one final reply, in order, behind at most one 150, with a code that its verb may have.
//! - `Connect` comes when the 150 has left. Ids are used once. What is open is closed once, and nothing is used that is
//!   not open.
//! - `Misuse` changes nothing. A timeout for nothing changes nothing. A session that is not closed waits for a deadline.
//! - Closed means that nothing is open, and nothing comes behind it.
//! - Once everything is answered and taken, every command is answered; and when the client leaves, the session closes.
//!
//! | file | what it does |
//! |---|---|
//! | `worlds` | where sequences begin, and of which letters they are made |
//! | `explore` | every sequence; what leads to the same state by two ways is continued once |
//! | `host`, `answers`, `replies`, `misuse` | one session in a lean world, and its books |
//! | `names` | when two states are the same |
//! | `evidence`, `matrix`, `docs` | `docs/states.md` and its pictures |
//!
//! `FTP_DEEPER=1` makes all sequences an event longer (and so on); `FTP_WORLD=abort` explores one world only.

#[path = "../cells/mod.rs"]
mod cells;

mod answers;
mod docs;
mod evidence;
mod explore;
mod host;
mod matrix;
mod misuse;
mod names;
mod replies;
mod worlds;

use std::panic::catch_unwind;
use std::sync::OnceLock;

use self::explore::Findings;

/// What the exploration has found; it is made once for all tests.
fn findings() -> &'static Findings {
    static FINDINGS: OnceLock<Option<Findings>> = OnceLock::new();
    let explored = FINDINGS.get_or_init(|| catch_unwind(explore).ok());
    explored.as_ref().expect("the exploration came to its end: its first panic tells why not")
}

fn explore() -> Findings {
    let only = std::env::var("FTP_WORLD").ok();
    let mut findings = Findings::default();
    for world in worlds::WORLDS.iter().filter(|world| only.as_ref().is_none_or(|only| *only == world.name)) {
        let began = std::time::Instant::now();
        findings.merge(world.explore(deeper()));
        let (name, counts) = findings.worlds.last().expect("one was explored");
        eprintln!("{name}: {counts} in {:?}", began.elapsed());
    }
    findings
}

/// How many events more than usual a sequence may have.
fn deeper() -> usize {
    std::env::var("FTP_DEEPER").map_or(0, |deeper| deeper.parse().expect("a number"))
}

/// Whether what is explored is what the documents tell of.
fn is_usual() -> bool {
    deeper() == 0 && std::env::var_os("FTP_WORLD").is_none()
}

#[test]
fn whatever_comes_in_whichever_order_the_rules_hold() {
    for (name, counts) in &findings().worlds {
        assert!(counts.sequences > counts.steps as u128 / 2, "{name}: {counts}");
    }
}
