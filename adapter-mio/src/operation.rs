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
pub(crate) use ftp_host::adapter::Halt;
use ftp_host::adapter::{Layer, Offload, Range, Stream, Taken, socket};
use ftp_proto::Failure;
use ftp_proto::outcome::{Closed, DataEnd, Done, Moved, Received, Secured};
use mio::net::{TcpListener, TcpStream};
use socket2::SockRef;

use crate::watched::Watched;

/// A connection that the loop watches.
pub(crate) type Connection = Watched<TcpStream>;

/// A data connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) connection: Connection,
    /// The TLS over it.
    layer: Option<Box<Layer>>,
}

impl Link {
    /// A new connection, in the clear.
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, layer: None }
    }

    /// Puts TLS over it: whether there was none yet.
    pub(crate) fn cover(&mut self, layer: Layer) -> bool {
        let is_plain = self.layer.is_none();
        if is_plain {
            self.layer = Some(Box::new(layer));
        }
        is_plain
    }

    /// Goes on with the handshake.
    pub(crate) fn handshake(&mut self) -> Result<Secured, Halt> {
        let layer = self.layer.as_mut().ok_or(Halt::Failed(Failure::Tls))?;
        layer.handshake(&self.connection)
    }

    /// Whether there is TLS over it.
    pub(crate) fn is_covered(&self) -> bool {
        self.layer.is_some()
    }

    /// Goes on with an orderly end of TLS and of the connection. Dropping it then is the end of it.
    pub(crate) fn finish(&mut self) -> Result<Closed, Halt> {
        let layer = self.layer.as_mut().ok_or(Halt::Failed(Failure::Tls))?;
        layer.finish(&self.connection).map(|()| Closed)
    }
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
    pub(crate) fn step(&mut self, link: &mut Link, visit: &mut Visit) -> Result<Done, Halt> {
        let Link { connection, layer } = link;
        if let Some(layer) = layer {
            return self.step_secured(connection, layer, visit);
        }
        if !self.rest.is_empty() {
            let count = connection.write(&self.rest).map_err(halt)?;
            self.rest.advance(count);
            self.sent += count as u64;
            visit.moved += count;
        }
        if self.rest.is_empty() { Ok(Done) } else { Err(Halt::Later) }
    }

    fn step_secured(&mut self, connection: &Connection, layer: &mut Layer, visit: &mut Visit) -> Result<Done, Halt> {
        if self.rest.is_empty() {
            return layer.flush(connection).map(|()| Done);
        }
        let count = layer.write(connection, &self.rest)?;
        self.rest.advance(count);
        self.sent += count as u64;
        visit.moved += count;
        Err(Halt::Later)
    }
}

/// At least one byte, and at most so many, to come in.
#[derive(Debug)]
pub(crate) struct Receiving {
    pub(crate) max: usize,
}

impl Receiving {
    pub(crate) fn step(&self, link: &mut Link, visit: &mut Visit) -> Result<Received, Halt> {
        let Link { connection, layer } = link;
        let room = self.max.min(visit.buffer.len());
        let buffer = visit.buffer.get_mut(..room).unwrap_or_default();
        let (count, end) = match take(connection, layer, buffer)? {
            Taken::Bytes(count) => (count, None),
            Taken::End(end) => (0, Some(end)),
        };
        visit.moved += count;
        Ok(Received { bytes: Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default()), end })
    }
}

/// A range of a file on its way out.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) range: Range,
    pub(crate) how: Offload,
}

impl Download {
    pub(crate) fn step(&mut self, link: &mut Link, visit: &mut Visit) -> Result<Moved, Halt> {
        let Link { connection, layer } = link;
        if let Some(layer) = layer {
            return self.step_secured(connection, layer, visit);
        }
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

    fn step_secured(&mut self, connection: &Connection, layer: &mut Layer, visit: &mut Visit) -> Result<Moved, Halt> {
        // The disk is not read before the last chunk has left.
        layer.flush(connection)?;
        if self.range.left() == 0 {
            return Ok(self.range.whole());
        }
        let room = visit.buffer.get_mut(..Layer::CHUNK).unwrap_or_default();
        let count = self.range.read(room).map_err(Halt::Failed)?;
        let Some(chunk @ [_, ..]) = visit.buffer.get(..count) else { return Ok(self.range.ended()) };
        // What is not taken is read again next time: the buffer is the loop's, not ours.
        let sealed = layer.write(connection, chunk)?;
        self.range.advance(sealed);
        visit.moved += sealed;
        Err(Halt::Later)
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
    pub(crate) fn step(&mut self, link: &mut Link, visit: &mut Visit) -> Result<Moved, Halt> {
        let room = self.range.room(visit.buffer.len());
        let buffer = visit.buffer.get_mut(..room).unwrap_or_default();
        let (count, stop) = fill(link, buffer);
        self.range.write(buffer.get(..count).unwrap_or_default()).map_err(Halt::Failed)?;
        visit.moved += count;
        match stop {
            Some(Stop::At(end)) => Ok(Moved { bytes: self.range.moved(), end: Some(end) }),
            Some(Stop::Broken(failure)) => Err(Halt::Failed(failure)),
            None if self.range.left() == 0 => Ok(self.range.whole()),
            None => Err(Halt::Later),
        }
    }
}

/// Why nothing more will come.
enum Stop {
    At(DataEnd),
    Broken(Failure),
}

/// Reads what is there now, until `buffer` is full or it is enough at once: how many bytes.
fn fill(link: &mut Link, buffer: &mut [u8]) -> (usize, Option<Stop>) {
    let Link { connection, layer } = link;
    let mut count = 0;
    for _ in 0..Layer::READS {
        let Some(rest @ [_, ..]) = buffer.get_mut(count..) else { break };
        match take(connection, layer, rest) {
            Ok(Taken::Bytes(more)) => count += more,
            Ok(Taken::End(end)) => return (count, Some(Stop::At(end))),
            Err(Halt::Later) => break,
            Err(Halt::Failed(failure)) => return (count, Some(Stop::Broken(failure))),
        }
    }
    (count, None)
}

/// Reads what is there now, by whatever lies over the connection.
fn take(connection: &Connection, layer: &mut Option<Box<Layer>>, buffer: &mut [u8]) -> Result<Taken, Halt> {
    if let Some(layer) = layer {
        return layer.read(connection, buffer);
    }
    match connection.read(buffer).map_err(halt)? {
        0 => Ok(Taken::End(DataEnd::Clean)),
        count => Ok(Taken::Bytes(count)),
    }
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
