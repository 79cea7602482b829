//! The pieces that all arguments are made of.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::str;
use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_till1, take_while_m_n, take_while1};
use nom::combinator::{all_consuming, map, map_opt, value};
use nom::multi::fold_many1;
use nom::sequence::delimited;
use nom::{IResult, Parser};

use crate::calendar;
use crate::time::UnixTime;

/// What a piece of grammar gives. Why it does not match is of no use to anyone: the reply is 501.
pub(super) type Parsed<'a, T> = IResult<&'a [u8], T, ()>;

/// What `parser` makes of all of `input`; `None` when something is left or it does not match.
pub(super) fn whole<'a, T>(parser: impl Parser<&'a [u8], Output = T, Error = ()>, input: &'a [u8]) -> Option<T> {
    all_consuming(parser).parse(input).ok().map(|(_, value)| value)
}

/// The value that stands in `table` for `word`, in any case of letters.
pub(super) fn keyword<T: Copy>(table: &[(&str, T)], word: &[u8]) -> Option<T> {
    table.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)).map(|(_, value)| *value)
}

/// A word that could be a verb: letters and digits, at most 12.
pub(super) fn word(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while_m_n(1, 12, |byte: u8| byte.is_ascii_alphanumeric()).parse(input)
}

/// What is in front of the first space, and what is behind it: `None` when there is no space.
pub(super) fn split_at_space(input: &[u8]) -> (&[u8], Option<&[u8]>) {
    match input.iter().position(|byte| *byte == b' ') {
        Some(at) => (&input[..at], Some(&input[at + 1..])),
        None => (input, None),
    }
}

/// Two words that both are there, with one space between them; the second may hold more.
pub(super) fn pair(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, second) = split_at_space(input);
    let second = second?;
    (!first.is_empty() && !second.is_empty()).then_some((first, second))
}

/// One to three decimal digits of at most 255: a byte of PORT and LPRT.
pub(super) fn decimal_byte(input: &[u8]) -> Parsed<'_, u8> {
    map_opt(take_while_m_n(1, 3, |byte: u8| byte.is_ascii_digit()), |digits| str::from_utf8(digits).ok()?.parse().ok())
        .parse(input)
}

/// An octal number of at most `largest`.
pub(super) fn octal(largest: u32, digits: &[u8]) -> Option<u32> {
    let digits = whole(take_while1(|byte| matches!(byte, b'0'..=b'7')), digits)?;
    let number = u32::from_str_radix(str::from_utf8(digits).ok()?, 8).ok()?;
    (number <= largest).then_some(number)
}

/// `time SP path`, the time being a whole `time-val` (RFC 3659 §2.3).
pub(super) fn time_and_path(input: &[u8]) -> Option<(UnixTime, Box<[u8]>)> {
    let (time, path) = pair(input)?;
    Some((calendar::parse_time_val(time)?, path.into()))
}

/// Whether `argument` is empty or blanks only.
pub(super) fn is_blank(argument: &[u8]) -> bool {
    argument.iter().all(|byte| *byte == b' ')
}

/// A word in upper case.
pub(super) fn upper_case(word: &[u8]) -> Box<str> {
    word.iter().map(|byte| char::from(byte.to_ascii_uppercase())).collect()
}

/// A pathname, quoted where it holds spaces.
pub(super) fn quotable(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    alt((quoted, map(take_till1(|byte| matches!(byte, b' ' | b'"')), <[u8]>::to_vec))).parse(input)
}

/// `"a b"`; a quote in it is doubled, as in the reply to PWD (RFC 959 appendix II).
pub(super) fn quoted(input: &[u8]) -> Parsed<'_, Vec<u8>> {
    let piece = alt((is_not(&b"\""[..]), value(&b"\""[..], tag("\"\""))));
    let text = fold_many1(piece, Vec::new, |mut text, piece: &[u8]| {
        text.extend_from_slice(piece);
        text
    });
    delimited(tag("\""), text, tag("\"")).parse(input)
}
