//! What is under way on data connections: values that go on a step at a time, as far as the sockets let them.
//!
//! Each knows exactly how many bytes the kernel took or gave, so a step can neither repeat nor skip one. Dropping one
//! between two steps ends it; there is nothing else to stop.
//!
//! Files are read and written in place, on the loop, although that may wait for the disk. A hop to another thread for
//! each chunk would cost more than the kernel's read-ahead and write-back leave to wait for; that one step moves no more
//! than a chunk bounds how long the loop's other sessions wait for a disk that is slow after all.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use bytes::{Buf, Bytes};
use ftp_host::adapter::{Offload, Range, Stream, socket};
use ftp_proto::Failure;
use ftp_proto::outcome::{DataEnd, Done, Moved, Received};
use mio::net::{TcpListener, TcpStream};
use socket2::SockRef;

use crate::watched::Watched;

/// A data connection.
pub(crate) type Connection = Watched<TcpStream>;

/// Why a step did not end its operation in success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Halt {
    /// It goes on: at once if it moved bytes, else once the socket is ready.
    Later,
    Failed(Failure),
}

/// What one visit to a session works with.
#[derive(Debug)]
pub(crate) struct Visit {
    /// Where bytes are on their way; nothing in it outlives a step.
    buffer: Box<[u8]>,
    /// Bytes moved in this visit.
    pub(crate) moved: usize,
}

impl Visit {
    /// With a buffer for a loop's whole life.
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; BUFFER].into(), moved: 0 }
    }
}

/// All of some bytes on their way out.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) rest: Bytes,
    pub(crate) sent: u64,
}

impl Sending {
    pub(crate) fn step(&mut self, connection: &Connection, visit: &mut Visit) -> Result<Done, Halt> {
        if !self.rest.is_empty() {
            let count = connection.write(&self.rest).map_err(halt)?;
            self.rest.advance(count);
            self.sent += count as u64;
            visit.moved += count;
        }
        if self.rest.is_empty() { Ok(Done) } else { Err(Halt::Later) }
    }
}

/// At least one byte, and at most so many, to come in.
#[derive(Debug)]
pub(crate) struct Receiving {
    pub(crate) max: usize,
}

impl Receiving {
    pub(crate) fn step(&self, connection: &Connection, visit: &mut Visit) -> Result<Received, Halt> {
        let room = self.max.min(visit.buffer.len());
        let buffer = visit.buffer.get_mut(..room).unwrap_or_default();
        let count = connection.read(buffer).map_err(halt)?;
        visit.moved += count;
        let bytes = Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default());
        Ok(Received { end: bytes.is_empty().then_some(DataEnd::Clean), bytes })
    }
}

/// A range of a file on its way out.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) range: Range,
    pub(crate) how: Offload,
}

impl Download {
    pub(crate) fn step(&mut self, connection: &Connection, visit: &mut Visit) -> Result<Moved, Halt> {
        if self.range.left() == 0 {
            return Ok(self.range.whole());
        }
        let count = match self.how {
            Offload::Kernel => self.by_kernel(connection, visit)?,
            Offload::Buffered => self.by_buffer(connection, visit)?,
        };
        visit.moved += count;
        match count {
            0 => Ok(self.range.ended()),
            _ if self.range.left() == 0 => Ok(self.range.whole()),
            _ => Err(Halt::Later),
        }
    }

    fn by_kernel(&mut self, connection: &Connection, visit: &mut Visit) -> Result<usize, Halt> {
        if let Some(count) = connection.give_out(|stream| self.range.send(stream)).map_err(halt)? {
            return Ok(count);
        }
        self.how = Offload::Buffered;
        self.by_buffer(connection, visit)
    }

    fn by_buffer(&mut self, connection: &Connection, visit: &mut Visit) -> Result<usize, Halt> {
        if !connection.has_room() {
            return Err(Halt::Later);
        }
        let count = self.range.read(&mut visit.buffer).map_err(Halt::Failed)?;
        let Some(chunk @ [_, ..]) = visit.buffer.get(..count) else { return Ok(0) };
        // What the kernel does not take is read again next time: the buffer is the loop's, not ours.
        let sent = connection.write(chunk).map_err(halt)?;
        self.range.advance(sent);
        Ok(sent)
    }
}

/// Bytes on their way into a range of a file.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) range: Range,
}

impl Upload {
    /// What arrived before the stream broke is written before the failure is told.
    pub(crate) fn step(&mut self, connection: &Connection, visit: &mut Visit) -> Result<Moved, Halt> {
        let room = self.range.room(visit.buffer.len());
        let buffer = visit.buffer.get_mut(..room).unwrap_or_default();
        let (count, stop) = fill(connection, buffer);
        self.range.write(buffer.get(..count).unwrap_or_default()).map_err(Halt::Failed)?;
        visit.moved += count;
        match stop {
            Some(Stop::AtEnd) => Ok(self.range.ended()),
            Some(Stop::Broken(failure)) => Err(Halt::Failed(failure)),
            None if self.range.left() == 0 => Ok(self.range.whole()),
            None => Err(Halt::Later),
        }
    }
}

/// Why nothing more will come.
enum Stop {
    AtEnd,
    Broken(Failure),
}

/// Reads what is there now, until `buffer` is full: how many bytes.
fn fill(connection: &Connection, buffer: &mut [u8]) -> (usize, Option<Stop>) {
    let mut count = 0;
    while let Some(rest @ [_, ..]) = buffer.get_mut(count..) {
        match connection.read(rest) {
            Ok(0) => return (count, Some(Stop::AtEnd)),
            Ok(more) => count += more,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return (count, Some(Stop::Broken(socket::failure(&error)))),
        }
    }
    (count, None)
}

/// Takes the next connection of a listener.
pub(crate) fn accept(listener: &Watched<TcpListener>) -> Result<(TcpStream, SocketAddr), Halt> {
    loop {
        match listener.take_in(TcpListener::accept) {
            Ok((stream, peer)) => return Ok((stream, socket::canonical(peer))),
            // That one gave up before we came; the next one may be there.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(halt(error)),
        }
    }
}

/// Whether a connection that was asked for has come about.
pub(crate) fn connected(connection: &Connection) -> Result<(), Halt> {
    connection.give_out(established).map_err(halt)
}

fn established(stream: &TcpStream) -> io::Result<()> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => SockRef::from(stream).set_tcp_nodelay(true),
        // The event was about something else: it is still under way.
        Err(error) if error.kind() == ErrorKind::NotConnected => Err(ErrorKind::WouldBlock.into()),
        Err(error) => Err(error),
    }
}

fn halt(error: io::Error) -> Halt {
    if error.kind() == ErrorKind::WouldBlock { Halt::Later } else { Halt::Failed(socket::failure(&error)) }
}

/// Bytes that one step reads from a socket or a file.
const BUFFER: usize = 256 * 1024;

#[cfg(test)]
mod tests;
