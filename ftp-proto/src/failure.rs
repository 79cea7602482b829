//! Why an action did not succeed: the host's word, mapped to a reply by one table in the engine.

/// Why the host could not do what an action asked.
///
/// Whose fault it is: neither the peer's (that is a [`Violation`](crate::server::Violation)) nor the adapter's
/// (that is a [`Misuse`](crate::server::Misuse)), but the world's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Failure {
    /// No such file or directory.
    #[error("no such file or directory")]
    NotFound,
    /// The storage, not the account, forbids it.
    #[error("permission denied")]
    PermissionDenied,
    /// The name is taken.
    #[error("already exists")]
    Exists,
    /// A directory was needed.
    #[error("not a directory")]
    NotADirectory,
    /// A file was needed.
    #[error("is a directory")]
    IsADirectory,
    /// The directory still holds something.
    #[error("directory not empty")]
    NotEmpty,
    /// The storage cannot hold such a name: too long, or a forbidden byte.
    #[error("name not allowed")]
    NameNotAllowed,
    /// The offset lies behind the end of the file.
    #[error("offset beyond the end of the file")]
    BadOffset,
    /// No space left on the storage.
    #[error("no space left")]
    NoSpace,
    /// The account's quota is used up.
    #[error("quota exceeded")]
    OverQuota,
    /// In use, or too much under way: trying again later may work.
    #[error("busy")]
    Busy,
    /// The storage does not do this at all.
    #[error("not supported")]
    Unsupported,
    /// A hook or scanner refused what was otherwise in order.
    #[error("refused by policy")]
    Vetoed,
    /// Name, password or address are not accepted.
    #[error("login incorrect")]
    LoginIncorrect,
    /// Name and password are right, but an account is needed too (ACCT).
    #[error("account required")]
    AccountRequired,
    /// TLS could not be begun, or broke: a bad handshake, certificate or record.
    #[error("TLS failed")]
    Tls,
    /// No port was free to listen on.
    #[error("no port free")]
    NoPort,
    /// The peer refused the connection.
    #[error("connection refused")]
    Refused,
    /// The peer cannot be reached.
    #[error("unreachable")]
    Unreachable,
    /// The connection was reset.
    #[error("connection reset")]
    Reset,
    /// The operation took too long.
    #[error("timed out")]
    TimedOut,
    /// Cancelled, as the engine asked.
    #[error("cancelled")]
    Cancelled,
    /// The task that ran the action was dropped, aborted or panicked.
    #[error("lost")]
    Lost,
    /// Anything else: an error of the disk or the operating system.
    #[error("local error")]
    Io,
}
