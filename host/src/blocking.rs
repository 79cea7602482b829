//! Runs blocking storage, accounts and commands as a [`Host`]: in place, or on a pool.
//!
//! ```text
//! submit(action) ─► does not wait? ─► done in place ─► the answer is returned
//!                └► Work { action, what it works on } ─► pool ─► table updated ─► the answer is sent
//! ```

use std::fs::File;
use std::sync::Arc;

use ftp_proto::{ActionId, Completion, Failure, FileId, HostAction};

use crate::accounts::Accounts;
use crate::adapter::SessionId;
use crate::commands::{Commands, NoCommands};
use crate::errand::{Errand, Subject};
use crate::extensions::Extensions;
use crate::hooks::Hooks;
use crate::host::{Client, Host, HostSession, ReplyTo};
use crate::in_place::{self, Attempt};
use crate::job::Work;
use crate::pace::Pace;
use crate::pool::{Begins, Pool, PoolSize};
use crate::roster::Roster;
use crate::storage::Cancel;
use crate::table::Table;

/// What the jobs of all sessions share.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) commands: Arc<dyn Commands>,
    pub(crate) hooks: Vec<Arc<dyn Hooks>>,
    pub(crate) extensions: Arc<Extensions>,
    pub(crate) roster: Option<Arc<Roster>>,
}

impl Services {
    fn new(accounts: Arc<dyn Accounts>) -> Arc<Self> {
        let commands = Arc::new(NoCommands);
        Arc::new(Self { accounts, commands, hooks: Vec::new(), extensions: Arc::default(), roster: None })
    }
}

/// Runs everything in place, on the thread that submits: for storage that never waits, such as
/// [`MemoryDisk`](crate::MemoryDisk), and for tests. Checking a hashed password takes its time also here.
pub struct Inline {
    services: Arc<Services>,
}

/// Runs what may wait on a bounded pool of threads, which all sessions share, and the rest in place.
///
/// What does not wait is what accounts, storage and files say does not ([`Pace`], and the methods of [`Storage`](crate::Storage) that end
/// in `_now`); long work, such as digests, never is that. With a hook everything may wait.
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
    /// With these accounts and nothing else.
    #[must_use]
    pub fn new(accounts: Arc<dyn Accounts>) -> Self {
        Self { services: Services::new(accounts) }
    }
}

impl Pooled {
    /// With these accounts, nothing else, and a pool of the default size.
    #[must_use]
    pub fn new(accounts: Arc<dyn Accounts>) -> Self {
        Self::with_size(accounts, PoolSize::default())
    }

    /// With a pool of this size.
    #[must_use]
    pub fn with_size(accounts: Arc<dyn Accounts>, size: PoolSize) -> Self {
        Self { services: Services::new(accounts), pool: Arc::new(Pool::new(size)) }
    }
}

/// What the embedding program gives to either.
macro_rules! embedding {
    ($($host:ident),*) => {$(
        impl $host {
            /// With these commands.
            #[must_use]
            pub fn commands(mut self, commands: Arc<dyn Commands>) -> Self {
                Arc::make_mut(&mut self.services).commands = commands;
                self
            }

            /// With one more hook, which is asked behind those that were given before.
            #[must_use]
            pub fn hooks(mut self, hooks: Arc<dyn Hooks>) -> Self {
                Arc::make_mut(&mut self.services).hooks.push(hooks);
                self
            }

            /// With what the program keeps for the whole server: hooks, commands and accounts get at it by
            /// [`Context::application`](crate::Context::application). Without it, one that begins empty.
            #[must_use]
            pub fn extensions(mut self, extensions: Arc<Extensions>) -> Self {
                Arc::make_mut(&mut self.services).extensions = extensions;
                self
            }

            /// With a list of who is on, to answer SITE WHO from. It has to be an observer of the server as well.
            #[must_use]
            pub fn roster(mut self, roster: Arc<Roster>) -> Self {
                Arc::make_mut(&mut self.services).roster = Some(roster);
                self
            }
        }
    )*};
}

embedding!(Inline, Pooled);

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
    fn session(&self, client: Client) -> Box<dyn HostSession> {
        Box::new(BlockingSession::new(&self.services, client, None))
    }
}

impl Host for Pooled {
    fn session(&self, client: Client) -> Box<dyn HostSession> {
        Box::new(BlockingSession::new(&self.services, client, Some(Arc::clone(&self.pool))))
    }
}

/// One session's side of either.
struct BlockingSession {
    services: Arc<Services>,
    table: Arc<Table>,
    pool: Option<Arc<Pool<Work>>>,
}

impl BlockingSession {
    fn new(services: &Arc<Services>, client: Client, pool: Option<Arc<Pool<Work>>>) -> Self {
        Self { services: Arc::clone(services), table: Arc::new(Table::new(client)), pool }
    }
}

impl HostSession for BlockingSession {
    fn identify(&mut self, id: SessionId) {
        // Told once: a session has one name.
        let _ = self.table.scope.id.set(id);
    }

    fn submit(&mut self, action: HostAction, reply: ReplyTo) -> Option<Completion> {
        let errand = Errand { services: &self.services, table: &self.table, cancel: &Cancel::NEVER };
        let Some(pool) = &self.pool else {
            let subject = Subject::of(&action, &self.table);
            return errand.run(action, subject);
        };
        let action = match in_place::attempt(&errand, action) {
            Attempt::Done(answer) => return answer,
            Attempt::Waits(action) => action,
        };
        let work = Work::new(action, reply, &self.services, &self.table);
        let begins = work.begins();
        if let Err(refused) = pool.push(work, begins) {
            refused.refuse(Failure::Busy);
        }
        None
    }

    fn cancel(&mut self, id: ActionId) {
        self.table.cancel(id);
        if let Some(pool) = &self.pool {
            pool.look_again();
        }
    }

    fn pace(&self, id: FileId) -> Pace {
        self.table.file(id).map_or(Pace::MayWait, |file| file.pace())
    }

    fn file(&self, id: FileId) -> Option<Arc<File>> {
        self.table.file(id)?.file()
    }
}

impl Drop for BlockingSession {
    fn drop(&mut self) {
        // Also where no last notice came: a session that broke off is not on any more.
        if let (Some(roster), Some(id)) = (&self.services.roster, self.table.scope.id.get()) {
            roster.left(*id, &self.table.scope.client);
        }
        let leftovers = self.table.close();
        // Closing may wait for the disk, so it is the pool's to do where there is one.
        match &self.pool {
            _ if leftovers.is_empty() => {}
            None => drop(leftovers),
            Some(pool) => drop(pool.push(Work::Close(leftovers), Begins::Nothing)),
        }
    }
}
