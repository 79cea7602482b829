//! The way in, and to another state: connections, handshakes, HOST, the login, REIN and CCC; and how they break off.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::shape::Shape;
use super::{Client, Step, Stop, wrong};
use crate::await_first_word;
use crate::kill::embedding::HOST;
use crate::link::Link;
use crate::secure::{Resume, TlsClient, TlsVersion};

impl Client<'_> {
    /// Connects, and logs in in one of many ways.
    pub(super) fn enter(&mut self) -> Step {
        self.is_implicit = self.random.once_in(5);
        let address = if self.is_implicit { self.server.implicit } else { self.server.plain };
        let stream = match TcpStream::connect(address) {
            Ok(stream) => stream,
            Err(error) => return self.gone(&error.to_string()),
        };
        self.patient(&stream);
        let _ = stream.set_nodelay(true);
        self.control = Some(stream.into());
        if self.random.once_in(25) {
            return self.vanish();
        }
        if self.is_implicit {
            self.begin_tls()?;
            self.is_private = true;
        } else if self.server.may_stop {
            self.await_greeting()?;
        }
        self.expect(&[220])?;
        if !self.is_implicit && self.random.once_in(2) {
            self.name_host()?;
            self.auth()?;
        }
        self.log_in()
    }

    /// Whoever begins with TLS speaks first, and learns so that there is nobody. Who waits to be greeted may have come
    /// while the listener was closed.
    fn await_greeting(&mut self) -> Step {
        let control = self.control.as_ref().ok_or(Stop::Gone)?;
        match await_first_word(control.tcp(), self.server.patience) {
            Ok(()) => Ok(()),
            Err(error) if super::is_timeout(&error) => wrong("no greeting comes".into()),
            Err(error) => self.gone(&error.to_string()),
        }
    }

    /// HOST, sometimes, where the handshake is still to come or named nobody.
    fn name_host(&mut self) -> Step {
        if self.random.once_in(4) {
            self.books.count("client: HOST");
            let reply = self.ask("HOST nobody.test")?;
            if reply.code < 400 {
                return wrong(format!("nobody's host is known: {}", reply.show()));
            }
            let reply = self.ask(&format!("HOST {HOST}"))?;
            self.trace.push(format!("({})", reply.code));
        }
        Ok(())
    }

    /// AUTH, its handshake, and PROT.
    fn auth(&mut self) -> Step {
        if self.random.once_in(25) {
            return self.inject();
        }
        self.say("AUTH TLS")?;
        self.expect(&[234])?;
        self.is_implicit = false;
        self.begin_tls()?;
        if self.random.once_in(5) {
            return Ok(());
        }
        self.say("PBSZ 0\r\nPROT P")?;
        self.expect(&[200])?;
        self.expect(&[200])?;
        self.is_private = true;
        Ok(())
    }

    /// A command in the clear behind AUTH: it is not run, whoever put it there.
    fn inject(&mut self) -> Step {
        self.books.count("client: a command behind AUTH");
        self.is_leaving = true;
        let split = self.random.once_in(2);
        self.say(if split { "AUTH TLS" } else { "AUTH TLS\r\nNOOP" })?;
        if split {
            self.say("NOOP")?;
        }
        let mut said = std::mem::take(&mut self.unread);
        // An alert is none of its lines.
        match self.control.as_mut().ok_or(Stop::Gone)?.read_to_end(&mut said) {
            Err(error) if super::is_timeout(&error) => wrong("what stood behind AUTH ends nothing".into()),
            _ if said.windows(5).any(|part| part == b"\n200 ") => wrong("what stood behind AUTH was run".into()),
            _ => Err(Stop::Gone),
        }
    }

    /// The handshake of the control connection.
    fn begin_tls(&mut self) -> Step {
        let version = self.random.pick(&TlsVersion::ALL);
        // An address is no name: it is not sent, and HOST decides.
        let tls = TlsClient::new().version(version).server_name("127.0.0.1");
        let resume = if self.random.once_in(8) { Resume::Never } else { Resume::Control };
        let sessions = tls.resume(resume).sessions();
        self.trace.push(format!("(TLS {version:?}, {resume:?})"));
        self.books.count(if self.is_implicit { "client: implicit TLS" } else { "client: explicit TLS" });
        if self.random.once_in(15) {
            return self.break_handshake(sessions.control());
        }
        let mut control = self.control.take().ok_or(Stop::Gone)?;
        control.secure(sessions.control());
        let made = control.handshake();
        self.control = Some(control);
        self.sessions = Some(sessions);
        match made {
            Ok(()) => Ok(()),
            Err(error) if super::is_timeout(&error) => wrong("a handshake does not end".into()),
            Err(error) => self.gone(&error.to_string()),
        }
    }

    /// Begins a handshake on the control connection, and goes away.
    fn break_handshake(&mut self, tls: rustls::ClientConnection) -> Step {
        self.books.count("client: handshake broken off");
        self.is_leaving = true;
        let Some(control) = &self.control else { return Err(Stop::Gone) };
        begin_and_break(control, tls, self.random.next());
        if self.random.once_in(3) {
            return self.half_close();
        }
        self.vanish()
    }

    fn log_in(&mut self) -> Step {
        self.shape = Shape::default();
        let login = ["USER alice", "PASS secret", "TYPE I"];
        // All at once, or one by one.
        if self.random.once_in(2) {
            self.say(&login.join("\r\n"))?;
            if self.random.once_in(12) {
                return self.vanish();
            }
            for _ in 0..2 {
                self.reply()?;
            }
            let typed = self.reply()?.code == 200;
            self.shape.is_text = !typed;
        } else {
            for line in &login[..2] {
                self.ask(line)?;
            }
            self.shape.is_text = self.ask(login[2])?.code != 200;
        }
        if self.random.once_in(3) {
            self.reshape()?;
            self.reshape()?;
        }
        Ok(())
    }

    /// REIN: back to the beginning, and in again.
    pub(super) fn reinitialise(&mut self) -> Step {
        self.books.count("client: REIN");
        let is_secured = self.is_secured();
        self.say("REIN")?;
        if self.random.once_in(12) {
            return self.vanish();
        }
        self.expect(&[220])?;
        if is_secured && !self.is_implicit {
            self.end_tls()?;
        }
        self.is_private = self.is_implicit && is_secured;
        if !self.is_secured() && self.random.once_in(2) {
            self.auth()?;
        }
        self.log_in()
    }

    /// CCC: commands in the clear from here on; PROT stays as it is.
    pub(super) fn clear_control(&mut self) -> Step {
        if !self.is_secured() {
            return self.ask("CCC").map(drop);
        }
        self.books.count("client: CCC");
        self.say("CCC")?;
        if self.random.once_in(8) {
            return self.vanish();
        }
        self.expect(&[200])?;
        self.end_tls()?;
        self.ask("NOOP").map(drop)
    }

    /// The end of TLS on the control connection, both ways; or the client is gone in the middle of it.
    fn end_tls(&mut self) -> Step {
        if self.random.once_in(10) {
            return self.vanish();
        }
        let mut control = self.control.take().ok_or(Stop::Gone)?;
        let ended = control.clear();
        self.control = Some(control);
        match ended {
            Ok(()) => Ok(()),
            Err(error) if super::is_timeout(&error) => wrong("TLS does not end".into()),
            Err(error) => self.gone(&error.to_string()),
        }
    }

    pub(super) fn is_secured(&self) -> bool {
        self.control.as_ref().is_some_and(|control| control.tls().is_some())
    }
}

/// Sends the beginning of a handshake, or what is none.
pub(super) fn begin_and_break(link: &Link, mut tls: rustls::ClientConnection, choice: u64) {
    let mut hello = Vec::new();
    // Memory takes it.
    let _ = tls.write_tls(&mut hello);
    let length = (choice / 3) as usize % hello.len().max(1);
    let bytes = if choice.is_multiple_of(3) { b"GET / HTTP/1.1\r\n\r\n" } else { &hello[..length] };
    let mut tcp = link.tcp();
    // Where it fails, it is broken off already.
    let _ = tcp.write_all(bytes);
}
