//! The end of a session: exactly one reason, one last word, and nothing open.

use super::ledger::Step;
use super::{Session, Timer, Work};
use crate::action::Action;
use crate::notice::{Notice, SessionSummary, TransferOutcome};
use crate::reply::{Reply, reply};
use crate::time::Instant;

/// How far the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Working.
    Open,
    /// Ending: waiting for open actions and for the last replies to leave.
    Closing,
    /// Ended: no event is taken any more. Nothing is open, but for [`CloseReason::HostStuck`]. Drop it.
    Closed(CloseReason),
}

/// Why a session ended: exactly one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum CloseReason {
    /// The client said QUIT.
    Quit,
    /// The client closed the control connection.
    PeerClosed,
    /// The control connection broke.
    PeerReset,
    /// No command for too long.
    IdleTimeout,
    /// No login for too long.
    LoginTimeout,
    /// Too many failed logins.
    TooManyLogins,
    /// Too many lines that were no commands.
    TooManyViolations,
    /// Another protocol was spoken.
    ForeignProtocol,
    /// The client did not take its replies.
    RepliesUnread,
    /// TLS could not be begun on the control connection, or not be ended.
    TlsFailed,
    /// Something was sent in clear behind AUTH, before TLS was on.
    PlaintextBehindAuth,
    /// HOST and the TLS handshake named different hosts.
    HostMismatch,
    /// There was no room for it.
    NotAdmitted,
    /// The server is ending.
    Drained,
    /// An action was not answered in time, nor its cancellation. The only reason that leaves actions open.
    HostStuck,
}

impl Session {
    /// Begins the end of the session: whatever runs is broken off, then `farewell` is the last reply.
    pub(super) fn close(&mut self, reason: CloseReason, farewell: Option<Reply>) {
        if self.ending.is_some() {
            return;
        }
        self.ending = Some(reason);
        self.farewell = farewell;
        self.timers.stop_all();
        self.inbox.clear();
        self.close_data_setup();
        match self.work {
            Work::Idle => {}
            Work::LoginDelay => self.work = Work::Idle,
            Work::Securing(_) | Work::Unsecuring => {
                // Nothing can be said between two layers.
                self.outbox.mute();
                self.cancel(|step| step == Step::Layer);
            }
            Work::Question(_) | Work::Long(_) | Work::Status(_) => self.cancel(|step| step == Step::Question),
            Work::Transfer(_) => self.stop_transfer(match reason {
                CloseReason::Drained => TransferOutcome::Drained,
                _ => TransferOutcome::ControlLost,
            }),
        }
    }

    /// Says the last word once nothing is open, and closes once it has left.
    pub(super) fn try_close(&mut self) {
        let Some(reason) = self.ending else { return };
        if matches!(self.phase, Phase::Closed(_)) || !self.is_idle() || !self.ledger.is_empty() {
            return;
        }
        if let Some(farewell) = self.farewell.take() {
            self.outbox.write(farewell);
        }
        if self.outbox.unsent() == 0 {
            return self.closed(reason);
        }
        if !self.timers.is_running(Timer::Linger) {
            self.timers.set(Timer::Linger, self.now + self.config.timeouts.linger);
        }
    }

    /// The host neither answers nor can be cancelled: the one end that does not wait for it.
    pub(super) fn close_stuck(&mut self) {
        if self.is_between_layers() {
            self.outbox.mute();
        }
        self.outbox.write(reply!("421 The storage does not answer, closing."));
        self.ledger.write_off();
        self.write_off_transfer();
        self.ending = Some(CloseReason::HostStuck);
        self.closed(CloseReason::HostStuck);
    }

    fn closed(&mut self, reason: CloseReason) {
        self.timers.stop_all();
        let tally = core::mem::take(&mut self.tally);
        let user = self.login.user().map(|account| account.name.clone());
        self.notify(Notice::Ended(SessionSummary {
            user,
            reason,
            duration: self.now - Instant::START,
            commands: tally.commands,
            downloads: tally.downloads,
            uploads: tally.uploads,
            sent: tally.sent,
            received: tally.received,
        }));
        self.outbox.push(Action::Shutdown);
        self.work = Work::Idle;
        self.phase = Phase::Closed(reason);
    }
}
