//! The control connection: what is to be written, and TLS on it.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use ftp_proto::event::ControlEnd;
use ftp_proto::outcome::{Done, Secured};
use ftp_proto::{ActionId, Completion, Failure, Ticket};

use super::Around;
use crate::network::{End, Hello, Read};

#[derive(Debug)]
pub(super) struct Control {
    pub(super) end: End,
    /// The TLS session that its handshake offers, for data connections to resume.
    session: u64,
    unsent: VecDeque<Bytes>,
    /// The kernel took a part, and takes no more in this turn.
    full: bool,
    change: Option<Change>,
    ended: bool,
    finished: bool,
    pub(super) left: bool,
}

/// A change of its layer, under way.
#[derive(Debug)]
enum Change {
    /// Waits for what was written to leave, and for the client's hello.
    Secure(Ticket<Secured>),
    /// Waits for what was written to leave.
    Unsecure(Ticket<Done>),
    /// Waits for the client's farewell.
    Parting(Ticket<Done>),
}

impl Control {
    pub(super) fn new(end: End, session: u64) -> Self {
        let unsent = VecDeque::new();
        let (full, ended, finished, left) = Default::default();
        Self { end, session, unsent, full, change: None, ended, finished, left }
    }

    pub(super) fn write(&mut self, bytes: Bytes) {
        self.unsent.push_back(bytes);
    }

    pub(super) fn unsent(&self) -> usize {
        self.unsent.iter().map(Bytes::len).sum()
    }

    /// There may be room again.
    pub(super) fn begin_turn(&mut self) {
        self.full = false;
    }

    pub(super) fn secure(&mut self, ticket: Ticket<Secured>) {
        self.change = Some(Change::Secure(ticket));
    }

    pub(super) fn unsecure(&mut self, ticket: Ticket<Done>) {
        self.change = Some(Change::Unsecure(ticket));
    }

    /// What became of TLS, if anything did.
    pub(super) fn advance(&mut self, around: &mut Around<'_>) -> Option<Completion> {
        match self.change.take()? {
            Change::Secure(ticket) if !self.unsent.is_empty() => self.change = Some(Change::Secure(ticket)),
            Change::Secure(ticket) => match around.network.handshake(around.scene, self.end) {
                None => self.change = Some(Change::Secure(ticket)),
                Some(Ok(hello)) => {
                    let own = Hello { session: Some(self.session), ..Hello::default() };
                    around.network.secure(around.scene, self.end, own);
                    let secured = Secured {
                        sni: hello.host.as_deref().map(Into::into),
                        peer_certificate: hello.certificate.map(Into::into),
                        ..Secured::default()
                    };
                    return Some(ticket.done(secured));
                }
                Some(Err(failure)) => return Some(ticket.fail(failure)),
            },
            Change::Unsecure(ticket) => {
                if self.unsent.is_empty() {
                    around.network.farewell(around.scene, self.end);
                    self.change = Some(Change::Parting(ticket));
                    return self.advance(around);
                }
                self.change = Some(Change::Unsecure(ticket));
            }
            Change::Parting(ticket) => match around.network.unsecured(around.scene, self.end) {
                None => self.change = Some(Change::Parting(ticket)),
                Some(Ok(())) => return Some(ticket.done(Done)),
                Some(Err(failure)) => return Some(ticket.fail(failure)),
            },
        }
        None
    }

    pub(super) fn cancel(&mut self, id: ActionId) -> Option<Completion> {
        let change = self.change.take_if(|change| match change {
            Change::Secure(ticket) => ticket.id() == id,
            Change::Unsecure(ticket) | Change::Parting(ticket) => ticket.id() == id,
        })?;
        Some(match change {
            Change::Secure(ticket) => ticket.fail(Failure::Cancelled),
            Change::Unsecure(ticket) | Change::Parting(ticket) => ticket.fail(Failure::Cancelled),
        })
    }

    /// Sends what the kernel takes: how much that was.
    pub(super) fn flush(&mut self, around: &mut Around<'_>) -> Result<usize, ControlEnd> {
        if self.ended {
            return Ok(0);
        }
        let mut sent = 0;
        while let Some(first) = self.unsent.front_mut().filter(|_| !self.full) {
            match around.network.write(around.scene, self.end, first) {
                Ok(0) => break,
                Ok(count) => {
                    sent += count;
                    first.advance(count);
                    // Whoever took only a part wakes us when there is room.
                    self.full = !first.is_empty();
                    if !self.full {
                        self.unsent.pop_front();
                    }
                }
                Err(_) => {
                    self.ended = true;
                    self.unsent.clear();
                    return Err(ControlEnd::Reset);
                }
            }
        }
        Ok(sent)
    }

    /// What has come in.
    pub(super) fn read(&mut self, around: &mut Around<'_>) -> Result<Option<Bytes>, ControlEnd> {
        if self.ended || matches!(self.change, Some(Change::Secure(_) | Change::Parting(_))) {
            return Ok(None);
        }
        match around.network.read(around.scene, self.end, READ) {
            Read::Bytes(bytes) => Ok(Some(bytes)),
            Read::Nothing => Ok(None),
            Read::End(_) => {
                self.ended = true;
                Err(ControlEnd::Eof)
            }
            Read::Reset => {
                self.ended = true;
                Err(ControlEnd::Reset)
            }
        }
    }

    /// Sends the rest, then the end, and waits for the client's: whether all is done.
    pub(super) fn linger(&mut self, around: &mut Around<'_>) -> bool {
        self.ended = false;
        if self.flush(around).is_err() {
            return true;
        }
        if self.unsent.is_empty() && !self.finished {
            self.finished = true;
            if around.network.is_secured(self.end) {
                around.network.farewell(around.scene, self.end);
            }
            around.network.finish(around.scene, self.end);
        }
        loop {
            match around.network.read(around.scene, self.end, READ) {
                Read::Bytes(_) => {}
                Read::Nothing => return false,
                Read::End(_) => return self.unsent.is_empty(),
                Read::Reset => return true,
            }
        }
    }

    pub(super) fn leave(&mut self, around: &mut Around<'_>) {
        if !self.left {
            self.left = true;
            around.network.close(around.scene, self.end);
        }
    }
}

/// Bytes read at once.
const READ: usize = 4096;
