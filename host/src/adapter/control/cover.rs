//! TLS on the control connection: begun behind what was written in the clear, and ended behind what was written secured.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use ftp_proto::outcome::{Done, Secured};
use ftp_proto::{ActionId, Completion, Failure, Ticket};

use super::Stream;
use crate::adapter::{Halt, Layer};

/// What lies over a control connection that was asked to be secured.
#[derive(Debug)]
pub(super) enum Cover {
    /// The handshake goes on, once `ahead` has left in the clear. Nothing that comes in is plain.
    Beginning { layer: Layer, ticket: Ticket<Secured>, ahead: VecDeque<Bytes> },
    /// All is secured.
    On(Veil),
    /// `ahead` leaves secured; then ours and the client's `close_notify`.
    Ending { veil: Veil, ticket: Ticket<Done>, ahead: VecDeque<Bytes>, unread: Vec<u8> },
    /// It was taken off; `unread` came in behind it.
    Off { unread: Bytes },
    /// It came to nothing: there is no way to say or to hear anything more.
    Torn,
}

/// A layer, and how much plaintext is in it.
#[derive(Debug)]
pub(super) struct Veil {
    pub(super) layer: Layer,
    sealed: usize,
}

/// What a step of `Cover::negotiate` comes to: what lies over the connection then, and the answer.
type Step = (Cover, Option<Completion>);

impl Cover {
    /// Goes on with a beginning or an end.
    pub(super) fn negotiate(self, stream: &impl Stream) -> Step {
        match self {
            Self::Beginning { mut layer, ticket, ahead } if ahead.is_empty() => match layer.handshake(stream) {
                Ok(secured) => (Self::On(Veil { layer, sealed: 0 }), Some(ticket.done(secured))),
                Err(Halt::Later) => (Self::Beginning { layer, ticket, ahead }, None),
                Err(Halt::Failed(failure)) => (Self::Torn, Some(ticket.fail(failure))),
            },
            Self::Ending { mut veil, ticket, ahead, mut unread } if ahead.is_empty() && veil.sealed == 0 => {
                match veil.layer.take_off(stream, &mut unread) {
                    Ok(()) => (Self::Off { unread: unread.into() }, Some(ticket.done(Done))),
                    Err(Halt::Later) => (Self::Ending { veil, ticket, ahead, unread }, None),
                    Err(Halt::Failed(failure)) => (Self::Torn, Some(ticket.fail(failure))),
                }
            }
            other => (other, None),
        }
    }

    /// Gives up a beginning or an end, if that is the action `id`: its answer.
    pub(super) fn cancel(self, id: ActionId) -> Step {
        match self {
            Self::Beginning { ticket, .. } if ticket.id() == id => (Self::Torn, Some(ticket.fail(Failure::Cancelled))),
            Self::Ending { ticket, .. } if ticket.id() == id => (Self::Torn, Some(ticket.fail(Failure::Cancelled))),
            other => (other, None),
        }
    }

    /// Begins to take it off, behind `ahead`.
    pub(super) fn end(self, ticket: Ticket<Done>, ahead: VecDeque<Bytes>) -> Step {
        match self {
            Self::On(veil) => (Self::Ending { veil, ticket, ahead, unread: Vec::new() }, None),
            other => (other, Some(ticket.fail(Failure::Tls))),
        }
    }

    /// Whether it goes on once there is room to write; `pending` says whether bytes wait behind all that it holds.
    pub(super) fn wants_write(&self, pending: bool) -> bool {
        match self {
            Self::Beginning { layer, ahead, .. } => !ahead.is_empty() || layer.wants_write(),
            Self::On(veil) => pending || veil.layer.wants_write(),
            Self::Ending { veil, ahead, .. } => !ahead.is_empty() || veil.layer.wants_write(),
            Self::Off { .. } => pending,
            Self::Torn => false,
        }
    }

    /// Whether it goes on once there is something to read.
    pub(super) fn wants_read(&self) -> bool {
        matches!(self, Self::Beginning { .. } | Self::Ending { .. }) && !self.wants_write(false)
    }
}

impl Veil {
    /// Sends of `queue` what the kernel takes: how many bytes have left entirely. Where they are the `last`, the end of
    /// TLS goes with them.
    pub(super) fn send(
        &mut self,
        stream: &impl Stream,
        queue: &mut VecDeque<Bytes>,
        last: bool,
    ) -> Result<usize, Failure> {
        let mut left = 0;
        loop {
            match self.layer.flush(stream) {
                Ok(()) => left += std::mem::take(&mut self.sealed),
                Err(Halt::Later) => return Ok(left),
                Err(Halt::Failed(failure)) => return Err(failure),
            }
            if queue.is_empty() {
                break;
            }
            self.seal(queue)?;
            if last && queue.is_empty() {
                self.layer.say_goodbye();
            }
        }
        // An idle session keeps no buffer.
        *queue = VecDeque::new();
        Ok(left)
    }

    /// Seals of `queue` what there is room for: all of that leaves by one call.
    fn seal(&mut self, queue: &mut VecDeque<Bytes>) -> Result<(), Failure> {
        while let Some(first) = queue.front_mut() {
            let count = self.layer.seal(first)?;
            self.sealed += count;
            first.advance(count);
            if !first.is_empty() {
                break;
            }
            queue.pop_front();
        }
        Ok(())
    }
}
