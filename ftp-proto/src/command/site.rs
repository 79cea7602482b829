//! SITE and its sub-commands, as clients have come to send them.

use alloc::vec::Vec;
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_till1};
use nom::character::complete::u64;
use nom::combinator::{map, value};
use nom::multi::fold_many1;
use nom::sequence::{delimited, separated_pair};

use super::grammar::{Parsed, octal, pair, split_at_space, upper_case, whole, word};
use super::{Command, CommandError, RawPath, SiteCommand};
use crate::calendar;
use crate::time::UnixTime;
use crate::verb::Verb;

/// Parses SITE's argument: a sub-command, in any case of letters, and its own argument behind one space.
pub(super) fn site(argument: &[u8]) -> Result<Command, CommandError> {
    const MALFORMED: CommandError = CommandError::BadArgument(Verb::Site);
    let (name, argument) = split_at_space(argument);
    let name = upper_case(whole(word, name).ok_or(MALFORMED)?);
    let argument = argument.unwrap_or_default();
    let parsed = match &*name {
        "HELP" => Some(SiteCommand::Help),
        "IDLE" => optional(argument, |seconds| whole(u64, seconds)).map(SiteCommand::Idle),
        "UMASK" => optional(argument, |mask| octal(0o777, mask)).map(SiteCommand::Umask),
        "CHMOD" | "UTIME" | "SYMLINK" | "COPY" if argument.is_empty() => {
            return Err(CommandError::MissingArgument(Verb::Site));
        }
        "CHMOD" => chmod(argument),
        "UTIME" => utime(argument),
        "SYMLINK" => two_paths(argument).map(|(target, link)| SiteCommand::Symlink(target, link)),
        "COPY" => two_paths(argument).map(|(from, to)| SiteCommand::Copy(from, to)),
        _ if argument.contains(&b'\r') => return Err(CommandError::ControlByte),
        _ => Some(SiteCommand::Other { name, argument: argument.into() }),
    };
    parsed.map(Command::Site).ok_or(MALFORMED)
}

/// An argument that may be left out: `Some(None)` when it was.
fn optional<T>(argument: &[u8], read: impl FnOnce(&[u8]) -> Option<T>) -> Option<Option<T>> {
    if argument.is_empty() { Some(None) } else { read(argument).map(Some) }
}

/// `mode path`.
fn chmod(argument: &[u8]) -> Option<SiteCommand> {
    let (mode, path) = pair(argument)?;
    Some(SiteCommand::Chmod(octal(0o7777, mode)?, path.into()))
}

/// `path atime mtime ctime UTC`, or else `time path`. Only the time of the last change is of use.
fn utime(argument: &[u8]) -> Option<SiteCommand> {
    let (modified, path) = utime_of_path(argument).or_else(|| utime_before_path(argument))?;
    Some(SiteCommand::Utime { modified, path: path.into() })
}

/// `YYYYMMDDhhmm[ss] path`.
fn utime_before_path(argument: &[u8]) -> Option<(UnixTime, &[u8])> {
    let (time, path) = pair(argument)?;
    let seconds: &[u8] = match time.len() {
        12 => b"00",
        14 => b"",
        _ => return None,
    };
    Some((calendar::parse_time_val(&[time, seconds].concat())?, path))
}

/// `path atime mtime ctime UTC`, read from the end: the path may hold spaces.
fn utime_of_path(argument: &[u8]) -> Option<(UnixTime, &[u8])> {
    let mut words = argument.rsplitn(5, |byte| *byte == b' ');
    words.next().filter(|zone| zone.eq_ignore_ascii_case(b"UTC"))?;
    let _changed = calendar::parse_time_val(words.next()?)?;
    let modified = calendar::parse_time_val(words.next()?)?;
    let _accessed = calendar::parse_time_val(words.next()?)?;
    words.next().filter(|path| !path.is_empty()).map(|path| (modified, path))
}

/// Two pathnames. Where there is more than one space, those that hold spaces must be quoted.
fn two_paths(argument: &[u8]) -> Option<(RawPath, RawPath)> {
    if argument.iter().filter(|byte| **byte == b' ').count() == 1 {
        return pair(argument).map(|(first, second)| (first.into(), second.into()));
    }
    let (first, second) = whole(separated_pair(quotable, tag(" "), quotable), argument)?;
    Some((first.into(), second.into()))
}

fn quotable(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    alt((quoted, map(take_till1(|byte| matches!(byte, b' ' | b'"')), <[u8]>::to_vec))).parse(input)
}

/// `"a b"`; a quote in it is doubled, as in the reply to PWD (RFC 959 appendix II).
fn quoted(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    let piece = alt((is_not(&b"\""[..]), value(&b"\""[..], tag("\"\""))));
    let text = fold_many1(piece, Vec::new, |mut text, piece: &[u8]| {
        text.extend_from_slice(piece);
        text
    });
    delimited(tag("\""), text, tag("\"")).parse(input)
}
