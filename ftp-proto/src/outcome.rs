//! What actions end in when they succeed: one small type per kind of answer.

use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::SocketAddr;

use crate::storage::Entry;

/// Done, and nothing more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done;

/// A passive listener is bound and will accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// Where: the local address, with the port that was found.
    pub address: SocketAddr,
}

/// A data connection is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Who is at the other end.
    pub peer: SocketAddr,
}

/// How the peer ended its side of a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataEnd {
    /// An orderly end: all that was sent has arrived.
    Clean,
    /// The stream ended before its layer's own end mark: what arrived may be short.
    Truncated,
}

/// Bytes from the data connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// What arrived, at most as much as was asked for. Empty only when `end` is given.
    pub bytes: Bytes,
    /// Whether and how the stream ended behind these bytes.
    pub end: Option<DataEnd>,
}

/// Bytes moved between a file and the data connection by an offload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// How many.
    pub bytes: u64,
    /// Whether and how the source ended behind them: the file for `FileToData`, the peer's stream for `DataToFile`.
    pub end: Option<DataEnd>,
}

/// A data connection is closed and all that was sent has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// A file is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its size in bytes now: where APPE begins.
    pub size: u64,
    /// Whether the adapter can move its bytes itself, by `FileToData` and `DataToFile`.
    pub offload: Offload,
}

/// Whether the storage gives the adapter a file that the kernel can move bytes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offload {
    /// It does.
    Possible,
    /// It does not: the engine asks for `Read` and `Write` itself.
    Impossible,
}

/// A page of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    /// The next entries, at most as many as were asked for.
    pub entries: Vec<Entry>,
    /// Whether these were the last.
    pub last: bool,
}

/// Room on the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// How many bytes this account could still store.
    pub available: u64,
}

/// The answer of a verb that the embedding program registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomReply {
    /// A final reply code, 200 to 599; another is sent as 451.
    pub code: u16,
    /// The lines of text, bounded by `Limits::reply_lines`; control bytes are shown as `?`.
    pub lines: Vec<Arc<str>>,
}
