//! What every adapter shares: storage, accounts, and the pool that runs them.

mod accounts;
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
