//! FTP as a pure state machine.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod action;
pub mod ascii;
pub mod calendar;
pub mod command;
pub mod config;
pub mod event;
pub mod limits;
pub mod line;
pub mod listing;
pub mod notice;
pub mod outcome;
pub mod reply;
pub mod server;
pub mod storage;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod verb;

mod digits;
mod failure;
mod id;
mod path;
mod secret;
mod ticket;

pub use action::{Action, DataAction, HostAction, StorageAction};
pub use event::Event;
pub use failure::Failure;
pub use id::{ActionId, DataId, DirId, FileId, ListenerId};
pub use notice::Notice;
pub use path::{PathError, VirtualPath};
pub use secret::Secret;
pub use ticket::{Completion, Outcome, Ticket};
