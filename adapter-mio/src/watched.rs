//! A socket and what is known of its readiness.
//!
//! Readiness is edge-triggered: the kernel tells once that there is something, and it is remembered here until a call
//! finds that there is not. A flag may be wrong only in that a call is made for nothing, so events may be mixed up or
//! come late; and a socket whose flag is down costs no system call.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};

use ftp_host::adapter::Stream;
use ftp_host::adapter::plane::Connection;
use mio::event::{Event, Source};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

/// A socket that an event loop watches.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    socket: S,
    readable: Cell<bool>,
    writable: Cell<bool>,
}

impl<S: Source> Watched<S> {
    /// Begins to watch `socket`, an open one: the first calls may be made at once.
    pub(crate) fn new(registry: &Registry, token: Token, socket: S) -> io::Result<Self> {
        Self::watch(registry, token, socket, true)
    }

    /// Begins to watch `socket`, which is not open yet: the kernel will tell.
    pub(crate) fn unopened(registry: &Registry, token: Token, socket: S) -> io::Result<Self> {
        Self::watch(registry, token, socket, false)
    }

    fn watch(registry: &Registry, token: Token, mut socket: S, open: bool) -> io::Result<Self> {
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { socket, readable: Cell::new(open), writable: Cell::new(open) })
    }
}

impl<S> Watched<S> {
    /// Remembers what the kernel tells.
    pub(crate) fn note(&self, event: &Event) {
        // An end and an error show on the next call, whichever it is.
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            self.readable.set(true);
        }
        if event.is_writable() || event.is_write_closed() || event.is_error() {
            self.writable.set(true);
        }
    }
}

impl Watched<TcpListener> {
    /// The next connection, and from where it comes.
    pub(crate) fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        attempt(&self.readable, || self.socket.accept())
    }
}

/// A call that gave less than was asked for does not lower the flag: the kernel stops reading at an urgent byte
/// (Telnet's Synch has one), and what is behind it would never be told again.
impl Connection for Watched<TcpStream> {
    fn take_in<T>(&self, mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        attempt(&self.readable, || call(self.socket.as_fd()))
    }

    fn give_out<T>(&self, mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        attempt(&self.writable, || call(self.socket.as_fd()))
    }

    fn has_room(&self) -> bool {
        self.writable.get()
    }
}

fn attempt<T>(ready: &Cell<bool>, mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    while ready.get() {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => ready.set(false),
            other => return other,
        }
    }
    Err(ErrorKind::WouldBlock.into())
}

impl Stream for Watched<TcpStream> {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        attempt(&self.readable, || (&self.socket).read(buffer))
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        attempt(&self.writable, || match slices {
            [slice] => (&self.socket).write(slice),
            slices => (&self.socket).write_vectored(slices),
        })
    }
}

impl<S: AsFd> AsFd for Watched<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
