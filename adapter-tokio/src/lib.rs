//! Runs the actions of [`ftp_proto`] on tokio: one task for each control connection.
//!
//! This crate moves bytes and answers tickets. It knows no FTP: no verb, no reply code and no state of a session
//! appears here. What to do is the engine's word ([`ftp_proto::server::Session`]); where files and accounts are is the
//! host's ([`ftp_host::Host`]).
//!
//! ```text
//!            ┌── driver ────────────────────────────────────────────┐
//! client ──► │ control ──► Event ──► engine ──► Action ──► control  │ ──► client
//!            │              ▲  ▲                 │  └───► host      │
//!            │              │  └──── reports ────│──────── data     │ ◄─► data connection
//!            │           mailbox                 └──────────►       │ ◄─► threads that wait for disks
//!            └──────────────▲───────────────────────────────────────┘
//!              the host's answers, drain
//! ```
//!
//! The task does all of it itself, and lets others run after so many turns and so many bytes. Only what may wait for a
//! disk is done elsewhere.
//!
//! # Example
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use ftp_adapter_tokio::{Offload, Server};
//! use ftp_host::Host;
//! use ftp_proto::config::Config;
//! use tokio::net::TcpListener;
//!
//! async fn serve(host: Arc<dyn Host>, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
//!     let server = Server::builder(host)
//!         .config(Config::default())
//!         .max_sessions(500)
//!         .max_per_address(10)
//!         .observer(|session, client, notice| eprintln!("{session} {}: {notice:?}", client.peer))
//!         .offload(Offload::Kernel)
//!         .build();
//!
//!     let handle = server.handle();
//!     tokio::spawn(async move {
//!         stop.await;
//!         handle.shutdown(Duration::from_secs(30));
//!     });
//!     server.serve(TcpListener::bind("[::]:2121").await?).await
//! }
//! ```

mod alarm;
mod control;
mod data;
mod driver;
mod mailbox;
mod server;

pub use ftp_host::adapter::{Offload, SessionId};
pub use server::{Builder, Handle, Server};

/// The examples of the project's front page run too.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;
