//! XCRC and its kin, MD5, MMD5, RANG and COMB: files, ranges of files, and lists of files.

use alloc::boxed::Box;
use alloc::vec::Vec;
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{is_not, tag};
use nom::character::complete::{space0, u64};
use nom::combinator::{map, opt};
use nom::multi::fold_many0;
use nom::sequence::{delimited, pair, preceded, separated_pair};

use super::grammar::{Parsed, quotable, quoted, whole};
use super::{Command, FileRange};
use crate::verb::Verb;

/// `path`, `path start`, `path start end`, the path quoted or not. Unquoted, it is the whole argument; should there be
/// no such file, numbers at its end are a range. MD5 and MMD5 know no ranges.
pub(super) fn checksum(verb: Verb, argument: &[u8]) -> Command {
    let ranged = |verb| verb != Verb::Md5;
    let in_quotes = match ranged(verb) {
        true => whole(quoted_range, argument),
        false => whole(quoted, argument).map(|path| FileRange::whole(path.into())),
    };
    if let Some(of) = in_quotes {
        return Command::Checksum { verb, of, or: None };
    }
    let or = if ranged(verb) { range_at_end(argument) } else { None };
    Command::Checksum { verb, of: FileRange::whole(argument.into()), or }
}

/// `"path" [start [end]]`.
fn quoted_range(input: &[u8]) -> Parsed<'_, FileRange> {
    let range = opt(pair(preceded(tag(" "), u64), opt(preceded(tag(" "), u64))));
    map(pair(quoted, range), |(path, range): (Vec<u8>, _)| {
        let (from, to) = range.unwrap_or((0, None));
        FileRange { path: path.into(), from, to }
    })
    .parse(input)
}

/// `path start` or `path start end`, read from the end: the path may hold spaces.
fn range_at_end(argument: &[u8]) -> Option<FileRange> {
    let (front, last) = number_at_end(argument)?;
    let (path, from, to) = match number_at_end(front) {
        Some((path, first)) => (path, first, Some(last)),
        None => (front, last, None),
    };
    Some(FileRange { path: path.into(), from, to })
}

/// What is in front of the last space, and the number behind it.
fn number_at_end(text: &[u8]) -> Option<(&[u8], u64)> {
    let at = text.iter().rposition(|byte| *byte == b' ').filter(|at| *at > 0)?;
    Some((&text[..at], whole(u64, &text[at + 1..])?))
}

/// MMD5's files, with commas between them; COMB's target and parts, with spaces.
pub(super) fn paths(verb: Verb, argument: &[u8]) -> Option<Command> {
    let paths: Vec<Box<[u8]>> = match verb {
        Verb::Mmd5 => whole(|input| list(input, ",", listed), argument)?,
        _ => whole(|input| list(input, " ", |input| map(quotable, Vec::into_boxed_slice).parse(input)), argument)?,
    };
    let least = if verb == Verb::Comb { 2 } else { 1 };
    (paths.len() >= least).then_some(Command::Paths(verb, paths))
}

/// One or more, with `between` between them.
fn list<'a>(
    input: &'a [u8],
    between: &'static str,
    mut one: impl FnMut(&'a [u8]) -> Parsed<'a, Box<[u8]>>,
) -> Parsed<'a, Vec<Box<[u8]>>> {
    let (rest, first) = one(input)?;
    let mut first = Some(Vec::from([first]));
    fold_many0(
        preceded(tag(between), one),
        move || first.take().unwrap_or_default(),
        |mut all, next| {
            all.push(next);
            all
        },
    )
    .parse(rest)
}

/// One of a list: quoted, or all up to the comma. Blanks around it are the list's.
fn listed(input: &[u8]) -> Parsed<'_, Box<[u8]>> {
    let in_quotes = map(delimited(space0, quoted, space0), Vec::into_boxed_slice);
    let plain = preceded(space0, map(is_not(&b",\""[..]), |text| without_blanks_behind(text).into()));
    alt((in_quotes, plain)).parse(input)
}

/// The blanks that [`space0`] takes in front, and no other: a CR is part of a name.
fn without_blanks_behind(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &text[..text.len() - blanks]
}

/// `first last` (draft-bryan-ftp-range §3); the last not before the first, but for `1 0`.
pub(super) fn rang(argument: &[u8]) -> Option<Command> {
    let (first, last) = whole(separated_pair(u64, tag(" "), u64), argument)?;
    (first <= last || (first, last) == (1, 0)).then_some(Command::Rang(first, last))
}
