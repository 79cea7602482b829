//! Framing of the control connection: bytes to lines, Telnet taken out.
//!
//! ```text
//! bytes ──► Telnet commands out ──► up to LF ──► a line | too long (once) | an option to refuse
//! ```
//!
//! LF ends a line, a CR before it belongs to the end; a CR elsewhere is data and CR NUL is CR (RFC 854). A line over
//! the limit is poisoned whole: reported once, dropped up to its end.
//!
//! Where the bytes are cut means nothing. A line that comes whole and without Telnet is lent from the input itself;
//! only a line in pieces is copied, and its buffer is wiped and given back when the line ends.

use alloc::vec::Vec;
use core::fmt;
use core::mem;

use memchr::memchr3;
use zeroize::Zeroize;

/// Cuts the control connection's bytes into lines. Bounded by its limit, and resumable at any byte.
pub struct Framer {
    partial: Vec<u8>,
    limit: usize,
    line: Line,
    telnet: Telnet,
    after_cr: bool,
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

/// What becomes of the bytes in `partial`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// They are the beginning of a line.
    Growing,
    /// They were lent as a whole line; the next call forgets them.
    Lent,
    /// There are none: the line was too long, and is dropped up to its LF.
    Dropped,
}

/// Where in a Telnet command the next byte stands (RFC 854, RFC 855).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telnet {
    /// In none.
    Text,
    /// Behind IAC.
    Command,
    /// Behind IAC and WILL, WONT, DO or DONT, which is held.
    Option(u8),
    /// In a subnegotiation.
    Subnegotiation,
    /// Behind an IAC in a subnegotiation.
    SubnegotiationCommand,
}

/// What one byte led to.
enum Step {
    Nothing,
    Line,
    TooLong,
    Refuse([u8; 3]),
}

impl Framer {
    /// A framer for lines of at most `limit` bytes. Allocates nothing until a line comes in pieces.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { partial: Vec::new(), limit, line: Line::Growing, telnet: Telnet::Text, after_cr: false }
    }

    /// Takes bytes from the front of `input` up to the end of the next frame; `None` when `input` is used up first.
    ///
    /// ```
    /// use ftp_proto::line::{Frame, Framer};
    ///
    /// let mut framer = Framer::new(4096);
    /// let mut input = &b"NOOP\r\nQUI"[..];
    /// while let Some(frame) = framer.next(&mut input) {
    ///     assert_eq!(frame, Frame::Line(b"NOOP"));
    /// }
    /// assert_eq!(framer.next(&mut &b"T\n"[..]), Some(Frame::Line(b"QUIT")));
    /// ```
    pub fn next<'f, 'i: 'f>(&'f mut self, input: &mut &'i [u8]) -> Option<Frame<'f>> {
        if self.line == Line::Lent {
            self.line = Line::Growing;
            self.free();
        }
        if input.is_empty() {
            return None;
        }
        if self.is_between_lines()
            && let Some(frame) = self.whole_line(input)
        {
            return Some(frame);
        }
        while let Some((&byte, rest)) = input.split_first() {
            let step = if self.is_ordinary(byte) {
                let length = memchr3(CR, LF, IAC, input).unwrap_or(input.len());
                let (ordinary, rest) = input.split_at(length);
                *input = rest;
                self.keep(ordinary)
            } else {
                *input = rest;
                self.take(byte)
            };
            match step {
                Step::Nothing => {}
                Step::Line => return Some(Frame::Line(&self.partial)),
                Step::TooLong => return Some(Frame::TooLong),
                Step::Refuse(reply) => return Some(Frame::Refuse(reply)),
            }
        }
        None
    }

    /// Forgets what came in of an unfinished line and gives its memory back.
    pub fn reset(&mut self) {
        self.free();
        self.line = Line::Growing;
        self.telnet = Telnet::Text;
        self.after_cr = false;
    }

    /// The fast path: a line that lies whole in `input` and needs no change, lent from there.
    ///
    /// Stops at the first IAC or NUL, so that a run of Telnet commands is not searched again for each of them. A line that
    /// is too long is not for here: it is told of before its end, as it would be in pieces.
    fn whole_line<'i>(&self, input: &mut &'i [u8]) -> Option<Frame<'i>> {
        // Commands are short: a search made for long ones takes longer to begin than this takes.
        let end = input.iter().position(|b| matches!(*b, LF | IAC | NUL))?;
        let (line, rest) = input.split_at(end);
        let rest = rest.strip_prefix(&[LF])?;
        let line = line.strip_suffix(&[CR]).unwrap_or(line);
        if line.len() > self.limit {
            return None;
        }
        *input = rest;
        Some(Frame::Line(line))
    }

    /// Takes one byte through the Telnet layer.
    fn take(&mut self, byte: u8) -> Step {
        let state = mem::replace(&mut self.telnet, Telnet::Text);
        match (state, byte) {
            (Telnet::Text, IAC) => self.telnet = Telnet::Command,
            (Telnet::Text, _) | (Telnet::Command, IAC) => return self.text(byte),
            (Telnet::Command, WILL | WONT | DO | DONT) => self.telnet = Telnet::Option(byte),
            (Telnet::Command, SB) => self.telnet = Telnet::Subnegotiation,
            (Telnet::Command, FIRST_COMMAND..) => {}
            // No Telnet command. Where urgent data is not kept inline, the DM of `IAC IP IAC DM` goes missing, and
            // this is the first byte of the ABOR behind it.
            (Telnet::Command, _) => return self.text(byte),
            (Telnet::Option(WILL), option) => return Step::Refuse([IAC, DONT, option]),
            (Telnet::Option(DO), option) => return Step::Refuse([IAC, WONT, option]),
            (Telnet::Option(_), _) | (Telnet::SubnegotiationCommand, SE) => {}
            (Telnet::Subnegotiation, IAC) => self.telnet = Telnet::SubnegotiationCommand,
            (Telnet::Subnegotiation | Telnet::SubnegotiationCommand, _) => self.telnet = Telnet::Subnegotiation,
        }
        Step::Nothing
    }

    /// Takes one byte that Telnet left: a line's end or its data.
    fn text(&mut self, byte: u8) -> Step {
        match (mem::replace(&mut self.after_cr, byte == CR), byte) {
            (_, LF) => self.end(),
            (false, CR) => Step::Nothing,
            (true, CR | NUL) => self.keep(&[CR]),
            (true, _) => self.keep(&[CR, byte]),
            (false, _) => self.keep(&[byte]),
        }
    }

    /// Ends the line: a kept one is lent, a dropped one was reported when it began.
    fn end(&mut self) -> Step {
        if self.line == Line::Dropped {
            self.line = Line::Growing;
            return Step::Nothing;
        }
        self.line = Line::Lent;
        Step::Line
    }

    /// Adds data to the line, or begins to drop it where it passes the limit.
    fn keep(&mut self, data: &[u8]) -> Step {
        if self.line == Line::Dropped {
            return Step::Nothing;
        }
        let length = self.partial.len().saturating_add(data.len());
        if length > self.limit {
            self.free();
            self.line = Line::Dropped;
            return Step::TooLong;
        }
        if length > self.partial.capacity() {
            self.grow(length);
        }
        self.partial.extend_from_slice(data);
        Step::Nothing
    }

    /// Makes room for `length` bytes: twice as much as there was, so that bytes are moved a bounded number of times,
    /// and never more than the limit. The line may hold a password, so the old buffer is wiped.
    fn grow(&mut self, length: usize) {
        let room = self.partial.capacity().saturating_mul(2).max(SMALLEST_BUFFER).min(self.limit).max(length);
        let mut larger = Vec::with_capacity(room);
        larger.extend_from_slice(&self.partial);
        self.free();
        self.partial = larger;
    }

    /// Wipes the buffer and gives its memory back.
    fn free(&mut self) {
        mem::take(&mut self.partial).zeroize();
    }

    /// Whether bytes came in behind the last line that are no whole line yet.
    pub(crate) fn has_begun_a_line(&self) -> bool {
        let begun = match self.line {
            Line::Lent => false,
            Line::Growing => !self.partial.is_empty(),
            Line::Dropped => true,
        };
        begun || self.telnet != Telnet::Text || self.after_cr
    }

    fn is_between_lines(&self) -> bool {
        self.partial.is_empty() && self.line == Line::Growing && self.telnet == Telnet::Text && !self.after_cr
    }

    /// Whether `byte` is data, whatever came before it.
    fn is_ordinary(&self, byte: u8) -> bool {
        self.telnet == Telnet::Text && !self.after_cr && !matches!(byte, CR | LF | IAC)
    }
}

impl fmt::Debug for Framer {
    /// Shows how much is held, not what: it may be half a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framer")
            .field("held", &self.partial.len())
            .field("limit", &self.limit)
            .field("line", &self.line)
            .field("telnet", &self.telnet)
            .field("after_cr", &self.after_cr)
            .finish()
    }
}

impl Drop for Framer {
    fn drop(&mut self) {
        self.free();
    }
}

pub(crate) const NUL: u8 = 0;
pub(crate) const LF: u8 = b'\n';
pub(crate) const CR: u8 = b'\r';

// Telnet commands (RFC 854; those from 236 on by RFC 1184). What redacts a trace must read them as we do.
pub(crate) const FIRST_COMMAND: u8 = 236;
pub(crate) const SE: u8 = 240;
pub(crate) const SB: u8 = 250;
pub(crate) const WILL: u8 = 251;
pub(crate) const WONT: u8 = 252;
pub(crate) const DO: u8 = 253;
pub(crate) const DONT: u8 = 254;
pub(crate) const IAC: u8 = 255;

/// Most commands fit, so that one buffer does for a line that is typed byte by byte.
const SMALLEST_BUFFER: usize = 64;

#[cfg(test)]
mod tests;
