//! What the engine asks of the adapter: one [`Action`] at a time, each run exactly once.
//!
//! Every action carries all its parameters by value: a later command cannot change one that is under way.
//! An action with an outcome carries a [`Ticket`] for its one answer.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;

use crate::failure::Failure;
use crate::id::{ActionId, DataId, DirId, FileId, ListenerId};
use crate::notice::Notice;
use crate::outcome::{
    Closed, Connected, CustomAnswer, Digest, Done, Entries, Listening, Moved, Opened, Prepared, Quota, Received,
    Roster, Secured, Space, TreeSize, VirtualHost,
};
use crate::path::VirtualPath;
use crate::secret::Secret;
use crate::storage::{Account, FinishHow, HashAlgorithm, Metadata, Replace, Wanted, WriteMode};
use crate::ticket::{Completion, Ticket};
use crate::time::UnixTime;

/// One thing to do.
#[derive(Debug)]
#[must_use = "an action must be run"]
pub enum Action {
    /// Send these bytes on the control connection, behind all earlier ones. What the kernel took is credited with
    /// [`Event::Sent`](crate::Event::Sent).
    Write(Bytes),
    /// Begin TLS on the control connection, as the server, behind all that was written so far. From the moment this is
    /// taken, no byte that comes in is plain any more: what the client sent behind its AUTH is not a handshake, and
    /// fails it.
    Secure {
        /// For what the handshake agreed on, or [`Failure::Tls`].
        ticket: Ticket<Secured>,
        /// The virtual host that HOST named, whose certificate is to be shown where the client names none by SNI.
        host: Option<Arc<str>>,
    },
    /// End TLS on the control connection, behind all that was written so far, and go on in the clear: `close_notify`
    /// is sent, and what comes in behind the client's is plain.
    Unsecure(Ticket<Done>),
    /// Nothing more will be written: close the control connection behind what was (and behind a `close_notify`).
    Shutdown,
    /// Something about a listener or a data connection.
    Data(DataAction),
    /// Something for the storage, the accounts or the embedding program.
    Host(HostAction),
    /// Something happened: for logs, metrics and screens. Nothing to answer.
    Notify(Box<Notice>),
    /// Please end this action early. It is still answered once: late success and [`Failure::Cancelled`] are both
    /// in order. An id whose answer is on its way already is ignored.
    Cancel(ActionId),
}

/// Which side of the TLS handshake on a data connection is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsRole {
    /// The client's counterpart, whoever dialled (RFC 4217 §7).
    Server,
    /// The client, towards another server (CPSV, SSCN). Its certificate cannot be judged.
    Client,
}

/// Which port a listener takes.
#[derive(Clone, Debug, PartialEq, Eq)]
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
pub enum CloseHow {
    /// Everything sent must arrive: send FIN behind it (and behind a `close_notify`), then close.
    Graceful,
    /// At once; what is on its way may be lost, and the peer should see a reset.
    Abort,
}

/// Actions on listeners and data connections.
#[derive(Debug)]
#[must_use = "an action must be run"]
pub enum DataAction {
    /// Bind a listener on `address`, with a backlog of at least 4.
    Listen {
        /// For the address that was bound, or [`Failure::NoPort`].
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
        /// For what the handshake agreed on, or [`Failure::Tls`]. Cancelled or failed, the connection is still to be
        /// closed.
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
        /// From this file, whose [`Opened::offload`] said that it can.
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
        /// To this file, whose [`Opened::offload`] said that it can.
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

/// Actions for the host: where files, accounts and the embedding program are.
#[derive(Debug)]
#[must_use = "an action must be run"]
pub enum HostAction {
    /// Something for the storage.
    Storage(StorageAction),
    /// Who is this?
    Authenticate {
        /// For the account, or [`Failure::LoginIncorrect`] whatever was wrong.
        ticket: Ticket<Account>,
        /// All that the client gave.
        credentials: Box<Credentials>,
    },
    /// Which virtual host is meant (HOST, RFC 7151; or SNI)? Whoever logs in from here on does so there.
    SelectHost {
        /// For the host, or [`Failure::NotFound`].
        ticket: Ticket<VirtualHost>,
        /// Its name, as the client gave it.
        name: Box<str>,
    },
    /// Who is on (SITE WHO)?
    Who {
        /// For one line of text for each session.
        ticket: Ticket<Roster>,
    },
    /// A verb that the embedding program registered.
    Custom {
        /// For its reply, or for a file to be transferred.
        ticket: Ticket<CustomAnswer>,
        /// The name of that file from here on, if there is one.
        file: FileId,
        /// What was asked.
        command: Box<CustomCommand>,
    },
}

/// What a client gave to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// USER's argument, verbatim.
    pub user: Box<[u8]>,
    /// PASS's argument; `None` where the client's certificate is to do alone.
    pub password: Option<Secret>,
    /// ACCT's argument, once it was asked for by [`Failure::AccountRequired`].
    pub account: Option<Secret>,
    /// The client's certificate (DER), verified by the TLS layer, which knows whom it trusts.
    pub certificate: Option<Arc<[u8]>>,
    /// The virtual host, if one was selected.
    pub host: Option<Arc<str>>,
    /// Whether the control connection is secured.
    pub secured: bool,
    /// Where the control connection comes from.
    pub peer: SocketAddr,
}

impl Credentials {
    /// A name and a password, from `peer` and in the clear; nothing else is known.
    #[must_use]
    pub fn new(user: &[u8], password: &[u8], peer: SocketAddr) -> Self {
        let password = Some(Secret::new(password));
        Self { user: user.into(), password, account: None, certificate: None, host: None, secured: false, peer }
    }
}

/// A registered verb as it was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomCommand {
    /// The verb in upper case; `SITE NAME` for a SITE verb.
    pub verb: Box<str>,
    /// The rest of the line behind one space, verbatim; empty when there was none.
    pub argument: Box<[u8]>,
    /// The working directory.
    pub cwd: VirtualPath,
    /// The name of the account that is logged in now: none behind a REIN, or a USER whose PASS is still to come.
    pub login: Option<Arc<str>>,
}

/// Times to set on a file; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When its content last changed.
    pub modified: Option<UnixTime>,
    /// When it was made (MFCT). A storage that cannot says [`Failure::Unsupported`].
    pub created: Option<UnixTime>,
}

/// Actions on the storage. Symbolic links are followed where they stay inside, unless it says otherwise.
#[derive(Debug)]
#[must_use = "an action must be run"]
pub enum StorageAction {
    /// What is at `path`?
    Stat {
        /// For what is there.
        ticket: Ticket<Metadata>,
        /// Where.
        path: VirtualPath,
    },
    /// Open a directory for reading.
    OpenDir {
        /// When it is open.
        ticket: Ticket<Done>,
        /// Its name from here on.
        dir: DirId,
        /// Where.
        path: VirtualPath,
        /// What `ReadDir` is to tell of each entry.
        wanted: Wanted,
    },
    /// Read the next entries of a directory.
    ReadDir {
        /// For the entries.
        ticket: Ticket<Entries>,
        /// Of this directory.
        dir: DirId,
        /// At most so many, at least 1.
        max: usize,
    },
    /// Close a directory.
    CloseDir(DirId),
    /// Open a file for reading.
    OpenRead {
        /// For its size. A directory is [`Failure::IsADirectory`].
        ticket: Ticket<Opened>,
        /// Its name from here on.
        file: FileId,
        /// Where.
        path: VirtualPath,
    },
    /// Open a file for writing.
    OpenWrite {
        /// For its size now.
        ticket: Ticket<Opened>,
        /// Its name from here on.
        file: FileId,
        /// Where.
        path: VirtualPath,
        /// How.
        mode: WriteMode,
        /// The permission bits a new file gets: 666 without the session's umask.
        permissions: u32,
        /// How many bytes ALLO announced; 0 when it did not.
        expected: u64,
    },
    /// Read from a file.
    Read {
        /// For the bytes: fewer than `max` only at the end of the file, none behind it.
        ticket: Ticket<Bytes>,
        /// This one.
        file: FileId,
        /// From this offset.
        at: u64,
        /// At most so many.
        max: usize,
    },
    /// Write all of `bytes` to a file.
    Write {
        /// When all are written.
        ticket: Ticket<Done>,
        /// This one.
        file: FileId,
        /// At this offset.
        at: u64,
        /// These.
        bytes: Bytes,
    },
    /// End an upload: commit, keep or discard it. The file is closed, whatever the answer.
    Finish {
        /// When it is done; a failed commit has discarded the upload.
        ticket: Ticket<Done>,
        /// This one.
        file: FileId,
        /// How.
        how: FinishHow,
    },
    /// Close a file that was read.
    CloseFile(FileId),
    /// Remove a file or a symbolic link (never what it points to).
    Remove {
        /// When it is gone. A directory is [`Failure::IsADirectory`].
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
    },
    /// Remove an empty directory.
    RemoveDir {
        /// When it is gone.
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
    },
    /// Make a directory.
    MakeDir {
        /// When it is there.
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
        /// The permission bits it gets: 777 without the session's umask.
        permissions: u32,
    },
    /// Rename or move. Never over a directory.
    Rename {
        /// When it is done.
        ticket: Ticket<Done>,
        /// What.
        from: VirtualPath,
        /// To which name.
        to: VirtualPath,
        /// Whether a file of that name may be replaced.
        replace: Replace,
    },
    /// Set times.
    SetTimes {
        /// When they are set.
        ticket: Ticket<Done>,
        /// Of what.
        path: VirtualPath,
        /// Which.
        times: Times,
    },
    /// Set the permission bits.
    SetMode {
        /// When they are set.
        ticket: Ticket<Done>,
        /// Of what.
        path: VirtualPath,
        /// The low twelve bits of a Unix mode.
        mode: u32,
    },
    /// Make a symbolic link. A target that leaves the storage is refused.
    Symlink {
        /// When it is there.
        ticket: Ticket<Done>,
        /// Where it points.
        target: VirtualPath,
        /// Where it stands.
        link: VirtualPath,
    },
    /// Copy a file's content; the copy takes its name when it is whole.
    Copy {
        /// When it is done.
        ticket: Ticket<Done>,
        /// What.
        from: VirtualPath,
        /// To which name.
        to: VirtualPath,
        /// Whether a file of that name may be replaced.
        replace: Replace,
    },
    /// How much room is there?
    Space {
        /// For the room.
        ticket: Ticket<Space>,
        /// Where.
        path: VirtualPath,
    },
    /// How much of the account's quota is used?
    Quota {
        /// For the quota; [`Failure::Unsupported`] where there is none.
        ticket: Ticket<Quota>,
    },
    /// The digest of a range of a file. May take long.
    Hash {
        /// For the digest.
        ticket: Ticket<Digest>,
        /// Of this file.
        path: VirtualPath,
        /// By this algorithm.
        algorithm: HashAlgorithm,
        /// From this offset; behind the end of the file it is [`Failure::BadOffset`].
        from: u64,
        /// To this offset, which is the first not to count; `None` for the end of the file.
        to: Option<u64>,
    },
    /// The sizes of all files beneath a directory. May take long.
    TreeSize {
        /// For their sum.
        ticket: Ticket<TreeSize>,
        /// Where.
        path: VirtualPath,
    },
    /// Make a directory and those above it that are missing.
    MakeDirs {
        /// When it is there, also where it was before.
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
        /// The permission bits of those that are made: 777 without the session's umask.
        permissions: u32,
    },
    /// Remove a directory and everything in it; symbolic links are removed, not followed. May take long; broken off, it
    /// leaves what it had not come to.
    RemoveTree {
        /// When it is gone.
        ticket: Ticket<Done>,
        /// Where.
        path: VirtualPath,
    },
    /// Join the content of `parts`, in their order, behind what `target` holds; then remove them. May take long.
    Combine {
        /// When the whole is in place.
        ticket: Ticket<Done>,
        /// The file that gets it; made if it is not there. It may not be one of the parts.
        target: VirtualPath,
        /// The files, at least one.
        parts: Vec<VirtualPath>,
    },
    /// Set owner and group; `None` leaves one as it is.
    SetOwner {
        /// When they are set.
        ticket: Ticket<Done>,
        /// Of what.
        path: VirtualPath,
        /// The owner: a name, or a number in digits.
        owner: Option<Box<str>>,
        /// The group: a name, or a number in digits.
        group: Option<Box<str>>,
    },
    /// A transfer is coming (PRET): time to choose the node it will be with.
    Prepare {
        /// For where the client is to connect to.
        ticket: Ticket<Prepared>,
        /// Of what.
        path: VirtualPath,
        /// Whether it will be an upload.
        upload: bool,
    },
}

impl HostAction {
    /// The action's id; `None` for those that need no answer.
    #[must_use]
    pub fn id(&self) -> Option<ActionId> {
        match self {
            Self::Storage(action) => action.id(),
            Self::Authenticate { ticket, .. } => Some(ticket.id()),
            Self::SelectHost { ticket, .. } => Some(ticket.id()),
            Self::Who { ticket } => Some(ticket.id()),
            Self::Custom { ticket, .. } => Some(ticket.id()),
        }
    }

    /// Answers the action with `failure`, unrun; `None` for those that need no answer.
    #[must_use]
    pub fn fail(self, failure: Failure) -> Option<Completion> {
        match self {
            Self::Storage(action) => action.fail(failure),
            Self::Authenticate { ticket, .. } => Some(ticket.fail(failure)),
            Self::SelectHost { ticket, .. } => Some(ticket.fail(failure)),
            Self::Who { ticket } => Some(ticket.fail(failure)),
            Self::Custom { ticket, .. } => Some(ticket.fail(failure)),
        }
    }
}

macro_rules! ticketed {
    ($action:ty { $($variant:ident),* $(,)? } unticketed { $($plain:ident),* $(,)? }) => {
        impl $action {
            /// The action's id; `None` for those that need no answer.
            #[must_use]
            pub fn id(&self) -> Option<ActionId> {
                match self {
                    $(Self::$variant { ticket, .. } => Some(ticket.id()),)*
                    $(Self::$plain(_) => None,)*
                }
            }

            /// Answers the action with `failure`, unrun; `None` for those that need no answer.
            #[must_use]
            pub fn fail(self, failure: Failure) -> Option<Completion> {
                match self {
                    $(Self::$variant { ticket, .. } => Some(ticket.fail(failure)),)*
                    $(Self::$plain(_) => None,)*
                }
            }
        }
    };
}

ticketed!(StorageAction {
    Stat, OpenDir, ReadDir, OpenRead, OpenWrite, Read, Write, Finish, Remove, RemoveDir, MakeDir, Rename,
    SetTimes, SetMode, Symlink, Copy, Space, Quota, Hash, TreeSize, MakeDirs, RemoveTree, Combine, SetOwner, Prepare,
} unticketed { CloseDir, CloseFile });

ticketed!(DataAction {
    Listen, Accept, Connect, Secure, Send, Receive, FileToData, DataToFile, Close,
} unticketed { CloseListener });
