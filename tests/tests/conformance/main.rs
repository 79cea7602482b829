//! What a server must say and do: one dialogue or more for each row of the command table.
//!
//! `REPLIES` in each test's head are RFC 959 §5.4 unless another RFC is named.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

mod access;
mod directories;
mod facts;
mod information;
mod listings;
mod modes;
mod parameters;
mod site;
mod transfers;

use std::net::IpAddr;

use ftp_adapter_tokio::Offload;
use ftp_tests::{FAMILIES, Files, Harness, Setup, Way};

/// Every kind of server: both ways to move files, and files on disk and in memory.
fn servers() -> impl Iterator<Item = Harness> {
    let kinds =
        [(Offload::Kernel, Files::Disk), (Offload::Buffered, Files::Disk), (Offload::Kernel, Files::Memory(64 << 20))];
    kinds.into_iter().map(|(offload, files)| Setup::new().offload(offload).files(files).start())
}

/// Every way to a data connection, in both families.
fn ways() -> impl Iterator<Item = (IpAddr, Way)> {
    FAMILIES.into_iter().flat_map(|family| Way::all(family).iter().map(move |way| (family, *way)))
}
