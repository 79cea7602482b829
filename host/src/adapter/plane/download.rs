//! A range of a file on its way out.
//!
//! In the clear the kernel moves it, in place. Through a buffer, the file is read in place where there is no other thread
//! for it, or it is known not to wait: a hop for each chunk would cost more than the kernel's read-ahead leaves to wait
//! for, and that one step reads no more than a chunk bounds how long others wait for a disk that is slow after all. Else
//! it is read on an errand, and what came back is held until it has left.

use ftp_proto::Failure;
use ftp_proto::outcome::Moved;

use super::{Away, Connection, Errand, Link, Sockets, Visit, Work, halt};
use crate::Pace;
use crate::adapter::{Halt, Layer, Offload, Range, Stream, socket};

/// A range of a file on its way out.
#[derive(Debug)]
pub(super) struct Download<A> {
    source: Source<A>,
    how: Offload,
}

/// What is sent.
#[derive(Debug)]
struct Source<A> {
    range: Range,
    pace: Pace,
    /// What was read and has not left.
    held: Option<Held>,
    away: Option<A>,
}

#[derive(Debug)]
struct Held {
    buffer: Box<[u8]>,
    sent: usize,
    filled: usize,
}

impl<A: Away> Download<A> {
    pub(super) fn new(range: Range, how: Offload, pace: Pace) -> Self {
        Self { source: Source { range, pace, held: None, away: None }, how }
    }

    /// How many bytes have left.
    pub(super) fn moved(&self) -> u64 {
        self.source.range.moved()
    }

    /// The errand that it waits for.
    pub(super) fn away(&mut self) -> Option<&mut A> {
        self.source.away.as_mut()
    }

    pub(super) fn step<S: Sockets<Away = A>>(
        &mut self,
        link: &mut Link<S::Connection>,
        sockets: &S,
        visit: &mut Visit,
    ) -> Result<Moved, Halt> {
        let Link { connection, layer, .. } = link;
        if let Some(layer) = layer {
            return self.step_secured(connection, layer, sockets, visit);
        }
        if self.source.range.left() == 0 {
            return Ok(self.source.range.whole());
        }
        if self.how == Offload::Kernel
            && self.source.range.moved() == 0
            && let Some(moved) = self.at_once(connection, visit)?
        {
            return Ok(moved);
        }
        let count = match self.how {
            Offload::Kernel => self.by_kernel(connection, sockets, visit)?,
            Offload::Buffered => self.by_buffer(connection, sockets, visit)?,
        };
        visit.moved += count;
        match count {
            0 => Ok(self.source.range.ended()),
            _ if self.source.range.left() == 0 => Ok(self.source.range.whole()),
            _ => Err(Halt::Later),
        }
    }

    /// Sends a file that is as small as a few packets through the buffer, which costs less than to set the kernel to it.
    /// It is held back for a moment, so as to leave with the end of the stream: the client is woken once.
    fn at_once<C: Connection>(&mut self, connection: &C, visit: &mut Visit) -> Result<Option<Moved>, Halt> {
        if !connection.has_room() {
            return Err(Halt::Later);
        }
        let range = &mut self.source.range;
        let buffer = visit.buffer().get_mut(..SMALL).unwrap_or_default();
        let count = range.read_full(buffer).map_err(Halt::Failed)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| bytes.len() < SMALL) else { return Ok(None) };
        if bytes.is_empty() {
            return Ok(Some(range.ended()));
        }
        let sent = connection.give_out(|socket| socket::send_with_more(socket, bytes)).map_err(halt)?;
        range.advance(sent);
        visit.moved += sent;
        Ok((sent == count).then(|| if range.left() == 0 { range.whole() } else { range.ended() }))
    }

    fn step_secured<S: Sockets<Away = A>>(
        &mut self,
        connection: &S::Connection,
        layer: &mut Layer,
        sockets: &S,
        visit: &mut Visit,
    ) -> Result<Moved, Halt> {
        // The disk is not read before the last chunk has left.
        layer.flush(connection)?;
        if self.source.range.left() == 0 {
            return Ok(self.source.range.whole());
        }
        let chunk = self.source.next(Layer::CHUNK, sockets, visit)?;
        if chunk.is_empty() {
            return Ok(self.source.range.ended());
        }
        let sealed = layer.write(connection, chunk)?;
        self.source.advance(sealed, visit);
        visit.moved += sealed;
        Err(Halt::Later)
    }

    fn by_kernel<S: Sockets<Away = A>>(
        &mut self,
        connection: &S::Connection,
        sockets: &S,
        visit: &mut Visit,
    ) -> Result<usize, Halt> {
        if let Some(count) = connection.give_out(|stream| self.source.range.send(stream)).map_err(halt)? {
            return Ok(count);
        }
        self.how = Offload::Buffered;
        self.by_buffer(connection, sockets, visit)
    }

    fn by_buffer<S: Sockets<Away = A>>(
        &mut self,
        connection: &S::Connection,
        sockets: &S,
        visit: &mut Visit,
    ) -> Result<usize, Halt> {
        if !connection.has_room() {
            return Err(Halt::Later);
        }
        let chunk = self.source.next(usize::MAX, sockets, visit)?;
        if chunk.is_empty() {
            return Ok(0);
        }
        let sent = connection.write_vectored(&[std::io::IoSlice::new(chunk)]).map_err(halt)?;
        self.source.advance(sent, visit);
        Ok(sent)
    }
}

impl<A: Away> Source<A> {
    /// The next bytes, none at the end of the file; at most `most`, where they are read anew each time. They have not
    /// left before [`advance`](Self::advance): until then the same ones come again.
    fn next<'a, S: Sockets<Away = A>>(
        &'a mut self,
        most: usize,
        sockets: &S,
        visit: &'a mut Visit,
    ) -> Result<&'a [u8], Halt> {
        if let Some(away) = &mut self.away {
            let errand = away.back().ok_or(Halt::Later)?;
            self.away = None;
            self.hold(errand)?;
        }
        if self.held.is_none() && self.pace == Pace::MayWait {
            self.send_off(sockets, visit)?;
        }
        if let Some(held) = &self.held {
            return Ok(held.buffer.get(held.sent..held.filled).unwrap_or_default());
        }
        // What is not taken is read again next time: the buffer is the thread's, not ours.
        let buffer = visit.buffer();
        let room = most.min(buffer.len());
        let buffer = buffer.get_mut(..room).unwrap_or_default();
        let count = self.range.read(buffer).map_err(Halt::Failed)?;
        Ok(buffer.get(..count).unwrap_or_default())
    }

    /// Has the next bytes read by another thread, if there is one.
    fn send_off<S: Sockets<Away = A>>(&mut self, sockets: &S, visit: &mut Visit) -> Result<(), Halt> {
        let work = Work::Read { buffer: visit.lend(), filled: 0 };
        match sockets.send_off(Errand::new(self.range.clone(), work)) {
            Ok(away) => {
                self.away = Some(away);
                Err(Halt::Later)
            }
            Err(errand) => {
                // It is the same for the rest of the range.
                self.pace = Pace::Prompt;
                if let Work::Read { buffer, .. } = errand.work {
                    visit.give_back(buffer);
                }
                Ok(())
            }
        }
    }

    fn hold(&mut self, errand: Result<Errand, Failure>) -> Result<(), Halt> {
        let Errand { work, result, .. } = errand.map_err(Halt::Failed)?;
        result.map_err(Halt::Failed)?;
        if let Work::Read { buffer, filled } = work {
            self.held = Some(Held { buffer, sent: 0, filled });
        }
        Ok(())
    }

    /// The first `count` bytes of the next have left.
    fn advance(&mut self, count: usize, visit: &mut Visit) {
        self.range.advance(count);
        let Some(held) = &mut self.held else { return };
        held.sent += count;
        if held.sent >= held.filled
            && let Some(held) = self.held.take()
        {
            visit.give_back(held.buffer);
        }
    }
}

/// Less than that is small.
const SMALL: usize = 16 * 1024;
