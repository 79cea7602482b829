//! What every adapter shares: storage, accounts, and the pool that runs them.
//!
//! ```text
//! engine ── HostAction ──► Host ── Pooled or Inline ──► Accounts ──► Login { account, storage }
//!        ◄── Completion ──                         └──► Storage: LocalDisk, MemoryDisk, Mounts, ReadOnly, yours
//! ```
//!
//! [`Host`] is the primitive: completion-based, so it fits any runtime, and an object store implements it directly.
//! [`Storage`], [`Accounts`] and [`Commands`] are the convenience: blocking calls, run on a pool ([`Pooled`]), unless they
//! say that they do not wait ([`Pace`]), or all in place ([`Inline`]). Nothing here knows FTP: what may be asked when, and how it is answered, is the engine's.
//!
//! ```
//! use std::sync::Arc;
//!
//! use ftp_host::{Accounts, Host, MemoryDisk, Password, Pooled, ReadOnly, Users};
//! use ftp_proto::action::Credentials;
//! use ftp_proto::storage::Permissions;
//!
//! let disk = MemoryDisk::new().with_file("/pub/hello.txt", "Hello!\n").with_dir("/incoming");
//! let users = Users::new()
//!     .user("alice", Password::plain("correct horse"), Permissions::READ_WRITE, Arc::new(disk.clone()))
//!     .anonymous(Permissions::READ_ONLY, Arc::new(ReadOnly(disk)));
//!
//! let given = Credentials::new(b"alice", b"correct horse", ([192, 0, 2, 1], 40_000).into());
//! assert_eq!(&*users.authenticate(&given)?.account.name, "alice");
//!
//! // What an adapter takes:
//! let host: Arc<dyn Host> = Arc::new(Pooled::new(Arc::new(users)));
//! # drop(host);
//! # Ok::<(), ftp_proto::Failure>(())
//! ```
//!
//! # What an embedding program adds
//!
//! | what | how | example |
//! |---|---|---|
//! | verbs and SITE verbs, with replies or transfers | [`Pooled::commands`] | [`Commands`] |
//! | a say before logins, transfers, file operations and commits | [`Pooled::hooks`] | [`Hooks`] |
//! | values kept for the server or a session | [`Pooled::extensions`], [`Context`] | [`Extensions`] |
//! | several storages in one tree | a storage like any other | [`Mounts`] |
//! | several hosts behind one address | accounts like any other | [`VirtualHosts`] |
//! | who is on | [`Pooled::roster`], and an observer | [`Roster`] |
//! | notices, to any number of observers | the adapters' `Builder::observer` | below |
//!
//! All of it at once: uploads are counted for each session, and nobody gets more than two.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! use ftp_host::{CommandAnswer, Context, Finished, Hooks, Host, MemoryDisk, Mounts, Pooled, Roster, Users};
//! use ftp_proto::Failure;
//! use ftp_proto::action::CustomCommand;
//! use ftp_proto::storage::Permissions;
//!
//! #[derive(Default)]
//! struct Uploads(AtomicU32);
//!
//! struct TwoEach;
//!
//! impl Hooks for TwoEach {
//!     fn before_commit(&self, context: &Context<'_>, _: &Finished<'_>) -> Result<(), Failure> {
//!         let before = context.session.get_or_insert_with(Uploads::default).0.fetch_add(1, Ordering::Relaxed);
//!         if before < 2 { Ok(()) } else { Err(Failure::OverQuota) }
//!     }
//! }
//!
//! // `SITE COUNT`, once `Config::custom` names it.
//! let count = |context: &Context<'_>, _: &CustomCommand| {
//!     let uploads = context.session.get::<Uploads>().map_or(0, |uploads| uploads.0.load(Ordering::Relaxed));
//!     Ok(CommandAnswer::text(&format!("{uploads} uploads.")))
//! };
//!
//! let tree = Mounts::new(Arc::new(MemoryDisk::new())).mount("/incoming", Arc::new(MemoryDisk::new()))?;
//! let users = Users::new().anonymous(Permissions::READ_WRITE, Arc::new(tree));
//! let roster = Arc::new(Roster::new());
//! let host: Arc<dyn Host> = Arc::new(
//!     Pooled::new(Arc::new(users)).hooks(Arc::new(TwoEach)).commands(Arc::new(count)).roster(Arc::clone(&roster)),
//! );
//! // For an adapter: `Server::builder(host).observer(…).observer(…)`, all of which hear every notice.
//! let observer = move |session, client: &ftp_host::Client, notice: &ftp_proto::Notice| {
//!     roster.observe(session, client, notice);
//! };
//! # let _: Box<ftp_host::adapter::Observer> = Box::new(observer);
//! # drop(host);
//! # Ok::<(), ftp_proto::PathError>(())
//! ```

mod accounts;
pub mod adapter;
mod blocking;
mod commands;
mod context;
mod digests;
mod errand;
mod extensions;
mod hooks;
mod host;
mod in_place;
mod job;
mod links;
#[cfg(target_os = "linux")]
mod local_disk;
mod memory_disk;
mod mounts;
mod pace;
mod pool;
mod read_only;
mod roster;
mod storage;
mod table;
pub mod tls;
mod trees;
mod users_file;
mod virtual_hosts;

pub use accounts::{Accounts, BadHash, Login, Password, Users, hash_password};
pub use blocking::{Inline, Pooled};
pub use commands::{CommandAnswer, Commands, NoCommands};
pub use context::Context;
pub use extensions::Extensions;
pub use hooks::{Finished, Hooks, Operation, Transfer};
pub use host::{Client, Host, HostSession, ReplyTo};
#[cfg(target_os = "linux")]
pub use local_disk::LocalDisk;
pub use memory_disk::MemoryDisk;
pub use mounts::Mounts;
pub use pace::Pace;
pub use pool::PoolSize;
pub use read_only::ReadOnly;
pub use roster::Roster;
pub use storage::{Cancel, Directory, ReadFile, Storage, Upload, WriteFile};
pub use users_file::{BadLine, LineProblem, UsersFileError};
pub use virtual_hosts::VirtualHosts;
