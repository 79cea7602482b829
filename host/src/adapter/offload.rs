//! Moving a range of a file to or from a socket, one system call at a time, and telling of it.

use std::any::Any;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::Failure;
use ftp_proto::outcome::{DataEnd, Moved};

use super::socket;

/// How files are moved to and from data connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offload {
    /// By the kernel where it can (on Linux `sendfile` down, and `splice` up, once an upload has proved large), else as
    /// [`Buffered`](Self::Buffered).
    #[default]
    Kernel,
    /// By reading into a buffer and writing from there.
    Buffered,
}

/// A range of a file, and how much of it was moved. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Range {
    file: Arc<File>,
    at: u64,
    len: u64,
    moved: u64,
    /// What has to stay as long as bytes may be moved.
    _held: Option<Arc<dyn Any + Send + Sync>>,
}

impl Range {
    /// `len` bytes of `file`, from `at` on, none of them moved yet.
    #[must_use]
    pub fn new(file: Arc<File>, at: u64, len: u64) -> Self {
        Self { file, at, len, moved: 0, _held: None }
    }

    /// The same; it and its clones hold on to `held`.
    #[must_use]
    pub fn holding(self, held: Arc<dyn Any + Send + Sync>) -> Self {
        Self { _held: Some(held), ..self }
    }

    /// How many bytes were moved.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.moved
    }

    /// How many bytes are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.len - self.moved
    }

    /// How much of what is left fits in `most`.
    #[must_use]
    pub fn room(&self, most: usize) -> usize {
        usize::try_from(self.left()).unwrap_or(usize::MAX).min(most)
    }

    /// The outcome when all of it was moved.
    #[must_use]
    pub fn whole(&self) -> Moved {
        Moved { bytes: self.moved, end: None }
    }

    /// The outcome when the source ended before.
    #[must_use]
    pub fn ended(&self) -> Moved {
        Moved { bytes: self.moved, end: Some(DataEnd::Clean) }
    }

    /// Takes note that the next `count` bytes were moved.
    pub fn advance(&mut self, count: usize) {
        self.moved = self.moved.saturating_add(count as u64).min(self.len);
    }

    /// Reads the next bytes into `buffer`: how many, none at the end of the file. They count as moved only by
    /// [`advance`](Self::advance). May wait for the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let room = self.room(buffer.len());
        let result = self.file.read_at(buffer.get_mut(..room).unwrap_or_default(), self.position());
        result.map_err(|error| socket::file_failure(&error))
    }

    /// The same until `buffer` is full, or as full as the range makes it, or the file has ended: some file systems give
    /// less at a time.
    pub(super) fn read_full(&self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let room = self.room(buffer.len());
        let mut filled = 0;
        while let Some(rest @ [_, ..]) = buffer.get_mut(filled..room) {
            match self.file.read_at(rest, self.position().saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(socket::file_failure(&error)),
            }
        }
        Ok(filled)
    }

    /// Writes all of `bytes`, of which there are no more than are left. May wait for the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all_at(bytes, self.position()).map_err(|error| socket::file_failure(&error))?;
        self.advance(bytes.len());
        Ok(())
    }

    /// Lets the kernel move the next bytes to `socket`: how many, none at the end of the file, as many as the socket has
    /// room for but boundedly many. [`None`]: it cannot do that with this file.
    ///
    /// It may wait for the disk, on a thread that should not wait. A hop to another thread for each call would cost
    /// more than the read-ahead of a file that is read in order leaves to wait for; the bound on a call keeps the worst
    /// case to that of one read.
    ///
    /// # Errors
    /// Those of the socket.
    #[cfg(target_os = "linux")]
    pub fn send(&mut self, socket: impl AsFd) -> io::Result<Option<usize>> {
        use rustix::io::Errno;
        let mut offset = self.position();
        match rustix::fs::sendfile(socket, &*self.file, Some(&mut offset), self.room(AT_ONCE)) {
            Ok(count) => {
                self.advance(count);
                Ok(Some(count))
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Here the kernel cannot: always [`None`].
    ///
    /// # Errors
    /// Never.
    #[cfg(not(target_os = "linux"))]
    pub fn send(&mut self, _: impl AsFd) -> io::Result<Option<usize>> {
        Ok(None)
    }

    /// Lets the kernel write the next `most` bytes out of `pipe`, of which it holds as many: how many were. [`None`]: it
    /// cannot do that with this file. May wait for the disk.
    ///
    /// # Errors
    /// Those of the disk.
    #[cfg(target_os = "linux")]
    pub(super) fn splice(&mut self, pipe: impl AsFd, most: usize) -> io::Result<Option<usize>> {
        use rustix::io::Errno;
        use rustix::pipe::{SpliceFlags, splice};
        let mut offset = self.position();
        match splice(pipe, None, &*self.file, Some(&mut offset), self.room(most), SpliceFlags::MOVE) {
            Ok(count) => {
                self.advance(count);
                Ok(Some(count))
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn position(&self) -> u64 {
        self.at.saturating_add(self.moved)
    }
}

/// How often to tell of an operation's progress, where there is some: often enough for the engine, which is owed one
/// report a second, and seldom enough to cost nothing. By the clock, so that what moved just before it came to a halt
/// is told too.
pub(crate) const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Bytes of one `sendfile`: some milliseconds of a slow disk.
#[cfg(target_os = "linux")]
const AT_ONCE: usize = 512 * 1024;
