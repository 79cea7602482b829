//! SITE and its sub-commands, as clients have come to send them.

use alloc::boxed::Box;
use core::str;
use nom::bytes::complete::tag;
use nom::character::complete::u64;
use nom::sequence::separated_pair;

use super::grammar::{is_blank, octal, pair, quotable, split_at_space, upper_case, whole, word};
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
        "CHMOD" | "UTIME" | "SYMLINK" | "COPY" | "CHGRP" | "CHOWN" | "MKDIR" | "RMDIR" | "CPFR" | "CPTO"
            if argument.is_empty() =>
        {
            return Err(CommandError::MissingArgument(Verb::Site));
        }
        "CHMOD" => chmod(argument),
        "UTIME" => utime(argument),
        "SYMLINK" => two_paths(argument).map(|(target, link)| SiteCommand::Symlink(target, link)),
        "COPY" => two_paths(argument).map(|(from, to)| SiteCommand::Copy(from, to)),
        "CHGRP" => chgrp(argument),
        "CHOWN" => chown(argument),
        "MKDIR" => Some(SiteCommand::MakeDirs(argument.into())),
        "RMDIR" => Some(SiteCommand::RemoveTree(argument.into())),
        "CPFR" => Some(SiteCommand::CopyFrom(argument.into())),
        "CPTO" => Some(SiteCommand::CopyTo(argument.into())),
        "QUOTA" => is_blank(argument).then_some(SiteCommand::Quota),
        "WHO" => is_blank(argument).then_some(SiteCommand::Who),
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

/// `group path`.
fn chgrp(argument: &[u8]) -> Option<SiteCommand> {
    let (group, path) = pair(argument)?;
    Some(SiteCommand::Chown { owner: None, group: Some(name(group)?), path: path.into() })
}

/// `owner path`, `owner:group path` or `:group path`.
fn chown(argument: &[u8]) -> Option<SiteCommand> {
    let (names, path) = pair(argument)?;
    let (owner, group) = match names.iter().position(|byte| *byte == b':') {
        None => (Some(name(names)?), None),
        Some(0) => (None, Some(name(&names[1..])?)),
        Some(at) => (Some(name(&names[..at])?), Some(name(&names[at + 1..])?)),
    };
    Some(SiteCommand::Chown { owner, group, path: path.into() })
}

/// The name of an owner or a group, or its number: text without control characters and colons.
fn name(name: &[u8]) -> Option<Box<str>> {
    let name = str::from_utf8(name).ok()?;
    let fits = !name.is_empty() && !name.chars().any(|letter| letter.is_control() || letter == ':');
    fits.then(|| name.into())
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
