//! What is under way: values that go on a step at a time, as far as the sockets let them.
//!
//! Each knows exactly how many bytes the kernel took or gave, so a step can neither repeat nor skip one. Dropping one
//! between two steps ends it; there is nothing else to stop.

use std::net::SocketAddr;
use std::time::Instant;

use ftp_proto::outcome::{Closed, Connected, Done, Moved, Received, Secured};
use ftp_proto::{ActionId, Completion, DataId, Failure, ListenerId, Outcome, Ticket};

use super::{Download, Receiving, Report, Sending, Upload};
use crate::adapter::{Halt, PROGRESS_EVERY};

/// One action under way.
#[derive(Debug)]
pub(super) struct Running<A> {
    pub(super) id: ActionId,
    pub(super) operation: Operation<A>,
    /// Whether it is only waited for until the file is at rest.
    pub(super) is_cancelled: bool,
    /// What the engine knows that it has moved.
    told: u64,
    /// Not to be told again before this time.
    quiet_until: Instant,
}

#[derive(Debug)]
pub(super) enum Operation<A> {
    Accept { ticket: Ticket<Connected>, listener: ListenerId, data: DataId },
    Connect { ticket: Ticket<Connected>, data: DataId, peer: SocketAddr },
    Secure(Ticket<Secured>, DataId),
    Send(Ticket<Done>, DataId, Sending),
    Receive(Ticket<Received>, DataId, Receiving),
    Download(Ticket<Moved>, DataId, Download<A>),
    Upload(Ticket<Moved>, DataId, Upload<A>),
    Close(Ticket<Closed>, DataId),
}

/// What an operation waits for.
pub(super) enum WaitsFor<'a, A> {
    Listener(ListenerId),
    Link(DataId),
    Errand(&'a mut A),
}

impl<A: super::Away> Running<A> {
    pub(super) fn new(id: ActionId, operation: Operation<A>) -> Self {
        Self { id, operation, is_cancelled: false, told: 0, quiet_until: Instant::now() + PROGRESS_EVERY }
    }

    /// How far it is, if there is something to tell and it is time to.
    pub(super) fn progress(&mut self) -> Option<Report> {
        let bytes = self.operation.moved();
        if bytes == self.told {
            return None;
        }
        let now = Instant::now();
        if now < self.quiet_until {
            return None;
        }
        (self.told, self.quiet_until) = (bytes, now + PROGRESS_EVERY);
        Some(Report::Progress { id: self.id, bytes })
    }

    /// When there will be something to tell.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (self.operation.moved() != self.told).then_some(self.quiet_until)
    }
}

impl<A: super::Away> Operation<A> {
    /// Bytes moved so far.
    pub(super) fn moved(&self) -> u64 {
        match self {
            Self::Send(_, _, sending) => sending.sent(),
            Self::Download(_, _, download) => download.moved(),
            Self::Upload(_, _, upload) => upload.moved(),
            Self::Accept { .. } | Self::Connect { .. } | Self::Secure(..) | Self::Receive(..) | Self::Close(..) => 0,
        }
    }

    pub(super) fn waits_for(&mut self) -> WaitsFor<'_, A> {
        match self {
            Self::Accept { listener, .. } => WaitsFor::Listener(*listener),
            Self::Download(_, data, download) => match download.away() {
                Some(away) => WaitsFor::Errand(away),
                None => WaitsFor::Link(*data),
            },
            Self::Upload(_, data, upload) => match upload.away() {
                Some(away) => WaitsFor::Errand(away),
                None => WaitsFor::Link(*data),
            },
            Self::Connect { data, .. }
            | Self::Secure(_, data)
            | Self::Send(_, data, _)
            | Self::Receive(_, data, _)
            | Self::Close(_, data) => WaitsFor::Link(*data),
        }
    }

    /// Whether bytes of a file are being written by another thread.
    pub(super) fn is_writing(&self) -> bool {
        matches!(self, Self::Upload(_, _, upload) if upload.is_writing())
    }

    pub(super) fn fail(self, failure: Failure) -> Completion {
        match self {
            Self::Accept { ticket, .. } | Self::Connect { ticket, .. } => ticket.fail(failure),
            Self::Secure(ticket, _) => ticket.fail(failure),
            Self::Close(ticket, _) => ticket.fail(failure),
            Self::Send(ticket, ..) => ticket.fail(failure),
            Self::Receive(ticket, ..) => ticket.fail(failure),
            Self::Download(ticket, ..) | Self::Upload(ticket, ..) => ticket.fail(failure),
        }
    }
}

/// Answers `ticket`, unless there is more to do.
pub(super) fn settle<T: Outcome, A>(
    ticket: Ticket<T>,
    result: Result<T, Halt>,
    unfinished: impl FnOnce(Ticket<T>) -> Operation<A>,
) -> Result<Completion, Operation<A>> {
    match result {
        Ok(outcome) => Ok(ticket.done(outcome)),
        Err(Halt::Failed(failure)) => Ok(ticket.fail(failure)),
        Err(Halt::Later) => Err(unfinished(ticket)),
    }
}
