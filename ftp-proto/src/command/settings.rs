//! Arguments that set something for what comes: EPSV, TYPE, STRU, MODE, ALLO, REST and OPTS.

use nom::bytes::complete::{tag_no_case, take_while1};
use nom::character::complete::{u8, u64};
use nom::combinator::{map, opt, verify};
use nom::sequence::{preceded, terminated};

use super::grammar::{is_blank, keyword, split_at_space, whole};
use super::{Command, EpsvArgument, OptsArgument, TypeArgument};
use crate::storage::HashAlgorithm;

/// EPSV's argument (RFC 2428 §3). A family that we do not know is still a number.
pub(super) fn epsv(argument: &[u8]) -> Option<Command> {
    const KNOWN: &[(&str, EpsvArgument)] =
        &[("1", EpsvArgument::Ipv4), ("2", EpsvArgument::Ipv6), ("ALL", EpsvArgument::All)];
    let number = || whole(take_while1(|byte: u8| byte.is_ascii_digit()), argument);
    keyword(KNOWN, argument).or_else(|| number().map(|_| EpsvArgument::Other)).map(Command::Epsv)
}

/// TYPE's argument (RFC 959 §5.3.2): a letter, and for A and E a form, for L a byte size.
pub(super) fn representation(argument: &[u8]) -> Option<Command> {
    const KNOWN: &[(&str, TypeArgument)] = &[
        ("A", TypeArgument::Ascii),
        ("A N", TypeArgument::Ascii),
        ("I", TypeArgument::Image),
        ("A T", TypeArgument::Unimplemented),
        ("A C", TypeArgument::Unimplemented),
        ("E", TypeArgument::Ebcdic),
        ("E N", TypeArgument::Ebcdic),
        ("E T", TypeArgument::Unimplemented),
        ("E C", TypeArgument::Unimplemented),
    ];
    let byte_size = verify(preceded(tag_no_case("L "), u8), |size| *size != 0);
    keyword(KNOWN, argument).or_else(|| whole(map(byte_size, TypeArgument::Local), argument)).map(Command::Type)
}

/// STRU's letter (RFC 959 §3.1.2).
pub(super) fn structure(argument: &[u8]) -> Option<Command> {
    keyword(&[("F", b'F'), ("R", b'R'), ("P", b'P')], argument).map(Command::Stru)
}

/// MODE's letter (RFC 959 §3.4), and Z for deflate.
pub(super) fn mode(argument: &[u8]) -> Option<Command> {
    keyword(&[("S", b'S'), ("B", b'B'), ("C", b'C'), ("Z", b'Z')], argument).map(Command::Mode)
}

/// `size [R record-size]` (RFC 959 §4.1.3).
pub(super) fn allo(argument: &[u8]) -> Option<Command> {
    let record_size = preceded(tag_no_case(" R "), u64);
    whole(terminated(u64, opt(record_size)), argument).map(Command::Allo)
}

/// An offset (RFC 3659 §5.3): digits only. So are the markers that we send and tell (RFC 959 §3.5).
pub(super) fn rest(argument: &[u8]) -> Option<Command> {
    whole(u64, argument).map(Command::Rest)
}

/// `verb [options]` (RFC 2389 §4).
pub(super) fn opts(argument: &[u8]) -> Command {
    let (verb, options) = split_at_space(argument);
    let options = options.unwrap_or_default();
    Command::Opts(if verb.eq_ignore_ascii_case(b"MLST") {
        mlst_facts(options)
    } else if verb.eq_ignore_ascii_case(b"UTF8") {
        utf8(options).unwrap_or(OptsArgument::Unknown)
    } else if verb.eq_ignore_ascii_case(b"UTF-8") {
        // An older draft's form: `UTF-8 NLST`.
        utf8(options).unwrap_or(OptsArgument::Utf8On)
    } else if verb.eq_ignore_ascii_case(b"MODE") {
        mode_z(options).unwrap_or(OptsArgument::Unknown)
    } else if verb.eq_ignore_ascii_case(b"HASH") {
        hash(options)
    } else {
        OptsArgument::Unknown
    })
}

/// `Z LEVEL n`.
fn mode_z(options: &[u8]) -> Option<OptsArgument> {
    let level = verify(u8, |level| *level <= 9);
    whole(map(preceded(tag_no_case("Z LEVEL "), level), OptsArgument::ModeZLevel), options)
}

/// The name of an algorithm, or nothing (draft-bryan-ftpext-hash §4).
fn hash(options: &[u8]) -> OptsArgument {
    match HashAlgorithm::from_name(options) {
        None if is_blank(options) => OptsArgument::Hash(None),
        None => OptsArgument::Unknown,
        algorithm => OptsArgument::Hash(algorithm),
    }
}

fn utf8(options: &[u8]) -> Option<OptsArgument> {
    match options {
        _ if is_blank(options) || options.eq_ignore_ascii_case(b"ON") => Some(OptsArgument::Utf8On),
        _ if options.eq_ignore_ascii_case(b"OFF") => Some(OptsArgument::Utf8Off),
        _ => None,
    }
}

/// `fact;fact;` (RFC 3659 §7.9). The last semicolon is forgiven where it is missing.
fn mlst_facts(options: &[u8]) -> OptsArgument {
    let facts = options.split(|byte| *byte == b';').filter(|fact| !is_blank(fact));
    OptsArgument::Mlst(facts.map(Into::into).collect())
}
