//! The control connection: bytes out in order, bytes in when asked, and an end that loses no reply.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::time::Duration;

use bytes::{Buf, Bytes};
use ftp_proto::event::ControlEnd;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// One control connection.
#[derive(Debug)]
pub(crate) struct Control {
    stream: TcpStream,
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
    Said,
}

impl Control {
    /// Takes over a new connection.
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        // Telnet's Synch sends an urgent byte (RFC 959 §4.1.3, ABOR). Inline it stays in its place among the others,
        // and the engine sees the stream as it was sent.
        let socket = SockRef::from(&stream);
        socket.set_out_of_band_inline(true)?;
        // During a long transfer nothing is said here, and a NAT on the way forgets a connection that is silent.
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
        Ok(Self { stream, pending: VecDeque::new(), health: Health::Whole, farewell: Farewell::NotAsked })
    }

    /// Queues `bytes` behind all earlier ones.
    pub(crate) fn write(&mut self, bytes: Bytes) {
        if self.health != Health::Broken && !bytes.is_empty() {
            self.pending.push_back(bytes);
        }
    }

    /// Asks for the end of our side, behind all that was queued.
    pub(crate) fn shut_down(&mut self) {
        if self.farewell == Farewell::NotAsked {
            self.farewell = Farewell::Asked;
        }
    }

    /// Whether bytes wait for the client to take them.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether there may be more to read.
    pub(crate) fn is_readable(&self) -> bool {
        self.health == Health::Whole
    }

    /// Waits for room to write.
    ///
    /// Cancel-safe.
    pub(crate) async fn writable(&self) {
        // An error shows again, and is told, on the write.
        let _ = self.stream.writable().await;
    }

    /// Waits for bytes to read.
    ///
    /// Cancel-safe.
    pub(crate) async fn readable(&self) {
        let _ = self.stream.readable().await;
    }

    /// Writes what the kernel takes now: how many bytes, or how the connection ended.
    pub(crate) fn flush(&mut self) -> Result<usize, ControlEnd> {
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

    /// Reads what is there now: how many bytes (none: nothing is there), or how the connection ended.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ControlEnd> {
        match self.stream.try_read(buffer) {
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
    pub(crate) fn say_farewell(&mut self) {
        if self.farewell == Farewell::Asked && self.pending.is_empty() && self.health != Health::Broken {
            self.farewell = Farewell::Said;
            // It fails only where the connection is gone already.
            let _ = SockRef::from(&self.stream).shutdown(std::net::Shutdown::Write);
        }
    }

    /// Closes. Where an orderly end was asked for, what is pending may still leave, and input is read and dropped for
    /// a moment: a close with unread input is a reset, and a reset takes the last reply with it before the client could
    /// read it.
    ///
    /// Not cancel-safe: dropped half-way, the connection is closed at once.
    pub(crate) async fn close(mut self) {
        if self.farewell != Farewell::NotAsked {
            let _ = tokio::time::timeout(LINGER, self.end()).await;
        }
    }

    async fn end(&mut self) {
        while self.has_pending() && self.flush().is_ok() {
            self.writable().await;
        }
        self.say_farewell();
        if self.health == Health::Whole {
            self.discard_input().await;
        }
    }

    async fn discard_input(&self) {
        let mut left = LINGER_BYTES;
        while left > 0 && self.stream.readable().await.is_ok() {
            match self.discard_once() {
                Ok(0) => return,
                Ok(count) => left = left.saturating_sub(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    /// A function of its own, so that the buffer is no part of the task.
    fn discard_once(&self) -> io::Result<usize> {
        self.stream.try_read(&mut [0; 4096])
    }

    fn write_once(&self) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, bytes) in slices.iter_mut().zip(&self.pending) {
            *slice = IoSlice::new(bytes);
            count += 1;
        }
        self.stream.try_write_vectored(slices.get(..count).unwrap_or_default())
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

/// After how much silence the kernel probes; NATs wait for minutes.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// How long a closing connection may still send.
const LINGER: Duration = Duration::from_secs(1);
/// How much.
const LINGER_BYTES: usize = 64 * 1024;
/// Replies that one system call sends.
const SLICES: usize = 16;

#[cfg(test)]
mod tests;
