//! What comes to a session's driver from elsewhere: the host's answers, and the word to drain.
//!
//! A queue under a mutex and a wake-up, not a channel: a channel's first block would be most of an idle session's
//! memory. It is bounded by the engine: each open action posts one answer.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ftp_host::adapter::Resident;
use ftp_proto::Completion;
use tokio::sync::Notify;

/// One thing that the driver is told.
#[derive(Debug)]
pub(crate) enum Report {
    /// An action ended.
    Done(Completion),
    /// The server is to end, at the latest at this time.
    Drain(Instant),
}

/// Where reports are posted: from any thread, without blocking.
#[derive(Debug, Clone)]
pub(crate) struct Mailbox(Arc<Shared>);

/// The driver's end. Once it is dropped, everything posted is dropped too: nothing is kept for a session that is over
/// by a host that keeps its way to answer.
#[derive(Debug)]
pub(crate) struct Inbox(Mailbox);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrival: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    reports: Vec<Report>,
    closed: bool,
}

impl Mailbox {
    /// Posts one report.
    pub(crate) fn post(&self, report: Report) {
        let refused = self.0.lock().push(report);
        // Dropping a report drops what the host answered, which may be anything: not under the lock.
        drop(refused);
        self.0.arrival.notify_one();
    }
}

impl Resident for Mailbox {
    fn drain(&self, deadline: Instant) {
        self.post(Report::Drain(deadline));
    }
}

impl Inbox {
    /// A new, empty one.
    pub(crate) fn new() -> Self {
        Self(Mailbox(Arc::default()))
    }

    /// Where to post to it.
    pub(crate) fn mailbox(&self) -> Mailbox {
        self.0.clone()
    }

    /// Takes all that was posted, in order.
    pub(crate) fn take(&self) -> Vec<Report> {
        mem::take(&mut self.0.0.lock().reports)
    }

    /// Waits until something was posted since the last wait. May return for nothing.
    ///
    /// Cancel-safe: a wake-up that is not waited for is kept for the next wait.
    pub(crate) async fn arrival(&self) {
        self.0.0.arrival.notified().await;
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut queue = self.0.0.lock();
        queue.closed = true;
        let unread = mem::take(&mut queue.reports);
        drop(queue);
        drop(unread);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing in here panics half-way, so a poisoned queue is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Queues `report`, or gives it back when nobody will read it.
    fn push(&mut self, report: Report) -> Option<Report> {
        if self.closed {
            return Some(report);
        }
        self.reports.push(report);
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_was_posted_before_the_wait_is_not_missed() {
        let inbox = Inbox::new();
        let now = Instant::now();
        inbox.mailbox().post(Report::Drain(now));
        inbox.arrival().await;
        assert!(matches!(inbox.take().as_slice(), [Report::Drain(at)] if *at == now));
        assert!(inbox.take().is_empty());
    }

    #[tokio::test]
    async fn a_cancelled_wait_loses_no_report() {
        let inbox = Inbox::new();
        let waited = tokio::time::timeout(Duration::from_millis(1), inbox.arrival()).await;
        assert!(waited.is_err());
        inbox.mailbox().post(Report::Drain(Instant::now()));
        inbox.arrival().await;
        assert_eq!(inbox.take().len(), 1);
    }

    #[tokio::test]
    async fn nothing_is_kept_for_a_session_that_ended() {
        let inbox = Inbox::new();
        let mailbox = inbox.mailbox();
        mailbox.post(Report::Drain(Instant::now()));
        drop(inbox);
        mailbox.post(Report::Drain(Instant::now()));
        assert!(mailbox.0.lock().reports.is_empty());
    }
}
