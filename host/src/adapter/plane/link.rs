//! A data connection, and TLS over it once that was asked for.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use ftp_proto::Failure;
use ftp_proto::action::CloseHow;
use ftp_proto::outcome::{Closed, DataEnd, Secured};
use socket2::SockRef;

use super::{Connection, Pipe, halt};
use crate::adapter::{Halt, Layer, Taken, socket};

/// A data connection.
#[derive(Debug)]
pub(super) struct Link<C> {
    pub(super) connection: C,
    /// The TLS over it.
    pub(super) layer: Option<Box<Layer>>,
    /// What its uploads go through.
    conduit: Conduit,
    /// The same socket, for errands.
    shared: Option<Shared>,
    /// Whether what is written does not wait for more.
    hurries: bool,
    /// Bytes that were copied from it in the clear.
    copied: u64,
}

/// What uploads go through, beside the buffer.
#[derive(Debug)]
enum Conduit {
    /// Nothing yet.
    None,
    /// A pipe, empty between two steps.
    Pipe(Box<Pipe>),
    /// There is none to be had, or it does not work, or it is on an errand.
    Refused,
}

impl<C: Connection> Link<C> {
    /// A new connection, in the clear.
    pub(super) fn new(connection: C) -> Self {
        Self { connection, layer: None, conduit: Conduit::None, shared: None, hurries: false, copied: 0 }
    }

    /// Puts TLS over it: whether there was none yet.
    pub(super) fn cover(&mut self, layer: Layer) -> bool {
        let is_plain = self.layer.is_none();
        if is_plain {
            // Where it cannot be set, the connection is gone, and the handshake will say so.
            let _ = self.hurry();
            self.layer = Some(Box::new(layer));
        }
        is_plain
    }

    /// Has what is written leave at once, and not wait for more. A file that the kernel sends needs no such thing: its end
    /// leaves with the end of the stream.
    pub(super) fn hurry(&mut self) -> io::Result<()> {
        if !self.hurries {
            socket::prepare(&self.connection)?;
            self.hurries = true;
        }
        Ok(())
    }

    /// Whether there is TLS over it.
    pub(super) fn is_covered(&self) -> bool {
        self.layer.is_some()
    }

    /// Whether it has come about, where it was asked for.
    pub(super) fn connected(&self) -> Result<(), Halt> {
        self.connection.give_out(|stream| established(&SockRef::from(&stream))).map_err(halt)
    }

    /// Goes on with the handshake.
    pub(super) fn handshake(&mut self) -> Result<Secured, Halt> {
        let layer = self.layer.as_mut().ok_or(Halt::Failed(Failure::Tls))?;
        layer.handshake(&self.connection)
    }

    /// Goes on with an orderly end of TLS and of the connection. Dropping it then is the end of it.
    pub(super) fn finish(&mut self) -> Result<Closed, Halt> {
        let layer = self.layer.as_mut().ok_or(Halt::Failed(Failure::Tls))?;
        layer.finish(&self.connection).map(|()| Closed)
    }

    /// Closes it, in the clear or not at all orderly. Dropping it then is the end of it.
    pub(super) fn close(&self, how: CloseHow) -> Result<Closed, Failure> {
        socket::close(&self.connection, how).map(|()| Closed)
    }

    /// Reads what is there now, by whatever lies over the connection.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> Result<Taken, Halt> {
        if let Some(layer) = &mut self.layer {
            return layer.read(&self.connection, buffer);
        }
        match self.connection.read(buffer).map_err(halt)? {
            0 => Ok(Taken::End(DataEnd::Clean)),
            count => Ok(Taken::Bytes(count)),
        }
    }

    /// A pipe for what comes in, where it is in the clear and has proved to be much: for less, making one costs more than
    /// it spares.
    pub(super) fn pipe(&mut self) -> Option<Box<Pipe>> {
        if self.is_covered() || self.copied < SMALL {
            return None;
        }
        match std::mem::replace(&mut self.conduit, Conduit::Refused) {
            Conduit::Refused => None,
            Conduit::None => Pipe::new().map(Box::new),
            Conduit::Pipe(pipe) => Some(pipe),
        }
    }

    /// The socket, for an errand that takes from it, if it can be shared. The errand stops once [`recall`](Self::recall)
    /// was called, or the link is gone.
    pub(super) fn share(&mut self) -> Option<Arc<OwnedFd>> {
        if self.shared.is_none() {
            let socket = self.connection.as_fd().try_clone_to_owned().ok();
            self.shared = socket.map(|socket| Shared(Some(Arc::new(socket))));
        }
        self.shared.as_ref().and_then(|shared| shared.0.clone())
    }

    /// What was shared is wanted back.
    pub(super) fn recall(&mut self) {
        if let Some(mut shared) = self.shared.take() {
            shared.0 = None;
        }
    }

    /// A pipe comes back.
    pub(super) fn give_back(&mut self, pipe: Box<Pipe>) {
        if pipe.held() == 0 && !pipe.is_refused() {
            self.conduit = Conduit::Pipe(pipe);
        }
    }

    /// Fills `pipe` with what is there now, or with some of it: why nothing more comes, if that is so.
    pub(super) fn fill_pipe(&mut self, pipe: &mut Pipe, mut most: usize, takes: usize) -> Option<Stop> {
        for _ in 0..takes {
            match self.connection.take_in(|socket| pipe.take(socket, most)) {
                Ok(Some(0)) => {
                    pipe.refuse();
                    break;
                }
                Ok(Some(count)) => most -= count.min(most),
                Ok(None) => break,
                // What is there will be copied.
                Err(_) if pipe.is_refused() => break,
                Err(error) => match halt(error) {
                    Halt::Later => break,
                    Halt::Failed(failure) => return Some(Stop::Broken(failure)),
                },
            }
        }
        None
    }

    /// Reads what is there now, until `buffer` is full or it is enough at once: how many bytes.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> (usize, Option<Stop>) {
        let (count, stop) = self.fill_up(buffer);
        if !self.is_covered() {
            self.copied = self.copied.saturating_add(count as u64);
        }
        (count, stop)
    }

    fn fill_up(&mut self, buffer: &mut [u8]) -> (usize, Option<Stop>) {
        let mut count = 0;
        for _ in 0..Layer::READS {
            let Some(rest @ [_, ..]) = buffer.get_mut(count..) else { break };
            match self.take(rest) {
                Ok(Taken::Bytes(more)) => count += more,
                Ok(Taken::End(end)) => return (count, Some(Stop::At(end))),
                Err(Halt::Later) => break,
                Err(Halt::Failed(failure)) => return (count, Some(Stop::Broken(failure))),
            }
        }
        (count, None)
    }
}

/// A socket that errands may hold. An errand may be stuck in a disk for any time: where the link is gone meanwhile, the
/// client hears of it all the same.
#[derive(Debug)]
struct Shared(Option<Arc<OwnedFd>>);

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(socket) = self.0.take().filter(|socket| Arc::strong_count(socket) > 1) {
            // It fails only where the connection is gone already.
            let _ = SockRef::from(&*socket).shutdown(std::net::Shutdown::Both);
        }
    }
}

/// Why nothing more will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    At(DataEnd),
    Broken(Failure),
}

fn established(stream: &SockRef<'_>) -> io::Result<()> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(()),
        // It is still under way.
        Err(error) if error.kind() == ErrorKind::NotConnected => Err(ErrorKind::WouldBlock.into()),
        Err(error) => Err(error),
    }
}

/// How much comes in through the buffer before it counts as much.
const SMALL: u64 = 256 * 1024;
