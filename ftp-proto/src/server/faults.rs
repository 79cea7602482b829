//! Whose fault: the adapter's ([`Misuse`]) or the peer's ([`Violation`]). The host's is a
//! [`Failure`](crate::Failure).

/// The adapter called the engine in a way that no adapter should.
///
/// Nothing has changed: the session is as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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

/// A mistake of the peer's: answered, counted, and at the limit the session closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A line that is no command.
    NotACommand,
    /// A line that was too long.
    LineTooLong,
}
