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
    /// Whether a read may stop short although there is more: an urgent byte, an end or an error was told of.
    uneven: Cell<bool>,
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
        registry.register(&mut socket, token, INTEREST)?;
        Ok(Self { socket, readable: Cell::new(open), writable: Cell::new(open), uneven: Cell::new(!TELLS_URGENT) })
    }
}

impl<S> Watched<S> {
    /// Remembers what the kernel tells.
    pub(crate) fn note(&self, event: &Event) {
        // An end and an error show on the next call, whichever it is.
        let is_uneven = event.is_priority() || event.is_read_closed() || event.is_error();
        if event.is_readable() || is_uneven {
            self.readable.set(true);
        }
        if is_uneven {
            self.uneven.set(true);
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

/// A call that gave less than was asked for does not lower the flags; see [`read`](Stream::read).
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
    /// Reads what is there. A read that gives less than was asked for has taken everything, and lowers the flag: the
    /// next one would be made for nothing.
    ///
    /// Except that the kernel stops reading at an urgent byte (Telnet's Synch has one), and tells of an end only once
    /// all is read. None of it is missed: both are told of by events, at the latest with the poll that follows.
    ///
    /// - It came before the last poll: the event had it, `uneven` is up, and the flag stays up until nothing is left.
    /// - It came after that, before or behind this read: that is an edge, and the next poll tells of it. It says what
    ///   holds then, not what held at the edge; an urgent byte that is still unread is told as one.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = attempt(&self.readable, || (&self.socket).read(buffer));
        match &result {
            Ok(count) if *count < buffer.len() && !self.uneven.get() => self.readable.set(false),
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.uneven.set(!TELLS_URGENT),
            _ => {}
        }
        result
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        attempt(&self.writable, || match slices {
            [slice] => (&self.socket).write(slice),
            slices => (&self.socket).write_vectored(slices),
        })
    }
}

/// What the poll is asked for: urgent bytes too, where the system tells of them.
#[cfg(any(target_os = "linux", target_os = "android"))]
const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);
const TELLS_URGENT: bool = cfg!(any(target_os = "linux", target_os = "android"));

impl<S: AsFd> AsFd for Watched<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests;
