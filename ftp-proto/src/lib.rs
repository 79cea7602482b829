//! FTP (RFC 959 and what came after) as a pure state machine: event in, actions out.
//!
//! This crate knows no clock, socket, file, thread or runtime; it is `no_std` and free of unsafe code. A
//! [`server::Session`] is one control connection and all that hangs on it. Whoever drives it tells it what happened
//! ([`Event`]), runs what it asks for ([`Action`]), and answers each action that has an outcome exactly once, by its
//! [`Ticket`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use ftp_proto::config::Config;
//! use ftp_proto::config::Switch;
//! use ftp_proto::event::Admission;
//! use ftp_proto::server::Session;
//! use ftp_proto::storage::{Account, Permissions};
//! use ftp_proto::time::{Instant, UnixTime};
//! use ftp_proto::{Action, Event, Failure, HostAction};
//!
//! let seed = [7; 32]; // Unpredictable, in a real server.
//! let mut session = Session::new(Arc::new(Config::default()), seed, UnixTime::from_secs(1_700_000_000));
//! let (local, peer) = ("192.0.2.1:21".parse().unwrap(), "198.51.100.9:50000".parse().unwrap());
//!
//! let mut events = vec![
//!     Event::Received(b"USER alice\r\nPASS secret\r\nPWD\r\n"),
//!     Event::Connected { local, peer, admission: Admission::Welcome, implicit_tls: Switch::Off },
//! ];
//! let mut replies = Vec::new();
//! while let Some(event) = events.pop() {
//!     for action in session.handle(Instant::START, event).unwrap() {
//!         match action {
//!             Action::Write(bytes) => {
//!                 replies.extend_from_slice(&bytes); // A real driver sends them.
//!                 events.push(Event::Sent(bytes.len()));
//!             }
//!             Action::Host(HostAction::Authenticate { ticket, credentials }) => {
//!                 let known = &*credentials.user == b"alice"
//!                     && credentials.password.as_ref().is_some_and(|it| it.expose() == b"secret");
//!                 let account = Account::new("alice", Permissions::READ_ONLY);
//!                 let answer = if known { Ok(account) } else { Err(Failure::LoginIncorrect) };
//!                 events.push(Event::Done(ticket.settle(answer)));
//!             }
//!             Action::Notify(notice) => println!("{notice:?}"),
//!             other => unreachable!("nothing here asks for {other:?}"),
//!         }
//!     }
//! }
//! let replies = String::from_utf8(replies).unwrap();
//! let lines: Vec<&str> = replies.lines().collect();
//! assert_eq!(lines, [
//!     "220 FTP server ready.",
//!     "331 Password required.",
//!     "230 Logged in.",
//!     "257 \"/\" is the current directory.",
//! ]);
//! ```
//!
//! # The contract
//!
//! * **Actions are lent.** [`Actions`](server::Actions) borrows the session: the next event cannot be handled before
//!   the list is dropped, and what was not taken stays queued.
//! * **Tickets are answered once.** A ticket can be neither copied nor made; its type says what the answer must be. A
//!   completion of another session, or for an action that is not open, is [`Misuse`](server::Misuse) and changes
//!   nothing.
//! * **Time is an argument.** Every event comes with its `now`;
//!   [`next_deadline`](server::Session::next_deadline) says when to send [`Event::Timeout`].
//! * **Randomness is an argument.** The same seed and the same events give the same actions, to the byte.
//! * **The data path is pulled.** Without a `Receive`, nothing is read; without a `Read`, nothing is fetched.
//! * **Everything is bounded** by [`limits::Limits`] and [`limits::Timeouts`].
//!
//! # From bytes to replies
//!
//! ```text
//! bytes ─► line ─► command ─► server ─► Action ─► whoever runs it ─► Event ─► server
//!          frame    parse      decide
//! ```
//!
//! [`line`](mod@line) cuts the stream into lines, [`command`] parses one whole line, [`server`] decides, and [`verb`] is the table
//! that dispatch, HELP and FEAT are made from. [`listing`], [`coding`], [`ascii`] and [`calendar`] write what goes over the
//! data connection.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod action;
#[cfg(feature = "arbitrary")]
pub mod arbitrary;
pub mod ascii;
pub mod calendar;
pub mod coding;
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
#[cfg(feature = "trace")]
pub mod trace;
pub mod verb;

#[cfg(feature = "serde")]
mod byte_strings;
#[cfg(feature = "serde")]
mod checked_serde;
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
