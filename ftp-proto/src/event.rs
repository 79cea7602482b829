//! What the adapter tells the engine: one [`Event`] at a time.

use core::net::SocketAddr;

use crate::config::Switch;
use crate::failure::Failure;
use crate::id::ActionId;
use crate::ticket::Completion;
use crate::time::Instant;

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The control connection is open. The first event of every session.
    Connected {
        /// Our address, as the client sees it.
        local: SocketAddr,
        /// The client's.
        peer: SocketAddr,
        /// Whether there is room for it.
        admission: Admission,
        /// Whether TLS comes before the first word (implicit TLS).
        implicit_tls: Switch,
    },
    /// Bytes came in on the control connection, in order. Split as you like: where one event ends means nothing.
    Received(&'a [u8]),
    /// The kernel took the next so many bytes of what `Write` actions asked for.
    Sent(usize),
    /// The control connection ended.
    ControlEnded(ControlEnd),
    /// An action ended.
    Done(Completion),
    /// An open `Send`, `FileToData` or `DataToFile` has moved `bytes` bytes in all so far. At least one is owed for
    /// every second in which bytes moved; the stall timer lives by it.
    Progress {
        /// Which.
        id: ActionId,
        /// How many bytes so far, of this action.
        bytes: u64,
    },
    /// The time that `next_deadline` told has come. Sent too early or for nothing, it does nothing.
    Timeout,
    /// The server is to end: a running transfer may finish until `deadline`, then everything is cut.
    Drain {
        /// When to stop waiting for the transfer.
        deadline: Instant,
    },
}

/// Which kind of event: a column of the pictures in `docs/states.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// [`Event::Connected`].
    Connected,
    /// [`Event::Received`].
    Received,
    /// [`Event::Sent`].
    Sent,
    /// [`Event::ControlEnded`] by [`ControlEnd::Eof`].
    Eof,
    /// [`Event::ControlEnded`] by [`ControlEnd::Reset`].
    Reset,
    /// [`Event::Done`] with success.
    Done,
    /// [`Event::Done`] with a failure, but for the next.
    Failed,
    /// [`Event::Done`] with [`Failure::Cancelled`].
    Cancelled,
    /// [`Event::Progress`].
    Progress,
    /// [`Event::Timeout`].
    Timeout,
    /// [`Event::Drain`].
    Drain,
}

impl EventKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Connected,
        Self::Received,
        Self::Sent,
        Self::Eof,
        Self::Reset,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Progress,
        Self::Timeout,
        Self::Drain,
    ];

    /// Its name, which stays: one word in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Received => "received",
            Self::Sent => "sent",
            Self::Eof => "eof",
            Self::Reset => "reset",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Progress => "progress",
            Self::Timeout => "timeout",
            Self::Drain => "drain",
        }
    }
}

impl Event<'_> {
    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Connected { .. } => EventKind::Connected,
            Self::Received(_) => EventKind::Received,
            Self::Sent(_) => EventKind::Sent,
            Self::ControlEnded(ControlEnd::Eof) => EventKind::Eof,
            Self::ControlEnded(ControlEnd::Reset) => EventKind::Reset,
            Self::Done(completion) => match completion.failure() {
                None => EventKind::Done,
                Some(Failure::Cancelled) => EventKind::Cancelled,
                Some(_) => EventKind::Failed,
            },
            Self::Progress { .. } => EventKind::Progress,
            Self::Timeout => EventKind::Timeout,
            Self::Drain { .. } => EventKind::Drain,
        }
    }
}

/// Whether a new control connection is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Admission {
    /// 220.
    Welcome,
    /// 421: the server has as many sessions as it may.
    ServerFull,
    /// 421: this address has as many sessions as it may.
    AddressFull,
    /// 421: the server is ending.
    Draining,
}

/// How the control connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ControlEnd {
    /// The client closed its side.
    Eof,
    /// It broke: a reset, or an error on reading or writing.
    Reset,
}
