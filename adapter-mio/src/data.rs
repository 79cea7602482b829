//! The data plane's sockets, on a loop's poll.

use std::convert::Infallible;
use std::io;
use std::net::{self, SocketAddr};
use std::sync::Arc;

use ftp_host::Pace;
use ftp_host::adapter::plane::{Away, Errand, Plane, Sockets};
use ftp_proto::Failure;
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Registry, Token};

use crate::watched::Watched;

/// A session's data plane.
pub(crate) type DataPlane = Plane<Watcher>;

/// How a session's sockets are told apart by the loop's poll.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    pub(crate) control: Token,
    pub(crate) listeners: Token,
    pub(crate) connections: Token,
}

/// Has the loop's poll watch the sockets of one session.
#[derive(Debug)]
pub(crate) struct Watcher {
    registry: Arc<Registry>,
    lanes: Lanes,
}

impl Watcher {
    /// One for the session with these lanes.
    pub(crate) fn new(registry: Arc<Registry>, lanes: Lanes) -> Self {
        Self { registry, lanes }
    }
}

/// Remembers what the kernel tells.
pub(crate) fn note(data: &DataPlane, event: &Event) {
    if event.token() == data.sockets().lanes.listeners {
        data.listeners().for_each(|listener| listener.note(event));
    } else {
        data.connections().for_each(|connection| connection.note(event));
    }
}

impl Sockets for Watcher {
    type Listener = Watched<TcpListener>;
    type Connection = Watched<TcpStream>;
    type Away = Nowhere;

    fn listener(&self, listener: net::TcpListener) -> io::Result<Self::Listener> {
        Watched::unopened(&self.registry, self.lanes.listeners, TcpListener::from_std(listener))
    }

    fn connection(&self, stream: net::TcpStream) -> io::Result<Self::Connection> {
        Watched::unopened(&self.registry, self.lanes.connections, TcpStream::from_std(stream))
    }

    fn accept(&self, listener: &Self::Listener) -> io::Result<(Self::Connection, SocketAddr)> {
        let (stream, peer) = listener.accept()?;
        Ok((Watched::new(&self.registry, self.lanes.connections, stream)?, peer))
    }

    /// Files are read and written in place, on the loop, although that may wait for the disk. A hop to another thread
    /// for each chunk would cost more than the kernel's read-ahead and write-back leave to wait for; that one step moves
    /// no more than a chunk bounds how long the loop's other sessions wait for a disk that is slow after all.
    fn pace(&self, _: Pace) -> Pace {
        Pace::Prompt
    }

    fn send_off(&self, errand: Errand) -> Result<Nowhere, Errand> {
        Err(errand)
    }
}

/// Where a loop sends errands.
#[derive(Debug)]
pub(crate) struct Nowhere(Infallible);

impl Away for Nowhere {
    fn back(&mut self) -> Option<Result<Errand, Failure>> {
        match self.0 {}
    }
}
