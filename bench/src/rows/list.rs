//! Listings of large directories.

use std::io;

use super::Sample;
use super::measure::{Bench, transfers};
use crate::client::Login;
use crate::client::load::Sink;
use crate::fault;

/// LIST or MLSD of a directory of so many entries, again and again. The first one is before the clock, and its length is
/// that of all.
pub(super) fn list(bench: &Bench<'_>, login: &Login, verb: &str, entries: u64) -> io::Result<Sample> {
    let command = format!("{verb} {}", bench.fixture.list(entries)?);
    let length = std::sync::OnceLock::new();
    transfers(bench, login, 1, move |member, _| {
        let bytes = member.control.fetch(&command, Sink::Drop(&mut member.buffer))?;
        if bytes == *length.get_or_init(|| bytes) {
            Ok(entries)
        } else {
            Err(fault(format!("a listing of {bytes} bytes, and another before")))
        }
    })
}
