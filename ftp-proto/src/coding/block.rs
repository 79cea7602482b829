//! MODE B (RFC 959 §3.4.2): blocks behind a descriptor and a count of two bytes.

use alloc::vec::Vec;

use super::Fault;
use super::ends::{Ends, Item, LONGEST_MARKER, MARKER, UNKNOWN, take_up_to};

/// Writes `data` in blocks; the last has the descriptor `ends`. Nothing at all needs no block.
pub(super) fn put(data: &[u8], ends: u8, out: &mut Vec<u8>) {
    out.reserve(data.len() + 3 * (1 + data.len() / LONGEST));
    let mut rest = data;
    while rest.len() > LONGEST {
        let (block, behind) = rest.split_at(LONGEST);
        put_block(block, 0, out);
        rest = behind;
    }
    if !rest.is_empty() || ends != 0 {
        put_block(rest, ends, out);
    }
}

/// Writes one block, of at most [`LONGEST`] bytes.
pub(super) fn put_block(block: &[u8], descriptor: u8, out: &mut Vec<u8>) {
    let [high, low] = u16::try_from(block.len()).unwrap_or(u16::MAX).to_be_bytes();
    out.extend_from_slice(&[descriptor, high, low]);
    out.extend_from_slice(block);
}

/// Takes the headers off again.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    header: [u8; 3],
    /// How much of the header there is.
    have: usize,
    /// How much of the block is still to come.
    left: usize,
    ends: Ends,
}

impl Decoder {
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8], room: usize) -> Result<Item<'a>, Fault> {
        loop {
            if let Some(item) = self.ends.next() {
                return Ok(item);
            }
            if self.have < self.header.len() && !self.take_header(input)? {
                return Ok(Item::Hungry);
            }
            let [descriptor, ..] = self.header;
            if self.left == 0 {
                self.have = 0;
                self.ends.end(descriptor)?;
                continue;
            }
            let is_marker = descriptor & MARKER != 0;
            let bytes = take_up_to(input, self.left.min(if is_marker { LONGEST_MARKER } else { room }));
            self.left -= bytes.len();
            match bytes {
                [] => return Ok(Item::Hungry),
                _ if is_marker => self.ends.marker(bytes)?,
                _ => return Ok(Item::Data(bytes)),
            }
        }
    }

    /// Takes what there is of the header; `false` while it is not whole.
    fn take_header(&mut self, input: &mut &[u8]) -> Result<bool, Fault> {
        let bytes = take_up_to(input, self.header.len() - self.have);
        self.header[self.have..][..bytes.len()].copy_from_slice(bytes);
        self.have += bytes.len();
        let [descriptor, high, low] = self.header;
        if self.have < self.header.len() {
            return Ok(false);
        }
        self.left = usize::from(u16::from_be_bytes([high, low]));
        let too_long = descriptor & MARKER != 0 && self.left > LONGEST_MARKER;
        if descriptor & UNKNOWN != 0 || too_long { Err(Fault::Malformed) } else { Ok(true) }
    }
}

/// The most that a count can say.
const LONGEST: usize = 65_535;
