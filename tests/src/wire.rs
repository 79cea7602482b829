//! A client without manners or opinions: sends bytes, reads replies, opens data connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use crate::PATIENCE;
use crate::data::{Opened, Way, active_command, connect_from, listen_on, passive_address, patient, read_all, reset};
use crate::reply::{Reply, show};

/// A control connection. Everything on it is kept for the message of a test that fails.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    input: Vec<u8>,
    trace: Vec<String>,
    patience: Duration,
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
    pub fn over(stream: TcpStream) -> Self {
        patient(&stream, PATIENCE);
        stream.set_nodelay(true).expect("an open socket");
        Self { stream, input: Vec::new(), trace: Vec::new(), patience: PATIENCE }
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
    }

    /// Our own address.
    ///
    /// # Panics
    /// When the socket is broken.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.stream.local_addr().expect("a connected socket")
    }

    /// The server's address.
    ///
    /// # Panics
    /// When the socket is broken.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.stream.peer_addr().expect("a connected socket")
    }

    /// The socket itself.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// From here on, gives up after `patience`.
    ///
    /// # Panics
    /// When the socket is broken.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
        patient(&self.stream, patience);
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
        if let Err(error) = self.stream.write_all(bytes) {
            self.fail(&format!("cannot send: {error}"));
        }
    }

    /// Sends a command line.
    ///
    /// # Panics
    /// When it cannot be sent.
    #[track_caller]
    pub fn say(&mut self, line: &str) {
        self.send(format!("{line}\r\n"));
    }

    /// Sends one byte as urgent data, as Telnet's Synch does.
    ///
    /// # Panics
    /// When it cannot be sent.
    #[track_caller]
    pub fn send_urgent(&mut self, byte: u8) {
        self.trace.push(format!("> urgent {byte:#x}"));
        SockRef::from(&self.stream).send_out_of_band(&[byte]).expect("urgent data is sent");
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
        self.stream.shutdown(Shutdown::Write).expect("an open socket");
    }

    /// Breaks the connection off with a reset.
    pub fn reset(self) {
        reset(self.stream);
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
        patient(&self.stream, moment);
        let said = self.next();
        patient(&self.stream, self.patience);
        if !matches!(said, Err(Lapse::TimedOut)) {
            self.fail("a word where silence was due");
        }
    }

    /// Whether the server has closed by now, or closes within a moment. What it still says is kept.
    pub fn is_closing(&mut self) -> bool {
        patient(&self.stream, Duration::from_millis(50));
        let end = loop {
            if let Err(lapse) = self.fill() {
                break lapse;
            }
        };
        patient(&self.stream, self.patience);
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
        loop {
            if let Some(reply) = Reply::take(&mut self.input).map_err(Lapse::Format)? {
                self.trace.push(format!("< {}", reply.show()));
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
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(Lapse::Closed),
            Ok(count) => {
                self.input.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                self.input.clear();
                Err(Lapse::Closed)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(Lapse::TimedOut),
            Err(error) => Err(Lapse::Format(format!("no reply: {error}"))),
        }
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
                Opened::Connected(connect_from(self.local().ip(), address))
            }
            Way::Port | Way::Eprt | Way::Lprt => {
                let listener = listen_on(self.local().ip());
                let address = listener.local_addr().expect("a bound socket");
                self.ask(&active_command(way, address), 200);
                Opened::Listening(listener)
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
        let bytes = read_all(opened.connection());
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
        drop(data);
        self.expect_any(&COMPLETE);
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
