//! What the engine asks of the adapter: one [`Action`] at a time, each run exactly once.
//!
//! Every action carries all its parameters by value: a later command cannot change one that is under way.
//! An action with an outcome carries a [`Ticket`] for its one answer.
//!
//! | file | whose actions |
//! |---|---|
//! | `data` | those on listeners and data connections |
//! | `storage` | those on the storage |

mod data;
mod storage;

pub use self::data::{CloseHow, DataAction, Ports, TlsRole};
pub use self::storage::{StorageAction, Times};

use alloc::boxed::Box;
use alloc::sync::Arc;
use bytes::Bytes;
use core::net::SocketAddr;

use crate::failure::Failure;
use crate::id::{ActionId, FileId};
use crate::notice::Notice;
use crate::outcome::{CustomAnswer, Done, Roster, Secured, VirtualHost};
use crate::path::VirtualPath;
use crate::secret::Secret;
use crate::storage::Account;
use crate::ticket::{Completion, Ticket};

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
