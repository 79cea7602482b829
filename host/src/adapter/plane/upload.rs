//! Bytes on their way into a range of a file.
//!
//! What arrived before the stream broke is written before the failure is told. A file that may wait is written on an
//! errand, where there is a thread for that; nothing more is taken in meanwhile.

use ftp_proto::Failure;
use ftp_proto::outcome::Moved;

use super::{Away, Errand, Link, Sockets, Stop, Visit, Work};
use crate::Pace;
use crate::adapter::{Halt, Range};

/// Bytes on their way into a range of a file.
#[derive(Debug)]
pub(super) struct Upload<A> {
    range: Range,
    pace: Pace,
    away: Option<A>,
    /// Why nothing more comes.
    stop: Option<Stop>,
}

impl<A: Away> Upload<A> {
    pub(super) fn new(range: Range, pace: Pace) -> Self {
        Self { range, pace, away: None, stop: None }
    }

    /// How many bytes are written.
    pub(super) fn moved(&self) -> u64 {
        self.range.moved()
    }

    /// The errand that it waits for.
    pub(super) fn away(&mut self) -> Option<&mut A> {
        self.away.as_mut()
    }

    /// Whether a write is under way: until it has landed, the file is not at rest.
    pub(super) fn is_writing(&self) -> bool {
        self.away.is_some()
    }

    pub(super) fn step<S: Sockets<Away = A>>(
        &mut self,
        link: &mut Link<S::Connection>,
        sockets: &S,
        visit: &mut Visit,
    ) -> Result<Moved, Halt> {
        if self.away.is_some() {
            self.land(visit)?;
        } else {
            self.take_in(link, sockets, visit)?;
        }
        match self.stop {
            Some(Stop::At(end)) => Ok(Moved { bytes: self.range.moved(), end: Some(end) }),
            Some(Stop::Broken(failure)) => Err(Halt::Failed(failure)),
            None if self.range.left() == 0 => Ok(self.range.whole()),
            None => Err(Halt::Later),
        }
    }

    /// Takes a write that is over back in.
    pub(super) fn land(&mut self, visit: &mut Visit) -> Result<(), Halt> {
        let Some(away) = &mut self.away else { return Ok(()) };
        let errand = away.back().ok_or(Halt::Later)?;
        self.away = None;
        self.written(errand, visit)
    }

    fn take_in<S: Sockets<Away = A>>(
        &mut self,
        link: &mut Link<S::Connection>,
        sockets: &S,
        visit: &mut Visit,
    ) -> Result<(), Halt> {
        let mut buffer = visit.lend();
        let room = self.range.room(buffer.len());
        let (filled, stop) = link.fill(buffer.get_mut(..room).unwrap_or_default());
        self.stop = stop;
        if filled == 0 {
            visit.give_back(buffer);
            return Ok(());
        }
        self.write(Work::Write { buffer, filled }, sockets, visit)
    }

    fn write<S: Sockets<Away = A>>(&mut self, work: Work, sockets: &S, visit: &mut Visit) -> Result<(), Halt> {
        let errand = Errand::new(self.range.clone(), work);
        let sent = if self.pace == Pace::MayWait { sockets.send_off(errand) } else { Err(errand) };
        match sent {
            Ok(away) => {
                self.away = Some(away);
                Err(Halt::Later)
            }
            Err(mut errand) => {
                errand.run();
                self.written(Ok(errand), visit)
            }
        }
    }

    fn written(&mut self, errand: Result<Errand, Failure>, visit: &mut Visit) -> Result<(), Halt> {
        let Errand { range, work, result } = errand.map_err(Halt::Failed)?;
        visit.moved += usize::try_from(range.moved() - self.range.moved()).unwrap_or(usize::MAX);
        self.range = range;
        match work {
            Work::Read { buffer, .. } | Work::Write { buffer, .. } => visit.give_back(buffer),
        }
        result.map_err(Halt::Failed)
    }
}
