//! What actions end in when they succeed: one small type per kind of answer.

use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::{IpAddr, SocketAddr};

use crate::storage::Entry;

/// Done, and nothing more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Done;

/// A passive listener is bound and will accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Listening {
    /// Where: the local address, with the port that was found.
    pub address: SocketAddr,
}

/// A data connection is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Connected {
    /// Who is at the other end.
    pub peer: SocketAddr,
}

/// How the peer ended its side of a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum DataEnd {
    /// An orderly end: all that was sent has arrived.
    Clean,
    /// The stream ended before its layer's own end mark: what arrived may be short.
    Truncated,
}

/// Bytes from the data connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Received {
    /// What arrived, at most as much as was asked for. Empty only when `end` is given.
    #[cfg_attr(feature = "serde", serde(with = "crate::byte_strings"))]
    pub bytes: Bytes,
    /// Whether and how the stream ended behind these bytes.
    pub end: Option<DataEnd>,
}

/// Bytes moved between a file and the data connection by an offload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Moved {
    /// How many.
    pub bytes: u64,
    /// Whether and how the source ended behind them: the file for `FileToData`, the peer's stream for `DataToFile`.
    pub end: Option<DataEnd>,
}

/// A data connection is closed and all that was sent has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Closed;

/// TLS is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Secured {
    /// On a data connection: whether it resumes the TLS session of this session's control connection, and no other.
    pub resumed: bool,
    /// The host that the client named (SNI).
    pub sni: Option<Arc<str>>,
    /// The protocol that was agreed on (ALPN).
    #[cfg_attr(feature = "serde", serde(with = "crate::byte_strings::optional"))]
    pub alpn: Option<Arc<[u8]>>,
    /// The client's certificate (DER), verified.
    #[cfg_attr(feature = "serde", serde(with = "crate::byte_strings::optional"))]
    pub peer_certificate: Option<Arc<[u8]>>,
    /// Protocol version and cipher suite, for logs: `TLSv1_3 TLS13_AES_256_GCM_SHA384`.
    pub parameters: Option<Arc<str>>,
}

/// A virtual host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VirtualHost {
    /// The lines of its 220 reply, in place of the server's own; empty for those.
    pub greeting: Vec<Arc<str>>,
}

/// Who is on: a line of text for each session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Roster {
    /// The lines, bounded by `Limits::reply_lines`; control bytes are shown as `?`.
    pub lines: Vec<Arc<str>>,
}

/// A file is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Opened {
    /// Its size in bytes now: where APPE begins.
    pub size: u64,
    /// Whether the adapter can move its bytes itself, by `FileToData` and `DataToFile`.
    pub offload: Offload,
}

/// Whether the storage gives the adapter a file that the kernel can move bytes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Offload {
    /// It does.
    Possible,
    /// It does not: the engine asks for `Read` and `Write` itself.
    Impossible,
}

/// A page of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entries {
    /// The next entries, at most as many as were asked for.
    pub entries: Vec<Entry>,
    /// Whether these were the last.
    pub last: bool,
}

/// Room on the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Space {
    /// How many bytes this account could still store.
    pub available: u64,
}

/// An account's quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Quota {
    /// Bytes stored.
    pub used_bytes: u64,
    /// Bytes that may be stored.
    pub bytes: Option<u64>,
    /// Files stored.
    pub used_files: u64,
    /// Files that may be stored.
    pub files: Option<u64>,
}

/// The digest of a range of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Digest {
    /// Its bytes, the first byte first; CRC-32 as four bytes, big-endian.
    #[cfg_attr(feature = "serde", serde(with = "crate::byte_strings"))]
    pub bytes: Arc<[u8]>,
    /// Where the range ended: the size of the file, where it was asked for to the end.
    pub to: u64,
}

/// The size of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TreeSize {
    /// The sizes of its files in all, in bytes.
    pub bytes: u64,
}

/// A transfer was prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Prepared {
    /// Where the client is to connect to, in place of our own address.
    pub address: Option<IpAddr>,
}

/// What a verb of the embedding program comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum CustomAnswer {
    /// A reply.
    Reply(CustomReply),
    /// The file is open, and its content goes to the client over a data connection, as with RETR: from its beginning,
    /// in the TYPE that is set, with a 150 before and a 226 behind it. Where the client has set up no data connection
    /// it is told 425, and the file is closed.
    Download(Opened),
    /// The file is open, and gets what comes over a data connection from its beginning on, as with STOR; then
    /// [`Finish`](crate::StorageAction::Finish) ends it. Where there will be no transfer it is discarded.
    Upload(Opened),
}

/// The reply of a verb that the embedding program registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CustomReply {
    /// A final reply code, 200 to 599; another is sent as 451.
    pub code: u16,
    /// The lines of text, bounded by `Limits::reply_lines`; control bytes are shown as `?`.
    pub lines: Vec<Arc<str>>,
}
