//! The control connection: bytes out in order, bytes in when asked, and an end that loses no reply.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::AsFd;
use std::time::Duration;

use bytes::{Buf, Bytes};
use ftp_proto::event::ControlEnd;
use socket2::{SockRef, TcpKeepalive};

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
        let socket = SockRef::from(&stream);
        socket.set_tcp_nodelay(true)?;
        // Telnet's Synch sends an urgent byte (RFC 959 §4.1.3, ABOR). Inline it stays in its place among the others,
        // and the engine sees the stream as it was sent.
        socket.set_out_of_band_inline(true)?;
        // During a long transfer nothing is said here, and a NAT on the way forgets a connection that is silent.
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
        Ok(Self { stream, pending: VecDeque::new(), health: Health::Whole, farewell: Farewell::NotAsked })
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

    /// Asks for the end of our side, behind all that was queued.
    pub fn shut_down(&mut self) {
        if self.farewell == Farewell::NotAsked {
            self.farewell = Farewell::Asked;
        }
    }

    /// Whether bytes wait for the client to take them.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether there may be more to read.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.health == Health::Whole
    }

    /// Writes what the kernel takes now: how many bytes.
    ///
    /// # Errors
    /// How the connection ended.
    pub fn flush(&mut self) -> Result<usize, ControlEnd> {
        let mut written = 0;
        while !self.pending.is_empty() {
            match self.write_once() {
                Ok(0) => return Err(self.broke()),
                Ok(count) => {
                    written += count;
                    self.advance(count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(self.broke()),
            }
        }
        Ok(written)
    }

    /// Reads what is there now: how many bytes; none: nothing is there.
    ///
    /// # Errors
    /// How the connection ended.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ControlEnd> {
        match self.stream.read(buffer) {
            Ok(0) => {
                self.health = Health::ReadToTheEnd;
                Err(ControlEnd::Eof)
            }
            Ok(count) => Ok(count),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            Err(_) => Err(self.broke()),
        }
    }

    /// Ends our side, if that was asked for and everything has left.
    pub fn say_farewell(&mut self) {
        if self.farewell == Farewell::Asked && self.pending.is_empty() && self.health != Health::Broken {
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
        self.say_farewell();
        let Farewell::Said { patience } = &mut self.farewell else { return self.health == Health::Broken };
        self.health != Health::Whole || discard_input(&self.stream, patience)
    }

    fn write_once(&self) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, bytes) in slices.iter_mut().zip(&self.pending) {
            *slice = IoSlice::new(bytes);
            count += 1;
        }
        self.stream.write_vectored(slices.get(..count).unwrap_or_default())
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(first) = self.pending.front_mut() {
            if count < first.len() {
                first.advance(count);
                return;
            }
            count -= first.len();
            self.pending.pop_front();
        }
        // An idle session keeps no buffer.
        self.pending = VecDeque::new();
    }

    fn broke(&mut self) -> ControlEnd {
        self.health = Health::Broken;
        self.pending = VecDeque::new();
        ControlEnd::Reset
    }
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
