//! MODE S with STRU R (RFC 959 §3.4.1): 0xFF is the escape; behind it 1 ends a record, 2 the file, 3 both, and another
//! 0xFF is a byte of data.

use alloc::vec::Vec;

use memchr::{memchr, memchr_iter};

use super::Fault;
use super::ends::{EOF, EOR, Ends, Item, take_byte, take_up_to};

/// Writes `data`, and behind it what `ends` there.
pub(super) fn put(data: &[u8], ends: u8, out: &mut Vec<u8>) {
    out.reserve(data.len() + 2);
    let mut copied = 0;
    for escape in memchr_iter(ESCAPE, data) {
        out.extend_from_slice(&data[copied..=escape]);
        out.push(ESCAPE);
        copied = escape + 1;
    }
    out.extend_from_slice(&data[copied..]);
    let code = if ends & EOR != 0 { RECORD } else { 0 } | if ends & EOF != 0 { FILE } else { 0 };
    if code != 0 {
        out.extend_from_slice(&[ESCAPE, code]);
    }
}

/// Takes the codes out again.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    escaped: bool,
    ends: Ends,
}

impl Decoder {
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8], room: usize) -> Result<Item<'a>, Fault> {
        loop {
            if let Some(item) = self.ends.next() {
                return Ok(item);
            }
            if !self.escaped {
                let plain = take_up_to(input, memchr(ESCAPE, input).unwrap_or(input.len()).min(room));
                if !plain.is_empty() {
                    return Ok(Item::Data(plain));
                }
                self.escaped = take_byte(input).is_some();
            }
            if input.is_empty() {
                return Ok(Item::Hungry);
            }
            self.escaped = false;
            match take_byte(input) {
                Some(ESCAPE) => return Ok(Item::Data(&[ESCAPE])),
                Some(RECORD) => self.ends.end(EOR)?,
                Some(FILE) => self.ends.end(EOF)?,
                Some(BOTH) => self.ends.end(EOR | EOF)?,
                _ => return Err(Fault::Malformed),
            }
        }
    }

    /// The connection has ended. That is the end of the file too, but for the middle of a code.
    pub(super) const fn finish(&self) -> Result<(), Fault> {
        if self.escaped { Err(Fault::Truncated) } else { Ok(()) }
    }
}

const ESCAPE: u8 = 0xFF;
const RECORD: u8 = 1;
const FILE: u8 = 2;
const BOTH: u8 = RECORD | FILE;
