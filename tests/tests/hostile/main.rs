//! Clients that mean harm, or that break: whatever they do, the server answers clearly, holds little, leaves nothing
//! open, and the file that was there before is unharmed.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

mod data;
mod floods;
mod paths;
mod resets;
mod sequence;
mod storage;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::time::Duration;

use ftp_adapter_tokio::Offload;
use ftp_proto::notice::SessionSummary;
use ftp_proto::server::CloseReason;
use ftp_proto::{Failure, Notice};
use ftp_tests::{Files, Harness, Operation, Setup, Way, Wire, connect_from, eventually, pattern, reset};

const SHORT: Duration = Duration::from_millis(200);
const LARGE: usize = 32 << 20;

/// Both ways to move files, with the timers of a test that waits for them.
fn servers() -> impl Iterator<Item = Harness> {
    [Offload::Kernel, Offload::Buffered].into_iter().map(|offload| {
        let server = Setup::new()
            .offload(offload)
            .config(|config| {
                config.timeouts.data = SHORT;
                config.timeouts.stall = SHORT;
            })
            .start();
        fs::File::create(server.root().join("large")).unwrap().set_len(LARGE as u64).unwrap();
        server.put("old", b"the old one");
        server
    })
}

/// The server still serves, and nothing of the others is left.
#[track_caller]
fn expect_healthy(server: &Harness) {
    server.wait_until_deserted();
    assert_eq!(server.content("old").unwrap(), b"the old one");
    let mut wire = server.login();
    assert_eq!(wire.fetch(Way::Epsv, "RETR old"), b"the old one");
    wire.ask("QUIT", 221);
    wire.expect_closed();
}

fn ended_by(reason: CloseReason) -> impl Fn(&Notice) -> bool {
    move |notice| matches!(notice, Notice::Ended(SessionSummary { reason: why, .. }) if *why == reason)
}

/// Kilobytes of memory that this process has in use.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
