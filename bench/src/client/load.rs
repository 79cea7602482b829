//! Moves the bytes of data connections, at the least cost to the client.
//!
//! In the clear, a download is dropped in the kernel (`recv` with `MSG_TRUNC`), and an upload goes out by `sendfile`. Under
//! TLS the client has to encrypt and decrypt like the server, and costs about the same.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use rustix::fs::sendfile;
use rustix::net::{RecvFlags, recv};
use rustls::HandshakeKind;

use super::{Control, Link, tls};
use crate::fault;

/// What becomes of a download.
#[derive(Debug)]
pub enum Sink<'a> {
    /// It is dropped, and counted. The buffer is written to only under TLS.
    Drop(&'a mut [u8]),
    /// It is hashed.
    Hash(&'a mut blake3::Hasher),
    /// It is kept.
    Keep(&'a mut Vec<u8>),
}

impl Control {
    /// A transfer to the client (RETR, LIST, MLSD, …): gives its bytes.
    ///
    /// # Errors
    /// Those of the network, and replies that refuse.
    pub fn fetch(&mut self, command: &str, sink: Sink<'_>) -> io::Result<u64> {
        let data = self.passive()?;
        let opening = self.ask(command)?;
        let mut data = self.protect(data)?;
        let bytes = drain(&mut data, sink)?;
        drop(data);
        // Some say all in one reply.
        if opening.code < 200 {
            self.positive(command)?;
        }
        Ok(bytes)
    }

    /// STOR of a whole file: gives its bytes.
    ///
    /// # Errors
    /// Those of the network, and replies that refuse.
    pub fn store(&mut self, name: &str, file: &File, buffer: &mut [u8]) -> io::Result<u64> {
        let data = self.passive()?;
        let command = format!("STOR {name}");
        self.ask(&command)?;
        let mut data = self.protect(data)?;
        let bytes = send(&mut data, file, buffer)?;
        if let Link::Secure(tls) = &mut data {
            tls.conn.send_close_notify();
            tls.flush()?;
        }
        data.socket().shutdown(Shutdown::Write)?;
        if matches!(data, Link::Secure(_)) {
            // What it still sends must be read before the socket is closed: else the kernel resets the connection.
            let mut rest = [0; 1024];
            while matches!(data.read(&mut rest), Ok(read) if read > 0) {}
        }
        drop(data);
        self.positive(&command)?;
        Ok(bytes)
    }

    /// Begins TLS on a data connection where the session has it.
    fn protect(&mut self, data: TcpStream) -> io::Result<Link> {
        let Some(config) = self.data_tls() else { return Ok(Link::Clear(data)) };
        let tls = tls::begin(data, config)?;
        let resumed = tls.conn.handshake_kind() == Some(HandshakeKind::Resumed);
        self.resumed.0 += u64::from(resumed);
        self.resumed.1 += 1;
        Ok(Link::Secure(Box::new(tls)))
    }
}

/// Reads to the end: gives the bytes.
///
/// # Errors
/// Those of the network. Under TLS an end without `close_notify` is one too.
pub fn drain(link: &mut Link, sink: Sink<'_>) -> io::Result<u64> {
    let mut all = 0;
    match (link, sink) {
        (Link::Clear(socket), Sink::Drop(buffer)) => loop {
            let (_, dropped) = recv(&*socket, &mut *buffer, RecvFlags::TRUNC)?;
            if dropped == 0 {
                return Ok(all);
            }
            all += dropped as u64;
        },
        (link, Sink::Drop(buffer)) => loop {
            let read = link.read(buffer)?;
            if read == 0 {
                return Ok(all);
            }
            all += read as u64;
        },
        (link, Sink::Hash(hasher)) => {
            let mut buffer = vec![0; PIECE];
            loop {
                let read = link.read(&mut buffer)?;
                if read == 0 {
                    return Ok(all);
                }
                hasher.update(buffer.get(..read).unwrap_or_default());
                all += read as u64;
            }
        }
        (link, Sink::Keep(kept)) => link.read_to_end(kept).map(|read| read as u64),
    }
}

/// Sends a whole file: gives its bytes.
///
/// # Errors
/// Those of the network and of reading.
pub fn send(link: &mut Link, file: &File, buffer: &mut [u8]) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut offset = 0;
    while offset < length {
        match link {
            Link::Clear(socket) => {
                let left = usize::try_from(length - offset).unwrap_or(usize::MAX);
                if sendfile(socket.as_fd(), file, Some(&mut offset), left.min(1 << 30))? == 0 {
                    return Err(fault("the file has become shorter"));
                }
            }
            Link::Secure(tls) => {
                let read = file.read_at(buffer, offset)?;
                if read == 0 {
                    return Err(fault("the file has become shorter"));
                }
                tls.write_all(buffer.get(..read).unwrap_or_default())?;
                offset += read as u64;
            }
        }
    }
    Ok(offset)
}

/// How much is dropped, or encrypted, at a time.
pub const PIECE: usize = 256 << 10;
