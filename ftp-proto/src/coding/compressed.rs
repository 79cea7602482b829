//! MODE C (RFC 959 §3.4.3): strings of bytes, runs of one byte, runs of the filler; and escapes, whose descriptor is for
//! the string behind them.
//!
//! ```text
//! 0nnnnnnn d..d     n bytes            10nnnnnn d   n times d
//! 00000000 code     what the next string ends or is   11nnnnnn     n times the filler
//! ```

use alloc::vec::Vec;

use super::Fault;
use super::ends::{EOF, EOR, Ends, Item, MARKER, UNKNOWN, take_byte, take_up_to};

/// Looks for runs. What it has seen last is held back: the end of a record or of the file stands before its last string.
#[derive(Debug)]
pub(super) struct Encoder {
    filler: u8,
    literal: Vec<u8>,
    /// A byte, and how often it came just now.
    run: (u8, usize),
}

impl Encoder {
    pub(super) const fn new(filler: u8) -> Self {
        Self { filler, literal: Vec::new(), run: (0, 0) }
    }

    /// Writes `data`, and what `ends` behind it.
    pub(super) fn put(&mut self, data: &[u8], ends: u8, out: &mut Vec<u8>) {
        for &byte in data {
            if self.run == (byte, LONGEST_RUN) || (self.run.1 > 0 && self.run.0 != byte) {
                self.end_run(out);
            }
            self.run = (byte, self.run.1 + 1);
        }
        if ends != 0 {
            self.flush(ends, out);
        }
    }

    /// Writes a restart marker behind everything that was put.
    pub(super) fn marker(&mut self, marker: &[u8], out: &mut Vec<u8>) {
        self.flush(0, out);
        out.extend_from_slice(&[ESCAPE, MARKER]);
        put_literal(marker, out);
    }

    /// Another byte follows a run: a long one is written, a short one is better off among other bytes.
    fn end_run(&mut self, out: &mut Vec<u8>) {
        let (byte, count) = self.run;
        self.run.1 = 0;
        if self.is_worth_it(byte, count) {
            self.flush_literal(out);
            self.put_run(byte, count, out);
            return;
        }
        if self.literal.len() + count > LONGEST_LITERAL {
            self.flush_literal(out);
        }
        self.literal.extend(core::iter::repeat_n(byte, count));
    }

    /// Writes all that is held back, `ends` before the last string of it.
    fn flush(&mut self, ends: u8, out: &mut Vec<u8>) {
        let (byte, count) = self.run;
        let run_is_last = self.is_worth_it(byte, count);
        if run_is_last {
            self.flush_literal(out);
        } else {
            self.end_run(out);
        }
        if ends != 0 {
            out.extend_from_slice(&[ESCAPE, ends]);
        }
        if run_is_last {
            self.put_run(byte, count, out);
        } else if !self.literal.is_empty() {
            self.flush_literal(out);
        } else if ends != 0 {
            // An escape needs a string: no filler at all.
            out.push(FILLER);
        }
        self.run.1 = 0;
    }

    const fn is_worth_it(&self, byte: u8, count: usize) -> bool {
        count >= 3 || (byte == self.filler && count >= 2)
    }

    fn put_run(&self, byte: u8, count: usize, out: &mut Vec<u8>) {
        let count = (count & LONGEST_RUN) as u8;
        if byte == self.filler {
            out.push(FILLER | count);
        } else {
            out.extend_from_slice(&[RUN | count, byte]);
        }
    }

    fn flush_literal(&mut self, out: &mut Vec<u8>) {
        if !self.literal.is_empty() {
            put_literal(&self.literal, out);
            self.literal.clear();
        }
    }
}

/// Writes a string of at most [`LONGEST_LITERAL`] bytes.
fn put_literal(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

/// Makes bytes of the strings again.
#[derive(Debug)]
pub(super) struct Decoder {
    filler: u8,
    state: State,
    /// What an escape said of the string that comes.
    flags: u8,
    ends: Ends,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    /// So many bytes are still to come.
    Literal(usize),
    /// The byte is still to come.
    Run(u8),
    Escape,
}

impl Decoder {
    pub(super) fn new(filler: u8) -> Self {
        Self { filler, state: State::Between, flags: 0, ends: Ends::default() }
    }

    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8], room: usize) -> Result<Item<'a>, Fault> {
        loop {
            if let Some(item) = self.ends.next() {
                return Ok(item);
            }
            if let State::Literal(left) = self.state {
                let bytes = take_up_to(input, left.min(room));
                match bytes {
                    [] => return Ok(Item::Hungry),
                    _ if self.flags & MARKER != 0 => self.ends.marker(bytes)?,
                    _ => {}
                }
                self.state = State::Literal(left - bytes.len());
                let is_marker = self.flags & MARKER != 0;
                if left == bytes.len() {
                    self.end_string()?;
                }
                if is_marker {
                    continue;
                }
                return Ok(Item::Data(bytes));
            }
            let Some(byte) = take_byte(input) else { return Ok(Item::Hungry) };
            let count = byte & LONGEST_RUN as u8;
            let (byte, count) = match (self.state, byte) {
                (State::Escape, _) => {
                    self.escape(byte)?;
                    continue;
                }
                (State::Run(count), _) => (byte, count),
                (_, FILLER..) => (self.filler, count),
                (_, kind) => {
                    self.state = match kind {
                        ESCAPE => State::Escape,
                        RUN.. => State::Run(count),
                        _ => State::Literal(usize::from(kind)),
                    };
                    continue;
                }
            };
            let is_marker = self.flags & MARKER != 0;
            if is_marker {
                self.ends.marker(&[byte; LONGEST_RUN][..usize::from(count)])?;
            }
            self.end_string()?;
            if !is_marker && count > 0 {
                return Ok(Item::Run(byte, count));
            }
        }
    }

    fn end_string(&mut self) -> Result<(), Fault> {
        self.state = State::Between;
        self.ends.end(core::mem::take(&mut self.flags))
    }

    /// An escape right behind another: the first was for a string of nothing.
    fn escape(&mut self, descriptor: u8) -> Result<(), Fault> {
        if descriptor & UNKNOWN != 0 {
            return Err(Fault::Malformed);
        }
        self.end_string()?;
        self.flags = descriptor;
        Ok(())
    }

    /// The connection has ended: gives the codes that came last. That is the end of the file, but for the middle of a
    /// string.
    pub(super) fn finish(&self) -> Result<u8, Fault> {
        let whole = self.state == State::Between && self.flags & MARKER == 0;
        if whole { Ok(self.flags & (EOR | EOF)) } else { Err(Fault::Truncated) }
    }
}

const ESCAPE: u8 = 0;
const RUN: u8 = 0x80;
const FILLER: u8 = 0xC0;
const LONGEST_RUN: usize = 63;
const LONGEST_LITERAL: usize = 127;
