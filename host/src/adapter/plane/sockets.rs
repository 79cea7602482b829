//! What a runtime does for the data plane: it watches sockets, and it may have threads that wait for disks.

use std::fmt::Debug;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::BorrowedFd;

use ftp_proto::Failure;

use super::Errand;
use crate::Pace;
use crate::adapter::Stream;

/// A runtime's way with sockets. Nothing in it waits: what would is [`WouldBlock`](std::io::ErrorKind::WouldBlock).
pub trait Sockets {
    /// A listener that the runtime watches.
    type Listener: Debug;
    /// A connection that the runtime watches.
    type Connection: Connection + Debug;
    /// An errand on its way.
    type Away: Away + Debug;

    /// Takes over a listener. It does not wait.
    ///
    /// # Errors
    /// When it cannot be watched.
    fn listener(&self, listener: TcpListener) -> io::Result<Self::Listener>;

    /// Takes over a connection, which may not have come about yet. It does not wait.
    ///
    /// # Errors
    /// When it cannot be watched.
    fn connection(&self, stream: TcpStream) -> io::Result<Self::Connection>;

    /// The next connection of a listener, and from where it comes.
    ///
    /// # Errors
    /// Those of the listener, and of a connection that broke before it was taken.
    fn accept(&self, listener: &Self::Listener) -> io::Result<(Self::Connection, SocketAddr)>;

    /// How the runtime takes a file of this pace: as [`MayWait`](Pace::MayWait) it is read and written on errands, as
    /// [`Prompt`](Pace::Prompt) in place.
    fn pace(&self, file: Pace) -> Pace {
        file
    }

    /// Sends an errand to a thread that may wait for a disk.
    ///
    /// # Errors
    /// The errand, where there is no such thread: it is done in place.
    fn send_off(&self, errand: Errand) -> Result<Self::Away, Errand>;
}

/// A connection whose readiness is watched.
pub trait Connection: Stream {
    /// Takes something in, unless it is known that nothing is there.
    ///
    /// # Errors
    /// Those of the call.
    fn take_in<T>(&self, call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T>;

    /// Gives something out, unless it is known that there is no room.
    ///
    /// # Errors
    /// Those of the call.
    fn give_out<T>(&self, call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T>;

    /// Whether there may be room to give something out. If not, it is waited for.
    fn has_room(&self) -> bool;

    /// A new step begins: what earlier ones found not to be ready is not waited for any more. Only for runtimes that
    /// have to be told what to wait for.
    fn begin(&self) {}
}

/// An errand on its way.
pub trait Away {
    /// The errand, if it is back. Called no more once it was.
    ///
    /// # Errors
    /// When it will never be back.
    fn back(&mut self) -> Option<Result<Errand, Failure>>;
}

/// What a session's operations wait for.
#[derive(Debug)]
pub enum Awaited<'a, S: Sockets> {
    /// The next connection.
    Listener(&'a mut S::Listener),
    /// What the last call found not to be ready.
    Connection(&'a mut S::Connection),
    /// That it is back.
    Errand(&'a mut S::Away),
}
