//! What every adapter shares: storage, accounts, and the pool that runs them.
//!
//! ```text
//! engine ── HostAction ──► Host ── Pooled or Inline ──► Accounts ──► Login { account, storage }
//!        ◄── Completion ──                         └──► Storage: LocalDisk, MemoryDisk, ReadOnly, yours
//! ```
//!
//! [`Host`] is the primitive: completion-based, so it fits any runtime, and an object store implements it directly.
//! [`Storage`], [`Accounts`] and [`Commands`] are the convenience: blocking calls, run on a pool ([`Pooled`]) or in
//! place ([`Inline`]). Nothing here knows FTP: what may be asked when, and how it is answered, is the engine's.
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

mod accounts;
pub mod adapter;
mod blocking;
mod commands;
mod host;
mod job;
mod links;
#[cfg(target_os = "linux")]
mod local_disk;
mod memory_disk;
mod pool;
mod read_only;
mod storage;
mod table;
pub mod tls;
mod users_file;

pub use accounts::{Accounts, BadHash, Login, Password, Users, hash_password};
pub use blocking::{Inline, Pooled};
pub use commands::{Commands, NoCommands};
pub use host::{Client, Host, HostSession, ReplyTo};
#[cfg(target_os = "linux")]
pub use local_disk::LocalDisk;
pub use memory_disk::MemoryDisk;
pub use pool::PoolSize;
pub use read_only::ReadOnly;
pub use storage::{Cancel, Directory, ReadFile, Storage, Upload, WriteFile};
pub use users_file::{BadLine, LineProblem, UsersFileError};
