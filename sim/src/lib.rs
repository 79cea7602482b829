//! A deterministic world for the FTP engine.

#![forbid(unsafe_code)]

mod chance;
mod content;
mod faults;
mod network;
mod oracle;
mod scene;
mod storage;
mod time;

pub use chance::Chance;
pub use content::{Content, Found, identify};
pub use faults::{Fault, Faults, Plan, Strike};
pub use network::{Dialled, End, Hello, Network, Read, Side};
pub use oracle::{Account, Extent, Files, Mark, OpId, Outcome, Partial, What};
pub use scene::{Scene, Weather};
pub use storage::{Disk, Durability, Held, SessionKey, Storage};
pub use time::{Actor, Moment};
