//! Actions on listeners and data connections.

use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;

use bytes::Bytes;

use crate::id::{DataId, FileId, ListenerId};
use crate::outcome::{Closed, Connected, Done, Listening, Moved, Received, Secured};
use crate::ticket::Ticket;

/// Actions on listeners and data connections.
#[derive(Debug)]
#[must_use = "an action must be run"]
pub enum DataAction {
    /// Bind a listener on `address`, with a backlog of at least 4.
    Listen {
        /// For the address that was bound, or [`Failure::NoPort`](crate::Failure::NoPort).
        ticket: Ticket<Listening>,
        /// Its name from here on.
        listener: ListenerId,
        /// The local address: the one the control connection came in on.
        address: IpAddr,
        /// Which port.
        ports: Ports,
    },
    /// Take the next connection, whoever it is from: the engine judges the address.
    Accept {
        /// For the peer's address.
        ticket: Ticket<Connected>,
        /// On which listener.
        listener: ListenerId,
        /// The connection's name from here on, if there is one.
        data: DataId,
    },
    /// Close a listener. An `Accept` on it was cancelled before.
    CloseListener(ListenerId),
    /// Connect to the client (active mode).
    Connect {
        /// For the connection, or why there is none.
        ticket: Ticket<Connected>,
        /// The connection's name from here on, if there is one.
        data: DataId,
        /// From this local address.
        from: IpAddr,
        /// To this one.
        to: SocketAddr,
    },
    /// Begin TLS on a data connection, on which nothing was moved yet.
    Secure {
        /// For what the handshake agreed on, or [`Failure::Tls`](crate::Failure::Tls). Cancelled or failed, the
        /// connection is still to be closed.
        ticket: Ticket<Secured>,
        /// On this connection.
        data: DataId,
        /// As which side.
        role: TlsRole,
    },
    /// Send all of `bytes`.
    Send {
        /// When the kernel has taken all of them. [`Event::Progress`](crate::Event::Progress) in between.
        ticket: Ticket<Done>,
        /// On this connection.
        data: DataId,
        /// These.
        bytes: Bytes,
    },
    /// Receive some bytes, at least one unless the stream ends.
    Receive {
        /// For the bytes.
        ticket: Ticket<Received>,
        /// From this connection.
        data: DataId,
        /// At most so many.
        max: usize,
    },
    /// Move a range of a file to the connection, by `sendfile` or a buffer.
    FileToData {
        /// For how many bytes were moved; fewer than `len` only at the end of the file.
        ticket: Ticket<Moved>,
        /// From this file, whose [`Opened::offload`](crate::outcome::Opened::offload) said that it can.
        file: FileId,
        /// To this connection.
        data: DataId,
        /// From this offset.
        at: u64,
        /// At most so many bytes.
        len: u64,
    },
    /// Move bytes from the connection to a file, by `splice` or a buffer, until `max` or the end of the stream.
    DataToFile {
        /// For how many bytes were moved; fewer than `max` only at the end of the stream.
        ticket: Ticket<Moved>,
        /// From this connection.
        data: DataId,
        /// To this file, whose [`Opened::offload`](crate::outcome::Opened::offload) said that it can.
        file: FileId,
        /// At this offset.
        at: u64,
        /// At most so many bytes.
        max: u64,
    },
    /// Close a data connection. No other action on it is open.
    Close {
        /// When it is closed. It is closed also where this fails; the failure says what may be lost.
        ticket: Ticket<Closed>,
        /// This one.
        data: DataId,
        /// In this way.
        how: CloseHow,
    },
}

/// Which side of the TLS handshake on a data connection is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TlsRole {
    /// The client's counterpart, whoever dialled (RFC 4217 §7).
    Server,
    /// The client, towards another server (CPSV, SSCN). Its certificate cannot be judged.
    Client,
}

/// Which port a listener takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Ports {
    /// Any that the kernel has free.
    Any,
    /// One of `range`: try `first`, then on from there, around the end of the range, until each was tried once.
    Range {
        /// The ports allowed.
        range: RangeInclusive<u16>,
        /// Where to begin: chosen at random by the engine, so that the next port cannot be guessed.
        first: u16,
    },
}

/// How to close a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum CloseHow {
    /// Everything sent must arrive: send FIN behind it (and behind a `close_notify`), then close.
    Graceful,
    /// At once; what is on its way may be lost, and the peer should see a reset.
    Abort,
}
