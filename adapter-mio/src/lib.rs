//! Runs the actions of [`ftp_proto`] on mio: a few threads, each with an event loop and its share of the sessions.
//!
//! This crate moves bytes and answers tickets. It knows no FTP: no verb, no reply code and no state of a session
//! appears here. What to do is the engine's word ([`ftp_proto::server::Session`]); where files and accounts are is the
//! host's ([`ftp_host::Host`]).
//!
//! ```text
//! serve ─ gate ── door (the listener) ──────► ┌── event loop (a thread) ─────────────────────────┐
//!                                             │  ready ─► session ─► engine ─► Action ─► control │ ◄─► client
//! host's threads ── answers ──► mailbox ────► │    ▲                            │  └───► host    │
//!                               (+ waker)     │    └── readiness, deadlines     └──────► data    │ ◄─► client
//!                                             └──────────────────────────────────────────────────┘
//! ```
//!
//! Nothing here waits but the loops themselves. Whatever is under way is a value in its session: dropped with it, and
//! taken out of it at once when it is cancelled.
//!
//! # Example
//!
//! ```no_run
//! use std::net::TcpListener;
//! use std::sync::Arc;
//! use std::thread;
//! use std::time::Duration;
//!
//! use ftp_adapter_mio::{Offload, Server};
//! use ftp_host::Host;
//! use ftp_proto::config::Config;
//!
//! fn serve(host: Arc<dyn Host>, stop: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
//!     let server = Server::builder(host)
//!         .config(Config::default())
//!         .max_sessions(500)
//!         .max_per_address(10)
//!         .observer(|session, client, notice| eprintln!("{session} {}: {notice:?}", client.peer))
//!         .offload(Offload::Kernel)
//!         .build();
//!
//!     let handle = server.handle();
//!     thread::spawn(move || {
//!         stop();
//!         handle.shutdown(Duration::from_secs(30));
//!     });
//!     server.serve(TcpListener::bind("[::]:2121")?)
//! }
//! ```

mod alarms;
mod crew;
mod data;
mod door;
mod event_loop;
mod gate;
mod mailbox;
mod server;
mod session;
mod watched;

pub use ftp_host::adapter::{Offload, SessionId};
pub use server::{Builder, Handle, Server};
