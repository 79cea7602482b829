//! FTP dialogues over real sockets: what a test needs to hold one and to check the server behind it.
//!
//! A test reads like the protocol's own trace:
//!
//! ```no_run
//! use ftp_tests::{Setup, Way};
//!
//! let server = Setup::new().start();
//! server.put("hello.txt", b"hello");
//! let mut wire = server.login();
//! wire.ask("TYPE I", 200);
//! assert_eq!(wire.fetch(Way::Epsv, "RETR hello.txt"), b"hello");
//! wire.ask("QUIT", 221);
//! ```
//!
//! Every dialogue runs through every adapter: a test program `NAME_mio` is the same source as `NAME` (a symbolic link),
//! and its servers are mio's ([`Adapter::of_this_program`]).
//!
//! [`Wire`] knows how replies are framed and nothing of what a server should say. A [`Target`] is whatever is talked
//! to: an adapter in this process or any host and port. When a [`Harness`] is dropped it ends its server and checks that
//! nothing was left open.

mod authority;
pub mod codecs;
pub mod conformance;
mod counted;
mod data;
mod harness;
pub mod kill;
mod link;
mod meddler;
mod orphan;
mod reply;
mod secure;
mod target;
mod wire;

pub use authority::{Authority, Credential};
pub use counted::{CountedServer, Holding, raise_file_limit};
pub use data::{Opened, Way, connect_from, reset};
pub use harness::{Files, Harness, Setup, identity};
pub use link::{Ending, Link};
pub use meddler::{Ledger, Meddler, Operation};
pub use orphan::await_first_word;
pub use reply::Reply;
pub use secure::{Resume, Security, Sessions, TlsClient, TlsVersion};
pub use target::{Adapter, Caps, Elsewhere, Notices, Target, Wanted};
pub use wire::{Protection, Wire};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Both families' loopback addresses.
pub const FAMILIES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Waits for `condition`, for what no socket tells.
///
/// # Panics
/// When it does not come about in time.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "never came about: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

/// So many ports in a row that are free now, as far as the kernel knows.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn free_ports(count: u16) -> RangeInclusive<u16> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
    let row = || {
        let first = bind(0)?;
        let port = first.local_addr().ok()?.port();
        let last = port.checked_add(count - 1)?;
        let _others = (port + 1..=last).map(bind).collect::<Option<Vec<_>>>()?;
        Some(port..=last)
    };
    (0..1000).find_map(|_| row()).expect("a row of free ports")
}

/// Bytes that look like nothing else: no two places within 64 KiB are alike, and there are line ends among them.
#[must_use]
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}
