//! What a running action holds: the duty to answer, the ear for its cancellation, and the voice for its progress.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ftp_host::adapter::{PROGRESS_EVERY, socket};
use ftp_proto::{ActionId, Completion, Failure, Outcome, Ticket};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::mailbox::{Mailbox, Report};

/// Sees to it that a ticket is answered: when the task that holds it is dropped, aborted or panics, the answer is
/// [`Failure::Lost`].
#[derive(Debug)]
pub(crate) struct Guard<T: Outcome> {
    ticket: Option<Ticket<T>>,
    mailbox: Mailbox,
}

impl<T: Outcome> Guard<T> {
    /// Guards `ticket`; its answer goes to `mailbox`.
    pub(crate) fn new(ticket: Ticket<T>, mailbox: Mailbox) -> Self {
        Self { ticket: Some(ticket), mailbox }
    }

    /// Answers.
    pub(crate) fn settle(self, result: Result<T, Failure>) {
        self.settle_as(result, Report::Done);
    }

    /// Answers with a report of the caller's making, around the completion.
    pub(crate) fn settle_as(mut self, result: Result<T, Failure>, report: impl FnOnce(Completion) -> Report) {
        if let Some(ticket) = self.ticket.take() {
            self.mailbox.post(report(ticket.settle(result)));
        }
    }
}

impl<T: Outcome> Drop for Guard<T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.mailbox.post(Report::Done(ticket.fail(Failure::Lost)));
        }
    }
}

/// An action's ear for its cancellation. It listens only while it waits for a socket: a write to a file that has
/// begun is seen through, so that the file is at rest when the answer comes.
#[derive(Debug)]
pub(crate) struct Cancel(oneshot::Receiver<()>);

impl Cancel {
    /// An ear, and what makes it ring when it is dropped.
    pub(crate) fn new() -> (oneshot::Sender<()>, Self) {
        let (stop, ear) = oneshot::channel();
        (stop, Self(ear))
    }

    /// Waits for `wait` or the cancellation, whichever comes first. After [`Failure::Cancelled`] it must not be
    /// called again.
    ///
    /// Cancel-safe if `wait` is.
    pub(crate) async fn or<T>(&mut self, wait: impl Future<Output = io::Result<T>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            _ = &mut self.0 => Err(Failure::Cancelled),
            result = wait => result.map_err(|error| socket::failure(&error)),
        }
    }
}

/// Tells how far an action is, often enough for the engine's stall timer and seldom enough to cost nothing.
#[derive(Debug)]
pub(crate) struct Progress {
    id: ActionId,
    mailbox: Mailbox,
    moved: Meter,
}

/// Counts what an action has moved; clones are one count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<AtomicU64>);

impl Meter {
    /// The action has moved `bytes` bytes in all.
    pub(crate) fn tell(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

impl Progress {
    /// The progress of the action `id`, told to `mailbox`.
    pub(crate) fn new(id: ActionId, mailbox: Mailbox) -> Self {
        Self { id, mailbox, moved: Meter::default() }
    }

    /// What the action counts on.
    pub(crate) fn meter(&self) -> Meter {
        self.moved.clone()
    }

    /// Tells of `work` while it runs. By the clock, not by what `work` does: what moved just before it came to a halt
    /// is told too.
    ///
    /// As cancel-safe as `work`.
    pub(crate) async fn tell_while<T>(self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            result = work => result,
            never = self.tell() => match never {},
        }
    }

    async fn tell(&self) -> Infallible {
        let mut told = 0;
        loop {
            sleep(PROGRESS_EVERY).await;
            let bytes = self.moved.0.load(Ordering::Relaxed);
            if bytes != told {
                told = bytes;
                self.mailbox.post(Report::Progress { id: self.id, bytes });
            }
        }
    }
}

#[cfg(test)]
mod tests;
