//! The descriptor codes of RFC 959 §3.4.2, and in which order they come due.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Fault;

/// The end of a record.
pub(super) const EOR: u8 = 128;
/// The end of the file.
pub(super) const EOF: u8 = 64;
/// The data is a restart marker.
pub(super) const MARKER: u8 = 16;
/// Codes that no one has assigned. Suspected errors (32) are known, and of no meaning here: the data is taken.
pub(super) const UNKNOWN: u8 = 0x0F;

/// The longest restart marker that is taken. Ours have up to 20 digits.
pub(super) const LONGEST_MARKER: usize = 128;

/// The next of what a decoder finds in its input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// Bytes of the file.
    Data(&'a [u8]),
    /// One byte of the file, so often (at most 63).
    Run(u8, u8),
    EndOfRecord,
    EndOfFile,
    Marker(Box<[u8]>),
    /// The input is used up.
    Hungry,
}

/// What came to its end with the last block or string, and was not given out yet.
#[derive(Debug, Default)]
pub(super) struct Ends {
    flags: u8,
    marker: Vec<u8>,
}

impl Ends {
    /// A block with this descriptor has ended.
    ///
    /// # Errors
    /// It was to be a marker, and is none.
    pub(super) fn end(&mut self, descriptor: u8) -> Result<(), Fault> {
        if descriptor & MARKER != 0 && self.marker.is_empty() {
            return Err(Fault::Malformed);
        }
        self.flags = descriptor;
        Ok(())
    }

    /// More bytes of a marker.
    ///
    /// # Errors
    /// It is too long, or not printable (RFC 959 §3.4.2); it goes into a reply.
    pub(super) fn marker(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let fits = self.marker.len() + bytes.len() <= LONGEST_MARKER;
        if !fits || !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(Fault::Malformed);
        }
        self.marker.extend_from_slice(bytes);
        Ok(())
    }

    /// The next that is due.
    pub(super) fn next(&mut self) -> Option<Item<'static>> {
        let flag = [MARKER, EOR, EOF].into_iter().find(|flag| self.flags & flag != 0)?;
        self.flags &= !flag;
        Some(match flag {
            MARKER => Item::Marker(core::mem::take(&mut self.marker).into()),
            EOR => Item::EndOfRecord,
            _ => Item::EndOfFile,
        })
    }
}

/// Takes one byte off the input.
pub(super) fn take_byte(input: &mut &[u8]) -> Option<u8> {
    let (first, rest) = input.split_first()?;
    *input = rest;
    Some(*first)
}

/// Takes up to `most` bytes off the input.
pub(super) fn take_up_to<'a>(input: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(most.min(input.len()));
    *input = rest;
    taken
}
