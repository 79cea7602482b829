//! The program as a process of its own, and how to talk to it in the clear.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::{TempDir, tempdir};

pub(crate) fn ftpd() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ftpd"));
    command.stdin(Stdio::null());
    command
}

pub(crate) fn directory() -> TempDir {
    tempdir().expect("a temporary directory")
}

/// Runs a command line that must be refused, and gives its one sentence.
pub(crate) fn refusal(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(stdout.is_empty(), "it said that it serves");
    text
}

/// The same for what the program finds itself: one line, under its name.
pub(crate) fn sentence(command: &mut Command) -> String {
    let text = refusal(command);
    assert!(text.starts_with("ftpd: ") && text.ends_with('\n') && text.lines().count() == 1, "{text:?}");
    text
}

/// A server that runs, and ends with the test.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) said: Vec<String>,
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Running {
    /// Starts it, and reads what it says until it has named a command to try.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_until(command, "try: ")
    }

    /// The same, up to the first line that begins so.
    pub(crate) fn start_until(command: &mut Command, last: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
        let mut said = Vec::new();
        for line in lines {
            let is_last = line.starts_with(last);
            said.push(line);
            if is_last {
                break;
            }
        }
        let addresses = said.iter().filter_map(|line| line.strip_prefix("listening on ")?.parse().ok()).collect();
        Self { child, said, addresses }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Reads the log up to a line that holds `what`.
    pub(crate) fn wait_for_log(&mut self, what: &str) {
        let mut log = BufReader::new(self.child.stderr.as_mut().unwrap()).lines().map(Result::unwrap);
        assert!(log.any(|line| line.contains(what)), "{what:?} was never logged");
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client's control connection, over TCP or TLS.
pub(crate) struct Control<S>(BufReader<S>);

impl Control<TcpStream> {
    /// Connects, and reads the greeting, which is given too.
    pub(crate) fn open(address: SocketAddr) -> (Self, Vec<String>) {
        let mut control = Self::over(TcpStream::connect(address).unwrap());
        let greeting = control.reply();
        (control, greeting)
    }
}

impl<S: Read + Write> Control<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// What it runs over; nothing may be left in between.
    pub(crate) fn into_stream(self) -> S {
        assert!(self.0.buffer().is_empty(), "{:?}", self.0.buffer());
        self.0.into_inner()
    }

    /// The lines of the next reply.
    pub(crate) fn reply(&mut self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the connection ended behind {lines:?}");
            let line = line.trim_end().to_owned();
            let is_last = line.as_bytes().get(3) == Some(&b' ') && line.as_bytes()[..3].iter().all(u8::is_ascii_digit);
            lines.push(line);
            if is_last {
                return lines;
            }
        }
    }

    /// Sends a command; the reply must have this code.
    pub(crate) fn ask(&mut self, command: &str, code: &str) -> Vec<String> {
        self.0.get_mut().write_all(format!("{command}\r\n").as_bytes()).unwrap();
        self.0.get_mut().flush().unwrap();
        let reply = self.reply();
        assert!(reply[0].starts_with(code), "{command}: {reply:?}");
        reply
    }

    pub(crate) fn log_in(&mut self, user: &str, password: &str) {
        self.ask(&format!("USER {user}"), "331");
        self.ask(&format!("PASS {password}"), "230");
    }

    /// The port of a new passive data connection.
    pub(crate) fn epsv(&mut self) -> u16 {
        self.ask("EPSV", "229")[0].split('|').nth(3).unwrap().parse().unwrap()
    }

    /// The names at the root, over a data connection in the clear.
    pub(crate) fn names(&mut self, address: SocketAddr) -> Vec<String> {
        let mut data = TcpStream::connect((address.ip(), self.epsv())).unwrap();
        self.ask("NLST", "150");
        let mut names = String::new();
        data.read_to_string(&mut names).unwrap();
        assert!(self.reply()[0].starts_with("226"));
        names.lines().map(str::to_owned).collect()
    }
}

/// The code of the reply to a login.
pub(crate) fn login(address: SocketAddr, user: &str, password: &str) -> String {
    let mut control = TcpStream::connect(address).unwrap();
    write!(control, "USER {user}\r\nPASS {password}\r\n").unwrap();
    let lines = BufReader::new(control).lines().map(Result::unwrap);
    let code = lines.map(|line| line[..3].to_string()).find(|code| !["220", "331"].contains(&&**code));
    code.unwrap()
}
