//! The server's side of one control connection.

/// The adapter called the engine in a way that no adapter should.
///
/// Nothing has changed: the session is as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// An event came before `Connected`.
    #[error("the first event must be `Connected`")]
    NotConnected,
    /// `Connected` came twice.
    #[error("`Connected` came twice")]
    AlreadyConnected,
    /// More bytes were credited as sent than were asked for.
    #[error("more bytes were credited than written")]
    CreditTooLarge,
    /// A completion of another session.
    #[error("a completion of another session")]
    ForeignCompletion,
    /// A completion for an action that is not open.
    #[error("no such action is open")]
    UnknownAction,
    /// The session is closed.
    #[error("the session is closed")]
    Closed,
}

/// Why a session ended: exactly one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// There was no room for it.
    NotAdmitted,
    /// The server is ending.
    Drained,
    /// An action was not answered in time, nor its cancellation.
    HostStuck,
}

/// A mistake of the peer's: answered, counted, and at the limit the session closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A line that is no command.
    NotACommand,
    /// A line that was too long.
    LineTooLong,
}

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use crate::action::Action;
use crate::config::Config;
use crate::event::Event;
use crate::time::{Instant, UnixTime};

/// One control connection and all that hangs on it.
#[derive(Debug)]
pub struct Session {
    actions: VecDeque<Action>,
}

/// The actions that a call of [`Session::handle`] asks for, in order.
///
/// Borrows the session, so the next event cannot be handled before this is dropped. An action that is not taken stays
/// queued and comes with the next call.
#[derive(Debug)]
#[must_use = "actions must be run"]
pub struct Actions<'a> {
    queue: &'a mut VecDeque<Action>,
}

impl Iterator for Actions<'_> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.queue.pop_front()
    }
}

/// What the session wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Whether to read the control connection now. A broken connection may be reported at any time.
    pub control: bool,
}

/// How far the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Working.
    Open,
    /// Ending: waiting for open actions and for the last replies to leave.
    Closing,
    /// Ended: nothing is open, no event is taken. Drop it.
    Closed(CloseReason),
}

/// When to send [`Event::Timeout`], and which timer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// When.
    pub at: Instant,
    /// Which: for logs; the engine knows by itself.
    pub timer: Timer,
}

/// The timers of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timer {
    /// Actions are queued: take them.
    Queued,
    /// No command for too long.
    Idle,
    /// No login for too long.
    Login,
    /// A failed login may be answered now.
    LoginDelay,
    /// No data connection for too long.
    Data,
    /// Nothing moved for too long.
    Stall,
    /// The host took too long.
    Host,
    /// The last replies were not taken.
    Linger,
    /// The drain is over.
    Drain,
}

impl Session {
    /// A session that began at `started` on the calendar; its events tell the time since then. `seed` must be
    /// unpredictable: passive ports and STOU's names come from it.
    #[must_use]
    pub fn new(config: Arc<Config>, seed: [u8; 32], started: UnixTime) -> Self {
        let _ = (config, seed, started);
        Self { actions: VecDeque::new() }
    }

    /// Takes one event and gives the actions it leads to.
    ///
    /// # Errors
    /// [`Misuse`], and then nothing has changed.
    pub fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Actions<'_>, Misuse> {
        let _ = (now, event);
        Ok(Actions { queue: &mut self.actions })
    }

    /// When to send [`Event::Timeout`]; `None` when there is nothing to wait for.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Deadline> {
        None
    }

    /// What the session wants to hear.
    #[must_use]
    pub fn interest(&self) -> Interest {
        Interest { control: true }
    }

    /// How far the session is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        Phase::Open
    }
}
