//! A client without manners or opinions: sends bytes, reads replies, opens data connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use crate::PATIENCE;
use crate::data::{Opened, Way, active_command, connect_from, listen_on, passive_address, patient, read_all};
use crate::link::Link;
use crate::reply::{Reply, show};
use crate::secure::{Security, Sessions, TlsClient};

/// A control connection. Everything on it is kept for the message of a test that fails.
#[derive(Debug)]
pub struct Wire {
    link: Link,
    input: Vec<u8>,
    trace: Vec<String>,
    patience: Duration,
    security: Security,
    /// Those of the TLS that the connection is under, also where that was left again.
    sessions: Option<Sessions>,
    protection: Protection,
    /// Read already, to be read again: the greeting that came before AUTH.
    unread: Option<Reply>,
    /// Whether REIN was said, whose 220 ends TLS.
    reinitialises: bool,
}

/// Whether data connections are protected: what PROT said last (RFC 4217 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// PROT C.
    Clear,
    /// PROT P.
    Private,
}

impl Wire {
    /// A control connection to `server`; nothing is read yet.
    ///
    /// # Panics
    /// When there is no connection.
    #[track_caller]
    pub fn connect(server: SocketAddr) -> Self {
        Self::over(TcpStream::connect(server).expect("a connection to the server"))
    }

    /// A control connection that is open already.
    ///
    /// # Panics
    /// When it is not usable.
    #[must_use]
    pub fn over(stream: impl Into<Link>) -> Self {
        let link = stream.into();
        patient(link.tcp(), PATIENCE);
        link.tcp().set_nodelay(true).expect("an open socket");
        Self {
            link,
            input: Vec::new(),
            trace: Vec::new(),
            patience: PATIENCE,
            security: Security::Plain,
            sessions: None,
            protection: Protection::Clear,
            unread: None,
            reinitialises: false,
        }
    }

    /// A control connection to `server` that is protected like this, and its data connections with it. The greeting is
    /// still to be read, also where it came before AUTH.
    ///
    /// # Panics
    /// When there is no connection, or no such protection.
    #[track_caller]
    pub fn connect_with(server: SocketAddr, security: &Security) -> Self {
        let mut wire = Self::connect(server);
        wire.protect_with(security);
        wire
    }

    /// The same over a connection that is open already and on which nothing was said.
    ///
    /// # Panics
    /// When there is no such protection.
    #[track_caller]
    pub fn protect_with(&mut self, security: &Security) {
        self.security = security.clone();
        match security {
            Security::Plain => {}
            Security::Explicit(tls) => {
                let greeting = self.reply();
                if greeting.code == 220 {
                    self.auth(tls);
                    self.protect_data();
                }
                self.unread = Some(greeting);
            }
            Security::Implicit(tls) => {
                self.start_tls(tls);
                let greeting = self.reply();
                if greeting.code == 220 {
                    self.protect_data();
                }
                self.unread = Some(greeting);
            }
        }
    }

    /// A greeted connection.
    ///
    /// # Panics
    /// When the greeting is not 220.
    #[track_caller]
    pub fn greeted(server: SocketAddr) -> Self {
        let mut wire = Self::connect(server);
        wire.expect(220);
        wire
    }

    /// Logs in.
    ///
    /// # Panics
    /// When the server says no.
    #[track_caller]
    pub fn log_in(&mut self, user: &str, password: &str) {
        self.ask(&format!("USER {user}"), 331);
        self.ask(&format!("PASS {password}"), 230);
        // Some servers take PROT only now.
        if self.link.tls().is_some() && self.protection == Protection::Clear && self.security.tls().is_some() {
            self.protect_data();
        }
    }

    /// Our own address.
    ///
    /// # Panics
    /// When the socket is broken.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.link.local_addr().expect("a connected socket")
    }

    /// The server's address.
    ///
    /// # Panics
    /// When the socket is broken.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.link.peer_addr().expect("a connected socket")
    }

    /// The socket itself, beneath TLS where there is TLS: what is written there is not protected.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        self.link.tcp()
    }

    /// The connection, with what TLS knows about it.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The same, to end it in some way of its own.
    pub fn link_mut(&mut self) -> &mut Link {
        &mut self.link
    }

    /// From here on, gives up after `patience`.
    ///
    /// # Panics
    /// When the socket is broken.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
        patient(self.link.tcp(), patience);
    }

    // What we say.

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// When they cannot be sent.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.trace.push(format!("> {}", show(bytes)));
        if let Err(error) = self.link.write_all(bytes).and_then(|()| self.link.flush()) {
            self.fail(&format!("cannot send: {error}"));
        }
    }

    /// Sends a command line.
    ///
    /// # Panics
    /// When it cannot be sent.
    #[track_caller]
    pub fn say(&mut self, line: &str) {
        self.reinitialises |= line.eq_ignore_ascii_case("REIN");
        self.send(format!("{line}\r\n"));
    }

    /// Sends one byte as urgent data, as Telnet's Synch does. Under TLS there is none: it goes in line.
    ///
    /// # Panics
    /// When it cannot be sent.
    #[track_caller]
    pub fn send_urgent(&mut self, byte: u8) {
        if self.link.tls().is_some() {
            return self.send([byte]);
        }
        self.trace.push(format!("> urgent {byte:#x}"));
        SockRef::from(self.link.tcp()).send_out_of_band(&[byte]).expect("urgent data is sent");
    }

    /// Sends a command and reads its reply, which must have this code.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn ask(&mut self, line: &str, code: u16) -> Reply {
        self.say(line);
        self.expect(code)
    }

    /// The same with one of these codes.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn ask_any(&mut self, line: &str, codes: &[u16]) -> Reply {
        self.say(line);
        self.expect_any(codes)
    }

    /// Closes our side: no command follows.
    ///
    /// # Panics
    /// When the socket is broken.
    pub fn finish_speaking(&mut self) {
        self.link.finish().expect("an open socket");
    }

    /// Breaks the connection off with a reset.
    pub fn reset(self) {
        self.link.reset();
    }

    // What the server says.

    /// Reads one reply.
    ///
    /// # Panics
    /// When there is none, or its format is wrong.
    #[track_caller]
    pub fn reply(&mut self) -> Reply {
        match self.next() {
            Ok(Some(reply)) => reply,
            Ok(None) => self.fail("the server closed where a reply was due"),
            Err(lapse) => self.fail(&lapse.to_string()),
        }
    }

    /// Reads one reply, which must have this code.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn expect(&mut self, code: u16) -> Reply {
        let reply = self.reply();
        if reply.code != code {
            self.fail(&format!("expected {code}"));
        }
        reply
    }

    /// Reads one reply, which must have one of these codes.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn expect_any(&mut self, codes: &[u16]) -> Reply {
        let reply = self.reply();
        if !codes.contains(&reply.code) {
            self.fail(&format!("expected one of {codes:?}"));
        }
        reply
    }

    /// The server closes, and says nothing more.
    ///
    /// # Panics
    /// When it does.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        match self.next() {
            Ok(None) => {}
            Ok(Some(_)) => self.fail("a reply where the end was due"),
            Err(lapse) => self.fail(&lapse.to_string()),
        }
    }

    /// The server says nothing for `moment`.
    ///
    /// # Panics
    /// When it does.
    #[track_caller]
    pub fn expect_silence(&mut self, moment: Duration) {
        patient(self.link.tcp(), moment);
        let said = self.next();
        patient(self.link.tcp(), self.patience);
        if !matches!(said, Err(Lapse::TimedOut)) {
            self.fail("a word where silence was due");
        }
    }

    /// Whether the server has closed by now, or closes within a moment. What it still says is kept.
    pub fn is_closing(&mut self) -> bool {
        patient(self.link.tcp(), Duration::from_millis(50));
        let end = loop {
            if let Err(lapse) = self.fill() {
                break lapse;
            }
        };
        patient(self.link.tcp(), self.patience);
        matches!(end, Lapse::Closed)
    }

    /// Reads bytes as they come, past no reply that was read already.
    ///
    /// # Panics
    /// When so many do not come.
    #[track_caller]
    pub fn raw(&mut self, count: usize) -> Vec<u8> {
        while self.input.len() < count {
            if let Err(lapse) = self.fill() {
                self.fail(&lapse.to_string());
            }
        }
        let bytes = self.input.drain(..count).collect::<Vec<_>>();
        self.trace.push(format!("< {}", show(&bytes)));
        bytes
    }

    /// Reads replies until the server closes; a reset counts as such.
    ///
    /// # Panics
    /// When the server neither speaks nor closes in time.
    #[track_caller]
    pub fn rest(&mut self) -> Vec<Reply> {
        let mut replies = Vec::new();
        loop {
            match self.next() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => return replies,
                Err(lapse) => self.fail(&lapse.to_string()),
            }
        }
    }

    /// The next reply; `None` at the end of the connection.
    fn next(&mut self) -> Result<Option<Reply>, Lapse> {
        if let Some(reply) = self.unread.take() {
            return Ok(Some(reply));
        }
        loop {
            if let Some(reply) = Reply::take(&mut self.input).map_err(Lapse::Format)? {
                self.trace.push(format!("< {}", reply.show()));
                if self.reinitialises && reply.code >= 200 {
                    self.reinitialises = false;
                    self.renew(reply.code)?;
                }
                return Ok(Some(reply));
            }
            match self.fill() {
                Ok(()) => {}
                Err(Lapse::Closed) if self.input.is_empty() => return Ok(None),
                Err(Lapse::Closed) => return Err(Lapse::Format(format!("half a reply: {}", show(&self.input)))),
                Err(lapse) => return Err(lapse),
            }
        }
    }

    /// Reads some more; a reset counts as the end, whatever came before it.
    fn fill(&mut self) -> Result<(), Lapse> {
        let mut buffer = [0; 4096];
        match self.link.read(&mut buffer) {
            Ok(0) => Err(Lapse::Closed),
            Ok(count) => {
                self.input.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                self.input.clear();
                Err(Lapse::Closed)
            }
            // Without close_notify: nothing of a reply is lost by that.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Lapse::Closed),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(Lapse::TimedOut),
            Err(error) => Err(Lapse::Format(format!("no reply: {error}"))),
        }
    }

    // TLS.

    /// AUTH TLS and the handshake; PROT is still C.
    ///
    /// # Panics
    /// When the server refuses, or the handshake fails.
    #[track_caller]
    pub fn auth(&mut self, tls: &TlsClient) {
        self.ask("AUTH TLS", 234);
        self.start_tls(tls);
    }

    /// The handshake, where the server expects one.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn start_tls(&mut self, tls: &TlsClient) {
        if let Err(error) = self.try_tls(tls) {
            self.fail(&format!("no handshake: {error}"));
        }
    }

    /// The same for a handshake that may fail.
    ///
    /// # Errors
    /// As [`Link::handshake`].
    pub fn try_tls(&mut self, tls: &TlsClient) -> std::io::Result<()> {
        let sessions = tls.sessions();
        self.link.secure(sessions.control());
        self.sessions = Some(sessions);
        self.protection = Protection::Clear;
        self.trace.push("= TLS".to_owned());
        self.link.handshake()
    }

    /// PBSZ 0 and PROT P, if the server takes them now.
    ///
    /// # Panics
    /// When it takes the first but not the second.
    #[track_caller]
    pub fn protect_data(&mut self) {
        if self.ask_any("PBSZ 0", &[200, 503, 530]).code == 200 && self.ask_any("PROT P", &[200, 530]).code == 200 {
            self.protection = Protection::Private;
        }
    }

    /// What PROT said, where a test said it by itself.
    pub fn set_protection(&mut self, protection: Protection) {
        self.protection = protection;
    }

    /// The sessions that data connections resume.
    #[must_use]
    pub fn sessions(&self) -> Option<&Sessions> {
        self.sessions.as_ref()
    }

    /// Data connections are made with the sessions of another client.
    pub fn set_sessions(&mut self, sessions: Sessions) {
        self.sessions = Some(sessions);
    }

    /// Leaves TLS on the control connection, as behind CCC's 200. Data connections stay as they are.
    ///
    /// # Panics
    /// When the server does not do its part.
    #[track_caller]
    pub fn clear(&mut self) {
        if let Err(error) = self.link.clear() {
            self.fail(&format!("TLS does not end: {error}"));
        }
        self.trace.push("= clear".to_owned());
    }

    /// After REIN a server ends TLS (RFC 4217 §13), and it is begun anew. One that goes on under TLS is left alone.
    fn renew(&mut self, code: u16) -> Result<(), Lapse> {
        if code != 220 || self.link.tls().is_none() {
            return Ok(());
        }
        patient(self.link.tcp(), Duration::from_millis(300));
        let end = loop {
            if let Err(lapse) = self.fill() {
                break lapse;
            }
        };
        patient(self.link.tcp(), self.patience);
        if !matches!(end, Lapse::Closed) {
            return Ok(());
        }
        self.link.clear().map_err(|error| Lapse::Format(format!("TLS does not end: {error}")))?;
        self.trace.push("= clear".to_owned());
        if let Security::Explicit(tls) = self.security.clone() {
            self.auth(&tls);
            self.protect_data();
        }
        Ok(())
    }

    // Data connections.

    /// Agrees on a data connection and opens our side of it.
    ///
    /// # Panics
    /// When the server refuses.
    #[track_caller]
    pub fn open(&mut self, way: Way) -> Opened {
        match way {
            Way::Pasv | Way::Epsv | Way::Lpsv => {
                let address = self.passive(way);
                Opened::Connected(self.data_to(address))
            }
            Way::Port | Way::Eprt | Way::Lprt => {
                let listener = listen_on(self.local().ip());
                let address = listener.local_addr().expect("a bound socket");
                self.ask(&active_command(way, address), 200);
                let tls = self.data_tls().map(Box::new);
                Opened::Listening(listener, tls)
            }
        }
    }

    /// Has the server listen, and gives the address it tells.
    ///
    /// # Panics
    /// When the server refuses, or tells an address in the wrong format.
    #[track_caller]
    pub fn passive(&mut self, way: Way) -> SocketAddr {
        let (command, code) = match way {
            Way::Pasv => ("PASV", 227),
            Way::Lpsv => ("LPSV", 228),
            _ => ("EPSV", 229),
        };
        let text = self.ask(command, code).text();
        match passive_address(way, &text, self.peer().ip()) {
            Some(address) => address,
            None => self.fail(&format!("no address in the {code}")),
        }
    }

    /// A download or listing: the bytes that came.
    ///
    /// # Panics
    /// When anything but a preliminary reply and success is said.
    #[track_caller]
    pub fn fetch(&mut self, way: Way, command: &str) -> Vec<u8> {
        let opened = self.open(way);
        self.ask_any(command, &PRELIMINARY);
        let bytes = read_all(&mut opened.connection());
        self.expect_any(&COMPLETE);
        bytes
    }

    /// A listing's lines.
    ///
    /// # Panics
    /// As [`fetch`](Self::fetch), and when a line does not end in CRLF.
    #[track_caller]
    pub fn list(&mut self, command: &str) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.fetch(Way::Epsv, command)).into_owned();
        assert!(text.is_empty() || text.ends_with("\r\n"), "{text:?}");
        let lines: Vec<String> = text.split_terminator("\r\n").map(str::to_owned).collect();
        assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])), "{lines:?}");
        lines
    }

    /// An upload.
    ///
    /// # Panics
    /// When anything but a preliminary reply and success is said.
    #[track_caller]
    pub fn store(&mut self, way: Way, command: &str, bytes: &[u8]) {
        let opened = self.open(way);
        self.ask_any(command, &PRELIMINARY);
        let mut data = opened.connection();
        data.write_all(bytes).expect("the server takes the upload");
        data.finish().expect("the server takes the end");
        drop(data);
        self.expect_any(&COMPLETE);
    }

    /// A data connection to `address`, from our own address, protected as PROT said.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn data_to(&self, address: SocketAddr) -> Link {
        self.data_between(self.local().ip(), address)
    }

    /// The same from another address.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn data_between(&self, from: IpAddr, address: SocketAddr) -> Link {
        self.protected(connect_from(from, address))
    }

    /// The data connection that the server makes to `listener`, protected as PROT said.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    #[must_use]
    pub fn accept(&self, listener: &TcpListener) -> Link {
        let (stream, _) = listener.accept().expect("the server connects to us");
        patient(&stream, PATIENCE);
        self.protected(stream)
    }

    fn protected(&self, stream: TcpStream) -> Link {
        match self.data_tls() {
            Some(tls) => Link::from(stream).secured(tls),
            None => stream.into(),
        }
    }

    fn data_tls(&self) -> Option<rustls::ClientConnection> {
        let sessions = self.sessions.as_ref().filter(|_| self.protection == Protection::Private)?;
        Some(sessions.data())
    }

    /// A transfer that is refused before its 150.
    ///
    /// # Panics
    /// When it is not, or with another code.
    #[track_caller]
    pub fn refused(&mut self, command: &str, code: u16) -> Reply {
        let _opened = self.open(Way::Epsv);
        self.ask(command, code)
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        panic!("{what}\n{}", self.trace.join("\n"))
    }
}

/// Why there is no reply.
#[derive(Debug)]
enum Lapse {
    Closed,
    TimedOut,
    Format(String),
}

impl std::fmt::Display for Lapse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("the server closed"),
            Self::TimedOut => f.write_str("no reply came in time"),
            Self::Format(what) => f.write_str(what),
        }
    }
}

/// What may begin a transfer, and what may end one that succeeded (RFC 959 §5.4).
const PRELIMINARY: [u16; 2] = [150, 125];
const COMPLETE: [u16; 2] = [226, 250];
