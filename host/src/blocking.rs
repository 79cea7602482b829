//! Runs blocking storage, accounts and commands as a [`Host`]: in place, or on a pool.
//!
//! ```text
//! submit(action) ─► Work { action, what it works on } ─► pool or in place ─► table updated ─► one answer
//! ```

use std::fs::File;
use std::sync::Arc;

use ftp_proto::{ActionId, Failure, FileId, HostAction};

use crate::accounts::Accounts;
use crate::commands::{Commands, NoCommands};
use crate::host::{Client, Host, HostSession, ReplyTo};
use crate::job::Work;
use crate::pool::{Begins, Pool, PoolSize, Task};
use crate::table::Table;

/// What the jobs of all sessions share.
pub(crate) struct Services {
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) commands: Arc<dyn Commands>,
}

/// Runs everything in place, on the thread that submits: for storage that never waits, such as
/// [`MemoryDisk`](crate::MemoryDisk), and for tests. Checking a hashed password takes its time also here.
pub struct Inline {
    services: Arc<Services>,
}

/// Runs everything on a bounded pool of threads, which all sessions share.
///
/// Threads start as they are needed, up to the pool's size. What begins something new is refused as
/// [`Failure::Busy`] while too much waits; what goes on with an open file or directory always has its turn, so that no
/// upload is lost to a busy hour.
///
/// Dropped together with its last session, the pool answers what still waits as [`Failure::Lost`]; what runs, runs on
/// to its end.
pub struct Pooled {
    services: Arc<Services>,
    pool: Arc<Pool<Work>>,
}

impl Inline {
    /// With these accounts and no commands.
    #[must_use]
    pub fn new(accounts: Arc<dyn Accounts>) -> Self {
        Self { services: Arc::new(Services { accounts, commands: Arc::new(NoCommands) }) }
    }

    /// With these commands.
    #[must_use]
    pub fn commands(self, commands: Arc<dyn Commands>) -> Self {
        Self { services: Arc::new(Services { accounts: Arc::clone(&self.services.accounts), commands }) }
    }
}

impl Pooled {
    /// With these accounts, no commands, and a pool of the default size.
    #[must_use]
    pub fn new(accounts: Arc<dyn Accounts>) -> Self {
        Self::with_size(accounts, PoolSize::default())
    }

    /// With a pool of this size.
    #[must_use]
    pub fn with_size(accounts: Arc<dyn Accounts>, size: PoolSize) -> Self {
        let services = Arc::new(Services { accounts, commands: Arc::new(NoCommands) });
        Self { services, pool: Arc::new(Pool::new(size)) }
    }

    /// With these commands.
    #[must_use]
    pub fn commands(self, commands: Arc<dyn Commands>) -> Self {
        let accounts = Arc::clone(&self.services.accounts);
        Self { services: Arc::new(Services { accounts, commands }), pool: self.pool }
    }
}

impl std::fmt::Debug for Inline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inline")
    }
}

impl std::fmt::Debug for Pooled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pooled").field("size", &self.pool.size()).finish_non_exhaustive()
    }
}

impl Host for Inline {
    fn session(&self, _: Client) -> Box<dyn HostSession> {
        Box::new(BlockingSession { services: Arc::clone(&self.services), table: Arc::default(), pool: None })
    }
}

impl Host for Pooled {
    fn session(&self, _: Client) -> Box<dyn HostSession> {
        let pool = Some(Arc::clone(&self.pool));
        Box::new(BlockingSession { services: Arc::clone(&self.services), table: Arc::default(), pool })
    }
}

/// One session's side of either.
struct BlockingSession {
    services: Arc<Services>,
    table: Arc<Table>,
    pool: Option<Arc<Pool<Work>>>,
}

impl HostSession for BlockingSession {
    fn submit(&mut self, action: HostAction, reply: ReplyTo) {
        let work = Work::new(action, reply, &self.services, &self.table);
        let begins = work.begins();
        match &self.pool {
            None => work.run(),
            Some(pool) => {
                if let Err(refused) = pool.push(work, begins) {
                    refused.refuse(Failure::Busy);
                }
            }
        }
    }

    fn cancel(&mut self, id: ActionId) {
        self.table.cancel(id);
        if let Some(pool) = &self.pool {
            pool.look_again();
        }
    }

    fn file(&self, id: FileId) -> Option<Arc<File>> {
        self.table.file(id)?.file()
    }
}

impl Drop for BlockingSession {
    fn drop(&mut self) {
        let leftovers = Work::Close(self.table.close());
        // Closing may wait for the disk, so it is the pool's to do where there is one.
        match &self.pool {
            None => leftovers.run(),
            Some(pool) => drop(pool.push(leftovers, Begins::Nothing)),
        }
    }
}
