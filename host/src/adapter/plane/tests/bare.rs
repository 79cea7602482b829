//! The least of a runtime: it asks the kernel what is ready, and may have a thread for each errand.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use ftp_proto::Failure;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::{Awaited, Away, Connection, Errand, Sockets};
use crate::adapter::Stream;

/// The runtime.
#[derive(Debug)]
pub(super) struct Bare {
    errands: Errands,
    /// Whether one is on its way.
    is_away: Rc<Cell<bool>>,
}

impl Bare {
    pub(super) fn new(errands: Errands) -> Self {
        Self { errands, is_away: Rc::default() }
    }

    /// Waits for what an operation on `connection` waits for.
    pub(super) fn wait(&self, connection: &Plain) {
        // The next look at an errand waits.
        if !self.is_away.get() {
            connection.wait();
        }
    }
}

/// Where errands are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errands {
    InPlace,
    Threads,
}

impl Errands {
    pub(super) const BOTH: [Self; 2] = [Self::InPlace, Self::Threads];
}

/// A connection, and what its last calls found not to be ready.
#[derive(Debug)]
pub(super) struct Plain {
    stream: TcpStream,
    awaited: Cell<PollFlags>,
}

impl Plain {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, awaited: Cell::new(PollFlags::empty()) }
    }

    /// Waits for what was not ready, if anything was.
    pub(super) fn wait(&self) {
        if !self.awaited.get().is_empty() {
            wait(&self.stream, self.awaited.get());
        }
    }

    fn attempt<T>(&self, flag: PollFlags, mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        let result = call(self.stream.as_fd());
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            self.awaited.set(self.awaited.get() | flag);
        }
        result
    }
}

fn wait(socket: &impl AsFd, flags: PollFlags) {
    let patience = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(socket, flags)], Some(&patience)).unwrap();
    assert_eq!(ready, 1, "nothing more comes");
}

/// Waits for one of the things that operations wait for.
pub(super) fn wait_for(awaited: &Awaited<'_, Bare>) {
    match awaited {
        Awaited::Listener(listener) => wait(*listener, PollFlags::IN),
        Awaited::Connection(connection) => connection.wait(),
        // Its next look waits.
        Awaited::Errand(_) => {}
    }
}

impl Connection for Plain {
    fn take_in<T>(&self, call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        self.attempt(PollFlags::IN, call)
    }

    fn give_out<T>(&self, call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        self.attempt(PollFlags::OUT, call)
    }

    fn has_room(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let has_room = poll(&mut [PollFd::new(&self.stream, PollFlags::OUT)], Some(&now)).unwrap() == 1;
        if !has_room {
            self.awaited.set(self.awaited.get() | PollFlags::OUT);
        }
        has_room
    }

    fn begin(&self) {
        self.awaited.set(PollFlags::empty());
    }
}

impl Stream for Plain {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.take_in(|_| (&self.stream).read(buffer))
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.give_out(|_| (&self.stream).write_vectored(slices))
    }
}

impl AsFd for Plain {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Sockets for Bare {
    type Listener = TcpListener;
    type Connection = Plain;
    type Away = Sent;

    fn listener(&self, listener: TcpListener) -> io::Result<TcpListener> {
        Ok(listener)
    }

    fn connection(&self, stream: TcpStream) -> io::Result<Plain> {
        Ok(Plain::new(stream))
    }

    fn accept(&self, listener: &TcpListener) -> io::Result<(Plain, SocketAddr)> {
        let (stream, peer) = listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok((Plain::new(stream), peer))
    }

    fn send_off(&self, mut errand: Errand) -> Result<Sent, Errand> {
        if self.errands == Errands::InPlace {
            return Err(errand);
        }
        let (back, answer) = channel();
        thread::spawn(move || {
            errand.run();
            let _ = back.send(errand);
        });
        self.is_away.set(true);
        Ok(Sent { answer, looks: 0, is_away: Rc::clone(&self.is_away) })
    }
}

/// An errand on its way: it is never back at the first look.
#[derive(Debug)]
pub(super) struct Sent {
    answer: Receiver<Errand>,
    looks: usize,
    is_away: Rc<Cell<bool>>,
}

impl Away for Sent {
    fn back(&mut self) -> Option<Result<Errand, Failure>> {
        self.looks += 1;
        (self.looks > 1).then(|| {
            self.is_away.set(false);
            self.answer.recv_timeout(PATIENCE).map_err(|_| Failure::Lost)
        })
    }
}

pub(super) const PATIENCE: Duration = Duration::from_secs(20);
