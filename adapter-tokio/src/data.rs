//! The data plane's sockets, on tokio, and how the session's task waits for them.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{self, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use ftp_host::adapter::Stream;
use ftp_host::adapter::plane::{self, Awaited, Errand, Plane, Sockets, Visit};
use ftp_proto::Failure;
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, spawn_blocking};

/// A session's data plane.
pub(crate) type DataPlane = Plane<Runtime>;

/// The runtime that the session's task is on.
#[derive(Debug)]
pub(crate) struct Runtime;

/// Goes on with everything that is under way: whether that led to anything, and how many bytes were moved.
pub(crate) fn step(data: &mut DataPlane) -> (bool, usize) {
    thread_local! {
        static VISIT: RefCell<Visit> = const { RefCell::new(Visit::new()) };
    }
    VISIT.with_borrow_mut(|visit| {
        visit.moved = 0;
        (data.step(visit), visit.moved)
    })
}

/// Waits until a step may lead to something.
///
/// Cancel-safe: what comes meanwhile is kept for the step.
pub(crate) async fn ready(data: &mut DataPlane) {
    std::future::poll_fn(|context| poll_ready(data, context)).await;
}

fn poll_ready(data: &mut DataPlane, context: &mut Context<'_>) -> Poll<()> {
    let mut result = Poll::Pending;
    // All of them, so that each knows whom to wake.
    data.awaited(|awaited| {
        let is_ready = match awaited {
            Awaited::Listener(listener) => listener.poll(context),
            Awaited::Connection(connection) => connection.poll(context),
            Awaited::Errand(away) => away.poll(context),
        };
        if is_ready.is_ready() {
            result = Poll::Ready(());
        }
    });
    result
}

impl Sockets for Runtime {
    type Listener = Listener;
    type Connection = Connection;
    type Away = Away;

    fn listener(&self, listener: net::TcpListener) -> io::Result<Listener> {
        Ok(Listener { listener: TcpListener::from_std(listener)?, arrived: None.into() })
    }

    fn connection(&self, stream: net::TcpStream) -> io::Result<Connection> {
        Ok(Connection::new(TcpStream::from_std(stream)?))
    }

    fn accept(&self, listener: &Listener) -> io::Result<(Connection, SocketAddr)> {
        let (stream, peer) = listener.accept()?;
        Ok((Connection::new(stream), peer))
    }

    fn send_off(&self, mut errand: Errand) -> Result<Away, Errand> {
        let handle = spawn_blocking(move || {
            errand.run();
            errand
        });
        Ok(Away { handle, back: None })
    }
}

/// A listener. tokio takes connections only where it is waited for them: so one that came in is kept.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: TcpListener,
    arrived: RefCell<Option<Accepted>>,
}

type Accepted = io::Result<(TcpStream, SocketAddr)>;

impl Listener {
    fn accept(&self) -> Accepted {
        if let Some(arrived) = self.arrived.take() {
            return arrived;
        }
        // Whoever waits for it is told by `poll`, which comes before every wait.
        match self.listener.poll_accept(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(arrived) => arrived,
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.arrived.get_mut().is_some() {
            return Poll::Ready(());
        }
        self.listener.poll_accept(context).map(|arrived| *self.arrived.get_mut() = Some(arrived))
    }
}

/// A connection.
///
/// What tokio knows of it comes from the reactor, which has to be run for that. A new connection is tried without: what
/// is sent first has room, and what is to be received is often there.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    reading: Cell<Readiness>,
    writing: Cell<Readiness>,
}

/// What is known of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readiness {
    /// It was never tried, or it went well so far: there is nothing that the reactor could know better.
    Untried,
    /// The reactor knows.
    Watched,
    /// The same, and it was not ready when it was needed last.
    Awaited,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self { stream, reading: Cell::new(Readiness::Untried), writing: Cell::new(Readiness::Untried) }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut result = Poll::Pending;
        // An error shows again, and is told, on the call.
        if self.reading.get() == Readiness::Awaited && self.stream.poll_read_ready(context).is_ready() {
            result = Poll::Ready(());
        }
        if self.writing.get() == Readiness::Awaited && self.stream.poll_write_ready(context).is_ready() {
            result = Poll::Ready(());
        }
        result
    }

    /// Makes a call that needs the socket to be ready.
    fn attempt<T>(
        &self,
        (interest, readiness): (Interest, &Cell<Readiness>),
        mut call: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            let result = match readiness.get() {
                Readiness::Untried => call(),
                Readiness::Watched | Readiness::Awaited => self.stream.try_io(interest, &mut call),
            };
            match result {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    readiness.set(Readiness::Awaited);
                    return Err(error);
                }
                other => return other,
            }
        }
    }
}

impl plane::Connection for Connection {
    fn take_in<T>(&self, mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        self.attempt((Interest::READABLE, &self.reading), || call(self.stream.as_fd()))
    }

    fn give_out<T>(&self, mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        self.attempt((Interest::WRITABLE, &self.writing), || call(self.stream.as_fd()))
    }

    fn has_room(&self) -> bool {
        self.attempt((Interest::WRITABLE, &self.writing), || Ok(())).is_ok()
    }

    fn begin(&self) {
        for readiness in [&self.reading, &self.writing] {
            if readiness.get() == Readiness::Awaited {
                readiness.set(Readiness::Watched);
            }
        }
    }
}

impl Stream for Connection {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        plane::Connection::take_in(self, |stream| (&*SockRef::from(&stream)).read(buffer))
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        plane::Connection::give_out(self, |stream| (&*SockRef::from(&stream)).write_vectored(slices))
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// An errand on a thread that may wait. Dropped, it is seen through all the same.
#[derive(Debug)]
pub(crate) struct Away {
    handle: JoinHandle<Errand>,
    back: Option<Result<Errand, Failure>>,
}

impl Away {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.back.is_some() {
            return Poll::Ready(());
        }
        let joined = Pin::new(&mut self.handle).poll(context);
        joined.map(|errand| self.back = Some(errand.map_err(|_| Failure::Lost)))
    }
}

impl plane::Away for Away {
    fn back(&mut self) -> Option<Result<Errand, Failure>> {
        if self.back.is_none() && self.handle.is_finished() {
            let _ = self.poll(&mut Context::from_waker(Waker::noop()));
        }
        self.back.take()
    }
}

#[cfg(test)]
mod tests;
