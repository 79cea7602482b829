//! File work that may wait, as a value that can be sent to another thread and comes back.

use ftp_proto::Failure;

use super::Pipe;
use crate::adapter::Range;

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
        };
    }
}
