//! The conformance kit: what the RFCs ask of an FTP server, as short dialogues with one that is only talked to.
//!
//! A [`Check`] is one dialogue, with the section that asks for it and how strongly. The kit makes a directory of its
//! own on the server, gives each check an empty one in there, and removes everything at the end:
//!
//! ```no_run
//! use ftp_tests::conformance::{Peer, Selection, run};
//!
//! let peer = Peer::new("127.0.0.1:2121".parse().unwrap(), "alice", "secret");
//! let report = run(&peer, &Selection::default()).unwrap();
//! println!("{report}");
//! assert!(report.is_conformant());
//! ```
//!
//! The checks are data, in files by theme; a check fails by panicking, as a [`Wire`](crate::Wire) does where the
//! server says something else than it should.

mod context;
mod report;
mod runner;

mod abort;
mod active;
mod checksums;
mod directories;
mod facts;
mod features;
mod files;
mod framing;
mod hosts;
mod information;
mod listings;
mod login;
mod modes;
mod parameters;
mod passive;
mod pipelining;
mod resume;
mod retrieve;
mod security;
mod sequence;
mod site;
mod store;
mod telnet;

pub use context::{Context, Peer};
pub use report::{Finding, Report, Verdict};
pub use runner::{Selection, run};

use std::fmt;

/// One dialogue, and what asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its name: unique, and the same in every version of the kit.
    pub id: &'static str,
    /// The section of the RFC that it is from.
    pub section: &'static str,
    /// How strongly it is asked for.
    pub level: Level,
    /// What a server that passes does.
    pub title: &'static str,
    /// The dialogue. It panics where the server fails.
    pub run: fn(&mut Context<'_>),
}

/// How strongly something is asked for (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A server without it is broken.
    Must,
    /// Clients count on it, or an RFC recommends it.
    Should,
    /// A server is better for it.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
        })
    }
}

/// Every check, by theme.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    THEMES.iter().copied().flatten()
}

const THEMES: &[&[Check]] = &[
    login::CHECKS,
    directories::CHECKS,
    files::CHECKS,
    parameters::CHECKS,
    passive::CHECKS,
    active::CHECKS,
    retrieve::CHECKS,
    store::CHECKS,
    resume::CHECKS,
    listings::CHECKS,
    facts::CHECKS,
    features::CHECKS,
    information::CHECKS,
    site::CHECKS,
    framing::CHECKS,
    telnet::CHECKS,
    pipelining::CHECKS,
    sequence::CHECKS,
    abort::CHECKS,
    security::CHECKS,
    modes::CHECKS,
    checksums::CHECKS,
    hosts::CHECKS,
];

type Dialogue = fn(&mut Context<'_>);

const fn must(id: &'static str, section: &'static str, title: &'static str, run: Dialogue) -> Check {
    Check { id, section, level: Level::Must, title, run }
}

const fn should(id: &'static str, section: &'static str, title: &'static str, run: Dialogue) -> Check {
    Check { id, section, level: Level::Should, title, run }
}

const fn may(id: &'static str, section: &'static str, title: &'static str, run: Dialogue) -> Check {
    Check { id, section, level: Level::May, title, run }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_enough_and_each_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = checks().map(|check| check.id).collect();
        assert_eq!(names.len(), checks().count());
        assert!(names.len() >= 250, "{}", names.len());
    }

    #[test]
    fn each_names_the_section_that_asks_for_it() {
        for check in checks() {
            let (rfc, place) = check.section.split_once(" §").unwrap_or_else(|| panic!("{}", check.id));
            assert!(rfc.starts_with("RFC ") || rfc.starts_with("draft-"), "{}", check.id);
            assert!(place.starts_with(|first: char| first.is_ascii_digit()), "{}", check.id);
        }
    }
}
