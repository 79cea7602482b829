//! What the kernel allows: the same bytes without FTP. Each is a server of its own, in a process of its own.
//!
//! There is a thread for each connection, and nothing is asked and nothing is answered but what is measured.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use clap::ValueEnum;
use rustix::fs::sendfile;
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ceiling {
    /// Sends the large file by `sendfile` to whoever connects.
    Sendfile,
    /// Takes what is sent into a new file by `splice`, through a pipe.
    Splice,
    /// Answers each line with the same reply.
    Echo,
}

/// Serves on that port until it is ended.
///
/// # Errors
/// Where it cannot listen.
pub fn serve(what: Ceiling, port: u16, tree: &Path) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    for connection in listener.incoming() {
        let (connection, tree) = (connection?, tree.to_owned());
        thread::spawn(move || {
            // Whoever connects and leaves at once only wants to know whether we are there.
            let _ = match what {
                Ceiling::Sendfile => give(&connection, &tree.join("large.bin")),
                Ceiling::Splice => {
                    let count = COUNT.fetch_add(1, Ordering::Relaxed) % FILES;
                    take(&connection, &tree.join(format!("incoming/ceiling-{count}")))
                }
                Ceiling::Echo => echo(connection),
            };
        });
    }
    Ok(())
}

fn give(connection: &TcpStream, path: &PathBuf) -> io::Result<()> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut offset = 0;
    while offset < length {
        let left = usize::try_from(length - offset).unwrap_or(usize::MAX);
        if sendfile(connection, &file, Some(&mut offset), left)? == 0 {
            break;
        }
    }
    Ok(())
}

fn take(connection: &TcpStream, path: &PathBuf) -> io::Result<()> {
    let (out, into) = pipe_with(PipeFlags::CLOEXEC)?;
    fcntl_setpipe_size(&into, PIPE)?;
    let mut came = splice(connection, None, &into, None, PIPE, SpliceFlags::MOVE)?;
    if came == 0 {
        // Somebody looked whether we are there: that makes no file.
        return Ok(());
    }
    let file = File::create(path)?;
    while came > 0 {
        while came > 0 {
            came -= splice(&out, None, &file, None, came, SpliceFlags::MOVE)?;
        }
        came = splice(connection, None, &into, None, PIPE, SpliceFlags::MOVE)?;
    }
    Ok(())
}

fn echo(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let replies = REPLY.repeat(MOST);
    let mut buffer = [0; 8192];
    loop {
        let read = connection.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let came = buffer.get(..read).unwrap_or_default();
        let mut lines = came.iter().filter(|byte| **byte == b'\n').count();
        while lines > 0 {
            let now = lines.min(MOST);
            connection.write_all(replies.get(..now * REPLY.len()).unwrap_or_default())?;
            lines -= now;
        }
    }
}

/// What is answered.
const REPLY: &[u8] = b"200 NOOP ok.\r\n";
/// How many replies are written at a time.
const MOST: usize = 1024;
/// How much a pipe holds.
const PIPE: usize = 1 << 20;
/// Files that uploads go into, in turn: more than are under way at a time.
const FILES: u64 = 64;
