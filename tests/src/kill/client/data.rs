//! A client's data connections: how they come about, their handshakes, and how those break off.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::login::begin_and_break;
use super::{Client, Step, Stop, is_timeout, wrong};
use crate::data::listen_on;
use crate::link::Link;

/// The client's side, before there is a connection or behind it.
enum DataSide {
    Connected(TcpStream),
    Listening(TcpListener),
    Nothing,
}

/// When the handshake of a protected data connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Before the command, where the connection is there.
    Early,
    /// Behind the 150.
    InTurn,
    /// By the first byte that is to be moved.
    Late,
    /// Begun, and broken off.
    Broken,
}

impl Client<'_> {
    /// Begins a transfer; none when it was refused, or when the client thought better of it.
    pub(super) fn begin(&mut self, line: &str) -> Step<Option<Link>> {
        let when = match self.random.below(8) {
            0 => When::Early,
            1 => When::Late,
            2 if self.random.once_in(2) => When::Broken,
            _ => When::InTurn,
        };
        let side = if self.random.once_in(3) { self.active()? } else { self.passive()? };
        match side {
            DataSide::Nothing => {
                self.books.count("client: ABOR without data");
                self.say(line)?;
                self.say("ABOR")?;
                self.reply()?;
                self.reply()?;
                Ok(None)
            }
            DataSide::Connected(stream) if when == When::Broken && self.is_private => {
                self.break_data_handshake(stream, Some(line))
            }
            DataSide::Connected(stream) => {
                let mut link = self.protected(stream);
                if when == When::Early {
                    self.make_handshake(&mut link)?;
                }
                self.say(line)?;
                if self.any_reply()?.code >= 200 {
                    return Ok(None);
                }
                self.begun(link, when)
            }
            DataSide::Listening(listener) => {
                self.say(line)?;
                if self.any_reply()?.code >= 200 {
                    return Ok(None);
                }
                let Some(stream) = self.accepted(&listener)? else { return Ok(None) };
                if when == When::Broken && self.is_private {
                    return self.break_data_handshake(stream, None);
                }
                let link = self.protected(stream);
                self.begun(link, when)
            }
        }
    }

    fn begun(&mut self, mut link: Link, when: When) -> Step<Option<Link>> {
        if when != When::Late {
            self.make_handshake(&mut link)?;
        }
        Ok(Some(link))
    }

    fn protected(&self, stream: TcpStream) -> Link {
        self.patient(&stream);
        match &self.sessions {
            Some(sessions) if self.is_private => Link::from(stream).secured(sessions.data()),
            _ => stream.into(),
        }
    }

    /// One that fails is told by the reply.
    fn make_handshake(&mut self, link: &mut Link) -> Step {
        match link.handshake() {
            Err(error) if is_timeout(&error) => wrong("a data handshake does not end".into()),
            Err(_) => {
                self.books.count("client: data handshake refused");
                Ok(())
            }
            Ok(()) => {
                if link.tls().is_some() {
                    self.books.count("client: data handshake");
                }
                Ok(())
            }
        }
    }

    /// Begins TLS on a data connection and goes no further; `line` is still to be said.
    fn break_data_handshake(&mut self, stream: TcpStream, line: Option<&str>) -> Step<Option<Link>> {
        self.books.count("client: data handshake broken off");
        self.trace.push("(data handshake broken off)".into());
        self.patient(&stream);
        let link = Link::from(stream);
        if let Some(sessions) = &self.sessions {
            begin_and_break(&link, sessions.data(), self.random.next());
        }
        let (kept, aborts) = match self.random.below(4) {
            0 => (Some(link), true),
            1 => {
                link.reset();
                (None, false)
            }
            choice => {
                drop(link);
                (None, choice == 2)
            }
        };
        line.map_or(Ok(()), |line| self.say(line))?;
        if aborts {
            self.say("ABOR")?;
        }
        if self.random.once_in(10) {
            return self.vanish();
        }
        let reply = self.reply()?;
        drop(kept);
        if reply.code < 400 {
            return wrong(format!("without TLS a transfer went well: {}", reply.show()));
        }
        if aborts {
            self.expect(&[226])?;
        }
        Ok(None)
    }

    fn passive(&mut self) -> Step<DataSide> {
        let reply = self.ask("EPSV")?;
        if reply.code != 229 {
            return Ok(DataSide::Nothing);
        }
        let text = reply.text();
        let port = text.split('|').nth(3).and_then(|port| port.parse().ok());
        let Some(port) = port else { return wrong(format!("no port in {text}")) };
        if self.random.once_in(12) {
            return Ok(DataSide::Nothing);
        }
        let address = SocketAddr::new(self.server.plain.ip(), port);
        // It fails where the session was cut meanwhile: that shows on the control connection.
        Ok(TcpStream::connect(address).map_or(DataSide::Nothing, DataSide::Connected))
    }

    fn active(&mut self) -> Step<DataSide> {
        let address = self.server.plain.ip();
        let listener = listen_on(address);
        let port = listener.local_addr().map_err(|_| Stop::Gone)?.port();
        let reply = self.ask(&format!("EPRT |1|{address}|{port}|"))?;
        Ok(if reply.code == 200 { DataSide::Listening(listener) } else { DataSide::Nothing })
    }

    /// The server's connection, which it makes behind its 150; none when a reply says that there will be none.
    fn accepted(&mut self, listener: &TcpListener) -> Step<Option<TcpStream>> {
        // On Linux the time to receive is also the time to accept.
        SockRef::from(listener).set_read_timeout(Some(GLANCE)).map_err(|_| Stop::Gone)?;
        let end = Instant::now() + self.server.patience;
        while Instant::now() < end {
            let replied = self.has_news()?;
            match listener.accept() {
                Ok((stream, _)) => return Ok(Some(stream)),
                Err(_) if replied => return self.reply().map(|_| None),
                Err(_) => {}
            }
        }
        wrong("the server does not connect".into())
    }
}

/// How long to wait for one thing before looking for another.
const GLANCE: Duration = Duration::from_millis(5);
