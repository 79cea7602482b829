//! A deterministic world for the FTP engine: network, disk, accounts, clients, clock and faults, all from one seed.
//!
//! Put [`ftp_proto`]'s sessions, or your own storage under them, into a world in which everything goes wrong that can, a
//! thousand times over, in seconds; what is seen once is seen again, to the byte, from the same seed.
//!
//! ```text
//!            ┌───────────────── one seed ─────────────────┐
//!            ▼                                            ▼
//!   what happens, and when                          what goes wrong
//!            │                                            │
//!  client ──network── session of the engine ──┬── storage │  yours, or Disk
//!  client ──network── session of the engine ──┤── accounts◄── each place where something may go wrong asks
//!  client ──network── session of the engine ──┘           │
//!     │                      │                  │
//!     └─ replies ────────────┴─ actions ────────┴─ files ──► oracles: what was promised and not kept
//! ```
//!
//! Nothing waits: the clock jumps to whoever is next to act. Of the real thing there are the engine and the storage; of the
//! rest there is as much as they can tell apart. TLS is marks in a stream, not ciphers; a network loses no bytes but with
//! their connection; there is one thread. What depends on sockets, threads or the kernel is not seen here: that is what the
//! tests of adapters are for.
//!
//! A run has two phases. At first faults strike as [`Faults`] decides, and whatever was promised must hold all the same.
//! Then all goes well, and everybody must come to an end in bounded time, with nothing left open. The first broken promise
//! ends the run and is in its [`Report`].
//!
//! | to | there is |
//! |---|---|
//! | describe a world and run it | [`Builder`], [`World`], [`Report`] |
//! | say what goes wrong, how often and where | [`Fault`], [`Plan`], [`Weather`], [`Operation`] |
//! | put a storage under it | [`Storage`]; [`Disk`] is one that knows what outlasts a loss of power |
//! | put something else in the engine's place | [`Engine`] |
//! | play clients | [`behaviours`], or any `async` function over an [`Ftp`] |
//! | judge files without knowing the server | [`Files`], [`Content`] |
//! | run very many worlds, and make one that fails smaller | [`Scenario`], [`Campaign`], [`minimise`], [`explore`] |
//! | let a fuzzer steer | [`Builder::from_bytes`], [`run_bytes`] |
//! | see what was reached | [`cells`] |
//!
//! # Somebody else's storage
//!
//! This one writes where the file will be, and takes it away again where the upload is discarded. As long as nothing goes
//! wrong, nobody can tell that the old file is gone before the new one is whole.
//!
//! ```
//! use std::{collections::BTreeMap, time::Duration};
//! use ftp_proto::outcome::{Done, Offload::Impossible, Opened};
//! use ftp_proto::storage::{FinishHow, WriteMode};
//! use ftp_proto::{Completion, Failure, StorageAction as S, VirtualPath};
//! use ftp_sim::behaviours::{Guest, Writing, writer};
//! use ftp_sim::{Builder, Held, Moment, Plan, Report, SessionKey, Storage};
//!
//! #[derive(Default)]
//! struct Shelf {
//!     files: BTreeMap<VirtualPath, Vec<u8>>,
//!     open: BTreeMap<(SessionKey, u64), VirtualPath>,
//! }
//!
//! impl Storage for Shelf {
//!     fn run(&mut self, who: SessionKey, action: S) -> Option<Completion> {
//!         Some(match action {
//!             S::OpenRead { ticket, file, path } => {
//!                 let Some(bytes) = self.files.get(&path) else { return Some(ticket.fail(Failure::NotFound)) };
//!                 self.open.insert((who, file.number()), path);
//!                 ticket.done(Opened { size: bytes.len() as u64, offload: Impossible })
//!             }
//!             S::OpenWrite { ticket, file, path, mode: WriteMode::Create(_), .. } => {
//!                 self.files.insert(path.clone(), Vec::new());
//!                 self.open.insert((who, file.number()), path);
//!                 ticket.done(Opened { size: 0, offload: Impossible })
//!             }
//!             S::Read { ticket, file, at, max } => {
//!                 let bytes = self.files.get(&self.open[&(who, file.number())]).into_iter().flatten();
//!                 ticket.done(bytes.skip(at as usize).take(max).copied().collect())
//!             }
//!             S::Write { ticket, file, bytes, .. } => {
//!                 self.files.entry(self.open[&(who, file.number())].clone()).or_default().extend(bytes);
//!                 ticket.done(Done)
//!             }
//!             S::Finish { ticket, file, how } => {
//!                 let path = self.open.remove(&(who, file.number()));
//!                 self.files.retain(|file, _| how != FinishHow::Discard || Some(file) != path.as_ref());
//!                 ticket.done(Done)
//!             }
//!             S::CloseFile(file) => return self.open.remove(&(who, file.number())).and(None),
//!             other => return other.fail(Failure::Unsupported),
//!         })
//!     }
//!     fn open(&self, who: SessionKey) -> usize {
//!         self.open.range((who, 0)..=(who, u64::MAX)).count()
//!     }
//!     fn snapshot(&self) -> Option<Vec<(VirtualPath, Held<'_>)>> {
//!         Some(self.files.iter().map(|(path, bytes)| (path.clone(), Held::File(bytes))).collect())
//!     }
//! }
//! fn run(seed: u64, faults: u32) -> Report {
//!     let builder = Builder::from_seed(seed).faults(Plan::Chance).scale(faults).account("anna", "secret", "/");
//!     let mut world = builder.build(Shelf::default());
//!     world.judge_files(&[]);
//!     world.add_client(Moment::START, |ftp| writer(ftp, Guest::new("anna", "secret"), Writing::usual(50)));
//!     world.run(Duration::from_secs(3600))
//! }
//! assert!((0..20).all(|seed| run(seed, 0).violations.is_empty()));
//! let failed = (0..20).map(|seed| run(seed, 1)).find(|report| !report.violations.is_empty()).expect("it is found");
//! assert!(failed.violations[0].contains("/shared/") && !failed.strikes.is_empty());
//! ```
//!
//! What is found says what is there, and what could be, by what clients were told: `/shared/two from 0 on is [4096 bytes in
//! all]; legal: ...`. From there [`Builder::keep_log`] shows all that happened, and [`Plan::Only`] leaves out the faults that
//! do not matter.

#![forbid(unsafe_code)]

mod accounts;
pub mod behaviours;
mod builder;
pub mod cells;
mod chance;
mod client;
mod content;
mod engine;
mod faults;
mod log;
mod network;
mod oracle;
mod run;
mod scene;
mod served;
mod server;
mod storage;
mod time;
mod traces;
mod world;

pub use accounts::Accounts;
pub use builder::Builder;
pub use chance::Chance;
pub use client::{Break, Changed, Download, Ftp, Gone, Got, Plan as DataPlan, Reply, Socket, Type, Upload};
pub use content::{Content, Found, identify};
pub use engine::Engine;
pub use faults::{Fault, Faults, Plan, Strike};
pub use network::{Dialled, End, Hello, Network, Read, Side};
pub use oracle::{Account, Extent, Files, Mark, OpId, Outcome, Partial, What};
pub use run::{
    BadOption, Behaviour, Campaign, Crew, Explored, Failure, Parts, Picks, Pipe, Rates, Scenario, Sites, Size, Source,
    Sync, Tally, Tls, Way, explore, explore_pairs, minimise, replay, run, run_bytes,
};
pub use scene::{Scene, Weather};
pub use server::Operation;
pub use storage::{Disk, Durability, Held, SessionKey, Storage};
pub use time::{Actor, Moment};
pub use world::{Report, World};
