//! Values of every kind from a fuzzer's bytes, and answers to every action: for fuzzing the engine, hosts and adapters.
//!
//! The feature `arbitrary` turns this on. What stands here is made by [`arbitrary::Arbitrary`]: [`Command`]s as
//! [`parse`](crate::command::parse) gives them, [`Reply`](crate::reply::Reply), [`Config`](crate::config::Config) (sound
//! ones and odd ones), [`Failure`], paths, everything that a storage tells, and every outcome.
//!
//! # Fuzzing an adapter
//!
//! An adapter stands between a client, the engine and a host. Put a host of your own behind it that answers each action
//! by [`settle`]: it keeps to what the action promises, so whatever goes wrong then is the adapter's or the engine's
//! fault. Let the fuzzer's bytes say too what the client sends, how the kernel cuts it, and which answer comes first.
//!
//! ```
//! use std::sync::Arc;
//!
//! use arbitrary::Unstructured;
//! use ftp_proto::arbitrary::settle;
//! use ftp_proto::config::{Config, Switch};
//! use ftp_proto::event::Admission;
//! use ftp_proto::server::Session;
//! use ftp_proto::time::{Instant, UnixTime};
//! use ftp_proto::{Action, Event};
//!
//! fn fuzz(data: &[u8]) {
//!     let mut u = Unstructured::new(data);
//!     let config: Config = u.arbitrary().unwrap_or_default();
//!     let mut session = Session::new(Arc::new(config), [7; 32], UnixTime::from_secs(0));
//!     let (local, peer) = ("192.0.2.1:21".parse().unwrap(), "198.51.100.9:50000".parse().unwrap());
//!     let mut events = vec![
//!         Event::Received(b"USER alice\r\nPASS secret\r\nEPSV\r\nLIST\r\n"),
//!         Event::Connected { local, peer, admission: Admission::Welcome, implicit_tls: Switch::Off },
//!     ];
//!     for _ in 0..1000 {
//!         let Some(event) = events.pop() else { break };
//!         let Ok(actions) = session.handle(Instant::START, event) else { break };
//!         for action in actions {
//!             match action {
//!                 Action::Write(bytes) => events.push(Event::Sent(bytes.len())),
//!                 action => events.extend(settle(action, &mut u).map(Event::Done)),
//!             }
//!         }
//!     }
//! }
//!
//! fuzz(b"any bytes: 0123456789 abcdefghijklmnopqrstuvwxyz");
//! ```
//!
//! What the engine must bear even from a broken host, [`settle_anyhow`] gives: more bytes than were asked for, entries
//! with a slash in their names, a digest of the wrong length. The project's own fuzz targets stand in `fuzz/`.

mod commands;
mod config;
mod outcomes;
mod pieces;
mod storage;

use alloc::vec::Vec;
use core::net::SocketAddr;

use ::arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Bytes;

use self::pieces::{bytes, one_of};
use crate::action::{Action, DataAction, HostAction, Ports, StorageAction};
use crate::event::{Admission, ControlEnd};
use crate::failure::Failure;
use crate::outcome::{DataEnd, Digest, Entries, Listening, Moved, Received};
use crate::storage::HashAlgorithm;
use crate::ticket::{Completion, Outcome, Ticket};

#[cfg(doc)]
use crate::command::Command;

/// Answers `action` in any way that its description allows: with an outcome, which is three times as likely, or with any
/// failure. `None` for those that need no answer.
///
/// Once the bytes have run out every answer is a failure, so that whatever runs comes to its end.
#[must_use]
pub fn settle(action: Action, u: &mut Unstructured<'_>) -> Option<Completion> {
    answer(action, Promise::Kept, u)
}

/// The same, but an outcome need only be of the right type: it may say what this action's never should.
#[must_use]
pub fn settle_anyhow(action: Action, u: &mut Unstructured<'_>) -> Option<Completion> {
    answer(action, Promise::Broken, u)
}

/// Whether an outcome is what the action's description promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Kept,
    Broken,
}

fn answer(action: Action, promise: Promise, u: &mut Unstructured<'_>) -> Option<Completion> {
    match action {
        Action::Write(_) | Action::Shutdown | Action::Notify(_) | Action::Cancel(_) => None,
        Action::Secure { ticket, .. } => Some(any(ticket, u)),
        Action::Unsecure(ticket) => Some(any(ticket, u)),
        Action::Data(action) => data(action, promise, u),
        Action::Host(action) => host(action, promise, u),
    }
}

fn data(action: DataAction, promise: Promise, u: &mut Unstructured<'_>) -> Option<Completion> {
    Some(match action {
        DataAction::CloseListener(_) => return None,
        DataAction::Listen { ticket, address, ports, .. } => made(ticket, u, |u| match promise {
            Promise::Kept => Ok(Listening { address: SocketAddr::new(address, port(&ports, u)?) }),
            Promise::Broken => u.arbitrary(),
        }),
        DataAction::Accept { ticket, .. } | DataAction::Connect { ticket, .. } => any(ticket, u),
        DataAction::Secure { ticket, .. } => any(ticket, u),
        DataAction::Send { ticket, .. } => any(ticket, u),
        DataAction::Receive { ticket, max, .. } => made(ticket, u, |u| received(max, promise, u)),
        DataAction::FileToData { ticket, len: most, .. } | DataAction::DataToFile { ticket, max: most, .. } => {
            made(ticket, u, |u| moved(most, promise, u))
        }
        DataAction::Close { ticket, .. } => any(ticket, u),
    })
}

fn host(action: HostAction, promise: Promise, u: &mut Unstructured<'_>) -> Option<Completion> {
    match action {
        HostAction::Storage(action) => storage(action, promise, u),
        HostAction::Authenticate { ticket, .. } => Some(any(ticket, u)),
        HostAction::SelectHost { ticket, .. } => Some(any(ticket, u)),
        HostAction::Who { ticket } => Some(any(ticket, u)),
        HostAction::Custom { ticket, .. } => Some(any(ticket, u)),
    }
}

fn storage(action: StorageAction, promise: Promise, u: &mut Unstructured<'_>) -> Option<Completion> {
    use StorageAction as S;
    Some(match action {
        S::CloseDir(_) | S::CloseFile(_) => return None,
        S::Stat { ticket, .. } => any(ticket, u),
        S::ReadDir { ticket, max, .. } => made(ticket, u, |u| entries(max, promise, u)),
        S::OpenRead { ticket, .. } | S::OpenWrite { ticket, .. } => any(ticket, u),
        S::Read { ticket, max, .. } => made(ticket, u, |u| chunk(max, promise, u)),
        S::Space { ticket, .. } => any(ticket, u),
        S::Quota { ticket } => any(ticket, u),
        S::Hash { ticket, algorithm, from, to, .. } => made(ticket, u, |u| match promise {
            Promise::Kept => digest(algorithm, from, to, u),
            Promise::Broken => u.arbitrary(),
        }),
        S::TreeSize { ticket, .. } => any(ticket, u),
        S::Prepare { ticket, .. } => any(ticket, u),
        S::OpenDir { ticket, .. }
        | S::Write { ticket, .. }
        | S::Finish { ticket, .. }
        | S::Remove { ticket, .. }
        | S::RemoveDir { ticket, .. }
        | S::MakeDir { ticket, .. }
        | S::Rename { ticket, .. }
        | S::SetTimes { ticket, .. }
        | S::SetMode { ticket, .. }
        | S::Symlink { ticket, .. }
        | S::Copy { ticket, .. }
        | S::MakeDirs { ticket, .. }
        | S::RemoveTree { ticket, .. }
        | S::Combine { ticket, .. }
        | S::SetOwner { ticket, .. } => any(ticket, u),
    })
}

/// An answer with any outcome.
fn any<'a, T: Outcome + Arbitrary<'a>>(ticket: Ticket<T>, u: &mut Unstructured<'a>) -> Completion {
    made(ticket, u, Unstructured::arbitrary)
}

/// An answer with what `make` makes, or with a failure.
fn made<'a, T: Outcome>(
    ticket: Ticket<T>,
    u: &mut Unstructured<'a>,
    make: impl FnOnce(&mut Unstructured<'a>) -> Result<T>,
) -> Completion {
    let fails = u.ratio(1, 4).unwrap_or(true);
    let outcome = if fails { Err(u.arbitrary().unwrap_or(Failure::Lost)) } else { make(u).map_err(|_| Failure::Lost) };
    ticket.settle(outcome)
}

fn port(ports: &Ports, u: &mut Unstructured<'_>) -> Result<u16> {
    match ports {
        Ports::Range { range, .. } if !range.is_empty() => u.int_in_range(range.clone()),
        Ports::Any | Ports::Range { .. } => u.int_in_range(1..=u16::MAX),
    }
}

/// At most `max` bytes, where the promise is kept.
fn chunk(max: usize, promise: Promise, u: &mut Unstructured<'_>) -> Result<Bytes> {
    let mut chunk = bytes(u)?;
    if u.ratio(1, 8)? {
        // A large one, without taking more of the fuzzer's bytes.
        let length = max.min(LARGE);
        chunk = chunk.iter().copied().cycle().take(length).collect();
    }
    if promise == Promise::Kept {
        chunk.truncate(max);
    }
    Ok(Bytes::from(chunk))
}

fn received(max: usize, promise: Promise, u: &mut Unstructured<'_>) -> Result<Received> {
    let bytes = chunk(max, promise, u)?;
    let end: Option<DataEnd> = u.arbitrary()?;
    let must_end = promise == Promise::Kept && bytes.is_empty();
    Ok(Received { bytes, end: end.or(must_end.then_some(DataEnd::Clean)) })
}

/// Fewer than asked for only at the end.
fn moved(most: u64, promise: Promise, u: &mut Unstructured<'_>) -> Result<Moved> {
    let mut moved: Moved = u.arbitrary()?;
    if promise == Promise::Kept {
        moved.bytes = moved.bytes.min(most);
        let must_end = moved.bytes < most;
        moved.end = moved.end.or(must_end.then_some(DataEnd::Clean));
    }
    Ok(moved)
}

fn entries(max: usize, promise: Promise, u: &mut Unstructured<'_>) -> Result<Entries> {
    let mut page: Entries = u.arbitrary()?;
    match promise {
        Promise::Kept => page.entries.truncate(max),
        Promise::Broken => {
            for entry in &mut page.entries {
                if u.ratio(1, 4)? {
                    entry.name = u.choose(&[&b""[..], b".", b"..", b"a/b", b"/", b"\0"])?.to_vec().into();
                }
            }
        }
    }
    Ok(page)
}

fn digest(algorithm: HashAlgorithm, from: u64, to: Option<u64>, u: &mut Unstructured<'_>) -> Result<Digest> {
    let length = match algorithm {
        HashAlgorithm::Crc32 => 4,
        HashAlgorithm::Md5 => 16,
        HashAlgorithm::Sha1 => 20,
        HashAlgorithm::Sha256 | HashAlgorithm::Blake3 => 32,
        HashAlgorithm::Sha512 => 64,
    };
    let mut digest = Vec::from([0; 64]);
    digest.truncate(length);
    u.fill_buffer(&mut digest)?;
    let to = to.map_or_else(|| Ok(from.max(u.arbitrary()?)), Ok)?;
    Ok(Digest { bytes: digest.into(), to })
}

one_of!(Admission { Welcome, ServerFull, AddressFull, Draining });
one_of!(ControlEnd { Eof, Reset });
one_of!(Failure {
    NotFound,
    PermissionDenied,
    Exists,
    NotADirectory,
    IsADirectory,
    NotEmpty,
    NameNotAllowed,
    BadOffset,
    NoSpace,
    OverQuota,
    Busy,
    Unsupported,
    Vetoed,
    LoginIncorrect,
    AccountRequired,
    Tls,
    NoPort,
    Refused,
    Unreachable,
    Reset,
    TimedOut,
    Cancelled,
    Lost,
    Io,
});

/// The most bytes of a chunk that is made from few.
const LARGE: usize = 4096;

#[cfg(test)]
mod tests;
