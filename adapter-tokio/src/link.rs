//! A data connection: tokio's, and TLS over it once that was asked for.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use ftp_host::adapter::{Layer, Stream};
use tokio::net::TcpStream;

/// A data connection. What runs on it shares it; only one action moves bytes at a time.
#[derive(Debug)]
pub(crate) struct Link {
    stream: TcpStream,
    /// Under a mutex only because tasks want to be moved between threads; nobody ever waits for it.
    layer: OnceLock<Box<Mutex<Layer>>>,
}

impl Link {
    /// A new connection, in the clear.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, layer: OnceLock::new() }
    }

    /// Puts TLS over it: whether there was none yet.
    pub(crate) fn cover(&self, layer: Layer) -> bool {
        self.layer.set(Box::new(Mutex::new(layer))).is_ok()
    }

    /// tokio's connection, where there is no TLS over it.
    pub(crate) fn plain(&self) -> Option<&TcpStream> {
        self.layer.get().is_none().then_some(&self.stream)
    }

    /// tokio's connection, to wait for it.
    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The TLS over it.
    pub(crate) fn layer(&self) -> Option<MutexGuard<'_, Layer>> {
        // A panic in there ends the session; what is left of it can only be closed.
        self.layer.get().map(|layer| layer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Stream for Link {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(slices)
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
