//! Facts of files that clients set: MDTM's old form, MFMT, MFCT and MFF (draft-somers-ftp-mfxx-03).

use super::grammar::{octal, pair, time_and_path};
use super::{Command, CommandError, FactsToSet};
use crate::calendar;
use crate::verb::Verb;

/// `path`, or what may be `time path`.
pub(super) fn mdtm(argument: &[u8]) -> Command {
    Command::Mdtm { path: argument.into(), set: time_and_path(argument) }
}

/// `time path`.
pub(super) fn set_time(verb: Verb, argument: &[u8]) -> Result<Command, CommandError> {
    let (time, path) = time_and_path(argument).ok_or(CommandError::BadArgument(verb))?;
    Ok(Command::SetTime(verb, time, path))
}

/// `fact=value;fact=value; path`. All or nothing: a fact that we cannot set fails the whole (504).
pub(super) fn mff(argument: &[u8]) -> Result<Command, CommandError> {
    const MALFORMED: CommandError = CommandError::BadArgument(Verb::Mff);
    let (facts, path) = pair(argument).ok_or(MALFORMED)?;
    let facts = facts.strip_suffix(b";").ok_or(MALFORMED)?;
    let mut wanted = FactsToSet::default();
    for fact in facts.split(|byte| *byte == b';') {
        let equals = fact.iter().position(|byte| *byte == b'=').ok_or(MALFORMED)?;
        let (name, value) = (&fact[..equals], &fact[equals + 1..]);
        if name.eq_ignore_ascii_case(b"modify") {
            wanted.modify = Some(calendar::parse_time_val(value).ok_or(MALFORMED)?);
        } else if name.eq_ignore_ascii_case(b"create") {
            wanted.create = Some(calendar::parse_time_val(value).ok_or(MALFORMED)?);
        } else if name.eq_ignore_ascii_case(b"unix.mode") {
            wanted.mode = Some(octal(0o7777, value).ok_or(MALFORMED)?);
        } else if name.is_empty() {
            return Err(MALFORMED);
        } else {
            return Err(CommandError::NotImplementedFor(Verb::Mff));
        }
    }
    Ok(Command::Mff(wanted, path.into()))
}
