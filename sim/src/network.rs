//! The network: connections that deliver in order, late, in pieces, or not at all.
//!
//! ```text
//!   dial ──► backlog ──► accept          write ──► on its way ──► arrived ──► read
//!                                              (window)        (at its moment)
//! ```
//!
//! Both sides of the world use the same [`Network`]: the server's sessions and the clients. TLS is a layer of marks in the
//! stream, not of ciphers: a hello each way begins it, a farewell ends it, and who reads in the clear what is not sees
//! bytes that are no text.

mod connection;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use bytes::Bytes;
use ftp_proto::Failure;

use self::connection::{Connection, Piece};
pub use self::connection::{Hello, Read};
use crate::faults::Fault;
use crate::scene::Scene;
use crate::time::{Actor, Moment};

/// Which side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Who dialled.
    Dialled,
    /// Who accepted.
    Accepted,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Dialled => Self::Accepted,
            Self::Accepted => Self::Dialled,
        }
    }
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    connection: u64,
    side: Side,
}

/// How a connection that was dialled is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialled {
    /// Not yet there.
    Waiting,
    /// It stands.
    Open,
    /// It will not come.
    Failed(Failure),
}

/// All connections and listeners.
#[derive(Debug, Default)]
pub struct Network {
    connections: BTreeMap<u64, Connection>,
    listeners: BTreeMap<SocketAddr, Listener>,
    last: u64,
}

#[derive(Debug)]
struct Listener {
    owner: Actor,
    /// Who will have arrived when.
    backlog: VecDeque<(Moment, u64)>,
}

// Listening and dialling.
impl Network {
    /// Binds a listener for `owner`.
    ///
    /// # Errors
    /// [`Failure::NoPort`] where the address is taken, or by chance.
    pub fn listen(&mut self, scene: &mut Scene, owner: Actor, address: SocketAddr) -> Result<(), Failure> {
        if self.listeners.contains_key(&address) || scene.strike(&[Fault::NoPort]).is_some() {
            return Err(Failure::NoPort);
        }
        self.listeners.insert(address, Listener { owner, backlog: VecDeque::new() });
        Ok(())
    }

    /// The same without any chance of failure, for the server's own address.
    pub(crate) fn open(&mut self, owner: Actor, address: SocketAddr) {
        self.listeners.insert(address, Listener { owner, backlog: VecDeque::new() });
    }

    /// Whether somebody listens there.
    #[must_use]
    pub fn listens(&self, address: SocketAddr) -> bool {
        self.listeners.contains_key(&address)
    }

    /// Closes a listener; whoever waits in its backlog is reset.
    pub fn unlisten(&mut self, scene: &mut Scene, address: SocketAddr) {
        for (_, connection) in self.listeners.remove(&address).into_iter().flat_map(|listener| listener.backlog) {
            self.reset(scene, End { connection, side: Side::Accepted });
        }
    }

    /// Dials: the connection is there, or will not be, after its way through the network. See [`dialled`](Self::dialled).
    pub fn dial(&mut self, scene: &mut Scene, owner: Actor, from: SocketAddr, to: SocketAddr) -> End {
        self.last += 1;
        let id = self.last;
        let (there, back) = (scene.latency(), scene.latency());
        let arrives = scene.now + there;
        let failure = match (self.listeners.get_mut(&to), scene.strike(&[Fault::Unreachable])) {
            (_, Some(_)) => Some(Failure::Unreachable),
            (None, _) => Some(Failure::Refused),
            (Some(listener), None) => {
                listener.backlog.push_back((arrives, id));
                scene.wake(listener.owner, arrives);
                None
            }
        };
        let answered = arrives + back;
        self.connections.insert(id, Connection::new(owner, (from, to), answered, failure));
        scene.wake(owner, answered);
        End { connection: id, side: Side::Dialled }
    }

    /// How a dialled connection is.
    #[must_use]
    pub fn dialled(&self, scene: &Scene, end: End) -> Dialled {
        match self.connections.get(&end.connection) {
            None => Dialled::Failed(Failure::Reset),
            Some(connection) => connection.dialled(scene.now),
        }
    }

    /// Takes the next connection that has arrived, and makes `owner` its owner: its end, and who it is from.
    pub fn accept(&mut self, scene: &Scene, address: SocketAddr, owner: Actor) -> Option<(End, SocketAddr)> {
        let listener = self.listeners.get_mut(&address)?;
        let at = listener.backlog.iter().position(|(arrives, _)| *arrives <= scene.now)?;
        let (_, connection) = listener.backlog.remove(at)?;
        let end = End { connection, side: Side::Accepted };
        let it = self.connections.get_mut(&connection)?;
        it.adopt(owner);
        Some((end, it.dialler()))
    }
}

// Moving bytes.
impl Network {
    /// Writes what the kernel takes now; 0 where the peer has to read first, and then its owner is woken when it has.
    ///
    /// # Errors
    /// [`Failure::Reset`].
    pub fn write(&mut self, scene: &mut Scene, end: End, bytes: &Bytes) -> Result<usize, Failure> {
        let Some(connection) = self.connections.get_mut(&end.connection) else { return Err(Failure::Reset) };
        connection.write(scene, end.side, bytes)
    }

    /// Reads at most `max` bytes of what has arrived.
    pub fn read(&mut self, scene: &mut Scene, end: End, max: usize) -> Read {
        let Some(connection) = self.connections.get_mut(&end.connection) else { return Read::Reset };
        connection.read(scene, end.side, max)
    }

    /// When the next thing to read arrives, or has arrived.
    #[must_use]
    pub fn arrived(&self, end: End) -> Option<Moment> {
        self.connections.get(&end.connection)?.arrived(end.side)
    }

    /// Ends our direction, behind all that was written.
    pub fn finish(&mut self, scene: &mut Scene, end: End) {
        if let Some(connection) = self.connections.get_mut(&end.connection) {
            connection.finish(scene, end.side);
        }
    }

    /// Leaves the connection in an orderly way: what was written arrives, then the end. What comes in is not read any more.
    pub fn close(&mut self, scene: &mut Scene, end: End) {
        self.finish(scene, end);
        self.leave(end);
    }

    /// Breaks the connection: the peer sees a reset, and loses what it has not read.
    pub fn reset(&mut self, scene: &mut Scene, end: End) {
        if let Some(connection) = self.connections.get_mut(&end.connection) {
            connection.reset(scene, end.side);
        }
        self.leave(end);
    }

    fn leave(&mut self, end: End) {
        if let Some(connection) = self.connections.get_mut(&end.connection)
            && connection.leave(end.side)
        {
            self.connections.remove(&end.connection);
        }
    }
}

// TLS.
impl Network {
    /// Sends our hello: the next thing to come in must be the peer's. See [`handshake`](Self::handshake).
    pub fn secure(&mut self, scene: &mut Scene, end: End, hello: Hello) {
        if let Some(connection) = self.connections.get_mut(&end.connection) {
            connection.secure(scene, end.side, hello);
        }
    }

    /// What came of the handshake, once that is known: the peer's hello.
    pub fn handshake(&mut self, scene: &mut Scene, end: End) -> Option<Result<Hello, Failure>> {
        let Some(connection) = self.connections.get_mut(&end.connection) else { return Some(Err(Failure::Reset)) };
        connection.handshake(scene, end.side)
    }

    /// Whether the kernel would take a record of TLS: with half a window unread it does not, and the owner is woken when
    /// something was read.
    pub fn has_room(&mut self, scene: &Scene, end: End) -> bool {
        self.connections.get_mut(&end.connection).is_none_or(|connection| connection.has_room(scene, end.side))
    }

    /// Says that nothing more comes under TLS. Behind it [`finish`](Self::finish), or words in the clear.
    pub fn farewell(&mut self, scene: &mut Scene, end: End) {
        if let Some(connection) = self.connections.get_mut(&end.connection) {
            connection.push(scene, end.side, Piece::Farewell);
        }
    }

    /// Whether the peer has ended TLS, too, so that both go on in the clear; `None` while that is not known.
    pub fn unsecured(&mut self, scene: &mut Scene, end: End) -> Option<Result<(), Failure>> {
        let Some(connection) = self.connections.get_mut(&end.connection) else { return Some(Err(Failure::Reset)) };
        connection.unsecured(scene, end.side)
    }

    /// Whether both hellos were exchanged.
    #[must_use]
    pub fn is_secured(&self, end: End) -> bool {
        self.connections.get(&end.connection).is_some_and(|connection| connection.is_secured(end.side))
    }
}

// Looking.
impl Network {
    /// How many connections are held by somebody, for the books at the end.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// The addresses that are listened on.
    pub fn listeners(&self) -> impl Iterator<Item = SocketAddr> {
        self.listeners.keys().copied()
    }

    /// When the next stranger may still come: wakes `who` once something arrives at `address`.
    pub(crate) fn remind(&self, scene: &mut Scene, address: SocketAddr, who: Actor) {
        if let Some(at) = self.listeners.get(&address).and_then(|listener| listener.backlog.iter().map(|it| it.0).min())
        {
            scene.wake(who, at);
        }
    }
}
