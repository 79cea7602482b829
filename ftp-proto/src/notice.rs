//! What happened, for those who watch: logs, metrics, screens.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::net::SocketAddr;

use crate::failure::Failure;
use crate::path::VirtualPath;
use crate::server::CloseReason;
use crate::time::Duration;

/// Something that happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Notice {
    /// TLS is on, on the control connection.
    Secured {
        /// Protocol version and cipher suite.
        parameters: Option<Arc<str>>,
        /// The host that the client named (SNI).
        sni: Option<Arc<str>>,
        /// The protocol that was agreed on (ALPN).
        #[cfg_attr(feature = "serde", serde(with = "crate::byte_strings::optional"))]
        alpn: Option<Arc<[u8]>>,
    },
    /// A client logged in.
    LoggedIn {
        /// As whom.
        user: Arc<str>,
    },
    /// Who was logged in is not any more, and the session goes on: REIN, AUTH, or a USER that begins anew.
    LoggedOut {
        /// Who.
        user: Arc<str>,
    },
    /// A login failed.
    LoginFailed {
        /// The name given, verbatim.
        #[cfg_attr(feature = "serde", serde(with = "crate::byte_strings"))]
        user: Box<[u8]>,
    },
    /// A transfer's data connection is open and bytes may flow.
    TransferStarted {
        /// What is moved.
        what: TransferKind,
        /// Which file or directory.
        path: VirtualPath,
        /// The size in bytes of a download's file, less the offset it begins at; `None` where its bytes are not sent as
        /// they are.
        expected: Option<u64>,
    },
    /// A running transfer moved on. At most ten a second.
    TransferProgress {
        /// Bytes moved over the data connection so far.
        bytes: u64,
    },
    /// A transfer ended: the one value that says how.
    TransferEnded(TransferSummary),
    /// A file or directory changed, other than by a transfer.
    Changed {
        /// How.
        change: Change,
        /// Where.
        path: VirtualPath,
    },
    /// The client did something it may not.
    Refused {
        /// What.
        what: Refusal,
    },
    /// The session ended; the last notice of every session.
    Ended(SessionSummary),
}

/// What a transfer moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TransferKind {
    /// RETR.
    Download,
    /// STOR, APPE, STOU.
    Upload,
    /// LIST, NLST, MLSD.
    Listing,
}

/// How a transfer ended. Exactly one for each transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TransferOutcome {
    /// Everything arrived and is stored.
    Complete,
    /// The client said ABOR.
    Aborted,
    /// The data connection was reset, or never came about.
    Reset,
    /// The stream ended before its end mark.
    Truncated,
    /// The data connection did not resume the TLS session of the control connection, as it had to.
    NotResumed,
    /// What came is not what the mode and the structure say.
    Malformed,
    /// The client did not connect, or nothing moved for too long.
    TimedOut,
    /// The control connection was lost.
    ControlLost,
    /// The quota was used up.
    OverQuota,
    /// A hook refused it.
    Vetoed,
    /// The server is ending.
    Drained,
    /// The storage failed.
    Failed(Failure),
}

/// One transfer, ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TransferSummary {
    /// What was moved.
    pub what: TransferKind,
    /// Which file or directory.
    pub path: VirtualPath,
    /// Bytes moved over the data connection.
    pub bytes: u64,
    /// From the command to its final reply.
    pub duration: Duration,
    /// How it ended.
    pub outcome: TransferOutcome,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Change {
    /// A file was removed.
    Removed,
    /// A directory was removed.
    DirectoryRemoved,
    /// A directory was made.
    DirectoryMade,
    /// Renamed, to this path.
    Renamed(VirtualPath),
    /// Times or mode were set.
    Attributes,
    /// A symbolic link was made.
    Linked,
    /// Copied, to this path.
    Copied(VirtualPath),
    /// Other files were joined to it, and removed.
    Combined,
    /// A directory and everything in it was removed.
    TreeRemoved,
    /// Owner or group were set.
    Owner,
}

/// What a client may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Refusal {
    /// A stranger connected to the passive port.
    Stranger(SocketAddr),
    /// PORT or the like to an address that is not the client's, or to a port below 1024.
    Bounce,
    /// The account may not do this.
    NotPermitted,
    /// Another protocol's words on the control connection.
    ForeignProtocol,
    /// Bytes in clear behind AUTH, before TLS was on.
    PlaintextBehindAuth,
    /// A login or a transfer without the TLS that it needs.
    NotSecured,
    /// A data connection that did not resume the TLS session of the control connection, as it had to.
    NotResumed,
    /// A command line that was too long.
    LineTooLong,
}

/// One session, ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SessionSummary {
    /// Who it was, once logged in.
    pub user: Option<Arc<str>>,
    /// Why it ended.
    pub reason: CloseReason,
    /// From the connection to its end.
    pub duration: Duration,
    /// Commands answered.
    pub commands: u64,
    /// Files sent completely.
    pub downloads: u32,
    /// Files received completely.
    pub uploads: u32,
    /// Bytes sent on data connections.
    pub sent: u64,
    /// Bytes received on data connections.
    pub received: u64,
}
