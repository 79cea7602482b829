//! Commands and replies. A command is made as a client makes it, from a line: so it is one that `parse` can give.

use alloc::vec::Vec;

use ::arbitrary::{Arbitrary, Result, Unstructured};

use super::pieces::{bytes, name, one_of, several};
use crate::coding::{Coding, Mode, Representation, Structure};
use crate::command::{Command, parse};
use crate::reply::Reply;
use crate::verb::{Argument, TABLE, Verb};

one_of!(Representation { Ascii, Ebcdic, Image });
one_of!(Structure { File, Record });
#[cfg(feature = "mode-z")]
one_of!(Mode { Stream, Block, Compressed, Deflate });
#[cfg(not(feature = "mode-z"))]
one_of!(Mode { Stream, Block, Compressed });

impl<'a> Arbitrary<'a> for Coding {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            representation: u.arbitrary()?,
            structure: u.arbitrary()?,
            mode: u.arbitrary()?,
            level: u.int_in_range(0..=9)?,
            marker_interval: u.arbitrary::<u8>()?.into(),
        })
    }
}

impl<'a> Arbitrary<'a> for Command {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut line = line(u)?;
        // The framer lets none through.
        line.retain(|byte| *byte != b'\n');
        Ok(parse(&line).unwrap_or(Self::Bare(Verb::Noop)))
    }
}

/// One line or several, of any code and any text.
impl<'a> Arbitrary<'a> for Reply {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let code = u.int_in_range(100..=599)?;
        let (first, between) = (bytes(u)?, several(4, u, bytes)?);
        if between.is_empty() {
            return Ok(Self::line(code, &[&first]));
        }
        let mut reply = Self::begin(code, &first);
        between.iter().for_each(|line| {
            reply.line(line);
        });
        Ok(reply.end(&bytes(u)?))
    }
}

/// A line that mostly is a command.
fn line(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let row = u.choose(TABLE)?;
    let mut line = row.name.as_bytes().to_vec();
    if u.ratio(1, 16)? {
        line = bytes(u)?;
    }
    let bare = row.argument == Argument::None || (row.argument == Argument::Optional && u.ratio(1, 4)?);
    if bare {
        return Ok(line);
    }
    line.push(b' ');
    for (at, word) in words(row.verb, u)?.into_iter().enumerate() {
        line.extend_from_slice(if at == 0 { b"" } else { b" " });
        line.extend_from_slice(&word);
    }
    Ok(line)
}

/// The words of an argument.
fn words(verb: Verb, u: &mut Unstructured<'_>) -> Result<Vec<Vec<u8>>> {
    let fitting: &[&[u8]] = match verb {
        Verb::Port => &[b"198,51,100,9,200,1"],
        Verb::Eprt => &[b"|1|198.51.100.9|2000|", b"|2|2001:db8::1|2000|", b"|3|x|1|"],
        Verb::Lprt => &[b"4,4,198,51,100,9,2,200,1", b"6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,200,1", b"1,2,3"],
        Verb::Epsv => &[b"1", b"2", b"9", b"ALL"],
        Verb::Type => &[b"A", b"A N", b"E", b"I", b"L 8", b"L 36", b"A T"],
        Verb::Stru => &[b"F", b"R", b"P"],
        Verb::Mode => &[b"S", b"B", b"C", b"Z"],
        Verb::Auth => &[b"TLS", b"TLS-C", b"TLS-P", b"SSL"],
        Verb::Prot => &[b"C", b"S", b"E", b"P"],
        Verb::Sscn => &[b"ON", b"OFF"],
        Verb::Pbsz => &[b"0", b"4294967295"],
        Verb::Mfmt | Verb::Mfct => &[b"20200102030405 a", b"19700101000000.999 a b"],
        Verb::Host => &[b"one.example", b"192.0.2.1", b"[2001:db8::1]"],
        Verb::Opts => &[b"UTF8 ON", b"UTF8 OFF", b"MLST type;size;", b"MLST", b"MODE Z LEVEL 9", b"HASH SHA-256"],
        Verb::Lang => &[b"en", b"de-AT"],
        Verb::Csid => &[b"Name=x;Version=1;"],
        Verb::Mff => &[b"Modify=20200102030405; a", b"UNIX.mode=0640;Create=20200102030405.5; a b"],
        Verb::Allo => &[b"5", b"5 R 2"],
        Verb::Rang => &[b"1 0", b"0 99"],
        Verb::Pret => &[b"RETR a", b"STOR a b", b"LIST", b"NLST x"],
        Verb::Mmd5 => &[b"a, b", b"\"a, b\",c"],
        Verb::Site => &[
            b"HELP",
            b"CHMOD 640 a",
            b"UMASK",
            b"UMASK 027",
            b"UTIME 20200102030405 a",
            b"SYMLINK a b",
            b"COPY a b",
            b"COPY \"a b\" c",
            b"IDLE",
            b"IDLE 60",
            b"CHOWN bob:staff a",
            b"CHGRP staff a",
            b"MKDIR a/b",
            b"RMDIR a",
            b"CPFR a",
            b"CPTO b",
            b"QUOTA",
            b"WHO",
            b"GO x",
            b"UTIME a 20200102030405 20200102030405 20200102030405 UTC",
        ],
        _ => &[],
    };
    if !fitting.is_empty() && !u.ratio(1, 4)? {
        return Ok(Vec::from([u.choose(fitting)?.to_vec()]));
    }
    let mut words = several(2, u, word)?;
    words.push(word(u)?);
    Ok(words)
}

/// One word: a name, a number, a time, or anything.
fn word(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    const USUAL: [&[u8]; 8] =
        [b"0", b"99", b"18446744073709551615", b"20200102030405", b"20200102030405.25", b"/", b"..", b"\"a b\""];
    match u.int_in_range(0..=3)? {
        0 => name(u),
        1 => u.choose(&USUAL).map(|word| word.to_vec()),
        2 => Ok([&b"\""[..], &name(u)?, b"\""].concat()),
        _ => bytes(u),
    }
}
