//! Listeners and data connections, with the client at their other end.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;
use ftp_proto::action::{CloseHow, TlsRole};
use ftp_proto::outcome::{Connected, DataEnd, Done, Moved, Received};
use ftp_proto::{ActionId, Completion, DataId, Failure, FileId, Ticket};

/// A bound listener, and who waits on either side of it.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) port: u16,
    pub(crate) accept: Option<(Ticket<Connected>, DataId)>,
    pub(crate) backlog: VecDeque<usize>,
}

/// One data connection as the client sees it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) peer: SocketAddr,
    /// What the client has received.
    pub(crate) received: Vec<u8>,
    /// What the client has sent and the server not taken.
    pub(crate) outgoing: VecDeque<u8>,
    pub(crate) end: Option<DataEnd>,
    pub(crate) reset: bool,
    /// Whether the client takes what is sent to it.
    pub(crate) reads: bool,
    pub(crate) closed: Option<CloseHow>,
    pub(crate) waiting: Vec<Waiting>,
    /// The server's side of TLS on it, once that was begun; and whether the handshake still runs.
    pub(crate) tls: Option<TlsRole>,
    pub(crate) handshakes: bool,
}

/// An action on a connection that could not be done at once.
#[derive(Debug)]
pub(crate) enum Waiting {
    Send(Ticket<Done>, Bytes),
    Receive(Ticket<Received>, usize),
    FromFile { ticket: Ticket<Moved>, file: FileId, at: u64, len: u64 },
    ToFile { ticket: Ticket<Moved>, file: FileId, at: u64, max: u64, moved: u64 },
}

impl Link {
    pub(crate) fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            received: Vec::new(),
            outgoing: VecDeque::new(),
            end: None,
            reset: false,
            reads: true,
            closed: None,
            waiting: Vec::new(),
            tls: None,
            handshakes: false,
        }
    }

    /// Up to `max` bytes of what the client has sent, and the end where it comes right behind.
    pub(crate) fn take(&mut self, max: usize) -> Option<(Bytes, Option<DataEnd>)> {
        let count = self.outgoing.len().min(max);
        let bytes: Bytes = self.outgoing.drain(..count).collect::<Vec<u8>>().into();
        let end = self.end.filter(|_| self.outgoing.is_empty());
        (!bytes.is_empty() || end.is_some()).then_some((bytes, end))
    }
}

impl Waiting {
    pub(crate) fn id(&self) -> ActionId {
        match self {
            Self::Send(ticket, _) => ticket.id(),
            Self::Receive(ticket, _) => ticket.id(),
            Self::FromFile { ticket, .. } | Self::ToFile { ticket, .. } => ticket.id(),
        }
    }

    pub(crate) fn fail(self, failure: Failure) -> Completion {
        match self {
            Self::Send(ticket, _) => ticket.fail(failure),
            Self::Receive(ticket, _) => ticket.fail(failure),
            Self::FromFile { ticket, .. } | Self::ToFile { ticket, .. } => ticket.fail(failure),
        }
    }
}
