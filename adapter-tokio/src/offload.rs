//! Moving bytes between a data connection and memory or a file.
//!
//! Functions on real sockets and files; they know no tickets. Each waits only for the socket, where it can be
//! cancelled, or for the disk, where it cannot.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use ftp_proto::Failure;
use ftp_proto::outcome::{DataEnd, Done, Moved, Received};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

use crate::guard::Cancel;
use crate::socket;

/// How files are moved to data connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offload {
    /// By the kernel where it can (`sendfile` on Linux), else as [`Buffered`](Self::Buffered).
    #[default]
    Kernel,
    /// By reading into a buffer on the runtime's blocking threads and writing from there.
    Buffered,
}

/// Sends `bytes` from `sent` on, until the kernel has taken all of them.
///
/// Not cancel-safe: dropped half-way, how much was sent is lost.
pub(crate) async fn send_all(
    stream: &TcpStream,
    bytes: &[u8],
    mut sent: usize,
    cancel: &mut Cancel,
    mut progress: impl FnMut(u64),
) -> Result<Done, Failure> {
    while let Some(rest @ [_, ..]) = bytes.get(sent..) {
        match stream.try_write(rest) {
            Ok(count) => {
                sent += count;
                progress(sent as u64);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => cancel.or(stream.writable()).await?,
            Err(error) => return Err(socket::failure(&error)),
        }
    }
    Ok(Done)
}

/// Receives what is there now, at most `max` bytes; `None` when nothing is.
pub(crate) fn receive_now(stream: &TcpStream, max: usize) -> Option<Result<Received, Failure>> {
    let mut buffer = BytesMut::with_capacity(max);
    match stream.try_read_buf(&mut (&mut buffer).limit(max)) {
        Ok(0) => Some(Ok(Received { bytes: Bytes::new(), end: Some(DataEnd::Clean) })),
        Ok(_) => Some(Ok(Received { bytes: buffer.freeze(), end: None })),
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        Err(error) => Some(Err(socket::failure(&error))),
    }
}

/// Receives at least one byte and at most `max`, unless the stream ends.
///
/// Cancel-safe: nothing is read before it returns.
pub(crate) async fn receive(stream: &TcpStream, max: usize, cancel: &mut Cancel) -> Result<Received, Failure> {
    loop {
        cancel.or(stream.readable()).await?;
        if let Some(result) = receive_now(stream, max) {
            return result;
        }
    }
}

/// Moves `len` bytes of `file`, from `at` on, to the connection; fewer only at the end of the file.
///
/// Not cancel-safe: dropped half-way, how much was sent is lost.
pub(crate) async fn file_to_socket(
    how: Offload,
    file: Arc<File>,
    at: u64,
    len: u64,
    stream: &TcpStream,
    cancel: &mut Cancel,
    mut progress: impl FnMut(u64),
) -> Result<Moved, Failure> {
    let mut range = Range { file, at, len, moved: 0 };
    if how == Offload::Kernel
        && let Some(moved) = kernel::send_file(&mut range, stream, cancel, &mut progress).await?
    {
        return Ok(moved);
    }
    let mut buffer = vec![0; range.room(BUFFER)];
    while range.left() > 0 {
        cancel.or(stream.writable()).await?;
        let (filled, count) = range.read(buffer).await?;
        buffer = filled;
        let Some(chunk @ [_, ..]) = buffer.get(..count) else { return Ok(range.ended()) };
        let before = range.moved;
        send_all(stream, chunk, 0, cancel, |sent| progress(before + sent)).await?;
        range.moved += count as u64;
    }
    Ok(range.whole())
}

/// Moves at most `max` bytes from the connection to `file`, at `at`; fewer only at the end of the stream.
///
/// What arrived before the stream broke is written before the failure is told. Not cancel-safe: dropped half-way, a
/// write may still be under way.
pub(crate) async fn socket_to_file(
    file: Arc<File>,
    at: u64,
    max: u64,
    stream: &TcpStream,
    cancel: &mut Cancel,
    mut progress: impl FnMut(u64),
) -> Result<Moved, Failure> {
    let mut range = Range { file, at, len: max, moved: 0 };
    let mut buffer = Vec::with_capacity(BUFFER);
    while range.left() > 0 {
        cancel.or(stream.readable()).await?;
        let stop = fill(stream, &mut buffer, range.room(BUFFER));
        if !buffer.is_empty() {
            buffer = range.write(buffer).await?;
            progress(range.moved);
        }
        match stop {
            Stop::ForNow => {}
            Stop::AtEnd => return Ok(range.ended()),
            Stop::Broken(failure) => return Err(failure),
        }
    }
    Ok(range.whole())
}

/// Why `fill` stopped.
enum Stop {
    /// The buffer is full, or nothing more is there now.
    ForNow,
    AtEnd,
    Broken(Failure),
}

/// Reads what is there now, until `buffer` holds `room` bytes.
fn fill(stream: &TcpStream, buffer: &mut Vec<u8>, room: usize) -> Stop {
    while buffer.len() < room {
        let rest = room - buffer.len();
        match stream.try_read_buf(&mut (&mut *buffer).limit(rest)) {
            Ok(0) => return Stop::AtEnd,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Stop::Broken(socket::failure(&error)),
        }
    }
    Stop::ForNow
}

/// A range of a file, and how much of it was moved.
struct Range {
    file: Arc<File>,
    at: u64,
    len: u64,
    moved: u64,
}

impl Range {
    fn left(&self) -> u64 {
        self.len - self.moved
    }

    /// How much of what is left fits in `most`.
    fn room(&self, most: usize) -> usize {
        usize::try_from(self.left()).unwrap_or(usize::MAX).min(most)
    }

    fn position(&self) -> u64 {
        self.at.saturating_add(self.moved)
    }

    fn whole(&self) -> Moved {
        Moved { bytes: self.moved, end: None }
    }

    fn ended(&self) -> Moved {
        Moved { bytes: self.moved, end: Some(DataEnd::Clean) }
    }

    /// Reads the next bytes into `buffer`: it, and how many.
    async fn read(&self, mut buffer: Vec<u8>) -> Result<(Vec<u8>, usize), Failure> {
        let (file, position) = (Arc::clone(&self.file), self.position());
        let max = self.room(buffer.len());
        blocking(move || {
            let count = file.read_at(buffer.get_mut(..max).unwrap_or_default(), position)?;
            Ok((buffer, count))
        })
        .await
    }

    /// Writes all of `buffer` and gives it back empty.
    async fn write(&mut self, mut buffer: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let (file, position, count) = (Arc::clone(&self.file), self.position(), buffer.len() as u64);
        let buffer = blocking(move || {
            file.write_all_at(&buffer, position)?;
            buffer.clear();
            Ok(buffer)
        })
        .await?;
        self.moved += count;
        Ok(buffer)
    }
}

/// Runs `work` where it may wait for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Failure> {
    match spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| socket::file_failure(&error)),
        Err(_) => Err(Failure::Lost),
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    //! `sendfile`: the bytes never leave the kernel.

    use rustix::fs::sendfile;
    use rustix::io::Errno;
    use tokio::io::Interest;

    use super::{Cancel, ErrorKind, Failure, Moved, Range, TcpStream, io, socket};

    /// Moves `range` to the connection; `None` where the kernel cannot do it with this file.
    pub(super) async fn send_file(
        range: &mut Range,
        stream: &TcpStream,
        cancel: &mut Cancel,
        mut progress: impl FnMut(u64),
    ) -> Result<Option<Moved>, Failure> {
        while range.left() > 0 {
            cancel.or(stream.writable()).await?;
            match stream.try_io(Interest::WRITABLE, || send_once(range, stream)) {
                Ok(0) => return Ok(Some(range.ended())),
                Ok(count) => {
                    range.moved += count as u64;
                    progress(range.moved);
                    // A fast peer on a fast network leaves nothing to wait for; others want the thread too.
                    tokio::task::yield_now().await;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if is_unsupported(&error) => return Ok(None),
                Err(error) => return Err(socket::failure(&error)),
            }
        }
        Ok(Some(range.whole()))
    }

    fn send_once(range: &Range, stream: &TcpStream) -> io::Result<usize> {
        // This may wait for the disk, on a thread that should not wait. A hop to another thread for each call would
        // cost more than the read-ahead of a file that is read in order leaves to wait for; the bound on a call keeps
        // the worst case to that of one read.
        let mut offset = range.position();
        Ok(sendfile(stream, &*range.file, Some(&mut offset), range.room(AT_ONCE))?)
    }

    fn is_unsupported(error: &io::Error) -> bool {
        matches!(Errno::from_io_error(error), Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP))
    }

    /// Bytes of one call: some milliseconds of a slow disk.
    const AT_ONCE: usize = 512 * 1024;
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    //! No offload: always the buffered path.

    use super::{Cancel, Failure, Moved, Range, TcpStream};

    pub(super) async fn send_file(
        _range: &mut Range,
        _stream: &TcpStream,
        _cancel: &mut Cancel,
        _progress: impl FnMut(u64),
    ) -> Result<Option<Moved>, Failure> {
        Ok(None)
    }
}

/// Bytes that one hop to a blocking thread moves.
const BUFFER: usize = 256 * 1024;

#[cfg(test)]
mod tests;
