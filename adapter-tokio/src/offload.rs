//! Moving bytes between a data connection and memory or a file.
//!
//! Functions on real sockets and files; they know no tickets. Each waits only for the socket, where it can be
//! cancelled, or for the disk, where it cannot.

use std::io::ErrorKind;

use bytes::{BufMut, Bytes, BytesMut};
use ftp_host::adapter::{Offload, Range, socket};
use ftp_proto::Failure;
use ftp_proto::outcome::{DataEnd, Done, Moved, Received};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

use crate::guard::Cancel;

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

/// Moves `range` of a file to the connection; less only at the end of the file.
///
/// Not cancel-safe: dropped half-way, how much was sent is lost.
pub(crate) async fn file_to_socket(
    how: Offload,
    mut range: Range,
    stream: &TcpStream,
    cancel: &mut Cancel,
    mut progress: impl FnMut(u64),
) -> Result<Moved, Failure> {
    if how == Offload::Kernel
        && let Some(moved) = send_file(&mut range, stream, cancel, &mut progress).await?
    {
        return Ok(moved);
    }
    let mut buffer = vec![0; range.room(BUFFER)];
    while range.left() > 0 {
        cancel.or(stream.writable()).await?;
        let (filled, count) = read(&range, buffer).await?;
        buffer = filled;
        let Some(chunk @ [_, ..]) = buffer.get(..count) else { return Ok(range.ended()) };
        let before = range.moved();
        send_all(stream, chunk, 0, cancel, |sent| progress(before + sent)).await?;
        range.advance(count);
    }
    Ok(range.whole())
}

/// Lets the kernel move `range` to the connection; `None` where it cannot with this file.
async fn send_file(
    range: &mut Range,
    stream: &TcpStream,
    cancel: &mut Cancel,
    mut progress: impl FnMut(u64),
) -> Result<Option<Moved>, Failure> {
    while range.left() > 0 {
        cancel.or(stream.writable()).await?;
        match stream.try_io(Interest::WRITABLE, || range.send(stream)) {
            Ok(None) => return Ok(None),
            Ok(Some(0)) => return Ok(Some(range.ended())),
            Ok(Some(_)) => {
                progress(range.moved());
                // A fast peer on a fast network leaves nothing to wait for; others want the thread too.
                tokio::task::yield_now().await;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(socket::failure(&error)),
        }
    }
    Ok(Some(range.whole()))
}

/// Moves bytes from the connection to `range` of a file; less only at the end of the stream.
///
/// What arrived before the stream broke is written before the failure is told. Not cancel-safe: dropped half-way, a
/// write may still be under way.
pub(crate) async fn socket_to_file(
    mut range: Range,
    stream: &TcpStream,
    cancel: &mut Cancel,
    mut progress: impl FnMut(u64),
) -> Result<Moved, Failure> {
    let mut buffer = Vec::with_capacity(BUFFER);
    while range.left() > 0 {
        cancel.or(stream.readable()).await?;
        let stop = fill(stream, &mut buffer, range.room(BUFFER));
        if !buffer.is_empty() {
            (range, buffer) = write(range, buffer).await?;
            progress(range.moved());
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

/// Reads the next bytes of `range` into `buffer`: it, and how many.
pub(crate) async fn read(range: &Range, mut buffer: Vec<u8>) -> Result<(Vec<u8>, usize), Failure> {
    let range = range.clone();
    blocking(move || {
        let count = range.read(&mut buffer)?;
        Ok((buffer, count))
    })
    .await
}

/// Writes all of `buffer` and gives it back empty.
async fn write(range: Range, buffer: Vec<u8>) -> Result<(Range, Vec<u8>), Failure> {
    let count = buffer.len();
    let (range, mut buffer) = write_first(range, buffer, count).await?;
    buffer.clear();
    Ok((range, buffer))
}

/// Writes the first `count` bytes of `buffer` and gives it back.
pub(crate) async fn write_first(mut range: Range, buffer: Vec<u8>, count: usize) -> Result<(Range, Vec<u8>), Failure> {
    blocking(move || {
        range.write(buffer.get(..count).unwrap_or_default())?;
        Ok((range, buffer))
    })
    .await
}

/// Runs `work` where it may wait for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    spawn_blocking(work).await.unwrap_or(Err(Failure::Lost))
}

/// Bytes that one hop to a blocking thread moves.
pub(crate) const BUFFER: usize = 256 * 1024;

#[cfg(test)]
mod tests;
