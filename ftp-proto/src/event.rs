//! What the adapter tells the engine: one [`Event`] at a time.

use core::net::SocketAddr;

use crate::config::Switch;
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
