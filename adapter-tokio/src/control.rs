//! The control connection, waited for on tokio.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};

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
        self.0.try_write_vectored(slices)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Waits for room to write.
///
/// Cancel-safe.
pub(crate) async fn writable(control: &Control) {
    // An error shows again, and is told, on the write.
    let _ = control.stream().0.writable().await;
}

/// Waits for bytes to read.
///
/// Cancel-safe.
pub(crate) async fn readable(control: &Control) {
    let _ = control.stream().0.readable().await;
}

/// Closes, in an orderly way where that was asked for.
///
/// Not cancel-safe: dropped half-way, the connection is closed at once.
pub(crate) async fn close(mut control: Control) {
    let parting = async {
        while !control.part() {
            if control.has_pending() {
                writable(&control).await;
            } else {
                readable(&control).await;
            }
        }
    };
    let _ = tokio::time::timeout(Control::LINGER, parting).await;
}

#[cfg(test)]
mod tests;
