//! What lines are made of: times, byte strings, payloads, values.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::time::{Instant, UnixTime};

/// Bytes as Rust writes them: `b"..."`, printable ASCII.
pub(super) struct Literal<'a>(pub(super) &'a [u8]);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// A byte string at the front of `text`, and what is behind it.
pub(super) fn literal(text: &str) -> Option<(Vec<u8>, &str)> {
    let inside = text.strip_prefix("b\"")?;
    let mut bytes = Vec::new();
    let mut rest = inside.as_bytes();
    loop {
        let (first, behind) = rest.split_first()?;
        rest = behind;
        match first {
            b'"' => return Some((bytes, inside.get(inside.len() - rest.len()..)?)),
            b'\\' => {
                let (escape, behind) = rest.split_first()?;
                rest = behind;
                bytes.push(match escape {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'\\' | b'"' | b'\'' => *escape,
                    b'x' => {
                        let (digits, behind) = rest.split_at_checked(2)?;
                        rest = behind;
                        hex_byte(digits)?
                    }
                    _ => return None,
                });
            }
            b' '..=b'~' => bytes.push(*first),
            _ => return None,
        }
    }
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

/// 32 bytes in hexadecimal.
pub(super) struct Hex<'a>(pub(super) &'a [u8; 32]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

pub(super) fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = hex_byte(digits)?;
    }
    Some(bytes)
}

/// Seconds with nine digits behind the point.
pub(super) struct Seconds(pub(super) Instant);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0.0 / NANOS, self.0.0 % NANOS)
    }
}

pub(super) fn seconds(text: &str) -> Option<Instant> {
    let (secs, nanos) = point(text)?;
    let secs: u64 = number(secs)?;
    Some(Instant(secs.checked_mul(NANOS)?.checked_add(nanos.into())?))
}

/// The same for a moment on the calendar, counted from 1970: before it, whole seconds are negative.
pub(super) struct Calendar(pub(super) UnixTime);

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0.secs, self.0.nanos)
    }
}

pub(super) fn calendar(text: &str) -> Option<UnixTime> {
    let (secs, nanos) = point(text)?;
    Some(UnixTime { secs: secs.parse().ok()?, nanos })
}

/// What stands in front of the point, and the nine digits behind it.
fn point(text: &str) -> Option<(&str, u32)> {
    let (secs, nanos) = text.split_once('.')?;
    if nanos.len() != 9 { None } else { Some((secs, number(nanos)?)) }
}

/// A number of digits alone.
pub(super) fn number<T: FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The number of an id: `a12`.
pub(super) fn id(letter: char, text: &str) -> Option<u64> {
    number(text.strip_prefix(letter)?)
}

/// A value as RON writes it, on one line.
pub(super) struct Value<'a, T>(pub(super) &'a T);

impl<T: Serialize> fmt::Display for Value<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ron::ser::to_writer(f, self.0).map_err(|_| fmt::Error)
    }
}

pub(super) fn value<T: DeserializeOwned>(text: &str) -> Option<T> {
    ron::from_str(text).ok()
}

/// What passes through a data connection or a file, as it is written: nothing, whole, or in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    Whole(Vec<u8>),
    Hashed(Hash),
}

/// Length and CRC-32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hash {
    pub(super) length: usize,
    pub(super) crc: u32,
}

impl Hash {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), crc: crc32fast::hash(bytes) }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}:{:08x}", self.length, self.crc)
    }
}

/// A payload at the front of `text`, and what is behind it.
pub(super) fn payload(text: &str) -> Option<(Payload, &str)> {
    if let Some((bytes, rest)) = literal(text) {
        return Some((Payload::Whole(bytes), rest));
    }
    let hash = text.strip_prefix('#')?;
    let (hash, rest) = hash.split_at(hash.find(' ').unwrap_or(hash.len()));
    let (length, crc) = hash.split_once(':')?;
    if crc.len() != 8 || !crc.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let crc = u32::from_str_radix(crc, 16).ok()?;
    Some((Payload::Hashed(Hash { length: number(length)?, crc }), rest))
}

/// What stands behind `name=` in an action's line, up to the next blank.
pub(super) fn field<'t>(line: &'t str, name: &str) -> Option<&'t str> {
    line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

/// A line as it is built, and where in it a payload stands.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) payload: Option<(usize, usize)>,
}

const NANOS: u64 = 1_000_000_000;
