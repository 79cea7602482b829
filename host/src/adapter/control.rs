//! The control connection: bytes out in order, bytes in when asked, and an end that loses no reply. In the clear, or
//! under TLS.

mod cover;

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::AsFd;
use std::time::Duration;

use bytes::{Buf, Bytes};
use ftp_proto::event::ControlEnd;
use ftp_proto::outcome::{Done, Secured};
use ftp_proto::{ActionId, Completion, Failure, Ticket};
use socket2::{SockRef, TcpKeepalive};

use self::cover::Cover;
use super::{Halt, Layer, Taken};
use crate::tls::Offer;

/// A runtime's TCP connection. Neither call waits: they fail as [`ErrorKind::WouldBlock`] instead.
pub trait Stream: AsFd {
    /// Reads what is there.
    ///
    /// # Errors
    /// Those of the socket.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes what there is room for.
    ///
    /// # Errors
    /// Those of the socket.
    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

/// One control connection.
#[derive(Debug)]
pub struct Control<S> {
    stream: S,
    pending: VecDeque<Bytes>,
    health: Health,
    farewell: Farewell,
    /// None on a connection that was never secured.
    cover: Option<Box<Cover>>,
}

/// What is left of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Whole,
    /// The client sends no more.
    ReadToTheEnd,
    Broken,
}

/// How far the orderly end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Farewell {
    NotAsked,
    Asked,
    Said {
        /// Input that may still be dropped.
        patience: usize,
    },
}

impl<S: Stream> Control<S> {
    /// How long [`part`](Self::part) may take before the connection is dropped all the same.
    pub const LINGER: Duration = Duration::from_secs(1);

    /// Takes over a new connection.
    ///
    /// # Errors
    /// When the connection is gone already.
    pub fn new(stream: S) -> io::Result<Self> {
        // Not left to the listener to hand down: who came before it was set up would be without.
        let socket = SockRef::from(&stream);
        socket.set_tcp_nodelay(true)?;
        // Telnet's Synch sends an urgent byte (RFC 959 §4.1.3, ABOR). Inline it stays in its place among the others,
        // and the engine sees the stream as it was sent.
        socket.set_out_of_band_inline(true)?;
        // During a long transfer nothing is said here, and a NAT on the way forgets a connection that is silent.
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
        let (pending, health, farewell) = (VecDeque::new(), Health::Whole, Farewell::NotAsked);
        Ok(Self { stream, pending, health, farewell, cover: None })
    }

    /// The connection, to wait for it.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// Queues `bytes` behind all earlier ones.
    pub fn write(&mut self, bytes: Bytes) {
        if self.health != Health::Broken && !bytes.is_empty() {
            self.pending.push_back(bytes);
        }
    }

    /// Begins TLS, as the server, behind all that was queued. From here on nothing that comes in is plain.
    ///
    /// Returns the answer where there is one already.
    pub(crate) fn secure(&mut self, ticket: Ticket<Secured>, offer: Offer) -> Option<Completion> {
        let unread = match self.cover.take().map(|cover| *cover) {
            None => Bytes::new(),
            Some(Cover::Off { unread }) => unread,
            Some(cover) => {
                self.cover = Some(Box::new(cover));
                return Some(ticket.fail(Failure::Tls));
            }
        };
        let (layer, ahead) = (Layer::server(offer, unread.into()), std::mem::take(&mut self.pending));
        self.cover = Some(Box::new(Cover::Beginning { layer, ticket, ahead }));
        None
    }

    /// Ends TLS, behind all that was queued.
    ///
    /// Returns the answer where there is one already.
    pub(crate) fn unsecure(&mut self, ticket: Ticket<Done>) -> Option<Completion> {
        let Some(cover) = self.cover.take() else { return Some(ticket.fail(Failure::Tls)) };
        let ahead = if matches!(*cover, Cover::On(_)) { std::mem::take(&mut self.pending) } else { VecDeque::new() };
        self.replace(cover.end(ticket, ahead))
    }

    /// Goes on with the beginning or the end of TLS: its answer, when it is done.
    pub(crate) fn negotiate(&mut self) -> Option<Completion> {
        if !self.is_negotiating() {
            return None;
        }
        let cover = self.cover.take()?;
        self.replace(cover.negotiate(&self.stream))
    }

    /// Gives up the beginning or the end of TLS, if that is the action `id`: its answer.
    pub(crate) fn cancel(&mut self, id: ActionId) -> Option<Completion> {
        let cover = self.cover.take()?;
        self.replace(cover.cancel(id))
    }

    /// The host that the client named, where it is secured.
    pub(crate) fn sni(&self) -> Option<&str> {
        match self.cover.as_deref() {
            Some(Cover::On(veil)) => veil.layer.sni(),
            _ => None,
        }
    }

    fn replace(&mut self, (cover, answer): (Cover, Option<Completion>)) -> Option<Completion> {
        self.cover = Some(Box::new(cover));
        answer
    }

    fn is_negotiating(&self) -> bool {
        matches!(self.cover.as_deref(), Some(Cover::Beginning { .. } | Cover::Ending { .. }))
    }

    /// Asks for the end of our side, behind all that was queued.
    pub fn shut_down(&mut self) {
        if self.farewell == Farewell::NotAsked {
            self.farewell = Farewell::Asked;
        }
    }

    /// Whether bytes wait for the client to take them.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        if self.health == Health::Broken {
            return false;
        }
        let pending = !self.pending.is_empty();
        self.cover.as_ref().map_or(pending, |cover| cover.wants_write(pending))
    }

    /// Whether it has to be read for TLS, whoever else wants to hear it.
    #[must_use]
    pub fn needs_input(&self) -> bool {
        self.health == Health::Whole && self.cover.as_ref().is_some_and(|cover| cover.wants_read())
    }

    /// Whether there may be more to read.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.health == Health::Whole
    }

    /// Writes what the kernel takes now: how many bytes of what was queued have left.
    ///
    /// # Errors
    /// How the connection ended.
    pub fn flush(&mut self) -> Result<usize, ControlEnd> {
        if self.health == Health::Broken {
            // It was told. What TLS still holds goes nowhere.
            return Ok(0);
        }
        let Self { stream, pending, cover, farewell, .. } = self;
        let result = match cover.as_deref_mut() {
            None | Some(Cover::Off { .. }) => send(stream, pending),
            Some(Cover::Beginning { ahead, .. }) => send(stream, ahead),
            Some(Cover::On(veil)) => veil.send(stream, pending, *farewell == Farewell::Asked),
            Some(Cover::Ending { veil, ahead, .. }) => veil.send(stream, ahead, false),
            Some(Cover::Torn) if pending.is_empty() => Ok(0),
            Some(Cover::Torn) => Err(Failure::Tls),
        };
        result.map_err(|_| self.broke())
    }

    /// Reads what is there now: how many bytes; none: nothing is there.
    ///
    /// # Errors
    /// How the connection ended.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ControlEnd> {
        let taken = match self.cover.as_deref_mut() {
            None => return self.read_plain(buffer),
            Some(Cover::Off { unread }) if unread.is_empty() => {
                self.cover = None;
                return self.read_plain(buffer);
            }
            Some(Cover::Off { unread }) => {
                let count = unread.len().min(buffer.len());
                unread.copy_to_slice(buffer.get_mut(..count).unwrap_or_default());
                return Ok(count);
            }
            Some(Cover::On(veil)) => veil.layer.read(&self.stream, buffer),
            Some(Cover::Beginning { .. } | Cover::Ending { .. }) => return Ok(0),
            Some(Cover::Torn) => Err(Halt::Failed(Failure::Tls)),
        };
        match taken {
            Ok(Taken::Bytes(count)) => Ok(count),
            // Whether the client said so or only stopped: it ends its commands itself, and none is ever half.
            Ok(Taken::End(_)) => Err(self.ended()),
            Err(Halt::Later) => Ok(0),
            Err(Halt::Failed(_)) => Err(self.broke()),
        }
    }

    fn read_plain(&mut self, buffer: &mut [u8]) -> Result<usize, ControlEnd> {
        match self.stream.read(buffer) {
            Ok(0) => Err(self.ended()),
            Ok(count) => Ok(count),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            Err(_) => Err(self.broke()),
        }
    }

    /// Ends our side, if that was asked for and everything has left.
    pub fn say_farewell(&mut self) {
        let is_due = self.farewell == Farewell::Asked && self.pending.is_empty() && self.health != Health::Broken;
        if is_due && self.has_said_goodbye() {
            self.farewell = Farewell::Said { patience: LINGER_BYTES };
            // It fails only where the connection is gone already.
            let _ = SockRef::from(&self.stream).shutdown(std::net::Shutdown::Write);
        }
    }

    /// Goes on closing: whether the connection may be dropped now. If not, call it again once there is room to write,
    /// where bytes are pending, or else something to read; for at most [`LINGER`](Self::LINGER).
    ///
    /// Where an orderly end was asked for, what is pending may still leave, and input is read and dropped for a moment:
    /// a close with unread input is a reset, and a reset takes the last reply with it before the client could read it.
    #[must_use]
    pub fn part(&mut self) -> bool {
        if self.farewell == Farewell::NotAsked || self.flush().is_err() {
            return true;
        }
        if self.is_negotiating() {
            // What comes of it is nobody's any more, and what was to be said behind it has no way out.
            (self.cover, self.pending) = (Some(Box::new(Cover::Torn)), VecDeque::new());
        }
        self.say_farewell();
        let Farewell::Said { patience } = &mut self.farewell else { return self.health == Health::Broken };
        self.health != Health::Whole || discard_input(&self.stream, patience)
    }

    /// Says that TLS ends here, where there is TLS: whether that has left, or cannot.
    fn has_said_goodbye(&mut self) -> bool {
        match self.cover.as_deref_mut() {
            None | Some(Cover::Off { .. } | Cover::Torn) => true,
            Some(Cover::On(veil)) => veil.layer.close(&self.stream) != Err(Halt::Later),
            Some(Cover::Beginning { .. } | Cover::Ending { .. }) => false,
        }
    }

    fn ended(&mut self) -> ControlEnd {
        self.health = Health::ReadToTheEnd;
        ControlEnd::Eof
    }

    fn broke(&mut self) -> ControlEnd {
        self.health = Health::Broken;
        self.pending = VecDeque::new();
        ControlEnd::Reset
    }
}

/// Sends of `queue` what the kernel takes: how many bytes.
fn send(stream: &impl Stream, queue: &mut VecDeque<Bytes>) -> Result<usize, Failure> {
    let mut written = 0;
    while !queue.is_empty() {
        match send_once(stream, queue) {
            Ok(0) => return Err(Failure::Reset),
            Ok(count) => {
                written += count;
                advance(queue, count);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(Failure::Reset),
        }
    }
    Ok(written)
}

fn send_once(stream: &impl Stream, queue: &VecDeque<Bytes>) -> io::Result<usize> {
    let mut slices = [IoSlice::new(&[]); SLICES];
    let mut count = 0;
    for (slice, bytes) in slices.iter_mut().zip(queue) {
        *slice = IoSlice::new(bytes);
        count += 1;
    }
    stream.write_vectored(slices.get(..count).unwrap_or_default())
}

fn advance(queue: &mut VecDeque<Bytes>, mut count: usize) {
    while let Some(first) = queue.front_mut() {
        if count < first.len() {
            first.advance(count);
            return;
        }
        count -= first.len();
        queue.pop_front();
    }
    // An idle session keeps no buffer.
    *queue = VecDeque::new();
}

/// Drops what is there to read: whether there will be no more, or `patience` is used up.
fn discard_input(stream: &impl Stream, patience: &mut usize) -> bool {
    let mut buffer = [0; 4096];
    while *patience > 0 {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(count) => *patience = patience.saturating_sub(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
    true
}

/// After how much silence the kernel probes; NATs wait for minutes.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// How much a closing connection may still send.
const LINGER_BYTES: usize = 64 * 1024;
/// Replies that one system call sends.
const SLICES: usize = 16;

#[cfg(test)]
mod tests;
