//! File work that may wait, as a value that can be sent to another thread and comes back.

use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use ftp_proto::Failure;

use super::{Pipe, Stop};
use crate::adapter::{PROGRESS_EVERY, Range, socket};

/// File work that may wait for a disk. Made and used by the data plane; an adapter only lets it [run](Self::run).
///
/// It holds on to the host's side of its session: dropped together with the session while it is under way, it keeps the
/// host from discarding a file that is still written to.
#[derive(Debug)]
pub struct Errand {
    pub(super) range: Range,
    pub(super) work: Work,
    /// What came of it.
    pub(super) result: Result<(), Failure>,
}

/// What is done with the range.
#[derive(Debug)]
pub(super) enum Work {
    /// The next bytes are read: `filled` of them.
    Read { buffer: Box<[u8]>, filled: usize },
    /// The first `filled` bytes are written.
    Write { buffer: Box<[u8]>, filled: usize },
    /// All that the pipe holds is written.
    Drain(Box<Pipe>),
    /// The same, and then what comes from a socket meanwhile.
    Pump { pipe: Box<Pipe>, socket: Arc<OwnedFd>, stop: Option<Stop> },
}

impl Errand {
    pub(super) fn new(range: Range, work: Work) -> Self {
        Self { range, work, result: Ok(()) }
    }

    /// Does it. It may wait for the disk.
    pub fn run(&mut self) {
        let Self { range, work, result } = self;
        *result = match work {
            Work::Read { buffer, filled } => range.read(buffer).map(|count| *filled = count),
            Work::Write { buffer, filled } => range.write(buffer.get(..*filled).unwrap_or_default()),
            Work::Drain(pipe) => pipe.drain(range),
            Work::Pump { pipe, socket, stop } => pump(range, pipe, socket).map(|end| *stop = end),
        };
    }
}

/// Moves what comes on `socket`, as long as it comes without a wait, there is something to tell only soon, and somebody
/// waits for the errand: why nothing more comes, if that is so.
fn pump(range: &mut Range, pipe: &mut Pipe, socket: &Arc<OwnedFd>) -> Result<Option<Stop>, Failure> {
    let until = Instant::now() + PROGRESS_EVERY / 2;
    loop {
        pipe.drain(range)?;
        let is_wanted = Arc::strong_count(socket) > 1;
        if !is_wanted || range.left() == 0 || pipe.is_refused() || Instant::now() >= until {
            return Ok(None);
        }
        match pipe.take(socket.as_fd(), range.room(usize::MAX)) {
            Ok(Some(0)) => {
                pipe.refuse();
                return Ok(None);
            }
            Ok(Some(_)) => {}
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock || pipe.is_refused() => return Ok(None),
            Err(error) => return Ok(Some(Stop::Broken(socket::failure(&error)))),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
