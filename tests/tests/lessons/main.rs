//! What goes wrong on servers that people use: each test is named for it.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

mod abort;
mod data;
mod login;
mod names;
mod order;
mod renaming;
mod restart;
mod tls;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use ftp_adapter_tokio::Offload;
use ftp_proto::Notice;
use ftp_proto::notice::Refusal;
use ftp_tests::{FAMILIES, Harness, Link, Operation, Setup, Way, Wire, connect_from, free_ports, pattern};

/// More than the sockets of a connection that is not read can hold.
const LARGE: usize = 32 << 20;

/// Another address of this host, for the part of the stranger.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn with_large() -> impl Iterator<Item = Harness> {
    [Offload::Kernel, Offload::Buffered].into_iter().map(|offload| {
        let server = Setup::new().offload(offload).start();
        fs::File::create(server.root().join("large")).unwrap().set_len(LARGE as u64).unwrap();
        server
    })
}

/// Begins a download that nobody reads.
fn stalled(wire: &mut Wire) -> Link {
    let opened = wire.open(Way::Epsv);
    wire.ask("RETR large", 150);
    opened.connection()
}
