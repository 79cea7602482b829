//! What the embedding program may refuse: hooks, asked before something happens.
//!
//! What has happened is told by notices. Every login and every operation on a file is an action of the engine, which
//! waits for its answer; so a hook is a part of that action and runs where the action runs, never on a loop that serves
//! others.

use bytes::Bytes;
use ftp_proto::action::{Credentials, Times};
use ftp_proto::storage::{Account, FinishHow};
use ftp_proto::{Failure, StorageAction, VirtualPath};

use crate::context::Context;
use crate::storage::{Upload, WriteFile};

/// May refuse logins, transfers, operations on files, and finished uploads. Every method allows by default.
///
/// Each is called on the host's pool ([`Pooled`](crate::Pooled)) or in place ([`Inline`](crate::Inline)), from several
/// threads at once. On the pool it may block: only its own command waits, and a thread of the pool with it. Where there are several hooks each is asked in turn, and
/// the first that refuses decides. One that panics refuses as [`Failure::Lost`].
///
/// # Errors
/// To refuse is to return a failure, and the client gets the reply that goes with it: [`Failure::Vetoed`] for a policy;
/// [`Failure::Busy`], [`Failure::OverQuota`] and the like where they say it better.
///
/// ```
/// use std::sync::Arc;
///
/// use ftp_host::{Context, Hooks, Host, MemoryDisk, Password, Pooled, Transfer, Users};
/// use ftp_proto::Failure;
/// use ftp_proto::storage::Permissions;
///
/// struct NoPrograms;
///
/// impl Hooks for NoPrograms {
///     fn before_transfer(&self, _: &Context<'_>, transfer: Transfer<'_>) -> Result<(), Failure> {
///         match transfer {
///             Transfer::Upload { path, .. } if path.as_bytes().ends_with(b".exe") => Err(Failure::Vetoed),
///             _ => Ok(()),
///         }
///     }
/// }
///
/// let users = Users::new().anonymous(Permissions::READ_WRITE, Arc::new(MemoryDisk::new()));
/// let host: Arc<dyn Host> = Arc::new(Pooled::new(Arc::new(users)).hooks(Arc::new(NoPrograms)));
/// # drop(host);
/// ```
pub trait Hooks: Send + Sync {
    /// Someone wants to log in; the accounts have not been asked yet. Whatever the failure, the client is told that the
    /// login is incorrect, after the usual delay.
    ///
    /// # Errors
    /// To refuse it.
    fn before_login(&self, context: &Context<'_>, credentials: &Credentials) -> Result<(), Failure> {
        let _ = (context, credentials);
        Ok(())
    }

    /// The accounts let someone in. Refused, it is as if they had not.
    ///
    /// # Errors
    /// To refuse it.
    fn after_login(&self, context: &Context<'_>, credentials: &Credentials, account: &Account) -> Result<(), Failure> {
        let _ = (context, credentials, account);
        Ok(())
    }

    /// A file is about to be opened for a download or an upload; nothing was said to the client yet. Files that the
    /// program's own verbs open are not asked about.
    ///
    /// # Errors
    /// To refuse it.
    fn before_transfer(&self, context: &Context<'_>, transfer: Transfer<'_>) -> Result<(), Failure> {
        let _ = (context, transfer);
        Ok(())
    }

    /// Something else is about to be asked of the storage, or done to it.
    ///
    /// # Errors
    /// To refuse it.
    fn before_operation(&self, context: &Context<'_>, operation: Operation<'_>) -> Result<(), Failure> {
        let _ = (context, operation);
        Ok(())
    }

    /// An upload has arrived, and is about to take its name; the client waits for its last reply. Refused, it is
    /// discarded.
    ///
    /// What was written into a file that is there (APPE, or STOR behind a REST) is in place before anyone can look at it:
    /// refused, what was appended is taken off again, and what was overwritten stays so.
    ///
    /// Also called for a part of a broken upload that is to be kept ([`FinishHow::Keep`]): that is seen by others, too.
    ///
    /// # Errors
    /// To refuse it.
    fn before_commit(&self, context: &Context<'_>, upload: &Finished<'_>) -> Result<(), Failure> {
        let _ = (context, upload);
        Ok(())
    }
}

/// A transfer that is about to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer<'a> {
    /// To the client.
    Download {
        /// Of this file.
        path: &'a VirtualPath,
    },
    /// From the client.
    Upload {
        /// To this file.
        path: &'a VirtualPath,
        /// Whether it is made or written into, and how much was announced.
        upload: Upload,
    },
}

/// Something that is about to be asked of the storage, or done to it: one for each
/// [`StorageAction`] that names a path, but for transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of the actions, where they are explained")]
pub enum Operation<'a> {
    /// Look at something: SIZE, MDTM, MLST, and on the way of CWD, RNFR and listings.
    Stat { path: &'a VirtualPath },
    /// List a directory.
    List { path: &'a VirtualPath },
    /// Remove a file.
    Remove { path: &'a VirtualPath },
    /// Remove an empty directory.
    RemoveDir { path: &'a VirtualPath },
    /// Remove a directory and everything in it.
    RemoveTree { path: &'a VirtualPath },
    /// Make a directory.
    MakeDir { path: &'a VirtualPath },
    /// Make a directory, and those above it.
    MakeDirs { path: &'a VirtualPath },
    /// Rename or move.
    Rename { from: &'a VirtualPath, to: &'a VirtualPath },
    /// Copy a file.
    Copy { from: &'a VirtualPath, to: &'a VirtualPath },
    /// Join files.
    Combine { target: &'a VirtualPath, parts: &'a [VirtualPath] },
    /// Make a symbolic link.
    Symlink { target: &'a VirtualPath, link: &'a VirtualPath },
    /// Set times.
    SetTimes { path: &'a VirtualPath, times: Times },
    /// Set permission bits.
    SetMode { path: &'a VirtualPath, mode: u32 },
    /// Set owner and group.
    SetOwner { path: &'a VirtualPath, owner: Option<&'a str>, group: Option<&'a str> },
    /// Ask for the digest of a file.
    Hash { path: &'a VirtualPath },
    /// Ask for the size of a tree.
    TreeSize { path: &'a VirtualPath },
    /// Ask for the room that is left.
    Space { path: &'a VirtualPath },
    /// Announce a transfer, to learn which node it will be with.
    Prepare { path: &'a VirtualPath },
}

/// An upload that has arrived.
#[derive(Clone, Copy)]
pub struct Finished<'a> {
    /// The name that it will have.
    pub path: &'a VirtualPath,
    /// How big the file is, in bytes.
    pub size: u64,
    /// Whether it is whole, or what arrived of it is kept.
    pub how: FinishHow,
    pub(crate) file: &'a dyn WriteFile,
}

impl<'a> Transfer<'a> {
    /// Which file.
    #[must_use]
    pub const fn path(self) -> &'a VirtualPath {
        match self {
            Self::Download { path } | Self::Upload { path, .. } => path,
        }
    }
}

impl<'a> Operation<'a> {
    /// Every path that is named.
    pub fn paths(self) -> impl Iterator<Item = &'a VirtualPath> {
        let (first, more): (_, &[VirtualPath]) = match self {
            Self::Stat { path }
            | Self::List { path }
            | Self::Remove { path }
            | Self::RemoveDir { path }
            | Self::RemoveTree { path }
            | Self::MakeDir { path }
            | Self::MakeDirs { path }
            | Self::SetTimes { path, .. }
            | Self::SetMode { path, .. }
            | Self::SetOwner { path, .. }
            | Self::Hash { path }
            | Self::TreeSize { path }
            | Self::Space { path }
            | Self::Prepare { path } => ([Some(path), None], &[]),
            Self::Rename { from, to } | Self::Copy { from, to } => ([Some(from), Some(to)], &[]),
            Self::Symlink { target, link } => ([Some(target), Some(link)], &[]),
            Self::Combine { target, parts } => ([Some(target), None], parts),
        };
        first.into_iter().flatten().chain(more)
    }
}

impl Finished<'_> {
    /// Its bytes from offset `at` on: fewer than `max` only at the end.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] where the storage cannot read what it is writing; [`Failure::Io`] and the like.
    pub fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        self.file.read_at(at, max)
    }
}

impl std::fmt::Debug for Finished<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, size, how, .. } = self;
        f.debug_struct("Finished").field("path", path).field("size", size).field("how", how).finish_non_exhaustive()
    }
}

/// Asks every hook whether `action` may be run. Reading on, writing on and closing are part of what was allowed.
pub(crate) fn vet(
    hooks: &[std::sync::Arc<dyn Hooks>],
    context: &Context<'_>,
    action: &StorageAction,
) -> Result<(), Failure> {
    use StorageAction as S;
    let transfer = |transfer| hooks.iter().try_for_each(|hook| hook.before_transfer(context, transfer));
    let operation = |operation| hooks.iter().try_for_each(|hook| hook.before_operation(context, operation));
    match action {
        S::OpenRead { path, .. } => transfer(Transfer::Download { path }),
        S::OpenWrite { path, mode, permissions, expected, .. } => {
            let upload = Upload { mode: *mode, permissions: *permissions, expected: *expected };
            transfer(Transfer::Upload { path, upload })
        }
        S::Stat { path, .. } => operation(Operation::Stat { path }),
        S::OpenDir { path, .. } => operation(Operation::List { path }),
        S::Remove { path, .. } => operation(Operation::Remove { path }),
        S::RemoveDir { path, .. } => operation(Operation::RemoveDir { path }),
        S::RemoveTree { path, .. } => operation(Operation::RemoveTree { path }),
        S::MakeDir { path, .. } => operation(Operation::MakeDir { path }),
        S::MakeDirs { path, .. } => operation(Operation::MakeDirs { path }),
        S::Rename { from, to, .. } => operation(Operation::Rename { from, to }),
        S::Copy { from, to, .. } => operation(Operation::Copy { from, to }),
        S::Combine { target, parts, .. } => operation(Operation::Combine { target, parts }),
        S::Symlink { target, link, .. } => operation(Operation::Symlink { target, link }),
        S::SetTimes { path, times, .. } => operation(Operation::SetTimes { path, times: *times }),
        S::SetMode { path, mode, .. } => operation(Operation::SetMode { path, mode: *mode }),
        S::SetOwner { path, owner, group, .. } => {
            operation(Operation::SetOwner { path, owner: owner.as_deref(), group: group.as_deref() })
        }
        S::Hash { path, .. } => operation(Operation::Hash { path }),
        S::TreeSize { path, .. } => operation(Operation::TreeSize { path }),
        S::Space { path, .. } => operation(Operation::Space { path }),
        S::Prepare { path, .. } => operation(Operation::Prepare { path }),
        S::Read { .. }
        | S::Write { .. }
        | S::ReadDir { .. }
        | S::Finish { .. }
        | S::Quota { .. }
        | S::CloseDir(_)
        | S::CloseFile(_) => Ok(()),
    }
}
