//! Which failure is which reply: by kind, never by the text of an error, so that no path of the host shows.

use crate::failure::Failure;
use crate::notice::TransferOutcome;
use crate::path::PathError;
use crate::reply::{Reply, reply};
use crate::verb::Verb;

/// The reply of a command that failed before any 150.
///
/// A failure is told by its own code also where RFC 959 §5.4 does not list that code for the command: no space for a
/// MKD is 452 (RFC 1123 §4.1.2.11). But codes of data connections are for commands that have one.
pub(super) fn refusal(failure: Failure, verb: Verb) -> Reply {
    let naming = matches!(verb, Verb::Stor | Verb::Stou | Verb::Appe | Verb::Rnto);
    match failure {
        Failure::BadOffset
        | Failure::Tls
        | Failure::NoPort
        | Failure::Refused
        | Failure::Unreachable
        | Failure::Reset
            if !transfers(verb) =>
        {
            reply!("451 Local error.")
        }
        Failure::NotFound => reply!("550 No such file or directory."),
        Failure::PermissionDenied => reply!("550 Permission denied."),
        Failure::Exists if naming => reply!("553 The name is taken."),
        Failure::Exists => reply!("550 It exists already."),
        Failure::NotADirectory if verb == Verb::Mlsd => reply!("501 Not a directory."),
        Failure::NotADirectory => reply!("550 Not a directory."),
        Failure::IsADirectory => reply!("550 It is a directory."),
        Failure::NotEmpty => reply!("550 The directory is not empty."),
        Failure::NameNotAllowed => reply!("553 The name is not allowed."),
        Failure::BadOffset => reply!("554 The restart offset lies beyond the end of the file."),
        Failure::NoSpace => reply!("452 No space left."),
        Failure::OverQuota => reply!("552 Quota exceeded."),
        Failure::Busy => reply!("450 Busy, try again later."),
        Failure::Unsupported => reply!("504 Not supported by the storage."),
        Failure::Vetoed => reply!("550 Refused by policy."),
        Failure::LoginIncorrect => reply!("530 Login incorrect."),
        Failure::AccountRequired if naming => reply!("532 Need an account for storing files."),
        Failure::AccountRequired => reply!("530 Need an account for that."),
        Failure::Tls => reply!("522 TLS negotiation failed on the data connection."),
        Failure::NoPort | Failure::Refused | Failure::Unreachable | Failure::Reset => {
            reply!("425 Cannot open a data connection.")
        }
        Failure::TimedOut | Failure::Cancelled | Failure::Lost | Failure::Io => reply!("451 Local error."),
    }
}

/// Whether the verb has a data connection.
const fn transfers(verb: Verb) -> bool {
    matches!(verb, Verb::Retr | Verb::Stor | Verb::Stou | Verb::Appe | Verb::List | Verb::Nlst | Verb::Mlsd)
}

/// The reply of a transfer that ended behind its 150 in anything but success: one of 425, 426, 451, 522, 551, 552.
pub(super) fn broken_off(outcome: TransferOutcome, connected: bool) -> Reply {
    match outcome {
        TransferOutcome::Complete => reply!("226 Transfer complete."),
        TransferOutcome::Aborted => reply!("426 Transfer aborted."),
        TransferOutcome::TimedOut if !connected => reply!("425 No data connection in time."),
        TransferOutcome::Reset if !connected => reply!("425 Cannot open the data connection."),
        TransferOutcome::TimedOut => reply!("426 The data connection stalled."),
        TransferOutcome::Reset => reply!("426 The data connection was lost."),
        TransferOutcome::NotResumed => reply!("522 The TLS session of the control connection must be resumed."),
        TransferOutcome::Truncated => reply!("426 The data ended too early."),
        TransferOutcome::Malformed => reply!("451 The data is not what MODE and STRU say."),
        TransferOutcome::ControlLost => reply!("426 The control connection was lost."),
        TransferOutcome::Drained => reply!("426 The server is closing."),
        TransferOutcome::OverQuota => reply!("552 Quota exceeded."),
        TransferOutcome::Vetoed => reply!("551 Refused by policy."),
        TransferOutcome::Failed(failure) => match failure {
            Failure::Tls => reply!("522 TLS negotiation failed on the data connection."),
            Failure::NoSpace => reply!("552 No space left."),
            Failure::Exists => reply!("551 The name was taken meanwhile."),
            Failure::BadOffset => reply!("551 The restart offset lies beyond the end of the file."),
            _ => reply!("451 Local error."),
        },
    }
}

/// What a failed action makes of its transfer.
pub(super) const fn outcome_of(failure: Failure) -> TransferOutcome {
    match failure {
        // A handshake that fails is none of this: here TLS broke on bytes that were moving.
        Failure::Reset | Failure::Refused | Failure::Unreachable | Failure::NoPort | Failure::Tls => {
            TransferOutcome::Reset
        }
        Failure::TimedOut => TransferOutcome::TimedOut,
        Failure::OverQuota => TransferOutcome::OverQuota,
        Failure::Vetoed => TransferOutcome::Vetoed,
        other => TransferOutcome::Failed(other),
    }
}

/// The reply to an argument that is no path.
pub(super) fn path_error(error: PathError) -> Reply {
    match error {
        PathError::Empty => reply!("501 The pathname is empty."),
        PathError::ForbiddenByte => reply!("553 The pathname holds a forbidden character."),
        PathError::TooLong => reply!("553 The pathname is too long."),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::verb::TABLE;

    const EVERY: [Failure; 22] = [
        Failure::NotFound,
        Failure::PermissionDenied,
        Failure::Exists,
        Failure::NotADirectory,
        Failure::IsADirectory,
        Failure::NotEmpty,
        Failure::NameNotAllowed,
        Failure::BadOffset,
        Failure::NoSpace,
        Failure::OverQuota,
        Failure::Busy,
        Failure::Unsupported,
        Failure::Vetoed,
        Failure::LoginIncorrect,
        Failure::AccountRequired,
        Failure::Tls,
        Failure::NoPort,
        Failure::Refused,
        Failure::Reset,
        Failure::TimedOut,
        Failure::Lost,
        Failure::Io,
    ];

    /// The codes that a verb is refused with, whatever the host says.
    fn codes(verb: Verb) -> Vec<u16> {
        let mut codes: Vec<u16> = EVERY.iter().map(|failure| refusal(*failure, verb).code()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    #[test]
    fn no_refusal_asks_for_more() {
        for row in TABLE {
            assert!(
                codes(row.verb).iter().all(|code| (400..600).contains(code)),
                "{}: {:?}",
                row.name,
                codes(row.verb)
            );
        }
    }

    #[test]
    fn codes_of_data_connections_are_for_those_who_have_one() {
        assert_eq!(codes(Verb::Dele), [450, 451, 452, 504, 530, 550, 552, 553]);
        assert_eq!(codes(Verb::Mkd), codes(Verb::Dele));
        assert_eq!(codes(Verb::Stor), [425, 450, 451, 452, 504, 522, 530, 532, 550, 552, 553, 554]);
    }

    #[test]
    fn storing_without_an_account() {
        assert_eq!(refusal(Failure::AccountRequired, Verb::Stor).code(), 532);
        assert_eq!(refusal(Failure::AccountRequired, Verb::Retr).code(), 530);
    }
}
