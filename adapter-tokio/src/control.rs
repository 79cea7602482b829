//! The control connection, waited for on tokio.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;

use ftp_host::adapter::{self, Stream};
use tokio::net::TcpStream;

/// A control connection of tokio's.
pub(crate) type Control = adapter::Control<Socket>;

/// tokio's connection, as the control connection wants it.
#[derive(Debug)]
pub(crate) struct Socket(TcpStream);

impl Socket {
    /// A new connection.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(stream)
    }
}

impl Stream for Socket {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [only] => self.0.try_write(only),
            slices => self.0.try_write_vectored(slices),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Waits for room to write.
///
/// Only the task that asked last is woken: a session is one. That needs no entry in a list, which would be most of a
/// session's task.
///
/// Cancel-safe.
pub(crate) fn writable(control: &Control) -> impl Future<Output = ()> {
    // An error shows again, and is told, on the write.
    poll_fn(|context| control.stream().0.poll_write_ready(context).map(drop))
}

/// Waits for bytes to read, as [`writable`] does for room.
///
/// Cancel-safe.
pub(crate) fn readable(control: &Control) -> impl Future<Output = ()> {
    poll_fn(|context| control.stream().0.poll_read_ready(context).map(drop))
}

/// Closes, in an orderly way where that was asked for.
///
/// In a place of its own: a session that goes on keeps none for its end.
///
/// Not cancel-safe: dropped half-way, the connection is closed at once.
pub(crate) fn close(mut control: Control) -> Pin<Box<impl Future<Output = ()>>> {
    let parting = async move {
        while !control.part() {
            if control.has_pending() {
                writable(&control).await;
            } else {
                readable(&control).await;
            }
        }
    };
    Box::pin(async { drop(tokio::time::timeout(Control::LINGER, parting).await) })
}

#[cfg(test)]
mod tests;
