//! A server in a process of its own, so that what it costs is its own and not its clients'.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::{Adapter, TlsClient, Wire, connect_from};

/// The program `counted_server`; ended when this is dropped.
#[derive(Debug)]
pub struct CountedServer {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    address: SocketAddr,
}

/// What the server holds.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    /// Bytes that were asked of the allocator.
    pub heap: usize,
    /// Bytes of the process's proportional set size.
    pub pss: usize,
    /// Sessions.
    pub sessions: usize,
    /// Open files.
    pub files: usize,
}

impl CountedServer {
    /// Starts it; `program` is where cargo put it, which only a test knows.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(program: &str, adapter: Adapter) -> Self {
        Self::start_with(program, adapter, &[])
    }

    /// The same with TLS on offer.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_with_tls(program: &str, adapter: Adapter) -> Self {
        Self::start_with(program, adapter, &["tls"])
    }

    fn start_with(program: &str, adapter: Adapter, more: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.arg(adapter.name()).args(more).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the program starts");
        let questions = process.stdin.take().expect("piped");
        let mut answers = BufReader::new(process.stdout.take().expect("piped"));
        let address = line(&mut answers).trim().parse().expect("an address");
        Self { process, questions, answers, address }
    }

    /// Logs in so many clients that do nothing then. Few share an address.
    ///
    /// # Panics
    /// When one of them cannot.
    #[must_use]
    pub fn log_in(&self, clients: Range<u32>) -> Vec<Wire> {
        let mut wires = Vec::new();
        let firsts = clients.clone().step_by(AT_ONCE as usize);
        for batch in firsts.map(|first| first..clients.end.min(first + AT_ONCE)) {
            let begun = wires.len();
            wires.extend(batch.map(|client| {
                let mut wire = Wire::over(connect_from(own_address(client), self.address));
                wire.send("USER alice\r\nPASS secret\r\n");
                wire
            }));
            for wire in &mut wires[begun..] {
                [220, 331, 230].into_iter().for_each(|code| drop(wire.expect(code)));
            }
        }
        wires
    }

    /// The same behind AUTH TLS, under PROT P; one after the other.
    ///
    /// # Panics
    /// When one of them cannot.
    #[must_use]
    pub fn log_in_over_tls(&self, clients: Range<u32>, tls: &TlsClient) -> Vec<Wire> {
        let log_in = |client| {
            let mut wire = Wire::over(connect_from(own_address(client), self.address));
            wire.expect(220);
            wire.auth(tls);
            wire.log_in("alice", "secret");
            wire.protect_data();
            wire
        };
        clients.map(log_in).collect()
    }

    /// What it holds now.
    ///
    /// # Panics
    /// When it does not tell.
    #[must_use]
    pub fn holding(&mut self) -> Holding {
        writeln!(self.questions).expect("the server listens");
        let [heap, pss, sessions] = numbers(&mut self.answers);
        let files = fs::read_dir(format!("/proc/{}/fd", self.process.id())).expect("a process that runs").count();
        Holding { heap, pss, sessions, files }
    }
}

impl Drop for CountedServer {
    fn drop(&mut self) {
        // It fails only where the process has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Has this process open as many files as it may without asking anyone: how many these are.
///
/// # Errors
/// When the kernel refuses.
pub fn raise_file_limit() -> io::Result<usize> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    Ok(limit.maximum.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX)))
}

/// Few clients share an address.
fn own_address(client: u32) -> IpAddr {
    Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + 1 + client / PER_ADDRESS).into()
}

fn line(answers: &mut impl BufRead) -> String {
    let mut line = String::new();
    answers.read_line(&mut line).expect("the server answers");
    line
}

fn numbers<const COUNT: usize>(answers: &mut impl BufRead) -> [usize; COUNT] {
    let line = line(answers);
    let numbers: Vec<usize> = line.split_whitespace().flat_map(str::parse).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{COUNT} numbers, not {line:?}"))
}

/// Clients of one thread that log in at the same time: four threads keep below what may wait for the pool.
const AT_ONCE: u32 = 250;
/// Below what a server allows one address.
const PER_ADDRESS: u32 = 200;
