//! Bytes on their way into a range of a file.
//!
//! They come through the buffer at first. A stream in the clear that goes on behind that goes through a pipe, where the
//! kernel has such: it copies once, not twice.
//!
//! What arrived before the stream broke is written before the failure is told. A file that may wait is written on an
//! errand, where there is a thread for that; nothing more is taken in meanwhile.

use ftp_proto::outcome::Moved;

use super::{Away, Connection, Errand, Link, Pipe, Sockets, Stop, Visit, Work};
use crate::Pace;
use crate::adapter::{Halt, Layer, Offload, Range};

/// Bytes on their way into a range of a file.
#[derive(Debug)]
pub(super) struct Upload<A> {
    range: Range,
    how: Offload,
    pace: Pace,
    away: Option<A>,
    /// Why nothing more comes.
    stop: Option<Stop>,
}

impl<A: Away> Upload<A> {
    pub(super) fn new(range: Range, how: Offload, pace: Pace) -> Self {
        Self { range, how, pace, away: None, stop: None }
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

    /// Goes on. Not while a write is under way: that has to [land](Self::land) first.
    pub(super) fn step<S: Sockets<Away = A>>(
        &mut self,
        link: &mut Link<S::Connection>,
        sockets: &S,
        visit: &mut Visit,
    ) -> Result<Moved, Halt> {
        let pipe = if self.how == Offload::Kernel { link.pipe() } else { None };
        match pipe {
            Some(pipe) => self.by_kernel(pipe, link, sockets, visit)?,
            None => self.by_buffer(link, sockets, visit)?,
        }
        self.outcome()
    }

    /// How it ended, if it has.
    pub(super) fn outcome(&self) -> Result<Moved, Halt> {
        match self.stop {
            Some(Stop::At(end)) => Ok(Moved { bytes: self.range.moved(), end: Some(end) }),
            Some(Stop::Broken(failure)) => Err(Halt::Failed(failure)),
            None if self.range.left() == 0 => Ok(self.range.whole()),
            None => Err(Halt::Later),
        }
    }

    /// Takes a write that is over back in.
    pub(super) fn land<C: Connection>(&mut self, link: Option<&mut Link<C>>, visit: &mut Visit) -> Result<(), Halt> {
        let Some(away) = &mut self.away else { return Ok(()) };
        let errand = away.back().ok_or(Halt::Later)?;
        self.away = None;
        self.written(errand.map_err(Halt::Failed)?, link, visit)
    }

    fn by_kernel<S: Sockets<Away = A>>(
        &mut self,
        mut pipe: Box<Pipe>,
        link: &mut Link<S::Connection>,
        sockets: &S,
        visit: &mut Visit,
    ) -> Result<(), Halt> {
        // An errand is worth waiting until the pipe is full; in place, what came is written while more comes.
        let takes = if self.pace == Pace::MayWait { Layer::READS } else { 1 };
        self.stop = link.fill_pipe(&mut pipe, self.range.room(usize::MAX), takes);
        if pipe.held() > 0 {
            let socket = if self.pace == Pace::MayWait && self.stop.is_none() { link.share() } else { None };
            let work = match socket {
                Some(socket) => Work::Pump { pipe, socket, stop: None },
                None => Work::Drain(pipe),
            };
            return self.write(work, link, sockets, visit);
        }
        let is_refused = pipe.is_refused();
        link.give_back(pipe);
        if is_refused { self.by_buffer(link, sockets, visit) } else { Ok(()) }
    }

    fn by_buffer<S: Sockets<Away = A>>(
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
        self.write(Work::Write { buffer, filled }, link, sockets, visit)
    }

    fn write<S: Sockets<Away = A>>(
        &mut self,
        work: Work,
        link: &mut Link<S::Connection>,
        sockets: &S,
        visit: &mut Visit,
    ) -> Result<(), Halt> {
        let errand = Errand::new(self.range.clone(), work);
        let sent = if self.pace == Pace::MayWait { sockets.send_off(errand) } else { Err(errand) };
        match sent {
            Ok(away) => {
                self.away = Some(away);
                Err(Halt::Later)
            }
            Err(mut errand) => {
                // It is the same for the rest of the range.
                self.pace = Pace::Prompt;
                errand.run();
                self.written(errand, Some(link), visit)
            }
        }
    }

    fn written<C: Connection>(
        &mut self,
        errand: Errand,
        link: Option<&mut Link<C>>,
        visit: &mut Visit,
    ) -> Result<(), Halt> {
        let Errand { range, work, result } = errand;
        visit.moved += usize::try_from(range.moved() - self.range.moved()).unwrap_or(usize::MAX);
        self.range = range;
        match (work, link) {
            (Work::Read { buffer, .. } | Work::Write { buffer, .. }, _) => visit.give_back(buffer),
            (Work::Drain(pipe), link) => give_back(pipe, link),
            (Work::Pump { pipe, stop, .. }, link) => {
                self.stop = stop;
                give_back(pipe, link);
            }
        }
        result.map_err(Halt::Failed)
    }
}

fn give_back<C: Connection>(pipe: Box<Pipe>, link: Option<&mut Link<C>>) {
    if let Some(link) = link {
        link.give_back(pipe);
    }
}
