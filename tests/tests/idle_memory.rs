//! What a client that is logged in and does nothing costs the server: engine, adapter and host together.
//!
//! The server is a process of its own, so that nothing of the clients is counted. The allocator's count decides; the
//! process's size is told for those who read it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

#[test]
fn an_idle_session_costs_at_most_six_kibibytes() {
    for adapter in ["tokio", "mio"] {
        measure(adapter);
    }
}

fn measure(adapter: &str) {
    let mut server = CountedServer::start(adapter);
    // What the first session brings with it, such as the pool's threads, is no session's cost.
    let first: Vec<TcpStream> = (0..WARM_UP).map(|_| server.log_in()).collect();
    let before = server.memory();
    let sessions: Vec<TcpStream> = (0..SESSIONS).map(|_| server.log_in()).collect();
    let after = server.memory();
    let heap = (after.heap - before.heap) / SESSIONS;
    let pss = after.pss.saturating_sub(before.pss) / SESSIONS;
    eprintln!("an idle session on {adapter}: {heap} bytes of heap, {pss} bytes of PSS");
    assert!(heap <= 6 * 1024, "{heap} bytes of heap on {adapter}");
    drop((first, sessions));
}

const WARM_UP: usize = 8;
/// With their sockets still below the 1,024 files that a process may open by default.
const SESSIONS: usize = 960;

/// The server's process; ended when this is dropped.
struct CountedServer {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    port: u16,
}

/// Bytes that the server holds.
struct Memory {
    heap: usize,
    pss: usize,
}

impl CountedServer {
    fn start(adapter: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counted_server"));
        let mut process = command.arg(adapter).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let questions = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        Self { process, questions, answers, port: line.trim().parse().unwrap() }
    }

    fn log_in(&self) -> TcpStream {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        expect(&mut stream, b"220 ");
        stream.write_all(b"USER alice\r\n").unwrap();
        expect(&mut stream, b"331 ");
        stream.write_all(b"PASS secret\r\n").unwrap();
        expect(&mut stream, b"230 ");
        stream
    }

    fn memory(&mut self) -> Memory {
        writeln!(self.questions).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let (heap, pss) = line.trim().split_once(' ').unwrap();
        Memory { heap: heap.parse().unwrap(), pss: pss.parse().unwrap() }
    }
}

impl Drop for CountedServer {
    fn drop(&mut self) {
        // It fails only where the process has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads one reply of one line.
fn expect(stream: &mut TcpStream, code: &[u8; 4]) {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        line.extend(byte);
    }
    assert!(line.starts_with(code), "{}", line.escape_ascii());
}
