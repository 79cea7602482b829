//! FTP servers measured against each other, in one run, in turns; and against what the kernel allows.
//!
//! ```text
//! schedule ── for each row, round and server ──► peers: start it, in a group of processes of its own
//!                                                 rows: verify, then load it ──► client: sessions on threads
//!                                                 group: what the server used meanwhile
//!          ◄── samples ── statistics ── report: JSON, Markdown, SVG
//! ```
//!
//! What each row means and what is fair about it stands in `bench/README.md`. Nothing here judges: it measures.

pub mod ceiling;
pub mod client;
pub mod crowd;
pub mod fixture;
pub mod group;
pub mod network;
pub mod peers;
pub mod processors;
pub mod procfs;
pub mod report;
pub mod rows;
pub mod schedule;
pub mod statistics;

use std::io;

/// A fault that is told in words.
pub fn fault(text: impl Into<String>) -> io::Error {
    io::Error::other(text.into())
}
