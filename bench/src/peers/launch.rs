//! Starts a server, waits until it answers, and ends it with all that it started.

use std::fs;
use std::io::{self, Read, Seek};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};

use super::{Peer, Programs, recipe};
use crate::client::Login;
use crate::fault;
use crate::fixture::Fixture;
use crate::group::{self, Group};
use crate::procfs;
use crate::rows::Channel;

/// A server that runs, until this value goes.
#[derive(Debug)]
pub struct Running {
    /// Which one.
    pub peer: Peer,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its processes.
    pub group: Group,
    child: Child,
}

impl Running {
    /// Starts it on a port that the kernel chose, with TLS where the channel is that, and waits for its greeting.
    ///
    /// # Errors
    /// Where it cannot be started, ends, or says nothing for a while: with what it printed.
    pub fn start(peer: Peer, programs: &Programs, fixture: &Fixture, channel: Channel) -> io::Result<Self> {
        if let Some(missing) = programs.missing(peer) {
            return Err(fault(missing));
        }
        let mut last = None;
        // Between our choice of a port and its use another may take it: then once more.
        for _ in 0..3 {
            match Self::try_start(peer, programs, fixture, channel) {
                Ok(running) => return Ok(running),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| fault("it was never tried")))
    }

    fn try_start(peer: Peer, programs: &Programs, fixture: &Fixture, channel: Channel) -> io::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let command = recipe::command(peer, programs, fixture, channel, port)?;
        let mut group = Group::new();
        let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let mut command = group.enclose(&command, peer.files().min(most));
        let output = tempfile::tempfile()?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output.try_clone()?);
        let child = command.spawn()?;
        group.started(child.id());
        let mut running = Self { peer, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), group, child };
        running.wait_until_ready().map_err(|error| fault(format!("{error}{}", tail(output))))?;
        Ok(running)
    }

    fn wait_until_ready(&mut self) -> io::Result<()> {
        let until = Instant::now() + Duration::from_secs(15);
        loop {
            if let Ok(mut socket) = TcpStream::connect(self.address) {
                if self.peer.ceiling().is_some() {
                    return Ok(());
                }
                socket.set_read_timeout(Some(Duration::from_secs(10)))?;
                let mut code = [0; 3];
                socket.read_exact(&mut code)?;
                return if &code == b"220" { Ok(()) } else { Err(fault("its greeting is not 220")) };
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(fault(format!("{} ended with {status}", self.peer.name())));
            }
            if Instant::now() > until {
                return Err(fault(format!("{} does not listen", self.peer.name())));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The one user, in the clear.
    #[must_use]
    pub fn login(&self) -> Login {
        Login { address: self.address, user: "bench".to_owned(), password: "bench".to_owned(), tls: None }
    }

    /// Ends it, and all that it started.
    ///
    /// # Errors
    /// Where somebody is left.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        let ended = self.group.end();
        // The group is empty, or its processes are beyond us: in both cases ours is waited for, so that none stays.
        let _ = self.child.kill();
        self.child.wait()?;
        group::reap();
        if self.peer == Peer::PureFtpd {
            clean();
        }
        ended
    }
}

/// Pure-FTPd notes who is on in a place of its own, and does not take back all of it: notes of processes that are no more
/// are removed.
fn clean() {
    for entry in fs::read_dir(NOTES).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("client-")?.parse::<u32>().ok());
        if process.is_some_and(|process| procfs::stat(process).is_none()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    // Goes where nobody else's notes are in it; it is made again by whoever needs it.
    let _ = fs::remove_dir(NOTES);
}

/// Where Pure-FTPd notes who is on.
const NOTES: &str = "/run/pure-ftpd";

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// The end of what it printed.
fn tail(mut output: fs::File) -> String {
    let mut text = String::new();
    let _ = output.rewind().and_then(|()| output.read_to_string(&mut text).map(drop));
    let last = text.lines().rev().take(3).collect::<Vec<_>>();
    last.into_iter().rev().fold(String::new(), |all, line| format!("{all}: {line}"))
}
