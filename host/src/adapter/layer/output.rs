//! Ciphertext on its way out: all that one call says leaves by one call, as far as there is room.

use std::io::{ErrorKind, IoSlice};
use std::os::fd::AsFd;

use ftp_proto::Failure;

use super::{Halt, Layer};
use crate::adapter::{Stream, socket};

/// Bytes that have not left yet. An idle connection holds no buffer.
#[derive(Debug, Default)]
pub(super) struct Output {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Output {
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether `more` bytes of plaintext may be put behind what there is.
    pub(super) fn has_room(&self, more: usize) -> bool {
        self.is_empty() || self.end + more <= Layer::CHUNK
    }

    /// Lets `write` put something behind all there is: whether it did. It says how many bytes that were, or else how much
    /// room it needs, if that is what it lacks.
    pub(super) fn append(&mut self, mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<usize>>) -> bool {
        loop {
            match write(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(count) => {
                    self.end += count;
                    return true;
                }
                Err(Some(needed)) if needed > self.buffer.len() - self.end => {
                    let room = needed.next_multiple_of(GRAIN);
                    self.buffer.resize(self.end + room, 0);
                }
                Err(_) => return false,
            }
        }
    }

    /// Sends what there is room for.
    pub(super) fn flush(&mut self, stream: &impl Stream) -> Result<(), Halt> {
        while let Some(rest @ [_, ..]) = self.buffer.get(self.start..self.end) {
            match stream.write_vectored(&[IoSlice::new(rest)]) {
                Ok(0) => return Err(Halt::Failed(Failure::Reset)),
                Ok(count) => self.start += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(Halt::Later),
                Err(error) => return Err(Halt::Failed(socket::failure(&error))),
            }
        }
        self.rest();
        Ok(())
    }

    /// Sends what there is room for, as the last before the end of the stream, which is told at once: both leave in one
    /// packet. What does not leave is there for [`flush`](Self::flush), which tells why.
    pub(super) fn flush_with_the_end(&mut self, stream: &impl AsFd) {
        while let Some(rest @ [_, ..]) = self.buffer.get(self.start..self.end) {
            match socket::send_with_more(stream, rest) {
                Ok(count @ 1..) => self.start += count,
                Ok(0) | Err(_) => return,
            }
        }
        self.rest();
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.buffer.capacity()
    }

    /// All has left. A buffer that was of use for a whole chunk will be so again; a small one is made anew.
    fn rest(&mut self) {
        if (1..=SMALL).contains(&self.end) {
            self.buffer = Vec::new();
        }
        (self.start, self.end) = (0, 0);
    }
}

/// Buffers grow by multiples of this.
const GRAIN: usize = 512;
/// A connection that says no more than this at once keeps no buffer.
const SMALL: usize = 32 * 1024;
