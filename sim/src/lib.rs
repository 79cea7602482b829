//! A deterministic world for the FTP engine.

#![forbid(unsafe_code)]

mod chance;
mod faults;
mod network;
mod scene;
mod storage;
mod time;

pub use chance::Chance;
pub use faults::{Fault, Faults, Plan, Strike};
pub use network::{Dialled, End, Hello, Network, Read, Side};
pub use scene::{Scene, Weather};
pub use storage::{Disk, Durability, Held, SessionKey, Storage};
pub use time::{Actor, Moment};
