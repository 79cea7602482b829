//! One TCP connection, in the clear or under TLS, and every way in which a client may end it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustls::{ClientConnection, Stream};
use socket2::SockRef;

/// A connection of the client's. In the clear until [`secured`](Self::secured).
///
/// Under TLS, reading gives an end only where `close_notify` came; a bare FIN is [`ErrorKind::UnexpectedEof`]. The
/// handshake is made by the first read or write, or by [`handshake`](Self::handshake). Dropping it ends it in order:
/// `close_notify`, then FIN.
#[derive(Debug)]
pub struct Link {
    tcp: TcpStream,
    tls: Option<Box<ClientConnection>>,
    /// Why the handshake failed: what every later read and write says.
    broken: Option<String>,
}

/// How the peer ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By FIN; under TLS behind a `close_notify`.
    Clean,
    /// Under TLS by a bare FIN, as anyone on the way could send it.
    Truncated,
    /// By a reset, or an alert.
    Broken,
}

impl From<TcpStream> for Link {
    fn from(tcp: TcpStream) -> Self {
        Self { tcp, tls: None, broken: None }
    }
}

impl Link {
    /// The same connection with TLS on it. Nothing is sent yet.
    #[must_use]
    pub fn secured(mut self, tls: ClientConnection) -> Self {
        self.tls = Some(Box::new(tls));
        self.broken = None;
        self
    }

    /// The same from behind a reference.
    pub fn secure(&mut self, tls: ClientConnection) {
        self.tls = Some(Box::new(tls));
        self.broken = None;
    }

    /// The TCP connection beneath: what is written there is not protected.
    #[must_use]
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// What TLS knows about the connection; `None` in the clear.
    #[must_use]
    pub fn tls(&self) -> Option<&ClientConnection> {
        self.tls.as_deref()
    }

    /// Makes the handshake. Nothing to do in the clear.
    ///
    /// # Errors
    /// When it fails; the connection is of no use then, and every read and write says why.
    pub fn handshake(&mut self) -> io::Result<()> {
        self.intact()?;
        let Some(tls) = &mut self.tls else { return Ok(()) };
        while tls.is_handshaking() {
            if let Err(error) = tls.complete_io(&mut self.tcp) {
                if !is_late(&error) {
                    // The alert that tells the server why.
                    let _ = tls.write_tls(&mut self.tcp);
                    self.broken = Some(error.to_string());
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Ends our side in order: `close_notify` under TLS, then FIN. The other side can still be read.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn finish(&mut self) -> io::Result<()> {
        self.notify_close()?;
        self.tcp.shutdown(Shutdown::Write)
    }

    /// Sends `close_notify` and leaves the TCP connection open. Nothing to do in the clear.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn notify_close(&mut self) -> io::Result<()> {
        self.intact()?;
        let Some(tls) = &mut self.tls else { return Ok(()) };
        tls.send_close_notify();
        while tls.wants_write() {
            tls.write_tls(&mut self.tcp)?;
        }
        Ok(())
    }

    /// Ends our side by a bare FIN: under TLS, a truncation.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn cut(&mut self) -> io::Result<()> {
        self.flush()?;
        self.tcp.shutdown(Shutdown::Write)
    }

    /// Breaks the connection off with a reset.
    ///
    /// # Panics
    /// When the socket is not usable.
    pub fn reset(mut self) {
        self.tls = None;
        SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO)).expect("an open socket");
    }

    /// Leaves TLS: `close_notify` from us, then the server's; from here on everything is in the clear.
    ///
    /// # Errors
    /// When the server does not close in turn.
    pub fn clear(&mut self) -> io::Result<()> {
        self.notify_close()?;
        if let Some(tls) = &mut self.tls {
            while !tls.process_new_packets().map_err(io::Error::other)?.peer_has_closed() {
                if tls.read_tls(&mut self.tcp)? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
        }
        self.tls = None;
        Ok(())
    }

    /// Closes both sides, or one of them, in order.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.notify_close()?;
        }
        self.tcp.shutdown(how)
    }

    /// Everything that comes until the end, and how it ended.
    ///
    /// # Errors
    /// When the end does not come in time.
    pub fn drain(&mut self) -> io::Result<(Vec<u8>, Ending)> {
        let mut bytes = Vec::new();
        let ending = match self.read_to_end(&mut bytes) {
            // Behind close_notify the FIN is still due.
            Ok(_) if self.tls.is_some() => match self.tcp.read(&mut [0]) {
                Ok(0) => Ending::Clean,
                Ok(_) => return Err(io::Error::other("bytes behind close_notify")),
                Err(error) if is_late(&error) => return Err(error),
                Err(_) => Ending::Broken,
            },
            Ok(_) => Ending::Clean,
            Err(error) if is_late(&error) => return Err(error),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ending::Truncated,
            Err(_) => Ending::Broken,
        };
        Ok((bytes, ending))
    }

    // The socket.

    /// As the socket's own.
    ///
    /// # Errors
    /// When the socket is not usable.
    pub fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        self.tcp.set_nonblocking(on)
    }

    /// As the socket's own.
    ///
    /// # Errors
    /// When the socket is not usable.
    pub fn set_read_timeout(&self, patience: Option<Duration>) -> io::Result<()> {
        self.tcp.set_read_timeout(patience)
    }

    /// As the socket's own.
    ///
    /// # Errors
    /// When the socket is not usable.
    pub fn set_write_timeout(&self, patience: Option<Duration>) -> io::Result<()> {
        self.tcp.set_write_timeout(patience)
    }

    /// Our own address.
    ///
    /// # Errors
    /// When the socket is not usable.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// The server's address.
    ///
    /// # Errors
    /// When the socket is not connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }

    fn intact(&self) -> io::Result<()> {
        match &self.broken {
            Some(why) => Err(io::Error::new(ErrorKind::ConnectionAborted, why.clone())),
            None => Ok(()),
        }
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.handshake()?;
        match &mut self.tls {
            Some(tls) => Stream::new(&mut **tls, &mut self.tcp).read(buffer),
            None => self.tcp.read(buffer),
        }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.handshake()?;
        match &mut self.tls {
            Some(tls) => Stream::new(&mut **tls, &mut self.tcp).write(bytes),
            None => self.tcp.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.intact()?;
        match &mut self.tls {
            Some(tls) => Stream::new(&mut **tls, &mut self.tcp).flush(),
            None => self.tcp.flush(),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if self.tls.as_ref().is_some_and(|tls| !tls.is_handshaking()) {
            // A server that does not read keeps nobody waiting.
            let _ = self.tcp.set_nonblocking(false).and_then(|()| self.tcp.set_write_timeout(Some(FAREWELL)));
            let _ = self.notify_close();
        }
    }
}

/// Whether it is only that nothing came in time.
fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// How long a `close_notify` may take to be taken.
const FAREWELL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
