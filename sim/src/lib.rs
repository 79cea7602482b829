//! A deterministic world for the FTP engine.

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
mod world;

pub use accounts::Accounts;
pub use builder::Builder;
pub use chance::Chance;
pub use client::{Changed, Download, Ftp, Gone, Got, Plan as DataPlan, Reply, Socket, Type, Upload};
pub use content::{Content, Found, identify};
pub use engine::Engine;
pub use faults::{Fault, Faults, Plan, Strike};
pub use network::{Dialled, End, Hello, Network, Read, Side};
pub use oracle::{Account, Extent, Files, Mark, OpId, Outcome, Partial, What};
pub use run::{
    BadOption, Behaviour, Campaign, Crew, Explored, Failure, Partial as Parts, Picks, Pipe, Rates, Scenario, Sites,
    Size, Source, Sync, Tally, Tls, Way, explore, explore_pairs, minimise, replay, run, run_bytes,
};
pub use scene::{Scene, Weather};
pub use server::Operation;
pub use storage::{Disk, Durability, Held, SessionKey, Storage};
pub use time::{Actor, Moment};
pub use world::{Report, World};
