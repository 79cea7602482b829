//! A pipe between a socket and a file: the kernel moves pages through it, and no byte comes through here.
//!
//! What is in it has left the socket and is not in the file. So it is always known how much that is, and it is never
//! dropped while there is any, but where the write failed.

use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, OwnedFd};

use ftp_proto::Failure;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with, splice};

use crate::adapter::{Range, socket};

/// A pipe.
#[derive(Debug)]
pub(super) struct Pipe {
    out: OwnedFd,
    into: OwnedFd,
    /// Bytes in it.
    held: usize,
    room: usize,
    is_refused: bool,
}

impl Pipe {
    /// An empty one. There is none where the system has no more, or only one so small that copying is cheaper: what a
    /// user's pipes may hold in all is limited.
    pub(super) fn new() -> Option<Self> {
        let (out, into) = pipe_with(PipeFlags::CLOEXEC).ok()?;
        let enlarged = SIZES.into_iter().find_map(|size| fcntl_setpipe_size(&into, size).ok());
        let room = enlarged.or_else(|| fcntl_getpipe_size(&into).ok())?;
        (room >= LEAST).then_some(Self { out, into, held: 0, room, is_refused: false })
    }

    /// Bytes in it.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// How many more may fit.
    pub(super) fn room(&self) -> usize {
        self.room.saturating_sub(self.held)
    }

    /// Whether the kernel does not move bytes between what it was asked to. What was in the pipe is written all the same.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Nothing more goes through it.
    pub(super) fn refuse(&mut self) {
        self.is_refused = true;
    }

    /// Takes what is there on `socket`, at most `most` bytes: how many, none at what may be the end of the stream: the
    /// kernel also says so where an urgent byte stands in the way, so a read has to tell. [`None`]: nothing more fits, or
    /// nothing is there; which of them, an empty pipe tells.
    pub(super) fn take(&mut self, socket: BorrowedFd<'_>, most: usize) -> io::Result<Option<usize>> {
        let most = most.min(self.room());
        if most == 0 {
            // None asked for would look like the end.
            return Ok(None);
        }
        match splice(socket, None, &self.into, None, most, SpliceFlags::MOVE | SpliceFlags::NONBLOCK) {
            Ok(count) => {
                self.held += count;
                Ok(Some(count))
            }
            Err(Errno::AGAIN) if self.held > 0 => Ok(None),
            Err(error @ (Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)) => {
                self.is_refused = true;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes all that it holds. It may wait for the disk.
    pub(super) fn drain(&mut self, range: &mut Range) -> Result<(), Failure> {
        while self.held > 0 {
            match range.splice(&self.out, self.held) {
                Ok(Some(count @ 1..)) => self.held = self.held.saturating_sub(count),
                Ok(Some(0) | None) => {
                    self.is_refused = true;
                    return self.copy(range);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(socket::file_failure(&error)),
            }
        }
        Ok(())
    }

    /// The same, for a file that the kernel does not move pages to.
    fn copy(&mut self, range: &mut Range) -> Result<(), Failure> {
        let mut buffer = vec![0; self.held.min(COPIED)];
        while self.held > 0 {
            let room = self.held.min(COPIED);
            let count = match rustix::io::read(&self.out, buffer.get_mut(..room).unwrap_or_default()) {
                Ok(count @ 1..) => count,
                Err(Errno::INTR) => continue,
                // It is ours alone: what was put into it is in it.
                Ok(0) | Err(_) => return Err(Failure::Io),
            };
            range.write(buffer.get(..count).unwrap_or_default())?;
            self.held = self.held.saturating_sub(count);
        }
        Ok(())
    }
}

/// What a pipe is asked to hold, the first that is granted.
const SIZES: [usize; 3] = [1 << 20, 1 << 18, 1 << 17];
/// One that holds less is not used.
const LEAST: usize = 1 << 16;
/// Bytes that are copied at once.
const COPIED: usize = 1 << 16;

#[cfg(test)]
mod tests;
