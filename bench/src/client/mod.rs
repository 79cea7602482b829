//! A client that is light: it blocks, drops what it downloads in the kernel, and lets the kernel read what it uploads.
//!
//! [`Control`] is a session. [`load`] moves bytes, [`drive`] has many sessions under way on one thread, [`tls`] wraps both
//! connections.

pub mod drive;
pub mod load;
pub mod tls;

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use crate::fault;
use tls::Tls;

/// Who logs in where, and how.
#[derive(Clone, Debug)]
pub struct Login {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
    /// Over TLS with these settings; `None`: in the clear.
    pub tls: Option<Arc<ClientConfig>>,
}

/// A connection in the clear or under TLS.
#[derive(Debug)]
pub enum Link {
    /// In the clear.
    Clear(TcpStream),
    /// Under TLS.
    Secure(Box<Tls>),
}

impl Link {
    /// The socket beneath.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        match self {
            Self::Clear(socket) => socket,
            Self::Secure(tls) => &tls.sock,
        }
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(socket) => socket.read(buffer),
            // Some servers end without close_notify. Bytes are counted anyway, so it is an end like any other.
            Self::Secure(tls) => match tls.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
                read => read,
            },
        }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(socket) => socket.write(bytes),
            Self::Secure(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(socket) => socket.flush(),
            Self::Secure(tls) => tls.flush(),
        }
    }
}

/// A session: its control connection and what it has agreed on.
#[derive(Debug)]
pub struct Control {
    link: Link,
    /// What arrived and was not looked at.
    ahead: Vec<u8>,
    peer: IpAddr,
    /// Settings for data connections, where they are private; its tickets are this session's own.
    tls: Option<Arc<ClientConfig>>,
    /// Whether the server knows EPSV, as far as it was tried.
    epsv: bool,
    /// Data connections that resumed this session, of all of them.
    pub(crate) resumed: (u64, u64),
}

impl Control {
    /// Connects, reads the greeting, and begins TLS where that is wanted.
    ///
    /// # Errors
    /// Those of the network, and replies that refuse.
    pub fn connect(login: &Login) -> io::Result<Self> {
        let mut control = Self::bare(login.address)?;
        control.positive("the greeting")?;
        if let Some(config) = &login.tls {
            control.ask("AUTH TLS")?;
            // Every session has its own tickets.
            let config = tls::of_a_session(config);
            let Link::Clear(socket) = control.link else { return Err(fault("TLS has begun twice")) };
            control.link = Link::Secure(Box::new(tls::begin(socket, &config)?));
            control.tls = Some(config);
        }
        Ok(control)
    }

    /// Connects, and says and expects nothing.
    ///
    /// # Errors
    /// Those of the network.
    pub fn bare(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let peer = address.ip();
        Ok(Self { link: Link::Clear(socket), ahead: Vec::new(), peer, tls: None, epsv: true, resumed: (0, 0) })
    }

    /// USER and PASS.
    ///
    /// # Errors
    /// Those of the network, and replies that refuse.
    pub fn log_in(&mut self, login: &Login) -> io::Result<()> {
        let reply = self.say(&format!("USER {}", login.user))?;
        match reply.code {
            331 => self.ask(&format!("PASS {}", login.password)).map(drop),
            230 => Ok(()),
            _ => Err(reply.refused("USER")),
        }
    }

    /// A session that is ready for transfers: logged in, TYPE I, and data connections private where the session is.
    ///
    /// # Errors
    /// Those of the network, and replies that refuse.
    pub fn ready(login: &Login) -> io::Result<Self> {
        // libunftp says 234 before it is ready for TLS, and may take the handshake for a command. What comes behind the
        // login is measured even so; logins, where they are measured, fail.
        let tries = if login.tls.is_some() { TRIES } else { 1 };
        let mut control = Self::connect(login);
        for _ in 1..tries {
            if control.is_ok() {
                break;
            }
            control = Self::connect(login);
        }
        let mut control = control?;
        control.log_in(login)?;
        if control.tls.is_some() {
            control.ask("PBSZ 0")?;
            control.ask("PROT P")?;
        }
        control.ask("TYPE I")?;
        Ok(control)
    }

    /// QUIT, and waits until the server has closed.
    ///
    /// # Errors
    /// Those of the network.
    pub fn quit(mut self) -> io::Result<()> {
        self.ask("QUIT")?;
        // The end may come with close_notify or without: it is an end.
        let mut rest = [0; 256];
        while matches!(self.link.read(&mut rest), Ok(read) if read > 0) {}
        Ok(())
    }

    /// Sends a command; gives the reply, whatever it says.
    ///
    /// # Errors
    /// Those of the network.
    pub fn say(&mut self, command: &str) -> io::Result<Reply> {
        self.send(format!("{command}\r\n").as_bytes())?;
        self.reply()
    }

    /// Sends a command; the reply must be positive.
    ///
    /// # Errors
    /// Those of the network, and a reply of 4xx or 5xx.
    pub fn ask(&mut self, command: &str) -> io::Result<Reply> {
        self.send(format!("{command}\r\n").as_bytes())?;
        self.positive(command)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// Those of the network.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.link.write_all(bytes)?;
        self.link.flush()
    }

    /// Reads a reply, which must be positive.
    pub(crate) fn positive(&mut self, to: &str) -> io::Result<Reply> {
        let reply = self.reply()?;
        if reply.code >= 400 { Err(reply.refused(to)) } else { Ok(reply) }
    }

    /// Reads a reply, of one line or more.
    fn reply(&mut self) -> io::Result<Reply> {
        let mut first = None;
        loop {
            let line = self.line()?;
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
            let goes_on = line.as_bytes().get(3) == Some(&b'-');
            match (first, code) {
                (None, Some(code)) if goes_on => first = Some(code),
                (None, Some(code)) => return Ok(Reply { code, line }),
                (None, None) => return Err(fault(format!("not a reply: {line:?}"))),
                (Some(first), Some(code)) if first == code && !goes_on => return Ok(Reply { code, line }),
                (Some(_), _) => {}
            }
        }
    }

    /// Reads a line.
    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.ahead.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.ahead.len() > LONGEST {
                return Err(fault("a line of a reply is too long"));
            }
            let mut piece = [0; 2048];
            let read = self.link.read(&mut piece).map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => fault(format!("no reply within {} s", PATIENCE.as_secs())),
                _ => error,
            })?;
            if read == 0 {
                return Err(fault("the server closed the control connection"));
            }
            self.ahead.extend_from_slice(piece.get(..read).unwrap_or_default());
        }
    }

    /// Sends `commands` in one piece, and reads as many lines as there are commands; all must begin with `code`.
    ///
    /// # Errors
    /// Those of the network, and any other reply.
    pub fn pipeline(&mut self, commands: &[u8], code: &str) -> io::Result<u64> {
        self.send(commands)?;
        let mut left = commands.iter().filter(|byte| **byte == b'\n').count();
        let all = left as u64;
        while left > 0 {
            let line = self.line().map_err(|error| fault(format!("{left} of {all} replies are missing: {error}")))?;
            if !line.starts_with(code) {
                return Err(fault(format!("to one of {all} commands in one piece: {line}")));
            }
            left -= 1;
        }
        Ok(all)
    }

    /// Asks for a passive data connection, and connects to it. The address is that of the control connection.
    pub(crate) fn passive(&mut self) -> io::Result<TcpStream> {
        let port = if self.epsv {
            let reply = self.say("EPSV")?;
            match reply.code {
                229 => reply.line.split('|').nth(3).and_then(|port| port.parse().ok()),
                500..=504 => {
                    self.epsv = false;
                    return self.passive();
                }
                _ => return Err(reply.refused("EPSV")),
            }
        } else {
            port_of_pasv(&self.ask("PASV")?.line)
        };
        let port: u16 = port.ok_or_else(|| fault("no port in the reply to a passive command"))?;
        let data = TcpStream::connect((self.peer, port))?;
        data.set_read_timeout(Some(PATIENCE))?;
        data.set_write_timeout(Some(PATIENCE))?;
        Ok(data)
    }

    /// Settings of private data connections.
    pub(crate) fn data_tls(&self) -> Option<&Arc<ClientConfig>> {
        self.tls.as_ref()
    }

    /// The socket of the control connection.
    pub(crate) fn socket(&self) -> &TcpStream {
        self.link.socket()
    }

    /// Reads what has come, and gives how many lines have ended with it.
    pub(crate) fn lines_come(&mut self) -> io::Result<usize> {
        let mut piece = [0; 2048];
        let read = self.link.read(&mut piece)?;
        if read == 0 {
            return Err(fault("the server closed the control connection"));
        }
        let lines = piece.get(..read).unwrap_or_default();
        Ok(lines.iter().filter(|byte| **byte == b'\n').count())
    }
}

/// A reply: its code, and its last line with the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The code.
    pub code: u16,
    /// The last line, without its end.
    pub line: String,
}

impl Reply {
    /// That this was the answer, as a fault.
    #[must_use]
    pub fn refused(&self, to: &str) -> io::Error {
        let to = to.split(' ').next().unwrap_or(to);
        fault(format!("{to}: {}", self.line))
    }
}

/// The port in a 227 reply: the last two of six numbers.
fn port_of_pasv(line: &str) -> Option<u16> {
    let numbers: Vec<u8> = line
        .get(4..)?
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|word| !word.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let [.., high, low] = numbers[..] else { return None };
    (numbers.len() == 6).then(|| u16::from_be_bytes([high, low]))
}

/// How long anything may take before it counts as failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How often a session under TLS is begun, at the most.
const TRIES: u32 = 20;
/// The longest line of a reply.
const LONGEST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_stands_in_the_last_two_numbers() {
        assert_eq!(port_of_pasv("227 Entering Passive Mode (127,0,0,1,4,210)."), Some(1234));
        assert_eq!(port_of_pasv("227 Entering Passive Mode 127,0,0,1,4,210"), Some(1234));
        assert_eq!(port_of_pasv("227 (127,0,0,1,4)"), None);
        assert_eq!(port_of_pasv("227 (127,0,0,1,4,999)"), None);
    }
}
